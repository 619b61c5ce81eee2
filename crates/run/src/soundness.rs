//! What a database holds that does not work, before and after a run: only what is new is a fault.

use std::fmt;

use alembic_history::FileStatement;
use alembic_schema::sqlite::{DanglingKey, ObjectKind};

use crate::dangling::{DanglingFault, DanglingRows, KeyChange};
use crate::failure::Failure;
use crate::session::Session;

/// What does not work before statements that may add to it.
#[derive(Debug, Default)]
pub(crate) struct Soundness {
    /// Rows that refer to nothing, and keys that cannot be enforced; `None` if there will be no new
    /// ones.
    dangling: Option<DanglingRows>,
    /// Objects that do not work; `None` likewise.
    broken: Option<Vec<BrokenObject>>,
}

/// An object that does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrokenObject {
    /// A foreign key to a table or column that does not exist.
    ForeignKey(DanglingKey),
    /// A view, or one of several triggers, that the database does not compile.
    Uncompiled {
        /// The kind.
        kind: ObjectKind,
        /// The names.
        names: Vec<String>,
        /// The error of the database.
        error: String,
    },
}

impl fmt::Display for BrokenObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignKey(key) => {
                let (table, columns) = (&key.table, key.columns.join(", "));
                write!(f, "the foreign key {table} ({columns}) refers to ")?;
                match &key.missing_column {
                    None => write!(f, "a table {} that does not exist", key.parent),
                    Some(column) => {
                        write!(f, "a column {column} of {} that does not exist", key.parent)
                    }
                }
            }
            Self::Uncompiled { kind, names, error } => {
                let names = names.join("` or `");
                write!(
                    f,
                    "the {} `{names}` does not compile: {error}",
                    kind.as_str()
                )
            }
        }
    }
}

impl BrokenObject {
    /// Returns whether this is what `other` was before a run, which may have renamed tables.
    fn is_same(&self, other: &Self, is_there: impl Fn(&str) -> bool) -> bool {
        match (self, other) {
            (Self::ForeignKey(key), Self::ForeignKey(other)) => {
                let is_table = key.table == other.table || !is_there(&other.table);
                is_table && key.columns == other.columns && key.parent == other.parent
            }
            (
                Self::Uncompiled { kind, names, .. },
                Self::Uncompiled {
                    kind: other_kind,
                    names: other_names,
                    ..
                },
            ) => kind == other_kind && names.iter().any(|name| other_names.contains(name)),
            _ => false,
        }
    }
}

/// Returns what does not work after a run, and was not so before; `tables` are those that exist.
pub(crate) fn new_ones(
    before: &[BrokenObject],
    after: Vec<BrokenObject>,
    tables: &[String],
) -> Vec<BrokenObject> {
    let is_there = |name: &str| tables.iter().any(|table| table == name);
    let is_new = |object: &BrokenObject| !before.iter().any(|old| object.is_same(old, is_there));
    after.into_iter().filter(is_new).collect()
}

/// What does not work in a database, and the tables that it has.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    pub(crate) objects: Vec<BrokenObject>,
    pub(crate) tables: Vec<String>,
}

impl Soundness {
    /// Looks for what does not work already, as far as the statements may add to it.
    pub(crate) async fn find<'f>(
        session: &mut Session<'_>,
        statements: impl Iterator<Item = FileStatement<'f>>,
    ) -> Result<Self, Failure> {
        let (mut change, mut may_break) = (KeyChange::None, false);
        for statement in statements {
            change = change.max(session.engine.key_change(statement.kind()));
            may_break |= session.engine.may_break(statement.kind());
        }
        let (engine, link) = (&mut session.engine, &session.link);
        let dangling = match change {
            KeyChange::None => None,
            change => engine.find_dangling(link, change).await?,
        };
        let broken = match may_break {
            false => None,
            true => engine.find_broken(link).await?.map(|broken| broken.objects),
        };
        Ok(Self { dangling, broken })
    }

    /// Refuses what did not exist before and does not work.
    pub(crate) async fn check(&self, session: &Session<'_>) -> Result<(), Failure> {
        let compared = match &self.dangling {
            None => None,
            Some(before) => {
                let compared = session.engine.compare_dangling(&session.link, before);
                compared.await?
            }
        };
        match compared {
            None => self.check_objects(session).await,
            Some(DanglingFault::Unenforceable(keys)) => {
                // What does not exist is not unique either.
                self.check_objects(session).await?;
                Err(Failure::ForeignKeyMismatch { keys })
            }
            Some(DanglingFault::Rows(violations)) => Err(Failure::ForeignKeys {
                violations,
                suspects: Vec::new(),
            }),
        }
    }

    async fn check_objects(&self, session: &Session<'_>) -> Result<(), Failure> {
        let Some(before) = &self.broken else {
            return Ok(());
        };
        let Some(after) = session.engine.find_broken(&session.link).await? else {
            return Ok(());
        };
        let objects = new_ones(before, after.objects, &after.tables);
        match objects.is_empty() {
            true => Ok(()),
            false => Err(Failure::Broken { objects }),
        }
    }
}
