//! The sentence of each failure.

use std::fmt;

use alembic_history::{PlanError, RevisionId, Versions, join};

use crate::report::Verification;

use super::{Failure, Unacceptable};
use crate::dangling::{ForeignKey, Violation};
use crate::log::LoggedRevision;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::History(error) => error.fmt(f),
            Self::Plan(error) => error.fmt(f),
            Self::Requirements(errors) => {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                f.write_str(&errors.join("; "))
            }
            Self::SharedVersionTable { table, packages } => write!(
                f,
                "the crates {} share the version table {table}",
                packages.join(", ")
            ),
            Self::ManagedByAnotherTool {
                table,
                tool,
                version_table,
            } => write!(
                f,
                "another tool manages this database: it has {table}, the table of {tool}, and no \
                 {version_table}, so it must be stamped first"
            ),
            Self::NoSchema => f.write_str(
                "no schema on the search path exists that the user may use, so there is no place for \
                 the version table",
            ),
            Self::MalformedVersionTable { table, why } => {
                write!(f, "{table} is not a version table: {why}")
            }
            Self::IdTooLong {
                revision,
                table,
                exists,
                limit,
                ..
            } => {
                let length = revision.length();
                let holds = if *exists { "holds" } else { "would hold" };
                write!(
                    f,
                    "the id of revision {revision} has {length} characters, but the version table \
                     {table} {holds} {limit}"
                )
            }
            Self::Hidden { revisions, .. } => {
                let ids: Vec<&str> = revisions.iter().map(|(id, _)| id.as_str()).collect();
                let (s, have) = plural(ids.len());
                write!(
                    f,
                    "revision{s} {} {have} never run on this database, but lie{} below its version",
                    ids.join(", "),
                    if ids.len() == 1 { "s" } else { "" }
                )
            }
            Self::Edited { revisions } => {
                let ids: Vec<&str> = ids(revisions);
                let (s, have) = plural(ids.len());
                write!(
                    f,
                    "revision{s} {} {have} been changed since this database applied {}",
                    ids.join(", "),
                    if ids.len() == 1 { "it" } else { "them" }
                )
            }
            Self::Removed { revisions } => {
                let ids: Vec<&str> = ids(revisions);
                let s = plural(ids.len()).0;
                write!(
                    f,
                    "this database has applied revision{s} {}, which the files no longer have below \
                     its version",
                    ids.join(", ")
                )
            }
            Self::UnknownRows { rows, .. } => PlanError::UnknownRows { rows: rows.clone() }.fmt(f),
            Self::NothingToAccept { revision, why } => match why {
                Unacceptable::Same => write!(
                    f,
                    "the files and the log of this database say the same of {revision:?}"
                ),
                Unacceptable::Unknown => write!(
                    f,
                    "neither a file nor the log of this database has revision {revision:?}"
                ),
                Unacceptable::Row => write!(
                    f,
                    "the version table names revision {revision:?}, which no file declares, so it \
                     cannot count as reverted"
                ),
                Unacceptable::BelowUnknownRow => write!(
                    f,
                    "the version table names a revision that no file declares, and {revision:?} may \
                     be below it, so it cannot count as reverted"
                ),
            },
            Self::NoLog { gap } => write!(f, "there is no log to go by: {gap}"),
            Self::UntrustedLog { table, writers } => {
                let writers: Vec<String> = writers.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "what the log recorded is not run, since others could have written it to \
                     {table}: {}",
                    writers.join("; ")
                )
            }
            Self::WayBackMoved { shown, found } => {
                let list = |ids: &[RevisionId]| match ids {
                    [] => "nothing".to_owned(),
                    ids => join(ids, ", "),
                };
                if found == shown {
                    return write!(
                        f,
                        "the log has new entries since the way back from {} was shown, which may be \
                         another one now",
                        list(shown)
                    );
                }
                write!(
                    f,
                    "the database has changed since its way back was shown: it would revert {}, and \
                     what was shown reverts {}",
                    list(found),
                    list(shown)
                )
            }
            Self::LogRowCount {
                table,
                expected,
                changed,
            } => write!(
                f,
                "expected to add {expected} rows to {table}, added {changed}"
            ),
            Self::Irreversible {
                revision, reason, ..
            } => match reason {
                Some(reason) => write!(f, "revision {revision} is irreversible: {reason}"),
                None => write!(
                    f,
                    "revision {revision} is irreversible: it has no downgrade section"
                ),
            },
            Self::Statement {
                location,
                error,
                scope,
            } => {
                write!(
                    f,
                    "{}:{}: statement {} of revision {} failed: {error}",
                    location.path.display(),
                    location.position,
                    location.statement,
                    location.revision
                )?;
                match scope.leftover() {
                    [] => Ok(()),
                    indexes => write!(f, "; it left an invalid index: {}", indexes.join(", ")),
                }
            }
            Self::Alter {
                location, fault, ..
            } => write!(
                f,
                "{}:{}: statement {} of revision {} failed: {fault}",
                location.path.display(),
                location.position,
                location.statement,
                location.revision
            ),
            Self::Schema {
                role,
                path,
                position,
                error,
                ..
            } => write!(
                f,
                "{}:{position}: the {role} failed: {error}",
                path.display()
            ),
            Self::RowCount {
                table,
                sql,
                changed,
            } => write!(
                f,
                "expected to change one row of {table}, changed {changed}: {sql}"
            ),
            Self::RowsMoved { expected, found } => write!(
                f,
                "the version table changed meanwhile: expected {}, found {}",
                rows(expected),
                rows(found)
            ),
            Self::Broken { objects, .. } => {
                let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
                f.write_str(&objects.join("; "))
            }
            Self::ForeignKeys {
                violations,
                suspects,
            } => {
                f.write_str("rows would refer to rows that do not exist: ")?;
                for (index, violation) in violations.iter().enumerate() {
                    let Violation {
                        table,
                        parent,
                        rows,
                    } = violation;
                    let separator = if index > 0 { ", " } else { "" };
                    write!(f, "{separator}{rows} of {table} to {parent}")?;
                }
                left_by(suspects, f)
            }
            Self::ForeignKeyMismatch { keys, suspects } => {
                write!(
                    f,
                    "foreign key mismatch: {} cannot be enforced, since the referenced columns need \
                     not be unique",
                    and(keys)
                )?;
                left_by(suspects, f)
            }
            Self::InvalidVersionTable { table, why } => {
                write!(f, "the name of the version table {table} {why}")
            }
            Self::UncheckedDialect { dialect } => {
                write!(
                    f,
                    "the revisions are not checked for {}: add \"{dialect}\" to `dialects` in the \
                     configuration of their crate",
                    dialect.product()
                )
            }
            Self::NotTakenBack { revision, .. } => write!(
                f,
                "revision {revision} has a section outside of transactions, which a dry run could \
                 not take back"
            ),
            Self::NotEmpty { tables } => match tables.as_slice() {
                [] => f.write_str("the scratch database has a version table, so it is not empty"),
                [table, rest @ ..] => {
                    write!(f, "the scratch database is not empty: it has table {table}")?;
                    match rest.len() {
                        0 => Ok(()),
                        more => write!(f, " and {more} more"),
                    }
                }
            },
            Self::Drift(verification) => fmt_drift(verification, f),
            Self::NoSecondConnection { revision, .. } => write!(
                f,
                "revision {revision} has a section outside a transaction, and a single connection \
                 cannot keep other migrators away during it"
            ),
            Self::Unfinished {
                revision,
                direction,
                statements,
            } => {
                let are = if *statements == 1 { "is" } else { "are" };
                write!(
                    f,
                    "the {direction} of revision {revision} is unfinished: {statements} of its \
                     statements {are} done"
                )
            }
            Self::Interrupted {
                location,
                since,
                process,
                found,
                has_not,
                ..
            } => {
                let may_have = match (process, has_not) {
                    (Some(process), _) => {
                        format!("may still be running in process {process} of the server")
                    }
                    (None, true) => "did not take effect".to_owned(),
                    (None, false) => "may have taken effect".to_owned(),
                };
                write!(
                    f,
                    "statement {} of revision {} was begun at {since} UTC and {may_have}: {}",
                    location.statement, location.revision, location.summary
                )?;
                match found {
                    Some(found) => write!(f, " ({found})"),
                    None => Ok(()),
                }
            }
            Self::ChangedMeanwhile {
                revision,
                statements,
                ..
            } => write!(
                f,
                "the first {statements} statements of revision {revision} are done, and have \
                 been changed since"
            ),
            Self::InvalidIndex { index, .. } => {
                write!(
                    f,
                    "the index {index} is invalid: it was only partly built or dropped"
                )
            }
            Self::Database { action, error } => write!(f, "cannot {action}: {error}"),
        }
    }
}

