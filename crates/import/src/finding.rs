//! What an import has changed, what somebody should look at, and what stops it.

use std::fmt;

use alembic_history::Direction;
use alembic_sql::SplitErrorKind;

use crate::Tool;

/// Something to know about an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, below the folder of the tool; empty if it is about all of them.
    pub path: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What it is.
    pub kind: FindingKind,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Something was changed, and means the same.
    Change,
    /// Somebody should look at it.
    Look,
    /// Nothing is imported.
    Error,
}

/// What there is to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// A statement that begins or ends a transaction was taken out.
    TakenOut {
        /// The statement.
        statement: String,
    },
    /// A revision has another id than the version of its migration.
    OtherId {
        /// The version.
        version: String,
        /// The id.
        id: String,
    },
    /// The first revision creates a schema, as the tool does before its migrations.
    CreatesSchema {
        /// The schema.
        schema: String,
    },
    /// The tool runs the file outside of transactions, although nothing in it says so.
    FoundOutside {
        /// The statement that no transaction takes.
        statement: String,
    },

    /// The tool passes over a file.
    NotAMigration,
    /// Versions are missing between others.
    Hole {
        /// The first missing one.
        first: u64,
        /// The last missing one.
        last: u64,
    },
    /// Migrations have no way back.
    NoWayBack {
        /// How many there are, with those that have one.
        all: usize,
        /// Their ids.
        ids: Vec<String>,
    },
    /// A way back belongs to no migration.
    DownWithoutUp,
    /// A way back has no statements, which is an error of the tool.
    EmptyDown,
    /// A way back has no statements, so that reverting changes nothing.
    IdleDown,
    /// A way back cannot be read.
    UnreadableDown {
        /// Why not.
        why: String,
    },
    /// A migration has no statements.
    EmptyUp,
    /// A file commits in its middle, and becomes one transaction.
    SeveralTransactions,
    /// The tool replaces a part of the text.
    Placeholder {
        /// The part.
        text: String,
        /// The tool.
        tool: Tool,
    },
    /// A statement uses the table of the tool, which a revision of its own creates in an empty database.
    UsesOwnTable {
        /// The table.
        table: String,
    },
    /// The tool runs the file again whenever it changes; its revision runs once.
    Repeatable,
    /// The settings of a migration cannot be read, so the tool goes by its defaults.
    UnreadableSettings,
    /// A function of a revision reads rows, and does what they say.
    ReadsRows {
        /// The direction of the function.
        direction: Direction,
        /// Its first query.
        query: String,
    },
    /// A function of a revision reads rows, and did nothing without them.
    DependsOnRows {
        /// The direction of the function.
        direction: Direction,
        /// Its first query.
        query: String,
    },
    /// A downgrade fails.
    Raises {
        /// The exception.
        why: String,
    },

    /// The file is not UTF-8.
    NotUtf8,
    /// The name of a file begins with something else than a version.
    BadVersion,
    /// Two files have one version.
    DuplicateVersion {
        /// The version.
        version: String,
        /// The other file.
        first: String,
    },
    /// Two migrations would have one id.
    DuplicateId {
        /// The id.
        id: String,
        /// The other file.
        first: String,
    },
    /// Nothing of a version can be an id.
    NoId {
        /// The version.
        version: String,
    },
    /// The migration is written in another language than SQL.
    NotSql,
    /// The file is a migration in Rust that returns its SQL.
    ReturnsSql,
    /// The file lacks the line that begins its way up.
    NoUp {
        /// The line.
        marker: &'static str,
    },
    /// The file has the line that begins a direction more than once.
    SeveralMarkers {
        /// The line.
        marker: &'static str,
    },
    /// Statements stand where the tool runs them in no direction.
    OutsideMarkers {
        /// The line that would begin a way up.
        marker: &'static str,
    },
    /// The SQL cannot be split into statements.
    Unsplittable(SplitErrorKind),
    /// A statement about transactions cannot be taken out.
    Transaction {
        /// The statement.
        statement: String,
    },
    /// The revision file would be wrong.
    Revision(alembic_history::FindingKind),
    /// A statement has a parameter that cannot be written into it.
    Unwritten {
        /// The statement.
        statement: String,
        /// Why not.
        why: String,
    },
    /// The folder has no migrations.
    NoMigrations(Tool),
}

