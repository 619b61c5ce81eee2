//! Reads the files that create schemas.

use std::io;
use std::path::Path;

use alembic_history::{
    Code, Dialect, FindingKind, History, ModelSources, Position, Settings, SettingsKey, Span,
    TargetState, merge_conflict, read_text,
};
use alembic_sql::{SplitErrorKind, SqlText, SqliteVersion, summary};

use crate::manifest::Problem;

/// Returns what the file of a setting creates.
fn what(key: SettingsKey) -> &'static str {
    match key {
        SettingsKey::Base => "base schema",
        _ => "target schema",
    }
}

/// Returns why a file cannot be read, without the words of an operating system.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    }
}

/// A file that creates a schema: the target, or what is older than the revisions.
pub(crate) struct SchemaText {
    /// Its path, as it is shown.
    pub(crate) name: String,
    /// The dialects that it is for.
    pub(crate) dialects: Vec<Dialect>,
    pub(crate) text: SqlText,
}

impl SchemaText {
    /// Reads the file at `path`, and checks it as revisions are checked.
    pub(crate) fn read(
        key: SettingsKey,
        path: &Path,
        name: &str,
        dialects: Vec<Dialect>,
    ) -> Result<Self, Vec<Problem>> {
        let text = read_text(path).map_err(|error| {
            vec![Problem {
                place: name.to_owned(),
                code: Code::UnreadableSchema,
                title: format!("cannot read the {}: {}", what(key), reason(&error)),
                note: None,
                help: format!(
                    "write the file, or correct `{key}` under [package.metadata.alembic]"
                ),
            }]
        })?;
        let schema = Self {
            name: name.to_owned(),
            dialects,
            text: SqlText::new(text),
        };
        match schema.problems() {
            problems if problems.is_empty() => Ok(schema),
            problems => Err(problems),
        }
    }

    fn problems(&self) -> Vec<Problem> {
        let text = &self.text;
        let conflict = merge_conflict(text.as_str());
        let mut findings: Vec<(Span, FindingKind)> = conflict
            .map(|marker| (marker, FindingKind::MergeConflict))
            .into_iter()
            .collect();
        // Whatever else is wrong comes from having both sides.
        for dialect in self.dialects.iter().filter(|_| conflict.is_none()) {
            let found = check(text, *dialect);
            // A finding of several dialects is reported once.
            let new = found
                .into_iter()
                .filter(|finding| !findings.contains(finding));
            let new: Vec<_> = new.collect();
            findings.extend(new);
        }
        findings.sort_by_key(|(span, _)| *span);
        let problems =
            findings.into_iter().map(|(span, kind)| {
                let help = match kind {
                    FindingKind::TransactionControl { .. } => {
                        "remove it: the schema is created in one transaction".to_owned()
                    }
                    FindingKind::MergeConflict
                    | FindingKind::Sql(
                        SplitErrorKind::CopyFromStdin | SplitErrorKind::ClientCommand,
                    ) => kind.help(),
                    _ => "close it where it should end".to_owned(),
                };
                self.problem(span, &kind, help)
            });
        problems.collect()
    }

    fn problem(&self, span: Span, kind: &FindingKind, help: String) -> Problem {
        let position = Position::of(self.text.as_str(), span.start);
        Problem {
            place: format!("{}:{position}", self.name),
            code: kind.code(),
            title: kind.to_string(),
            note: None,
            help,
        }
    }

    /// Returns whether the revisions, which follow those of `bases` that are for the same dialects, are
    /// known to make what the file creates.
    pub(crate) fn state(&self, history: &History, bases: &[Self]) -> TargetState {
        let bases = bases.iter().filter(|base| {
            let mut dialects = base.dialects.iter();
            dialects.any(|dialect| self.dialects.contains(dialect))
        });
        let bases: Vec<&str> = bases.map(|base| base.text.as_str()).collect();
        history.target_state(self.text.as_str(), &bases)
    }

    /// Returns the problem of a file that is not known to create what the revisions make.
    pub(crate) fn doubt(
        &self,
        state: TargetState,
        settings: &Settings,
        package: &str,
    ) -> Option<Problem> {
        let revisions = "until then, an empty database gets its schema from the revisions";
        let (note, help) = match state {
            TargetState::InStep => return None,
            TargetState::OtherRevisions => (
                revisions,
                format!("bring it in step with `cargo alembic dump --write -p {package}`"),
            ),
            TargetState::Edited if settings.models != ModelSources::None => (
                revisions,
                format!(
                    "structs state the target: change them, and delete the file; `cargo alembic dump --write \
                     -p {package}` writes it anew"
                ),
            ),
            TargetState::Edited => (
                revisions,
                format!(
                    "write the revision that makes it with `cargo alembic revision --autogenerate -p \
                     {package}`, and then compare both with `cargo alembic dump --write -p {package}`"
                ),
            ),
            TargetState::Unrecorded => (
                "an empty database gets what the file creates, and is recorded at the heads",
                format!(
                    "compare both with `cargo alembic dump --write -p {package}`, which records the \
                     result at the top of the file"
                ),
            ),
        };
        Some(Problem {
            place: self.name.clone(),
            code: Code::StaleSchema,
            title: state.to_string(),
            note: Some(note.to_owned()),
            help,
        })
    }

    /// Returns what the oldest supported SQLite does not understand.
    pub(crate) fn newer_sql(&self, oldest: SqliteVersion) -> Vec<Problem> {
        let dialects = self.dialects.iter();
        let newer = dialects.flat_map(|dialect| self.text.newer_sql(*dialect, oldest));
        let problems = newer.map(|newer| {
            let (span, kind) = (newer.span, FindingKind::Newer(newer));
            self.problem(span, &kind, kind.help())
        });
        problems.collect()
    }
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
