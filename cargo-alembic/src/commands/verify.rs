//! `cargo alembic verify`

use alembic_migrate::schema::{Change, DiffOptions};
use alembic_schema::script;
use clap::Args;

use crate::args::{ComparedArgs, DatabaseArgs};
use crate::context::Context;
use crate::diesel;
use crate::engines::engine_of;
use crate::output::json::{AnswerJson, ChangeJson, DriftJson, rows};
use crate::output::{Answer, Error, Response, Result};
use crate::replay::Replay;
use crate::schemas::{changes, filter_for, inspect_database, not_compared, report_not_compared};
use crate::workspace::{Crate, CrateOrder};

/// Arguments of `cargo alembic verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    compared: ComparedArgs,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl VerifyArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let workspace = context.workspace()?;
        let order = workspace.order(context.crates(&(&self.database).into())?)?;
        workspace.check_databases(&order.chosen)?;
        let mut answers = Vec::new();
        let mut drifted = Vec::new();
        let mut failed = None;
        for next in &order.chosen {
            next.report_missing_database(context.shell)?;
            match self.verify(context, &order, next) {
                Ok(json) => {
                    match json.drift.len() {
                        0 => {
                            let what = format_args!("No drift detected ({})", next.name());
                            context.shell.status("Finished", what);
                        }
                        count => drifted.push((next.name().to_owned(), count)),
                    }
                    let text = json.text();
                    answers.push(Answer::new(next.name(), AnswerJson::Drift(json), text));
                    if let Err(error) = diesel::verify(context, next) {
                        Error::add(&mut failed, error);
                    }
                }
                // An error in one database does not hide the drift of the others.
                Err(error) => Error::add(&mut failed, error),
            }
        }
        let response = Response::findings(answers, order.chosen.len());
        Ok(response.with_error(failed).with_differing(drifted))
    }

    fn verify(&self, context: &Context, order: &CrateOrder, owner: &Crate) -> Result<DriftJson> {
        let database = owner.database()?;
        let (versions, status) = owner.versions_and_status(database)?;
        if let Some(unfinished) = status.and_then(|status| status.unfinished) {
            let name = owner.name();
            let what = format_args!("{unfinished}; what it has done so far is drift ({name})");
            context.shell.status("Note", what);
        }
        let nodes = owner.revisions(&versions, database)?;
        let engine = engine_of(owner, database, self.compared.scratch_url.as_deref())?;
        let replay = Replay {
            owner,
            below: &order.below(owner),
            engine: &engine,
        };
        let ids = owner.graph().ids(&nodes);
        let mut scratch = replay.prepared()?;
        for id in &ids {
            replay.apply(id.as_str(), &mut scratch)?;
        }
        let mut expected = replay.inspect(&mut scratch)?;
        let mut found = inspect_database(context, owner, database)?;
        let compared = &self.compared;
        let filter = filter_for(owner, &compared.include_objects, &compared.exclude_objects)?;
        filter.apply(&mut expected);
        filter.apply(&mut found);
        let not_compared = not_compared(&expected, &found);
        report_not_compared(context, owner, &not_compared, compared.strict.into())?;
        let options = DiffOptions::default();
        let drift: Vec<Change> = changes(owner, &expected, &found, options)?;
        let undo = changes(owner, &found, &expected, options)?;
        Ok(DriftJson {
            database: database.url.to_string(),
            rows: rows(&versions),
            drift: ChangeJson::all(&drift),
            undo: script(&undo, database.dialect()),
            not_compared,
        })
    }
}
