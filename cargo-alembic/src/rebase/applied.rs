//! A database that has applied revisions that are put on top of others.

use std::sync::Arc;
use std::time::Instant;

use alembic_history::{Direction, Node, NodeSet, Rebase, Reversal, RevisionId};
use alembic_migrate::options::{Interruption, Missing};

use crate::context::Context;
use crate::database::Database;
use crate::migrate::{Migration, readable};
use crate::output::lines::join;
use crate::output::{
    Cause, Detail, Diagnostic, Error, Hint, Result, Shell, Subcommand, Suggestion,
};
use crate::workspace::{Crate, PlannedRows, check_dependents};

/// The moved revisions that the crate's database has applied.
pub(crate) struct AppliedRevisions<'c> {
    owner: &'c Crate,
    database: &'c Database,
    /// All of them, in the order in which they were applied.
    applied: Vec<Node>,
    /// Those below them that are to be applied before they are applied again.
    pending: Vec<Node>,
    /// Those that no other of them follows.
    tips: Vec<RevisionId>,
}

impl<'c> AppliedRevisions<'c> {
    /// Asks the crate's database, if it has one, and checks that they can be reverted.
    pub(crate) fn find(owner: &'c Crate, own: &NodeSet, plan: &Rebase) -> Result<Option<Self>> {
        let url = owner
            .configuration
            .find_database(owner.access().url.as_deref())?;
        if url.is_none() {
            return Ok(None);
        }
        let database = owner.database()?;
        let graph = owner.graph();
        let rows = owner.current(database).map_err(|error| {
            error.help("add `--no-database` if the database has applied none of the revisions")
        })?;
        let below = graph.required_by(&rows);
        let moved = plan.moved.iter().map(|(node, _)| *node);
        let applied: Vec<Node> = moved.filter(|node| below.contains(*node)).collect();
        if applied.is_empty() {
            return Ok(None);
        }
        let dialect = database.dialect();
        let irreversible = applied.iter().find(|node| {
            let reversal = owner.history().file(**node).file.reversal(dialect);
            !matches!(reversal, Reversal::Possible)
        });
        if let Some(node) = irreversible {
            return Err(cannot_revert(owner, database, &graph[*node].id, own));
        }
        for node in &applied {
            let id = &graph[*node].id;
            let plan = graph.plan_revert(&rows, &owner.parse(id.as_str())?);
            let steps = plan.map_or_else(|_| Vec::new(), |plan| plan.steps);
            if let Some(other) = steps.iter().find(|step| !own.contains(step.revision)) {
                return Err(depends(owner, &graph[other.revision].id, id));
            }
        }
        let follows = |node: &Node| {
            let mut children = graph.children(*node).iter();
            children.any(|child| applied.contains(child))
        };
        let tips: Vec<Node> = applied
            .iter()
            .copied()
            .filter(|node| !follows(node))
            .collect();
        Ok(Some(Self {
            owner,
            database,
            tips: graph.ids(&tips),
            pending: graph
                .required_by(&[plan.onto])
                .iter()
                .filter(|node| !below.contains(*node))
                .collect(),
            applied,
        }))
    }

    /// Says what happens to the database.
    pub(crate) fn announce(&self, shell: Shell) {
        let ids = join(&self.owner.graph().ids(&self.applied));
        let them = match self.applied.len() {
            1 => "it",
            _ => "them",
        };
        let what = format_args!("{ids} in {}, and apply {them} again", self.database.url);
        shell.status("Would revert", what);
    }

