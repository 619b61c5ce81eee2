//! Reads the target schema.

use std::path::Path;

use alembic_history::{Code, Dialect, FindingKind, Position, Span};
use alembic_sql::{self as sql, SplitErrorKind, StatementKind};

use crate::manifest::Problem;

/// Reads the file at `path`, which people call `name`, and checks what is checked of revisions too.
pub(crate) fn read(path: &Path, name: &str, dialects: &[Dialect]) -> Result<String, Vec<Problem>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![Problem {
            place: name.to_owned(),
            code: Code::UnreadableSchema,
            title: format!("cannot read the target schema: {}", error.kind()),
            note: None,
            help: "write the file, or correct `schema` below [package.metadata.alembic]".to_owned(),
        }]
    })?;
    let mut findings: Vec<(Span, FindingKind)> = Vec::new();
    for dialect in dialects {
        let found = check(&text, *dialect);
        // What several dialects find is found once.
        let new = found
            .into_iter()
            .filter(|finding| !findings.contains(finding));
        let new: Vec<_> = new.collect();
        findings.extend(new);
    }
    findings.sort_by_key(|(span, _)| *span);
    let problems = findings.iter().map(|(span, kind)| Problem {
        place: format!("{name}:{}", Position::of(&text, span.start)),
        code: kind.code(),
        title: kind.to_string(),
        note: None,
        help: match kind {
            FindingKind::TransactionControl { .. } => {
                "remove it: the target schema is created in one transaction".to_owned()
            }
            FindingKind::Sql(SplitErrorKind::CopyFromStdin | SplitErrorKind::ClientCommand) => {
                kind.help()
            }
            _ => "end it where it is meant to end".to_owned(),
        },
    });
    let problems: Vec<Problem> = problems.collect();
    if problems.is_empty() {
        Ok(text)
    } else {
        Err(problems)
    }
}

fn check(text: &str, dialect: Dialect) -> Vec<(Span, FindingKind)> {
    let split = sql::split(text, dialect);
    let errors = split
        .errors
        .iter()
        .map(|error| (error.span, FindingKind::Sql(error.kind)));
    let statements = split.statements.iter().filter_map(|statement| {
        let sql = statement.span.text(text);
        let ends = StatementKind::of(sql, dialect) == StatementKind::TransactionControl;
        let statement_text = sql::summary(sql, dialect);
        ends.then_some((
            statement.span,
            FindingKind::TransactionControl {
                statement: statement_text,
            },
        ))
    });
    errors.chain(statements).collect()
}
