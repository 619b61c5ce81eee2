//! Texts of SQL that go into DDL as they are written: each has to be one expression, so that it
//! cannot become more than it stands for.

use alembic_sql::{Dialect, TokenKind, Tokens};
use proc_macro2::Span;
use syn::LitStr;

use super::Findings;
use super::arguments::{Argument, Arguments};
use crate::model::{Each, Text};
use crate::naming::LONGEST_NAME;

/// Returns why a text is not one expression.
fn fault_of(sql: &str, dialect: Dialect) -> Option<String> {
    let mut open = Vec::new();
    let mut is_empty = true;
    for token in Tokens::new(sql, dialect) {
        match token.kind {
            TokenKind::Whitespace | TokenKind::ByteOrderMark => continue,
            TokenKind::Comment => return Some("a comment is not possible here".to_owned()),
            TokenKind::Unterminated(kind) => return Some(kind.to_string()),
            TokenKind::Symbol(b';') => return Some("`;` is not possible here".to_owned()),
            TokenKind::Symbol(b',') if open.is_empty() => {
                return Some("`,` is not possible here outside of parentheses".to_owned());
            }
            TokenKind::Symbol(b'(') => open.push(b')'),
            TokenKind::Symbol(b'[') => open.push(b']'),
            TokenKind::Symbol(close @ (b')' | b']')) => {
                if open.pop() != Some(close) {
                    return Some(format!("`{}` closes nothing", char::from(close)));
                }
            }
            TokenKind::Word
            | TokenKind::QuotedName
            | TokenKind::String
            | TokenKind::Number
            | TokenKind::Parameter
            | TokenKind::Symbol(_) => {}
        }
        is_empty = false;
    }
    match open.pop() {
        Some(close) => Some(format!("`{}` is missing", char::from(close))),
        None => is_empty.then(|| "the text is empty".to_owned()),
    }
}

/// Returns a text of SQL for some dialects.
pub(super) fn checked(
    text: &LitStr,
    dialects: &[Dialect],
    findings: &mut Findings,
) -> Option<Text> {
    let sql = text.value();
    for dialect in dialects {
        if let Some(fault) = fault_of(&sql, *dialect) {
            findings.add(text.span(), format!("not one expression of SQL: {fault}"));
            return None;
        }
    }
    Some(sql.trim().to_owned().into())
}

/// Reads `key = "..."` or `key(sqlite = "...", postgres = "...")`, of which one may be missing.
pub(super) fn each(argument: &Argument, findings: &mut Findings) -> Each {
    match argument {
        Argument::List(_, arguments) if arguments.iter().any(|one| one.key().is_some()) => {
            of_dialects(arguments.clone(), findings)
        }
        Argument::Text(_)
        | Argument::Number(_)
        | Argument::Path(_)
        | Argument::Word(_)
        | Argument::Value(..)
        | Argument::List(..) => {
            let text = argument.text(findings);
            let text = text.and_then(|text| checked(&text, Dialect::ALL, findings));
            Each {
                sqlite: text.clone(),
                postgres: text,
            }
        }
    }
}

/// The words after which the name of a type is over.
const AFTER_TYPES: [&str; 12] = [
    "AS",
    "CHECK",
    "COLLATE",
    "CONSTRAINT",
    "DEFAULT",
    "GENERATED",
    "NOT",
    "NULL",
    "ON",
    "PRIMARY",
    "REFERENCES",
    "UNIQUE",
];

/// Reads the names of types, as [`each`] does.
pub(super) fn types(argument: &Argument, findings: &mut Findings) -> Each {
    let types = each(argument, findings);
    let texts = types.sqlite.iter().chain(&types.postgres);
    let mut words = texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_'));
    let found = words.find(|word| AFTER_TYPES.contains(&word.to_ascii_uppercase().as_str()));
    if let Some(word) = found {
        findings.add_with_help(
            argument.span(),
            format!("`{word}` is not a part of a type"),
            "whether a column is NULL follows from `Option`; all else has its attributes",
        );
    }
    types
}

/// Reads `sqlite = "...", postgres = "..."`.
fn of_dialects(arguments: Vec<Argument>, findings: &mut Findings) -> Each {
    let names: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
    let arguments = Arguments::sort(arguments, &names, &[], findings);
    let mut texts = Dialect::ALL.iter().map(|dialect| {
        let text = arguments.text(dialect.name(), findings)?;
        checked(&text, &[*dialect], findings)
    });
    Each {
        sqlite: texts.next().flatten(),
        postgres: texts.next().flatten(),
    }
}

/// Returns the name of an object, which must not be too long for PostgreSQL.
pub(super) fn name(text: &LitStr, findings: &mut Findings) -> Option<Text> {
    name_at(text.value(), text.span(), findings)
}

/// Returns the name of an object that no text of the source states, as [`name`] does.
pub(super) fn name_at(name: String, span: Span, findings: &mut Findings) -> Option<Text> {
    if name.is_empty() {
        findings.add(span, "the name is empty");
        return None;
    }
    if name.contains('\0') {
        findings.add(span, "a name cannot hold a zero byte");
        return None;
    }
    if name.len() > LONGEST_NAME {
        findings.add_with_help(
            span,
            format!("the name is longer than {LONGEST_NAME} bytes"),
            "PostgreSQL would cut it",
        );
        return None;
    }
    Some(name.into())
}
