//! Explains what is wrong with revision files.

use alembic_history::{Fault, FindingKind, HistoryError, RequirementError};

use crate::output::{Cause, Diagnostic, Error, Excerpt, Hint, Subcommand, Suggestion};

/// Explains everything that is wrong with the revision files of a crate.
pub(crate) fn history(error: &HistoryError) -> Error {
    let diagnostics: Vec<Diagnostic> = error.faults.iter().map(fault).collect();
    diagnostics.into()
}

/// Explains one thing that is wrong with a revision file.
pub(crate) fn fault(fault: &Fault) -> Diagnostic {
    let kind = &fault.finding.kind;
    let mut diagnostic = Diagnostic::new(Cause::History, kind.to_string())
        .code(kind.code())
        .excerpt(Excerpt {
            path: fault.path.display().to_string(),
            text: fault.text.to_string(),
            span: fault.finding.span.range(),
            label: None,
        });
    if let Some(related) = &fault.related {
        diagnostic = diagnostic.excerpt(Excerpt {
            path: related.path.display().to_string(),
            text: related.text.to_string(),
            span: related.span.range(),
            label: Some(related.label.to_owned()),
        });
    }
    diagnostic.help(hint(kind))
}

/// Returns the help for a finding: the library's text, unless it names a command.
fn hint(kind: &FindingKind) -> Hint {
    match kind {
        FindingKind::EmptyFile => Hint::from("delete the file, or write the revision with ")
            .command(Suggestion::new(Subcommand::Revision)),
        FindingKind::MultipleHeads {
            heads,
            package,
            chain,
        } => Hint::from("merge them with ")
            .command(Suggestion::for_crate(Subcommand::Merge, package).arguments(heads))
            .text(FindingKind::after_merge(*chain)),
        kind => kind.help().into(),
    }
}

/// Explains why revisions of several crates do not fit together; `text` is the text of the file at
/// fault.
pub(crate) fn requirement(error: &RequirementError, text: String) -> Diagnostic {
    Diagnostic::new(Cause::History, error.kind.to_string())
        .code(error.kind.code())
        .excerpt(Excerpt {
            path: error.path.display().to_string(),
            text,
            span: error.span.range(),
            label: None,
        })
        .help(error.kind.help())
}
