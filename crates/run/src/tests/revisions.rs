//! Revisions for runs without a database.

use std::path::PathBuf;

use alembic_history::{Dialect, History, SourceFile};

/// A revision: its id, the ids that it revises, and its sections.
pub(super) type Source = (&'static str, &'static str, &'static str);

/// Two revisions whose statements cannot make rows dangle.
pub(super) const PLAIN: &[Source] = &[
    (
        "a",
        "",
        "-- alembic: upgrade\nCREATE TABLE a (x);\nCREATE TABLE a2 (x);\n\
         -- alembic: downgrade\nDROP VIEW a2;\nDROP VIEW a;\n",
    ),
    (
        "b",
        "a",
        "-- alembic: upgrade\nCREATE TABLE b (x);\n-- alembic: downgrade\nDROP VIEW b;\n",
    ),
];

/// Four revisions, one of which leaves its transaction, and comes back.
pub(super) const OUTSIDE: &[Source] = &[
    (
        "a",
        "",
        "-- alembic: upgrade\nUPDATE a1;\n-- alembic: downgrade\nUPDATE not_a1;\n",
    ),
    (
        "b",
        "a",
        "-- alembic: upgrade\nUPDATE b1;\n-- alembic: upgrade no-transaction\nVACUUM b2;\nVACUUM b3;\n\
         -- alembic: upgrade\nUPDATE b4;\n\
         -- alembic: downgrade no-transaction\nVACUUM not_b3;\n",
    ),
    (
        "c",
        "b",
        "-- alembic: upgrade\nUPDATE c1;\n-- alembic: downgrade\nUPDATE not_c1;\n",
    ),
    (
        "d",
        "c",
        "-- alembic: upgrade\nUPDATE d1;\nUPDATE d2;\n-- alembic: downgrade\nUPDATE not_d1;\n",
    ),
];

/// A first revision that has nothing but a section outside of transactions.
pub(super) const ALONE: &[Source] = &[("a", "", "-- alembic: upgrade no-transaction\nVACUUM a;\n")];

/// A revision that leaves its transaction twice, at its beginning and at its end.
pub(super) const TWICE: &[Source] = &[(
    "a",
    "",
    "-- alembic: upgrade no-transaction\nVACUUM a1;\n-- alembic: upgrade\nUPDATE a2;\nUPDATE a3;\n\
     -- alembic: upgrade no-transaction\nVACUUM a4;\nVACUUM a5;\n",
)];

/// Revisions that leave their transactions one after the other: at their beginning, but for the last
/// but one.
pub(super) const ROW: &[Source] = &[
    (
        "a",
        "",
        "-- alembic: upgrade\nUPDATE a1;\n-- alembic: downgrade\nUPDATE not_a1;\n",
    ),
    (
        "b",
        "a",
        "-- alembic: upgrade no-transaction\nVACUUM b1;\n\
         -- alembic: downgrade no-transaction\nVACUUM not_b1;\n",
    ),
    (
        "c",
        "b",
        "-- alembic: upgrade no-transaction\nVACUUM c1;\nVACUUM c2;\n\
         -- alembic: downgrade no-transaction\nVACUUM not_c2;\nVACUUM not_c1;\n",
    ),
    (
        "d",
        "c",
        "-- alembic: upgrade no-transaction\nVACUUM d1;\n-- alembic: upgrade\nUPDATE d2;\n\
         -- alembic: downgrade\nUPDATE not_d2;\n-- alembic: downgrade no-transaction\nVACUUM not_d1;\n",
    ),
    (
        "e",
        "d",
        "-- alembic: upgrade\nUPDATE e1;\n-- alembic: upgrade no-transaction\nVACUUM e2;\n\
         -- alembic: downgrade no-transaction\nVACUUM not_e2;\n-- alembic: downgrade\nUPDATE not_e1;\n",
    ),
    (
        "f",
        "e",
        "-- alembic: upgrade\nUPDATE f1;\n-- alembic: downgrade\nUPDATE not_f1;\n",
    ),
];

/// Two revisions, one of which sets the search path, in a transaction and outside.
pub(super) const PATH: &[Source] = &[
    (
        "a",
        "",
        "-- alembic: upgrade\nSET search_path = other;\nUPDATE a1;\n\
         -- alembic: upgrade no-transaction\nVACUUM a2;\nSET search_path = third;\nVACUUM a3;\n\
         -- alembic: upgrade\nUPDATE a4;\n",
    ),
    ("b", "a", "-- alembic: upgrade\nUPDATE b1;\n"),
];

/// A revision that builds an index concurrently.
pub(super) const INDEX: &[Source] = &[(
    "a",
    "",
    "-- alembic: upgrade no-transaction\nCREATE INDEX CONCURRENTLY i ON t (x);\nVACUUM t;\n",
)];

/// The side effects of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatementEffect {
    /// It sets the search path.
    SetPath(&'static str),
    /// It has foreign keys enforced.
    EnforceForeignKeys,
    /// It builds an index outside of transactions.
    BuildIndex(&'static str),
    /// It creates the version table.
    CreateVersions,
    /// It adds a row to the version table.
    AddRow(&'static str),
    /// It removes every row of the table of progress.
    ClearProgress,
}

const EFFECTS: &[(&str, StatementEffect)] = &[
    ("SET search_path = other", StatementEffect::SetPath("other")),
    ("SET search_path = third", StatementEffect::SetPath("third")),
    (
        "PRAGMA foreign_keys = ON",
        StatementEffect::EnforceForeignKeys,
    ),
    (
        "CREATE INDEX CONCURRENTLY i ON t (x)",
        StatementEffect::BuildIndex("i"),
    ),
    (
        "CREATE TABLE alembic_version (x)",
        StatementEffect::CreateVersions,
    ),
    (
        "INSERT INTO alembic_version (version_num) VALUES ('a')",
        StatementEffect::AddRow("a"),
    ),
    ("TRIGGER x", StatementEffect::AddRow("x")),
    ("DELETE FROM progress", StatementEffect::ClearProgress),
];

impl StatementEffect {
    /// Returns the side effect of a statement, if it has one.
    pub(super) fn of(sql: &str) -> Option<Self> {
        let mut effects = EFFECTS.iter();
        let (_, effect) = effects.find(|(statement, _)| *statement == sql)?;
        Some(*effect)
    }
}

pub(super) fn source_files(sources: &[Source]) -> impl Iterator<Item = SourceFile> {
    sources.iter().map(|(id, revises, sections)| {
        let text = format!("-- {id}\n-- Revision ID: {id}\n-- Revises: {revises}\n\n{sections}");
        SourceFile {
            path: PathBuf::from(format!("{id}.sql")),
            content: Ok(text.into_bytes()),
        }
    })
}

pub(super) fn history(sources: &[Source]) -> History {
    History::new(source_files(sources), Dialect::ALL).unwrap()
}
