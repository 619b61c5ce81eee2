//! Explains why an expression cannot be resolved.

use alembic_history::{ResolveError, SyntaxErrorKind};

use super::Storage;
use crate::output::lines::join;
use crate::output::{Cause, Diagnostic, Error, Hint, Subcommand, Suggestion};

/// Explains why an expression cannot be resolved in the crate `name`; `storage` is where its rows are,
/// if a database was read.
pub(crate) fn resolve(error: &ResolveError, name: &str, storage: Option<&Storage<'_>>) -> Error {
    let cause = Cause::Expression(Box::new(error.clone()));
    let diagnostic = Diagnostic::new(cause, error.to_string());
    let list =
        || Hint::from("list them with ").command(Suggestion::for_crate(Subcommand::History, name));
    let diagnostic = match error {
        ResolveError::Syntax(error) => match error.kind {
            // A text that is not an expression is not about a crate.
            SyntaxErrorKind::Range => {
                return diagnostic
                    .help("name a single revision; ranges are for `history -r` and `--sql`")
                    .into();
            }
            SyntaxErrorKind::NoRange | SyntaxErrorKind::SecondColon => {
                diagnostic.help("write `START:END`, `START:` or `:END`")
            }
            SyntaxErrorKind::Empty
            | SyntaxErrorKind::EmptyBranch
            | SyntaxErrorKind::EmptyAfterBranch
            | SyntaxErrorKind::SecondBranch
            | SyntaxErrorKind::Offset => diagnostic.help(
                "write an id, a label, `head`, `heads` or `base`, optionally after `branch@`, \
                 optionally followed by `+N` or `-N`",
            ),
        },
        ResolveError::UnknownRevision { name: unknown, .. } if unknown == name => {
            diagnostic.help(is_crate(name))
        }
        ResolveError::UnknownRevision { similar, .. } => match similar.as_slice() {
            [] => diagnostic.help(list()),
            similar => diagnostic.help(format!("did you mean `{}`?", similar.join("` or `"))),
        },
        ResolveError::AmbiguousPrefix { .. } => diagnostic.help("use more characters of the id"),
        ResolveError::MultipleHeads { heads, .. } => diagnostic.help(
            Hint::from("name one of them, or all with `heads`; ")
                .command(Suggestion::for_crate(Subcommand::Merge, name).arguments(heads))
                .text(" merges them, which the build accepts with `chain = \"merged\"`; ")
                .command(Suggestion::for_crate(Subcommand::Rebase, name))
                .text(" puts yours on top of the others"),
        ),
        ResolveError::OutOfRange { is_back: true, .. } => diagnostic
            .help("`base` is before the first revision")
            .help(list()),
        ResolveError::NotOnBranch { .. }
        | ResolveError::OutOfRange { is_back: false, .. }
        | ResolveError::NotARange { .. } => diagnostic.help(list()),
        ResolveError::WrongWay { .. } => {
            diagnostic.help("`upgrade` takes `+N` with N from 1, `downgrade` takes `-N`")
        }
        ResolveError::AmbiguousWalk { candidates, .. } => {
            diagnostic.help(format!("name the revision to go to: {}", join(candidates)))
        }
        ResolveError::AmbiguousStart {
            expression,
            rows,
            unapplied: None,
        } => {
            let sign = if expression.contains('+') { "+1" } else { "-1" };
            let from: Vec<String> = rows.iter().map(|row| format!("`{row}@{sign}`")).collect();
            diagnostic.help(format!(
                "name the branch to count on, as in {}, or the revision to go to",
                from.join(" or ")
            ))
        }
        ResolveError::NotStarted { .. }
        | ResolveError::AmbiguousStart {
            unapplied: Some(_), ..
        } => diagnostic.help(
            Hint::from("see where the database is with ")
                .command(Suggestion::for_crate(Subcommand::Current, name)),
        ),
        ResolveError::NotAllowed { .. } => diagnostic.help("name the revision by its id"),
    };
    diagnostic.note(place(name, storage)).into()
}

/// Says where the name of a crate has its place.
pub(crate) fn is_crate(name: &str) -> String {
    format!("`{name}` is a crate: choose it with `-p {name}`, and name a revision or a label")
}

/// Names the crate, and the database if one was read.
pub(super) fn place(name: &str, storage: Option<&Storage<'_>>) -> String {
    match storage {
        Some(Storage { url, .. }) => format!("in crate `{name}`, database {url}"),
        None => format!("in crate `{name}`"),
    }
}
