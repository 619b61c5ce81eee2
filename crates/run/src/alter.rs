//! Changes of tables that the database's own `ALTER TABLE` lacks.

use std::fmt;

use alembic_history::FileStatement;
use alembic_schema::sqlite::{AlterError, Loss, ObjectKind};
use alembic_sql::{AlterTable, StatementKind};

use crate::broken::BrokenObject;
use crate::refused_request::RefusedRequest;

/// Why a change of a table was not carried out, or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlterFault {
    /// The table, or other objects, do not allow it.
    Refused(AlterError),
    /// Rows do not allow it.
    Rows {
        /// What is wrong with them.
        loss: Loss,
        /// How many there are.
        count: u64,
        /// The first of them.
        shown: Vec<String>,
    },
    /// The connection does not keep to a setting that a rebuild needs.
    Setting {
        /// The pragma.
        name: &'static str,
    },
    /// The database does not carry it out while other objects do not work.
    Obstacles {
        /// Its error.
        error: String,
        /// The objects.
        objects: Vec<BrokenObject>,
    },
    /// Not all rows were copied.
    Count {
        /// The table.
        table: String,
        /// How many rows it has.
        rows: u64,
        /// How many were copied.
        copied: u64,
    },
    /// The catalog is not what it should be afterwards.
    Catalog {
        /// The kind of the object that is another, missing or new.
        kind: ObjectKind,
        /// Its name.
        name: String,
    },
}

impl fmt::Display for AlterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Rows { loss, count, shown } => {
                write!(f, "{} {loss}: {}", counted(*count), shown.join("; "))?;
                match *count > shown.len() as u64 {
                    true => f.write_str("; ..."),
                    false => Ok(()),
                }
            }
            Self::Setting { name } => write!(f, "the connection ignores PRAGMA {name}"),
            Self::Obstacles { error, objects } => {
                let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
                write!(f, "{error}, since {}", objects.join(", and "))
            }
            Self::Count {
                table,
                rows,
                copied,
            } => {
                let rows = counted(*rows);
                write!(
                    f,
                    "the table `{table}` has {rows}, and {copied} of them were copied"
                )
            }
            Self::Catalog { kind, name } => {
                write!(
                    f,
                    "the {} `{name}` would be another afterwards",
                    kind.as_str()
                )
            }
        }
    }
}

fn counted(rows: u64) -> String {
    match rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    }
}

/// Why a group of statements failed.
#[derive(Debug)]
pub(crate) enum Unaltered {
    Fault(AlterFault),
    Request(RefusedRequest),
}

impl From<RefusedRequest> for Unaltered {
    fn from(refused: RefusedRequest) -> Self {
        Self::Request(refused)
    }
}

/// A statement of a revision, and its number among the revision's statements, from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered<'h> {
    pub(crate) statement: FileStatement<'h>,
    pub(crate) number: usize,
}

/// How a database carries out a statement that changes a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// By itself; it may also be a part of a rebuild.
    Itself,
    /// By what the catalog shows.
    Catalog,
}

/// Returns the change of a table that a statement is.
pub(crate) fn altered_table(kind: &StatementKind) -> Option<&AlterTable> {
    match kind {
        StatementKind::AlterTable(table) => Some(table),
        _ => None,
    }
}
