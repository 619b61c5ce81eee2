//! Explains how the log of what was applied differs from the files.

use alembic_history::Code;
use alembic_run::Failure;

use crate::output::{Diagnostic, Hint, Subcommand, Suggestion};

/// How many revisions are listed, at most.
const LISTED: usize = 10;

/// Adds the code, and the revisions.
pub(super) fn details(fault: &Failure, diagnostic: Diagnostic) -> Diagnostic {
    let (code, notes) = match fault {
        Failure::Hidden { revisions } => {
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

/// Adds the ways on for the crate called `name`.
pub(super) fn next_step(fault: &Failure, diagnostic: Diagnostic, name: &str) -> Diagnostic {
    let accept = |ids: Vec<&str>| {
        Suggestion::for_crate(Subcommand::Stamp, name)
            .argument("--accept")
            .arguments(ids)
    };
    let recorded = || Suggestion::for_crate(Subcommand::Downgrade, name).argument("--recorded");
    match fault {
        Failure::Hidden { revisions } => {
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
        Failure::NothingToAccept { .. } => diagnostic.help(
            Hint::from("see what ran here with ")
                .command(Suggestion::for_crate(Subcommand::Log, name)),
        ),
        _ => diagnostic,
    }
}
