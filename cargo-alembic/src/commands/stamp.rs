//! `cargo alembic stamp`

use alembic_history::Node;
use alembic_import::Tool;
use alembic_migrate::Migrations;
use alembic_migrate::options::Purge;
use alembic_run::Runner;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::args::{DatabaseArgs, OfflineArgs};
use crate::context::Context;
use crate::database::Database;
use crate::import::TakeOverRequest;
use crate::migrate::readable;
use crate::offline::scripts;
use crate::output::json::{AnswerJson, LogJson, StampJson};
use crate::output::{Detail, Response, Result, Subcommand, reports};
use crate::workspace::{
    Access, Crate, PlannedRows, answers_one_by_one, check_dependents, crates_to_move,
};

/// Arguments of `cargo alembic stamp`.
#[derive(Debug, Args)]
pub struct StampArgs {
    /// The revisions that the database is at: ids, labels, `head`, `heads`, `base`; with `--sql`,
    /// also `START:END`, where START is what the version table holds now, or `current` to read it
    #[arg(
        value_name = "REVISION",
        required_unless_present_any = ["accept", "from"],
        allow_negative_numbers = true
    )]
    revisions: Vec<String>,
    /// Take what the files say of a revision for what is true of the database: one that never ran
    /// counts as applied, an edited one as applied as it is now, one that the files no longer have as
    /// reverted; can be repeated
    #[arg(
        long,
        value_name = "REVISION",
        num_args = 1..,
        conflicts_with_all = ["revisions", "purge", "sql"]
    )]
    accept: Vec<String>,
    /// Record what the table of another tool says, as `cargo alembic import TOOL --database` does
    #[arg(
        long,
        value_name = "TOOL",
        conflicts_with_all = ["revisions", "accept", "purge", "sql"],
        value_parser = PossibleValuesParser::new(Tool::ALL.map(Tool::name))
            .try_map(|name| name.parse::<Tool>()),
    )]
    from: Option<Tool>,
    /// Empty the version table first, whatever it contains
    #[arg(long, conflicts_with = "sql")]
    purge: bool,
    #[command(flatten)]
    offline: OfflineArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl StampArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let targets: Vec<&str> = self.revisions.iter().map(String::as_str).collect();
        let access = Access::from(&self.database);
        if let Some(tool) = self.from {
            return TakeOverRequest::of(tool).run(context, &access);
        }
        if self.offline.sql {
            let script = |runner: Runner<'_>| runner.stamp_script(&targets);
            return scripts(context, &self.offline, &access, &targets, None, &script);
        }
        if !self.accept.is_empty() {
            return self.accept(context, &access);
        }
        let chosen = crates_to_move(context.crates(&access)?, &targets)?;
        context.workspace()?.check_databases(&chosen)?;
        check_lost(context, &chosen, &targets, self.purge())?;
        Ok(answers_one_by_one(&chosen, |next| {
            self.stamp(context, next, &targets).map(AnswerJson::Stamp)
        }))
    }

    /// Records that the files are right about revisions.
    fn accept(&self, context: &Context, access: &Access) -> Result<Response> {
        let revisions: Vec<&str> = self.accept.iter().map(String::as_str).collect();
        let chosen = crates_to_move(context.crates(access)?, &revisions)?;
        context.workspace()?.check_databases(&chosen)?;
        Ok(answers_one_by_one(&chosen, |own| {
            let database = own.database()?;
            let mut connection = match database.is_missing() {
                true => database.read()?,
                false => database.write(context.shell)?,
            };
            let migrations = reporting(context, own, database);
            let entries = migrations.accept(&mut connection, &revisions);
            let entries = entries.map_err(|error| own.explain(error, database))?;
            for entry in &entries {
                let what = format_args!("{} ({} in {})", entry.revision, own.name(), database.url);
                context.shell.status("Accepted", what);
            }
            Ok(AnswerJson::Log(LogJson::new(&database.url, &entries, None)))
        }))
    }

    fn purge(&self) -> Purge {
        if self.purge { Purge::Yes } else { Purge::No }
    }

    /// Stamps the database of one crate.
    fn stamp(&self, context: &Context, own: &Crate, targets: &[&str]) -> Result<StampJson> {
        let database = own.database()?;
        let migrations = reporting(context, own, database);
        let purge = self.purge();
        let is_missing = database.is_missing();
        if is_missing {
            // A missing database is not created for an invalid target.
            let rehearsal = own.migrations.stamp(&mut database.read()?, targets, purge);
            rehearsal.map_err(|error| own.explain(error, database))?;
        }
        let report = migrations
            .stamp(&mut database.write(context.shell)?, targets, purge)
            .map_err(|error| own.explain(error, database))?;
        let (what, name, url) = (reports::stamp(&report), own.name(), &database.url);
        let what = format_args!("{what} ({name} in {url})");
        context.shell.status("Running", what);
        if is_missing && !report.after.is_empty() {
            let what = format_args!(
                "{url} is new and has none of the tables of these revisions, which no upgrade will \
                 create now; if the path is mistyped, delete the file"
            );
            context.shell.status("Note", what);
        }
        Ok(StampJson::new(url, &report))
    }
}

/// Returns the migrations of a crate, whose runs show what they find in the log.
fn reporting(context: &Context, own: &Crate, database: &Database) -> Migrations {
    let dialect = database.dialect();
    let progress = context.progress(Detail::Revisions, own.name(), dialect);
    let migrations = own.migrations.clone();
    migrations.observe(move |event| progress.show(event))
}

/// Refuses a stamp that takes revisions from one crate that applied revisions of another one depend
/// on, as a downgrade does.
fn check_lost(context: &Context, chosen: &[Crate], targets: &[&str], purge: Purge) -> Result<()> {
    let all = readable(context, chosen)?;
    let is_required = |own: &Crate| all.iter().any(|other| other.requires(own.name()));
    if !chosen.iter().any(is_required) {
        return Ok(());
    }
    let mut planned = PlannedRows::new();
    let mut losses = Vec::new();
    for own in chosen {
        let database = own.database()?;
        let versions = own.versions(database)?;
        let before = match purge {
            Purge::No => own.revisions(&versions, database)?,
            // Rows that no file explains are removed, whatever they mean.
            Purge::Yes => {
                let ids = versions.ids().into_iter();
                ids.filter_map(|id| own.graph().node(id)).collect()
            }
        };
        let after = own.plan_stamp(targets, &before, database)?;
        let (applied, kept) = (
            own.graph().required_by(&before),
            own.graph().required_by(&after),
        );
        losses.push((
            own,
            applied
                .iter()
                .filter(|node| !kept.contains(*node))
                .collect(),
        ));
        planned.insert(own.name(), after);
    }
    losses
        .iter()
        .try_for_each(|(own, lost): &(&Crate, Vec<Node>)| {
            let checked = check_dependents(own, lost, &all, &planned, Subcommand::Stamp);
            let names: Vec<&str> = chosen.iter().map(Crate::name).collect();
            checked.map_err(|error| error.with_other_crates(&[], &[], &names))
        })
}
