//! Reads the defaults of columns.

use alembic_sql::literal;
use proc_macro2::Span;
use syn::{Expr, ExprCall, ExprLit, Lit, UnOp};

use crate::model::Each;
use crate::written::Findings;

/// Reads the value of `default_value`.
pub(super) fn value(value: &Expr, span: Span, findings: &mut Findings) -> Option<Each> {
    let text = literal_sql(value);
    if text.is_none() {
        findings.add(span, "expected a text, a number, `true` or `false`");
    }
    text.map(of_both)
}

/// Reads the code of `default_expr`.
pub(super) fn expression(code: &Expr, span: Span, findings: &mut Findings) -> Option<Each> {
    let text = expression_sql(code);
    if text.is_none() {
        findings.add_with_help(
            span,
            "what this expression is in SQL is not known",
            "write `Expr::cust(\"...\")`, or leave it to the revisions: \
             `#[cfg_attr(not(alembic), sea_orm(default_expr = \"...\"))]`",
        );
    }
    text.map(of_both)
}

fn of_both(text: String) -> Each {
    Each {
        sqlite: Some(text.clone().into()),
        postgres: Some(text.into()),
    }
}

fn literal_sql(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Str(text) => Some(literal(&text.value())),
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Float(number) => Some(number.base10_digits().to_owned()),
            Lit::Bool(flag) => Some(if flag.value { "TRUE" } else { "FALSE" }.to_owned()),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            literal_sql(&unary.expr).map(|number| format!("-{number}"))
        }
        _ => None,
    }
}

fn expression_sql(code: &Expr) -> Option<String> {
    match code {
        Expr::Lit(_) | Expr::Unary(_) => literal_sql(code),
        Expr::MethodCall(call) if call.method == "into" => expression_sql(&call.receiver),
        Expr::Call(ExprCall { func, args, .. }) => match (last(func)?.as_str(), args.first()) {
            ("current_timestamp", None) => Some("CURRENT_TIMESTAMP".to_owned()),
            ("current_date", None) => Some("CURRENT_DATE".to_owned()),
            ("current_time", None) => Some("CURRENT_TIME".to_owned()),
            ("val" | "value", Some(value)) => literal_sql(value),
            ("Keyword", Some(inner)) => expression_sql(inner),
            (
                "cust",
                Some(Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                })),
            ) => Some(text.value()),
            _ => None,
        },
        Expr::Path(_) => match last(code)?.as_str() {
            "CurrentTimestamp" => Some("CURRENT_TIMESTAMP".to_owned()),
            "CurrentDate" => Some("CURRENT_DATE".to_owned()),
            "CurrentTime" => Some("CURRENT_TIME".to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the last segment of a path.
fn last(code: &Expr) -> Option<String> {
    match code {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}