    /// Reverts the revisions, with the files as they are.
    pub(crate) fn revert(&self, context: &Context) -> Result<()> {
        let (owner, graph) = (self.owner, self.owner.graph());
        owner.check_sql(Direction::Downgrade)?;
        owner.check_sql(Direction::Upgrade)?;
        let all = readable(context, std::slice::from_ref(owner))?;
        let order = context.workspace()?.order(vec![owner.clone()])?;
        let steps = [self.pending.as_slice(), &self.applied].concat();
        order.check_requirements(owner, &steps, &[], &PlannedRows::new())?;
        check_dependents(
            owner,
            &self.applied,
            &all,
            &PlannedRows::new(),
            Subcommand::Downgrade,
        )?;
        let ids = join(&graph.ids(&self.applied));
        let what = format_args!("{ids} in {} until the files are rebased", self.database.url);
        context.shell.status("Reverting", what);
        let what = format_args!("{} ({})", owner.name(), self.database.url);
        context.shell.status("Downgrading", what);
        let (name, dialect) = (owner.name(), self.database.dialect());
        let progress = Arc::new(context.progress(Detail::Revisions, name, dialect));
        let shown = Arc::clone(&progress);
        let migrations = owner.migrations.clone();
        let migrations = migrations.observe(move |event| shown.show(event));
        let mut connection = self.database.write(context.shell)?;
        // From the last one down, so that each takes only itself along.
        let mut reverted: Vec<RevisionId> = Vec::new();
        for node in self.applied.iter().rev() {
            let start = Instant::now();
            let outcome = migrations.revert(&mut connection, graph[*node].id.as_str());
            progress.finish();
            let report = outcome.map_err(|error| {
                let error = owner.explain(error, self.database);
                let error = error.note("the revision files are as they were before");
                match reverted.as_slice() {
                    [] => error,
                    ids => self.upgrade_again(
                        error.after(format!("the command has reverted {}", join(ids))),
                    ),
                }
            })?;
            reverted.push(graph[*node].id.clone());
            owner.report_run(context.shell, &report, start.elapsed());
        }
        Ok(())
    }

    /// Adds what became of the database to the reason why the files could not be written.
    pub(crate) fn after_failed_write(&self, error: Error) -> Error {
        let ids = join(&self.owner.graph().ids(&self.applied));
        self.upgrade_again(error.note(format!("{} no longer has {ids}", self.database.url)))
    }

    /// Adds how to apply the revisions again.
    fn upgrade_again(&self, error: Error) -> Error {
        let upgrade = Suggestion::for_crate(Subcommand::Upgrade, self.owner.name());
        let upgrade = upgrade.arguments(&self.tips);
        error.help(Hint::from("apply what was reverted again with ").command(upgrade))
    }

    /// Applies the revisions again, with the files as they are now.
    pub(crate) fn apply_again(&self, context: &Context) -> Result<()> {
        let configuration = self.owner.configuration.clone();
        let owner = context
            .workspace()?
            .read(configuration, self.owner.access())?;
        for tip in &self.tips {
            let migration = Migration {
                detail: Detail::Revisions,
                direction: Direction::Upgrade,
                target: tip.as_str(),
                transaction_per_revision: false,
                interrupted: Interruption::Refuse,
                missing: Missing::Refuse,
            };
            let outcome = migration.migrate(context, &owner);
            outcome.map_err(|error| {
                let ids = join(&self.owner.graph().ids(&self.applied));
                let error = error.after(format!("the command has reverted {ids}"));
                self.upgrade_again(error.note("the revision files are rebased"))
            })?;
        }
        Ok(())
    }
}

/// Explains that the database would lose a revision that is not moved.
fn depends(owner: &Crate, other: &RevisionId, id: &RevisionId) -> Error {
    let downgrade = Suggestion::for_crate(Subcommand::Downgrade, owner.name());
    let title = format!("{other} depends on {id}, and would be reverted with it");
    Diagnostic::new(Cause::Revision, title)
        .note("nothing was changed")
        .help(
            Hint::from("revert it first with ")
                .command(downgrade.argument(format!("{other}@-1")))
                .text(", and apply it again afterwards"),
        )
        .into()
}

/// Explains why the database cannot go down, and the way that does without.
fn cannot_revert(owner: &Crate, database: &Database, id: &RevisionId, own: &NodeSet) -> Error {
    let graph = owner.graph();
    let name = owner.name();
    let is_root = |node: &Node| {
        let mut parents = graph.parents(*node).iter();
        !parents.any(|parent| own.contains(*parent))
    };
    let roots = graph.ids(&own.iter().filter(is_root).collect::<Vec<_>>());
    let title = format!(
        "{} has applied {id}, which cannot be reverted",
        database.url
    );
    let suggest = |subcommand| Suggestion::for_crate(subcommand, name);
    Diagnostic::new(Cause::Check, title)
        .note("nothing was changed")
        .help(
            Hint::from("if the revisions do not depend on each other, move only the files with ")
                .command(
                    suggest(Subcommand::Rebase)
                        .arguments(roots)
                        .argument("--no-database"),
                )
                .text(", and apply the others below them with ")
                .command(suggest(Subcommand::Upgrade).argument("--missing")),
        )
        .help(Hint::from("or join the two sides with ").command(suggest(Subcommand::Merge)))
        .into()
}
