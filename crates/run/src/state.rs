//! The state in which a failed run leaves the database.

use std::fmt;

use alembic_history::{RevisionId, TransactionMode, join};

/// The state in which a failed run leaves the database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatabaseState {
    /// Everything is as it was before.
    Unchanged,
    /// These revisions are done and committed; the rest is as it was before.
    Committed {
        /// The revisions, in this order; may be empty, if only a stamp at the baseline or other
        /// crates' target schemas are committed.
        done: Vec<RevisionId>,
        /// The crates that were made ready before the one that failed, without applying a revision:
        /// by their target schema, or by a stamp at their baseline.
        ready: Vec<String>,
        /// How much one transaction covered.
        transaction: TransactionMode,
    },
    /// A revision with a `no-transaction` section is unfinished, and cannot be rolled back.
    Unfinished {
        /// The revisions that are committed, in this order.
        done: Vec<RevisionId>,
        /// The unfinished revision.
        revision: RevisionId,
        /// How many of its statements are done.
        statements: usize,
        /// Whether the next one may have taken effect, at least partly: the connection was lost, or
        /// the statement may have committed something before it failed.
        uncertain: bool,
    },
    /// The connection was lost while committing, so it is unknown whether the commit took effect.
    Unknown {
        /// The revisions that are certainly committed, in this order.
        done: Vec<RevisionId>,
        /// The revisions that may be committed.
        committing: Vec<RevisionId>,
        /// The revision of which statements outside of transactions are done in any case, and how
        /// many statements of it.
        unfinished: Option<(RevisionId, usize)>,
    },
}

impl fmt::Display for DatabaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged => f.write_str("the database is as it was before"),
            Self::Committed { done, ready, .. } => {
                match (done.as_slice(), ready.as_slice()) {
                    ([], []) => f.write_str("the database is stamped at its baseline; ")?,
                    (_, []) => {}
                    (_, [one]) => write!(f, "crate {one} is ready; ")?,
                    (_, several) => write!(f, "crates {} are ready; ", several.join(", "))?,
                }
                stays(f, done)?;
                f.write_str("everything else is as it was before")
            }
            Self::Unfinished {
                done,
                revision,
                statements,
                uncertain,
            } => {
                stays(f, done)?;
                let next = statements + 1;
                if (*statements, *uncertain) == (0, false) {
                    return write!(
                        f,
                        "nothing else of revision {revision} is kept, and the next run starts it again"
                    );
                }
                write!(f, "revision {revision} is unfinished: ")?;
                let and = if *statements == 0 { "" } else { "and " };
                match statements {
                    0 => {}
                    1 => f.write_str("its first statement is done, ")?,
                    _ => write!(f, "its first {statements} statements are done, ")?,
                }
                match uncertain {
                    true => write!(f, "{and}statement {next} may have taken effect"),
                    false => write!(f, "{and}the next run continues with statement {next}"),
                }
            }
            Self::Unknown {
                done,
                committing,
                unfinished,
            } => {
                stays(f, done)?;
                match unfinished {
                    None => {}
                    Some((revision, 1)) => {
                        write!(f, "the first statement of revision {revision} is done; ")?;
                    }
                    Some((revision, statements)) => write!(
                        f,
                        "the first {statements} statements of revision {revision} are done; "
                    )?,
                }
                f.write_str("the connection was lost while committing")?;
                match (unfinished, committing.as_slice()) {
                    (None, []) => {}
                    (None, committing) => write!(f, " {}", join(committing, ", "))?,
                    (Some(_), _) => f.write_str(" the rest")?,
                }
                f.write_str(", so either all of it took effect or none of it did")
            }
        }
    }
}

fn stays(f: &mut fmt::Formatter<'_>, done: &[RevisionId]) -> fmt::Result {
    const MANY: usize = 12;
    match done {
        [] => Ok(()),
        [first, .., last] if done.len() > MANY => {
            let count = done.len();
            write!(
                f,
                "{count} revisions are committed, from {first} to {last}; "
            )
        }
        done => write!(f, "these revisions are committed: {}; ", join(done, ", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_revisions_are_counted() {
        let shown = |count: usize| {
            let ids = (1..=count)
                .map(|number| RevisionId::for_new_revision(format!("r{number}")).unwrap());
            let done: Vec<RevisionId> = ids.collect();
            std::fmt::from_fn(|f| stays(f, &done)).to_string()
        };
        assert_eq!(shown(0), "");
        assert_eq!(shown(2), "these revisions are committed: r1, r2; ");
        assert_eq!(shown(13), "13 revisions are committed, from r1 to r13; ");
    }
}
