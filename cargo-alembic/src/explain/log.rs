//! Explains how the log of what was applied differs from the files.

use std::path::PathBuf;

use alembic_history::{Code, Direction, RevisionId};
use alembic_migrate::report::{LogGap, LogWriter};
use alembic_run::{Failure, Unacceptable};

use super::Subject;
use crate::output::{Diagnostic, Hint, Subcommand, Suggestion};

/// How many revisions are listed, at most.
pub(super) const LISTED: usize = 10;

/// Adds the code, and the revisions.
pub(super) fn details(fault: &Failure, diagnostic: Diagnostic) -> Diagnostic {
    let (code, notes) = match fault {
        Failure::Hidden { revisions, .. } => {
            let notes = revisions.iter();
            let notes = notes.map(|(id, path)| format!("{id}: {}", path.display()));
            (Code::HiddenRevision, notes.collect())
        }
        Failure::Edited { revisions } => {
            let notes = revisions.iter();
            let notes = notes.map(|(logged, path)| format!("{}: {logged}", path.display()));
            (Code::EditedRevision, notes.collect())
        }
        Failure::Removed { revisions } => {
            let notes = revisions.iter().map(|(logged, path)| match path {
                None => format!("{logged} (no file declares it)"),
                Some(path) => format!("{logged} ({} puts it elsewhere)", path.display()),
            });
            (Code::RemovedRevision, notes.collect::<Vec<_>>())
        }
        Failure::NothingToAccept { .. } => (Code::NothingToAccept, Vec::new()),
        Failure::NoLog { .. } => (Code::NoLog, Vec::new()),
        Failure::UntrustedLog { .. } => (Code::UntrustedLog, Vec::new()),
        Failure::WayBackMoved { .. } => (Code::WayBackMoved, Vec::new()),
        _ => return diagnostic,
    };
    let more = notes.len().saturating_sub(LISTED);
    let listed = notes.into_iter().take(LISTED);
    let diagnostic = listed.fold(diagnostic.code(code), Diagnostic::note);
    match more {
        0 => diagnostic,
        more => diagnostic.note(format!("and {more} more")),
    }
}

/// Adds the ways on for a crate.
pub(super) fn next_step(
    fault: &Failure,
    diagnostic: Diagnostic,
    subject: Subject<'_>,
) -> Diagnostic {
    let name = subject.name;
    let accept = |ids: Vec<&str>| {
        Suggestion::for_crate(Subcommand::Stamp, name)
            .argument("--accept")
            .arguments(ids)
    };
    let recorded = || Suggestion::for_crate(Subcommand::Downgrade, name).argument("--recorded");
    match fault {
        Failure::Hidden {
            revisions,
            direction,
        } => {
            let diagnostic = match direction {
                Direction::Upgrade => diagnostic,
                Direction::Downgrade => way_down(diagnostic, revisions, subject),
            };
            let upgrade = Suggestion::for_crate(Subcommand::Upgrade, name).argument("--missing");
            let ids = revisions.iter().map(|(id, _)| id.as_str()).collect();
            diagnostic
                .help(
                    Hint::from("if this database should get them, run them with ").command(upgrade),
                )
                .help(
                    Hint::from("if it has what they do already, record that with ")
                        .command(accept(ids)),
                )
        }
        Failure::Edited { revisions } => {
            let ids = revisions.iter().map(|(logged, _)| logged.revision.as_str());
            diagnostic
                .help("restore what ran, and write the change into a new revision")
                .help(
                    Hint::from("if this database needs nothing else, record that with ")
                        .command(accept(ids.collect())),
                )
                .help(
                    Hint::from("to run what the files have now, go back first with ")
                        .command(recorded()),
                )
        }
        Failure::Removed { revisions } => {
            let ids = revisions.iter().map(|(logged, _)| logged.revision.as_str());
            let mut elsewhere = revisions.iter().rev().filter(|(_, path)| path.is_some());
            let diagnostic = match elsewhere.next() {
                None => diagnostic,
                Some((logged, _)) => diagnostic.help(
                    Hint::from("if only the version is behind, record where the database is with ")
                        .command(
                            Suggestion::for_crate(Subcommand::Stamp, name)
                                .argument(&logged.revision),
                        ),
                ),
            };
            diagnostic
                .help("restore the files where they were")
                .help(Hint::from("or go back by what the log recorded with ").command(recorded()))
                .help(
                    Hint::from(
                        "or, if this database no longer has what they did, record that with ",
                    )
                    .command(accept(ids.collect())),
                )
        }
        Failure::NothingToAccept {
            why: Unacceptable::Row | Unacceptable::BelowUnknownRow,
            ..
        } => diagnostic
            .help(Hint::from("go back by what the log recorded with ").command(recorded()))
            .help(
                Hint::from(
                    "or, if the tables are known to match a revision, record that one with ",
                )
                .command(purging_stamp(name)),
            ),
        Failure::NothingToAccept { .. } => diagnostic.help(
            Hint::from("see what ran here with ")
                .command(Suggestion::for_crate(Subcommand::Log, name)),
        ),
        Failure::NoLog { gap } => no_log(diagnostic, gap, name),
        Failure::UntrustedLog { table, writers } => writers
            .iter()
            .fold(diagnostic, |diagnostic, writer| match writer {
                LogWriter::Owner { role } => {
                    diagnostic.help(format!("run the command as {role}, or as a member of it"))
                }
                LogWriter::Grantee { grantee, .. } => diagnostic.help(format!(
                    "take the privilege away with `REVOKE INSERT, UPDATE, TRIGGER ON {table} FROM \
                     {grantee}`, if no program migrates by it"
                )),
                _ => diagnostic,
            })
            .help(
                Hint::from("see what it holds with ")
                    .command(recorded().argument("--dry-run"))
                    .text(", and run that by hand"),
            ),
        Failure::WayBackMoved { .. } => diagnostic.help("run the command again"),
        _ => diagnostic,
    }
}

