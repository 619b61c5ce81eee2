//! Explains what to do about a revision with a section outside of transactions that was not run to its
//! end.

use alembic_history::Direction;
use alembic_run::{Failure, StatementLocation};

use super::Subject;
use crate::output::{Diagnostic, Hint, Subcommand, Suggestion};

/// Adds the ways on for a crate.
pub(super) fn next_step(
    fault: &Failure,
    diagnostic: Diagnostic,
    subject: Subject<'_>,
) -> Diagnostic {
    let name = subject.name;
    match fault {
        Failure::Unfinished { revision, .. } if subject.history.graph().node(revision).is_none() => {
            undone_by_hand(
                diagnostic.help(
                    "restore its file, from another git branch or a newer version of this crate, and \
                     finish it",
                ),
                name,
            )
        }
        Failure::Unfinished {
            revision,
            direction,
            ..
        } => {
            let upgrade = Suggestion::for_crate(Subcommand::Upgrade, name).argument(revision);
            let finish = match direction.as_str() {
                "downgrade" => {
                    format!("finish it: run the downgrade that reverts {revision} again").into()
                }
                _ => Hint::from("finish it first with ").command(upgrade),
            };
            undone_by_hand(diagnostic.help(finish), name)
        }
        Failure::Interrupted {
            process: Some(process),
            ..
        } => diagnostic
            .help("wait until it ends, and run the command again")
            .help(format!("or cancel it with `SELECT pg_cancel_backend({process})`")),
        Failure::Interrupted {
            location,
            direction,
            has_not,
            ..
        } => {
            let resume = |text, choice| resume(text, location, *direction, choice, name);
            match has_not {
                true => diagnostic.help(resume("run it again with ", "again")),
                false => diagnostic
                    .help(resume(
                        "check whether it took effect; if it did, continue with ",
                        "skip",
                    ))
                    .help(resume("if it did not, run it again with ", "again")),
            }
        }
        Failure::ChangedMeanwhile { path, .. } => undone_by_hand(
            diagnostic
                .note(format!("its file is {}", path.display()))
                .help(
                    "restore those statements, and make your changes after them or in a new revision",
                ),
            name,
        ),
        _ => diagnostic,
    }
}

/// Adds the way on without finishing an unfinished revision.
fn undone_by_hand(diagnostic: Diagnostic, name: &str) -> Diagnostic {
    let stamp = Suggestion::for_crate(Subcommand::Stamp, name).argument("<revision>");
    diagnostic.help(
        Hint::from("or undo its changes by hand, and record where the database is with ")
            .command(stamp),
    )
}

/// Returns the hint that continues the revision of a statement that was interrupted.
fn resume(
    text: &'static str,
    location: &StatementLocation,
    direction: Direction,
    choice: &str,
    name: &str,
) -> Hint {
    let revision = &location.revision;
    match direction {
        Direction::Upgrade => Hint::from(text).command(
            Suggestion::for_crate(Subcommand::Upgrade, name)
                .argument(revision)
                .arguments(["--interrupted", choice]),
        ),
        // Where it led to is not recorded.
        Direction::Downgrade => Hint::from(format!(
            "{text}the downgrade that reverts {revision} and `--interrupted {choice}`"
        )),
    }
}
