//! Explains why there is no way from the rows of the version table to a target.

use alembic_history::{Code, PlanError};
use alembic_migrate::report::LoggedRevision;

use super::expression::{place, resolve};
use super::log::{LISTED, purging_stamp};
use super::{Storage, Subject};
use crate::output::{Cause, Diagnostic, Error, Hint, Subcommand, Suggestion};

/// Explains why there is no plan; `storage` is where the rows are, if a database was read.
pub(crate) fn plan(
    error: &PlanError,
    subject: Subject<'_>,
    storage: Option<&Storage<'_>>,
) -> Error {
    let name = subject.name;
    let cause = Cause::Plan(Box::new(error.clone()));
    let diagnostic = Diagnostic::new(cause, error.to_string());
    let in_crate = place(name, storage);
    let of_rows = place_of_rows(subject, storage);
    let stamp = || Suggestion::for_crate(Subcommand::Stamp, name);
    let diagnostic = match error {
        PlanError::Resolve(error) => return resolve(error, name, storage),
        PlanError::UnknownRows { rows } => return unknown_rows(rows, &[], subject, storage),
        PlanError::OverlappingRows { .. } => diagnostic
            .code(Code::OverlappingRows)
            .help(
                Hint::from("if both are applied, record that with ")
                    .command(stamp().argument("<descendant>")),
            )
            .note(of_rows),
        PlanError::NotADowngradeTarget { .. } => diagnostic
            .help(
                Hint::from("see where the database is with ")
                    .command(Suggestion::for_crate(Subcommand::Current, name)),
            )
            .note(in_crate),
        PlanError::SharedRoot { branch, .. } => diagnostic
            .code(Code::SharedRoot)
            .help("to revert everything, use `base`")
            .help(format!(
                "to revert only this branch, name the revision where it begins: \
                 `{branch}@<revision>`"
            ))
            .note(in_crate),
        PlanError::OverlappingTargets { descendant, .. } => diagnostic
            .help(format!("name only {descendant}"))
            .note(in_crate),
    };
    diagnostic.into()
}

/// Returns where rows are.
fn place_of_rows(subject: Subject<'_>, storage: Option<&Storage<'_>>) -> String {
    let name = subject.name;
    match storage {
        Some(Storage { url, table, .. }) => {
            format!("crate `{name}`, table {} in {url}", table.quoted())
        }
        None => place(name, storage),
    }
}

/// Returns the diagnostic of rows that no file declares, without notes and help.
fn unexplained(rows: &[String]) -> Diagnostic {
    let error = PlanError::UnknownRows {
        rows: rows.to_vec(),
    };
    let title = error.to_string();
    Diagnostic::new(Cause::Plan(Box::new(error)), title).code(Code::UnknownRows)
}

/// Explains that the version table has rows that no file declares; `logged` is what the log knows of
/// them.
pub(super) fn unknown_rows(
    rows: &[String],
    logged: &[LoggedRevision],
    subject: Subject<'_>,
    storage: Option<&Storage<'_>>,
) -> Error {
    let diagnostic = unexplained(rows).help(
        "they may come from another git branch or a newer version of this crate: restore \
             their files, and try again",
    );
    let diagnostic = match logged {
        [] => diagnostic,
        _ => {
            let name = subject.name;
            let downgrade = Suggestion::for_crate(Subcommand::Downgrade, name);
            diagnostic.help(
                Hint::from("or go back by what the log recorded with ")
                    .command(downgrade.argument("--recorded")),
            )
        }
    };
    let diagnostic = diagnostic.help(
        Hint::from("or, if the tables are known to match a revision, record it with ")
            .command(purging_stamp(subject.name)),
    );
    with_logged(diagnostic, logged)
        .note(place_of_rows(subject, storage))
        .into()
}

/// Adds what the log knows of rows: of many, the newest.
fn with_logged(diagnostic: Diagnostic, logged: &[LoggedRevision]) -> Diagnostic {
    let older = logged.len().saturating_sub(LISTED);
    let diagnostic = match older {
        0 => diagnostic,
        older => diagnostic.note(format!("the log has {older} more, and then")),
    };
    let newest = logged[older..].iter();
    let notes = newest.map(|logged| format!("the log has {logged}"));
    notes.fold(diagnostic, Diagnostic::note)
}

/// Explains that no file declares anything that the log of a database has.
pub(super) fn another_crate(
    rows: &[String],
    logged: &[LoggedRevision],
    subject: Subject<'_>,
    storage: &Storage<'_>,
) -> Error {
    let diagnostic = unexplained(rows)
        .help(
            "no file declares anything that was applied here, so it looks like the database of \
             another crate: check the URL, or give this crate a `version-table` of its own",
        )
        .help("or restore the files of all these revisions, and try again");
    with_logged(diagnostic, logged)
        .note(place_of_rows(subject, Some(storage)))
        .into()
}
