//! Reports an upgrade to one of several heads, where a checked build asks for a single one.

use alembic_history::FindingKind;
use alembic_migrate::report::StepReport;

use crate::context::Context;
use crate::explain;
use crate::workspace::Crate;

/// Reports that the history has several heads if one of them was applied, with the ways to a single one.
pub(crate) fn report(context: &Context, own: &Crate, applied: &[StepReport]) {
    if applied.is_empty() {
        return;
    }
    let chain = own.configuration.settings.chain;
    let faults = own.history().check_chain(chain, own.name());
    let mut faults = faults.iter();
    let found = faults.find_map(|fault| match &fault.finding.kind {
        FindingKind::MultipleHeads { heads, .. } => Some((fault, heads)),
        _ => None,
    });
    let Some((fault, heads)) = found else {
        return;
    };
    let is_head = |step: &StepReport| heads.contains(&step.revision);
    if !applied.iter().any(is_head) {
        return;
    }
    let text = format!(
        "{}; a checked build fails until there is one",
        fault.finding.kind
    );
    context
        .warnings
        .fault(context.shell, ("Heads", own.name()), fault, text);
    let ways = explain::one_head(heads, own.name(), chain);
    context.shell.status("Next", ways.render(&context.call));
}