impl FindingKind {
    /// Returns how much the finding matters.
    #[must_use]
    pub const fn weight(&self) -> Weight {
        match self {
            Self::TakenOut { .. }
            | Self::OtherId { .. }
            | Self::CreatesSchema { .. }
            | Self::FoundOutside { .. } => Weight::Change,
            Self::NotAMigration
            | Self::Hole { .. }
            | Self::NoWayBack { .. }
            | Self::DownWithoutUp
            | Self::EmptyDown
            | Self::IdleDown
            | Self::UnreadableDown { .. }
            | Self::EmptyUp
            | Self::SeveralTransactions
            | Self::Placeholder { .. }
            | Self::UsesOwnTable { .. }
            | Self::Repeatable
            | Self::UnreadableSettings
            | Self::ReadsRows { .. }
            | Self::DependsOnRows { .. }
            | Self::Raises { .. } => Weight::Look,
            Self::NotUtf8
            | Self::BadVersion
            | Self::DuplicateVersion { .. }
            | Self::DuplicateId { .. }
            | Self::NoId { .. }
            | Self::NotSql
            | Self::ReturnsSql
            | Self::NoUp { .. }
            | Self::SeveralMarkers { .. }
            | Self::OutsideMarkers { .. }
            | Self::Unsplittable(_)
            | Self::Transaction { .. }
            | Self::Revision(_)
            | Self::Unwritten { .. }
            | Self::NoMigrations(_) => Weight::Error,
        }
    }