fn ids<P>(revisions: &[(LoggedRevision, P)]) -> Vec<&str> {
    let revisions = revisions.iter();
    revisions
        .map(|(logged, _)| logged.revision.as_str())
        .collect()
}

/// Returns the ending of a noun, and the verb, for so many of something.
fn plural(count: usize) -> (&'static str, &'static str) {
    match count {
        1 => ("", "has"),
        _ => ("s", "have"),
    }
}

fn and(keys: &[ForeignKey]) -> String {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    keys.join(" and ")
}

/// Writes which revisions may have left something, if any.
fn left_by(suspects: &[RevisionId], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match suspects {
        [] => Ok(()),
        suspects => write!(f, ", left by revision {}", join(suspects, " or ")),
    }
}

fn rows(versions: &Versions) -> String {
    if versions.is_empty() {
        "no rows".to_owned()
    } else {
        versions.to_string()
    }
}

/// Writes how a database differs from what its revisions make, with the first of the changes.
fn fmt_drift(verification: &Verification, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Verification {
        versions,
        expected,
        drift,
        ..
    } = verification;
    match drift.as_slice() {
        [] => write!(
            f,
            "the database is at {versions}, and was to be compared with {expected}"
        ),
        [first, rest @ ..] => {
            write!(
                f,
                "the database is not what its revisions make: {}",
                first.sentence
            )?;
            match rest.len() {
                0 => Ok(()),
                more => write!(f, ", and {more} more changes by hand"),
            }
        }
    }
}
