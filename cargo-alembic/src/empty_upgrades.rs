//! Reports applied revisions that have no statements: what is added to them later never runs.

use std::collections::HashSet;

use alembic_history::RevisionId;
use alembic_migrate::report::StepReport;

use crate::context::Context;
use crate::output::{Hint, Subcommand, Suggestion};
use crate::workspace::Crate;

/// Reports the revisions among `applied` that have no statements, with what to do about them, and
/// returns their ids.
pub(crate) fn report(
    context: &Context,
    own: &Crate,
    applied: &[StepReport],
) -> HashSet<RevisionId> {
    let mut found = HashSet::new();
    if applied.is_empty() {
        return found;
    }
    let faults = own.history().empty_upgrades();
    let mut first = None;
    for step in applied {
        let Some(node) = own.graph().node(step.revision.as_str()) else {
            continue;
        };
        let path = &own.history().file(node).path;
        for fault in faults.iter().filter(|fault| fault.path == *path) {
            let source = ("Empty", own.name());
            let kind = &fault.finding.kind;
            let text = format_args!("{kind}; what is added there now never runs on this database");
            context.warnings.fault(context.shell, source, fault, text);
            first.get_or_insert(node);
            found.insert(step.revision.clone());
        }
    }
    if let Some(node) = first {
        let (graph, name) = (own.graph(), own.name());
        let id = &graph[node].id;
        // The target leaves other branches alone.
        let target = match graph.parents(node) {
            [parent] if graph.is_branch_point(*parent) => format!("{id}@{}", graph[*parent].id),
            [parent] => graph[*parent].id.to_string(),
            _ => format!("{id}@base"),
        };
        let revert = Suggestion::for_crate(Subcommand::Downgrade, name).argument(target);
        let next = Hint::from("write what is missing in a new revision, or revert with ")
            .command(revert)
            .text(
                " and fill it in; if it is meant to do nothing, its heading is `-- alembic: upgrade \
                 empty`",
            );
        context.shell.status("Next", next.render(&context.call));
    }
    found
}
