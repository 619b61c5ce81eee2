//! Reads the target schema.

use std::path::Path;

use alembic_history::sql::{self, StatementKind};
use alembic_history::{Dialect, FindingKind, Position};

use crate::manifest::Problem;

/// Reads the file at `path`, which people call `name`, and checks what is checked of revisions too.
pub(crate) fn read(path: &Path, name: &str, dialects: &[Dialect]) -> Result<String, Vec<Problem>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![Problem {
            place: name.to_owned(),
            code: "unreadable-schema",
            title: format!("cannot read the target schema: {error}"),
            help: "write the file, or correct `schema` below [package.metadata.alembic]".to_owned(),
        }]
    })?;
    let mut problems = Vec::new();
    for dialect in dialects {
        let split = sql::split(&text, *dialect);
        let errors = split
            .errors
            .iter()
            .map(|error| (error.span, FindingKind::Sql(error.kind)));
        let statements = split.statements.iter().filter_map(|statement| {
            let sql = statement.span.text(&text);
            let ends = StatementKind::of(sql, *dialect) == StatementKind::TransactionControl;
            let statement_kind = || FindingKind::TransactionControl {
                statement: sql::summary(sql, *dialect),
            };
            ends.then(|| (statement.span, statement_kind()))
        });
        for (span, kind) in errors.chain(statements) {
            let problem = Problem::of_kind(name, Position::of(&text, span.start), &kind);
            // What several dialects find is one problem.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    if problems.is_empty() {
        Ok(text)
    } else {
        Err(problems)
    }
}
