//! Explains what is wrong with revision files.

use alembic_history::{
    Chain, Fault, FindingKind, HistoryError, RequirementError, RevisionId, WaysToOneHead,
};

use crate::output::{Cause, Diagnostic, Error, Excerpt, Hint, Subcommand, Suggestion};

/// Explains everything that is wrong with the revision files of the crate `name`.
pub(crate) fn history(error: &HistoryError, name: &str) -> Error {
    let faults = error.faults.iter();
    let diagnostics: Vec<Diagnostic> = faults.map(|found| fault(found, name)).collect();
    diagnostics.into()
}

/// Explains one thing that is wrong with a revision file of the crate `name`.
pub(crate) fn fault(fault: &Fault, name: &str) -> Diagnostic {
    let kind = &fault.finding.kind;
    let mut diagnostic = Diagnostic::new(Cause::History, kind.to_string())
        .code(kind.code())
        .excerpt(Excerpt::new(
            fault.path.display().to_string(),
            &fault.text,
            fault.finding.span.range(),
        ));
    if let Some(related) = &fault.related {
        let path = related.path.display().to_string();
        let excerpt = Excerpt::new(path, &related.text, related.span.range());
        diagnostic = diagnostic.excerpt(excerpt.label(related.label));
    }
    diagnostic.help(hint(kind, name))
}

/// Returns the help for a finding: the library's text, unless it names a command.
fn hint(kind: &FindingKind, name: &str) -> Hint {
    match kind {
        FindingKind::EmptyFile => Hint::from("delete the file, or write the revision with ")
            .command(Suggestion::for_crate(Subcommand::Revision, name)),
        FindingKind::MultipleHeads {
            heads,
            package,
            chain,
        } => one_head(heads, package, *chain),
        FindingKind::Lock { package, finding } => {
            let (before, after) = finding.help();
            Hint::from(before)
                .command(Suggestion::for_crate(Subcommand::Lock, package))
                .text(after)
        }
        kind => kind.help().into(),
    }
}

/// Returns the ways from several heads to one.
pub(crate) fn one_head(heads: &[RevisionId], package: &str, chain: Chain) -> Hint {
    Hint::from(WaysToOneHead::REBASE)
        .command(Suggestion::for_crate(Subcommand::Rebase, package))
        .text(WaysToOneHead::MERGE)
        .command(Suggestion::for_crate(Subcommand::Merge, package).arguments(heads))
        .text(WaysToOneHead::after_merge(chain))
}

/// Explains why revisions of several crates do not fit together; `text` is the text of the file at
/// fault.
pub(crate) fn requirement(error: &RequirementError, text: &str) -> Diagnostic {
    Diagnostic::new(Cause::History, error.kind.to_string())
        .code(error.kind.code())
        .excerpt(Excerpt::new(
            error.path.display().to_string(),
            text,
            error.span.range(),
        ))
        .help(error.kind.help())
}
