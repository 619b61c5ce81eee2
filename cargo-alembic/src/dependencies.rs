//! `--with-dependencies`: crates that the command is not for are upgraded as far as it needs them.

use alembic_history::{Direction, Node};

use crate::context::Context;
use crate::lock_file;
use crate::migrate::Migration;
use crate::output::json::{AnswerJson, RunJson};
use crate::output::{Response, Result};
use crate::workspace::{Access, Crate, answers_one_by_one, crates_to_move};

/// Upgrades the chosen crates, and before them what they need of others.
pub(crate) fn upgrade(
    migration: &Migration<'_>,
    context: &Context,
    access: &Access,
) -> Result<Response> {
    let chosen = crates_to_move(context.crates(access)?, &[migration.target])?;
    let workspace = context.workspace()?;
    let order = workspace.order(chosen)?;
    let needs = order.needs(migration.target)?;
    let crates: Vec<Crate> = needs.iter().map(|(own, _)| (*own).clone()).collect();
    workspace.check_databases(&crates)?;
    lock_file::check_all(&crates)?;
    Ok(answers_one_by_one(&crates, |own| {
        let mut needed = needs.iter().filter(|(known, _)| known.name() == own.name());
        let needed = needed.next().map_or(&[][..], |(_, needed)| needed);
        let mut done: Option<RunJson> = None;
        let mut run = |migration: &Migration<'_>| -> Result<()> {
            let next = migration.migrate(context, own)?;
            done = Some(match done.take() {
                Some(done) => done.and_then(next),
                None => next,
            });
            Ok(())
        };
        for node in needed {
            if !is_pending(own, *node)? {
                continue;
            }
            let target = own.graph()[*node].id.to_string();
            let only = Migration {
                target: &target,
                ..*migration
            };
            run(&only)?;
        }
        if order
            .chosen
            .iter()
            .any(|chosen| chosen.name() == own.name())
        {
            run(migration)?;
        }
        let database = own.database()?;
        match done {
            Some(run) => Ok(AnswerJson::Run(run)),
            // Another session has applied it meanwhile.
            None => {
                let versions = own.versions(database)?;
                Ok(AnswerJson::Run(RunJson::nothing(&database.url, &versions)))
            }
        }
    }))
}

/// Returns whether a revision is not applied.
fn is_pending(own: &Crate, node: Node) -> Result<bool> {
    let database = own.database()?;
    let rows = own.current(database)?;
    let id = own.graph()[node].id.as_str();
    let plan = own.plan(Direction::Upgrade, id, &rows, database)?;
    Ok(!plan.steps.is_empty())
}
