//! Explains why there is no way from the rows of the version table to a target.

use alembic_history::{Code, PlanError};

use super::expression::{place, resolve};
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
    let of_rows = match storage {
        Some(Storage { url, table, .. }) => {
            format!("crate `{name}`, table {} in {url}", table.quoted())
        }
        None => in_crate.clone(),
    };
    let stamp = || Suggestion::for_crate(Subcommand::Stamp, name);
    let diagnostic = match error {
        PlanError::Resolve(error) => return resolve(error, name, storage),
        PlanError::UnknownRows { .. } => diagnostic
            .code(Code::UnknownRows)
            .help(
                "they may come from another git branch or a newer version of this crate: restore \
                 their files, and try again",
            )
            .help(
                Hint::from("or, if the tables are known to match a revision, record it with ")
                    .command(stamp().argument("--purge").argument("<revision>")),
            )
            .note(of_rows),
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
