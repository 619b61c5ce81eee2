//! Reads the target schema.

use std::io;
use std::path::Path;

use alembic_history::{
    Code, Dialect, FindingKind, Position, Settings, Span, merge_conflict, read_text,
};
use alembic_sql::{SplitErrorKind, SqlText, summary};

use crate::manifest::Problem;

/// Returns why a file cannot be read, without the words of an operating system.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    }
}

/// Reads the file at `path`, which is shown as `name`, and checks it as revisions are checked.
pub(crate) fn read(path: &Path, name: &str, dialects: &[Dialect]) -> Result<SqlText, Vec<Problem>> {
    let text = read_text(path).map_err(|error| {
        vec![Problem {
            place: name.to_owned(),
            code: Code::UnreadableSchema,
            title: format!("cannot read the target schema: {}", reason(&error)),
            note: None,
            help: "write the file, or correct `schema` under [package.metadata.alembic]".to_owned(),
        }]
    })?;
    let text = SqlText::new(text);
    let conflict = merge_conflict(text.as_str());
    let mut findings: Vec<(Span, FindingKind)> = conflict
        .map(|marker| (marker, FindingKind::MergeConflict))
        .into_iter()
        .collect();
    // Whatever else is wrong comes from having both sides.
    for dialect in dialects.iter().filter(|_| conflict.is_none()) {
        let found = check(&text, *dialect);
        // A finding of several dialects is reported once.
        let new = found
            .into_iter()
            .filter(|finding| !findings.contains(finding));
        let new: Vec<_> = new.collect();
        findings.extend(new);
    }
    findings.sort_by_key(|(span, _)| *span);
    let problems = findings.iter().map(|(span, kind)| Problem {
        place: format!("{name}:{}", Position::of(text.as_str(), span.start)),
        code: kind.code(),
        title: kind.to_string(),
        note: None,
        help: match kind {
            FindingKind::TransactionControl { .. } => {
                "remove it: the target schema is created in one transaction".to_owned()
            }
            FindingKind::MergeConflict
            | FindingKind::Sql(SplitErrorKind::CopyFromStdin | SplitErrorKind::ClientCommand) => {
                kind.help()
            }
            _ => "close it where it should end".to_owned(),
        },
    });
    let problems: Vec<Problem> = problems.collect();
    if problems.is_empty() {
        Ok(text)
    } else {
        Err(problems)
    }
}

/// Returns the problem of a file that was written for other revisions.
pub(crate) fn stale(name: &str, package: &str) -> Problem {
    Problem {
        place: name.to_owned(),
        code: Code::StaleSchema,
        title: "the target schema was written for other revisions".to_owned(),
        note: Some(
            "an empty database gets another schema than one that goes through the revisions"
                .to_owned(),
        ),
        help: format!("write it anew with `cargo alembic dump --write -p {package}`"),
    }
}

/// Returns what the oldest supported SQLite does not understand.
pub(crate) fn newer_sql(text: &SqlText, name: &str, settings: &Settings) -> Vec<Problem> {
    let dialects = settings.dialects_for(None).into_iter();
    let newer = dialects.flat_map(|dialect| text.newer_sql(dialect, settings.sqlite_version));
    let problems = newer.map(|newer| {
        let place = Position::of(text.as_str(), newer.span.start);
        let kind = FindingKind::Newer(newer);
        Problem {
            place: format!("{name}:{place}"),
            code: kind.code(),
            title: kind.to_string(),
            note: None,
            help: kind.help(),
        }
    });
    problems.collect()
}

fn check(text: &SqlText, dialect: Dialect) -> Vec<(Span, FindingKind)> {
    let errors = text.split(dialect).errors.iter();
    let errors = errors.map(|error| (error.span, FindingKind::Sql(error.kind)));
    let statements = text
        .statements(dialect)
        .filter(|statement| statement.kind.is_transaction_control())
        .map(|statement| {
            let summary = summary(statement.sql, dialect);
            let kind = FindingKind::TransactionControl { statement: summary };
            (statement.span, kind)
        });
    errors.chain(statements).collect()
}