/// Suggests the stamp of a database whose rows no file declares.
pub(super) fn purging_stamp(name: &str) -> Suggestion {
    Suggestion::for_crate(Subcommand::Stamp, name)
        .argument("--purge")
        .argument("<revision>")
}

/// Adds the way on without a log.
fn no_log(diagnostic: Diagnostic, gap: &LogGap, name: &str) -> Diagnostic {
    match gap {
        LogGap::SwitchedOff => diagnostic.help(format!(
            "set `log = true` under [package.metadata.alembic] of `{name}`"
        )),
        LogGap::Untrusted { owner } => diagnostic.help(format!(
            "give the log and the version table the same owner, or run the command as {owner}"
        )),
        _ => diagnostic.help(
            Hint::from("if the tables are known to match a revision, record that one with ")
                .command(purging_stamp(name)),
        ),
    }
}

/// Adds the way on for a database that what the log recorded does not revert.
pub(super) fn by_hand(diagnostic: Diagnostic, name: &str) -> Diagnostic {
    diagnostic
        .help(
            "this is what the log recorded, so no file can be corrected: bring the database into the \
             state that the statement expects, and run the command again",
        )
        .help(
            Hint::from(
                "or revert the revision by hand, and record where the database is with ",
            )
            .command(purging_stamp(name)),
        )
}

/// Adds the way down past revisions that never ran, if each follows the one before.
fn way_down(
    diagnostic: Diagnostic,
    revisions: &[(RevisionId, PathBuf)],
    subject: Subject<'_>,
) -> Diagnostic {
    let graph = subject.history.graph();
    let nodes = revisions
        .iter()
        .filter_map(|(id, _)| graph.node(id.as_str()));
    let nodes: Vec<_> = nodes.collect();
    let is_chain = nodes
        .windows(2)
        .all(|pair| graph.parents(pair[1]) == &pair[..1]);
    let (Some(first), Some(last), true) = (nodes.first(), nodes.last(), is_chain) else {
        return diagnostic;
    };
    let below = match graph.parents(*first) {
        [] => "base".to_owned(),
        [parent] => graph[*parent].id.to_string(),
        _ => return diagnostic,
    };
    let suggest = |subcommand| Suggestion::for_crate(subcommand, subject.name);
    let last = &graph[*last].id;
    diagnostic.help(
        Hint::from("to go down without running them, revert what is above with ")
            .command(suggest(Subcommand::Downgrade).argument(last))
            .text(", and then record where the database is with ")
            .command(suggest(Subcommand::Stamp).argument(below)),
    )
}
