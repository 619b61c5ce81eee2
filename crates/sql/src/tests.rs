//! What SQL text is taken for, as rows of data.

mod alterations;
mod errors;
mod indexes;
mod invariants;
mod kinds;
mod newer;
mod outline;
mod settings;
mod splitting;
mod summaries;
mod tables;
mod tokens;

use crate::cursor::Cursor;
use crate::{Dialect, Span, Split, StatementKind};
use Dialect::{Postgres, Sqlite};

const BOTH: &[Dialect] = Dialect::ALL;
const SQLITE: &[Dialect] = &[Sqlite];
const POSTGRES: &[Dialect] = &[Postgres];

/// Returns the kind of one statement, which need not be whole.
fn kind(statement: &str, dialect: Dialect) -> StatementKind {
    let span = Span::new(0, statement.len());
    StatementKind::read(Cursor::new(statement, span, &[], dialect))
}

fn texts<'a>(sql: &'a str, split: &Split) -> Vec<&'a str> {
    split
        .statements
        .iter()
        .map(|statement| statement.span.text(sql))
        .collect()
}
