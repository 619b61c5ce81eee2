//! Reads calls of methods on each other, as the expanded format states columns and relations, as the
//! arguments that the compact format has for the same.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprMatch, ImplItem, ImplItemFn, ItemImpl, Lit, LitStr, Pat, Stmt};

use super::arguments::Arguments;
use crate::written::Findings;

/// Code that is more than what it stands for can be read of.
pub(super) struct Unreadable;

/// A value, and the methods that are called on it.
pub(super) struct Chain<'e> {
    pub(super) start: &'e Expr,
    /// The methods in their order, with their first arguments.
    pub(super) calls: Vec<(&'e Ident, Option<&'e Expr>)>,
}

impl<'e> Chain<'e> {
    pub(super) fn of(code: &'e Expr) -> Self {
        let mut start = code;
        let mut calls = Vec::new();
        loop {
            match start {
                Expr::MethodCall(call) => {
                    calls.push((&call.method, call.args.first()));
                    start = &call.receiver;
                }
                Expr::Paren(inner) => start = &inner.expr,
                Expr::Group(inner) => start = &inner.expr,
                _ => break,
            }
        }
        calls.reverse();
        Self { start, calls }
    }
}

/// Adds an argument whose value is what a method is called with: code is a text in attributes.
pub(super) fn add_code(arguments: &mut Arguments, name: &str, code: &Expr) {
    let text = code.to_token_stream().to_string();
    arguments.add_text(name, &text, code.span());
}

/// Returns the last segment of a path.
pub(super) fn last_segment(code: &Expr) -> Option<&Ident> {
    match code {
        Expr::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    }
}

/// Returns a method of an implementation.
pub(super) fn method<'i>(item: &'i ItemImpl, name: &str) -> Option<&'i ImplItemFn> {
    item.items.iter().find_map(|item| match item {
        ImplItem::Fn(method) if method.sig.ident == name => Some(method),
        _ => None,
    })
}

/// Returns the one expression that a method consists of.
pub(super) fn body(method: &ImplItemFn) -> Option<&Expr> {
    match method.block.stmts.as_slice() {
        [Stmt::Expr(Expr::Return(inner), _)] => inner.expr.as_deref(),
        [Stmt::Expr(code, None)] => Some(code),
        _ => None,
    }
}

/// Returns the text that a method consists of, `Some("...")` included, or nothing for `None`.
///
/// # Errors
///
/// When it consists of anything else.
pub(super) fn text_of(method: &ImplItemFn) -> Result<Option<LitStr>, Unreadable> {
    let mut code = body(method);
    if let Some(Expr::Call(call)) = code
        && last_segment(&call.func).is_some_and(|name| name == "Some")
    {
        code = call.args.first();
    }
    match code {
        Some(Expr::Lit(literal)) => match &literal.lit {
            Lit::Str(text) => Ok(Some(text.clone())),
            _ => Err(Unreadable),
        },
        Some(code) if last_segment(code).is_some_and(|name| name == "None") => Ok(None),
        Some(_) | None => Err(Unreadable),
    }
}

/// Returns what a method has for each variant of the enum that it is of: the code, by the names of the
/// variants.
pub(super) fn arms<'i>(
    method: &'i ImplItemFn,
    findings: &mut Findings,
) -> Vec<(&'i Ident, &'i Expr)> {
    let matched = match body(method) {
        Some(Expr::Match(ExprMatch { arms, .. })) => arms.as_slice(),
        // An enum without variants.
        Some(Expr::Macro(_)) => &[],
        _ if is_panic(method) => &[],
        _ => {
            let text = "only a `match` of variants can be read here";
            findings.add(method.sig.ident.span(), text);
            &[]
        }
    };
    let mut read = Vec::new();
    for arm in matched {
        let code = match &*arm.body {
            Expr::Block(block) => match block.block.stmts.as_slice() {
                [Stmt::Expr(code, None)] => code,
                _ => &*arm.body,
            },
            code => code,
        };
        for pattern in alternatives(&arm.pat) {
            match variant_of(pattern).filter(|_| arm.guard.is_none()) {
                Some(variant) => read.push((variant, code)),
                None => findings.add(pattern.span(), "only variants can be read here"),
            }
        }
    }
    read
}

/// Returns whether a method holds nothing but a macro, as `panic!(...)`.
fn is_panic(method: &ImplItemFn) -> bool {
    matches!(method.block.stmts.as_slice(), [Stmt::Macro(_)])
}

fn alternatives(pattern: &Pat) -> Vec<&Pat> {
    match pattern {
        Pat::Or(all) => all.cases.iter().collect(),
        one => vec![one],
    }
}

fn variant_of(pattern: &Pat) -> Option<&Ident> {
    let path = match pattern {
        Pat::Path(path) => &path.path,
        Pat::TupleStruct(pattern) => &pattern.path,
        Pat::Struct(pattern) => &pattern.path,
        _ => return None,
    };
    path.segments.last().map(|last| &last.ident)
}
