//! Reports SQL that the oldest SQLite that a crate supports would refuse, though another may run it.

use alembic_history::{Direction, Fault, Node};
use alembic_migrate::Dialect;
use alembic_migrate::report::StepReport;

use crate::context::Context;
use crate::workspace::Crate;

/// Reports it for revisions that a command has applied or reverted.
pub(crate) fn report_steps(
    context: &Context,
    own: &Crate,
    direction: Direction,
    dialect: Dialect,
    steps: &[StepReport],
) {
    let nodes = steps.iter().map(|step| step.revision.as_str());
    let nodes = nodes.filter_map(|id| own.graph().node(id));
    report_revisions(context, own, direction, dialect, nodes);
}

/// Reports it for what revisions do in a direction.
pub(crate) fn report_revisions(
    context: &Context,
    own: &Crate,
    direction: Direction,
    dialect: Dialect,
    nodes: impl IntoIterator<Item = Node>,
) {
    let version = own.configuration.settings.sqlite_version;
    let newer = |node| {
        let history = own.history();
        history.newer_sql(node, direction, &[dialect], version)
    };
    let found: Vec<Fault> = nodes.into_iter().flat_map(newer).collect();
    report(context, own, &found);
}

/// Reports it for all revisions of a crate.
pub(crate) fn report_all(context: &Context, own: &Crate) {
    let version = own.configuration.settings.sqlite_version;
    report(context, own, &own.history().all_newer_sql(version));
}

fn report(context: &Context, own: &Crate, found: &[Fault]) {
    for fault in found {
        let kind = &fault.finding.kind;
        let what = format_args!("[{}] {kind}", kind.code());
        let source = ("Newer", own.name());
        context.warnings.fault(context.shell, source, fault, what);
    }
    if !found.is_empty() {
        let oldest = own.configuration.settings.sqlite_version;
        let what = format_args!(
            "write it in another way, since SQLite {oldest} refuses it; or raise `sqlite-version` under \
             [package.metadata.alembic], if no SQLite that old runs it"
        );
        context.shell.status("Next", what);
    }
}