    /// Returns what to do about an error.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotUtf8 => "save the file as UTF-8, or move it out of the folder".to_owned(),
            Self::BadVersion => "rename the file, or move it out of the folder".to_owned(),
            Self::DuplicateVersion { first, .. } if first.contains('/') => {
                "move the file that no database has applied out of the folder; if the folders below are \
                 histories of their own, import them one by one"
                    .to_owned()
            }
            Self::DuplicateVersion { .. } | Self::DuplicateId { .. } => {
                "move the file that no database has applied out of the folder".to_owned()
            }
            Self::NoId { .. } => "rename the file".to_owned(),
            Self::NotSql => "write the SQL that it executes into a file of the same version, and \
                             import again"
                .to_owned(),
            Self::ReturnsSql => "print what its `migration()` returns, save that byte for byte with `.sql` in \
                                 the place of `.rs`, and import a folder with these files"
                .to_owned(),
            Self::NoUp { marker } | Self::OutsideMarkers { marker } => {
                format!("put `{marker}` before the statements")
            }
            Self::SeveralMarkers { .. } => {
                "divide the file into several, or leave in it what the tool has run".to_owned()
            }
            Self::Unsplittable(_) => {
                "correct the SQL, or name its dialect with `--dialect`".to_owned()
            }
            Self::Transaction { .. } => {
                "rewrite the file so that it runs in one transaction, or name its dialect with \
                 `--dialect` if this is another one"
                    .to_owned()
            }
            Self::Revision(_) => "reword the line".to_owned(),
            Self::Unwritten { .. } => {
                "write the value into the statement, in the project, and import again".to_owned()
            }
            Self::NoMigrations(tool) => format!("name a folder with migrations of {tool}"),
            Self::TakenOut { .. }
            | Self::OtherId { .. }
            | Self::CreatesSchema { .. }
            | Self::FoundOutside { .. }
            | Self::NotAMigration
            | Self::Hole { .. }
            | Self::NoWayBack { .. }
            | Self::DownWithoutUp
            | Self::EmptyDown
            | Self::IdleDown
            | Self::UnreadableDown { .. }
            | Self::EmptyUp
            | Self::SeveralTransactions
            | Self::Placeholder { .. }
            | Self::UsesOwnTable { .. }
            | Self::Repeatable
            | Self::UnreadableSettings
            | Self::ReadsRows { .. }
            | Self::DependsOnRows { .. }
            | Self::Raises { .. } => return None,
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.path.as_str(), self.line) {
            ("", _) => self.kind.fmt(f),
            (path, None) => write!(f, "{path}: {}", self.kind),
            (path, Some(line)) => write!(f, "{path}:{line}: {}", self.kind),
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TakenOut { statement } => write!(f, "`{statement}` taken out"),
            Self::OtherId { version, id } => {
                write!(f, "version {version} becomes revision {id}")
            }
            Self::CreatesSchema { schema } => {
                write!(
                    f,
                    "the first revision creates the schema {schema}, as the tool does"
                )
            }
            Self::FoundOutside { statement } => {
                write!(f, "runs outside of a transaction, for `{statement}`")
            }
            Self::NotAMigration => f.write_str("is not a migration, and was passed over"),
            Self::Hole { first, last } if first == last => {
                write!(f, "version {first} is missing between others")
            }
            Self::Hole { first, last } => {
                write!(f, "versions {first} to {last} are missing between others")
            }
            Self::NoWayBack { all, ids } => {
                const SHOWN: usize = 8;
                let shown = ids.iter().take(SHOWN).map(String::as_str);
                let shown = shown.collect::<Vec<_>>().join(", ");
                let more = if ids.len() > SHOWN { ", …" } else { "" };
                write!(
                    f,
                    "{} of {all} revisions cannot be reverted: {shown}{more}",
                    ids.len()
                )
            }
            Self::DownWithoutUp => {
                f.write_str("is a way back of no migration, and was passed over")
            }
            Self::EmptyDown => {
                f.write_str("has no statements, so its revision is declared irreversible")
            }
            Self::IdleDown => {
                f.write_str("has no statements: reverting its revision changes nothing")
            }
            Self::UnreadableDown { why } => write!(
                f,
                "its way back cannot be read, so its revision is declared irreversible: {why}"
            ),
            Self::EmptyUp => f.write_str("has no statements"),
            Self::SeveralTransactions => {
                f.write_str("commits in its middle; its revision is one transaction")
            }
            Self::Placeholder { text, tool } => {
                write!(
                    f,
                    "{tool} replaces `{text}`, a revision does not: write the value"
                )
            }
            Self::UsesOwnTable { table } => {
                write!(
                    f,
                    "uses {table}, which the first revision creates in an empty database"
                )
            }
            Self::Repeatable => {
                f.write_str("ran again at each change; its revision runs once, after the others")
            }
            Self::UnreadableSettings => {
                f.write_str("cannot be read, so that the defaults of the tool hold")
            }
            Self::ReadsRows { direction, query } => write!(
                f,
                "its {direction} reads rows (`{query}`): the revision repeats what it executed on an \
                 empty database"
            ),
            Self::DependsOnRows { direction, query } => write!(
                f,
                "its {direction} depends on rows (`{query}`), and executed nothing on an empty \
                 database: the revision's {direction} is empty"
            ),
            Self::Raises { why } => write!(
                f,
                "its downgrade fails, so its revision is declared irreversible: {why}"
            ),
            Self::Unwritten { statement, why } => {
                write!(
                    f,
                    "`{statement}` cannot be written with its parameters: {why}"
                )
            }
            Self::NotUtf8 => f.write_str("is not UTF-8 text"),
            Self::BadVersion => f.write_str("its name does not begin with a version"),
            Self::DuplicateVersion { version, first } => {
                write!(f, "version {version} is that of {first}, too")
            }
            Self::DuplicateId { id, first } => {
                write!(f, "its revision would be {id}, as that of {first}")
            }
            Self::NoId { version } => {
                write!(f, "no revision can be named after version {version:?}")
            }
            Self::NotSql => f.write_str("is a migration, but not in SQL"),
            Self::ReturnsSql => f.write_str("is a migration in Rust that returns its SQL"),
            Self::NoUp { marker } => write!(f, "has no line `{marker}`"),
            Self::SeveralMarkers { marker } => {
                write!(
                    f,
                    "has several lines `{marker}`, and it is not known which of them ran"
                )
            }
            Self::OutsideMarkers { marker } => {
                write!(
                    f,
                    "has a statement before the first `{marker}`, which nothing runs"
                )
            }
            Self::Unsplittable(why) => why.fmt(f),
            Self::Transaction { statement } => {
                write!(
                    f,
                    "`{statement}` cannot be taken out without changing what the file does"
                )
            }
            Self::Revision(kind) => kind.fmt(f),
            Self::NoMigrations(tool) => write!(f, "the folder has no migrations of {tool}"),
        }
    }
}
