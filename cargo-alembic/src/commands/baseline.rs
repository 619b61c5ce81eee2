//! `cargo alembic baseline`

use alembic_history::Code;
use alembic_migrate::options::Purge;
use alembic_migrate::schema::{Change, DiffOptions, Hazard, Schema};
use alembic_run::other_tool_tables;
use alembic_schema::{Filter, ObjectKind, Part, Way, sections};
use clap::Args;

use crate::args::{ComparedArgs, DatabaseArgs};
use crate::context::Context;
use crate::database::Database;
use crate::engines::engine_of;
use crate::explain;
use crate::new_revision::{PreparedRevision, RevisionDraft, Statements};
use crate::output::json::{AnswerJson, BaselineJson, StampJson};
use crate::output::{
    Answer, Cause, Diagnostic, Error, Hint, Layout, Response, Result, Subcommand, Suggestion,
    reports,
};
use crate::replay::Replay;
use crate::schemas::{changes, filter_for, inspect_database, not_compared, report_not_compared};
use crate::workspace::{Access, Crate};

/// Arguments of `cargo alembic baseline`.
#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// What the revision does, as its message
    #[arg(short, long, default_value = "Baseline")]
    message: String,
    /// The id of the revision [default: random]
    #[arg(long, value_name = "ID")]
    rev_id: Option<String>,
    /// Report what would be written, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    compared: ComparedArgs,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

/// The two ways of a first revision that makes the schema of a database.
struct Ways {
    below: Schema,
    schema: Schema,
    upgrade: Vec<Change>,
    downgrade: Vec<Change>,
}

impl BaselineArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let owner = context.only_crate(&Access::from(&self.database))?;
        let database = owner.database()?;
        check(&owner, database)?;
        let workspace = context.workspace()?;
        workspace.check_databases(std::slice::from_ref(&owner))?;
        let order = workspace.order(vec![owner.clone()])?;
        let engine = engine_of(&owner, database, self.compared.scratch_url.as_deref())?;
        let replay = Replay {
            owner: &owner,
            below: &order.below(&owner),
            engine: &engine,
        };
        let filter = self.filter(context, &owner)?;
        let ways = ways(context, &replay, database, &filter)?;
        let left_out = not_compared(&ways.schema, &ways.schema);
        report_not_compared(context, &owner, &left_out, self.compared.strict.into())?;
        let draft = RevisionDraft {
            owner: &owner,
            message: self.message.clone(),
            id: self.rev_id.clone(),
            follows: Vec::new(),
            splice: false,
            branch_labels: &[],
            depends_on: Vec::new(),
            folder: None,
            statements: Statements::None,
        };
        let prepared = draft.prepare(context)?;
        let text = text(&prepared, database, &ways);
        prove(&prepared, &replay, &filter, &ways, &text)?;
        let (id, path) = (prepared.new.id.to_string(), prepared.shown_path());
        let stamp = match self.dry_run {
            true => {
                context.shell.status("Would write", &path);
                None
            }
            false => {
                prepared.write(context, &text)?;
                let stamp = self.stamp(context, &owner, &id)?;
                let next = Suggestion::for_crate(Subcommand::Stamp, owner.name()).argument(&id);
                let next = Hint::default()
                    .command(next.elsewhere())
                    .render(&context.call);
                let what = format_args!("{next} for each other database that has this schema");
                context.shell.status("Next", what);
                Some(stamp)
            }
        };
        let json = BaselineJson {
            id,
            path,
            not_compared: left_out,
            stamp,
        };
        let text = if self.dry_run { text } else { String::new() };
        let answer = Answer::new(owner.name(), AnswerJson::Baseline(json), text);
        Ok(Response::new(vec![answer], Layout::Plain))
    }

    /// Returns what is compared: without the tables in which other tools record what they have run.
    fn filter(&self, context: &Context, owner: &Crate) -> Result<Filter> {
        let compared = &self.compared;
        let mut excluded = compared.exclude_objects.clone();
        let everything = filter_for(owner, &compared.include_objects, &excluded)?;
        let mut schema = inspect_database(context, owner, owner.database()?)?;
        everything.apply(&mut schema);
        for table in other_tool_tables() {
            let mut objects = schema.objects.keys();
            if objects.any(|id| id.kind == ObjectKind::Table && id.name.eq_ignore_ascii_case(table))
            {
                let what = format_args!(
                    "{table} of another tool is left out; add it to `exclude` under \
                     [package.metadata.alembic], so that `verify` passes over it"
                );
                context.shell.status("Note", what);
                excluded.push(table.to_owned());
            }
        }
        filter_for(owner, &compared.include_objects, &excluded)
    }

    /// Records that the database is at the revision.
    fn stamp(&self, context: &Context, owner: &Crate, id: &str) -> Result<StampJson> {
        let workspace = context.workspace()?;
        let owner = workspace.read(owner.configuration.clone(), owner.access())?;
        let database = owner.database()?;
        let mut connection = database.write(context.shell)?;
        let stamped = owner.migrations.stamp(&mut connection, &[id], Purge::No);
        let report = stamped.map_err(|error| {
            let help = Hint::from("the revision is written; when the cause is mended, run ")
                .command(Suggestion::for_crate(Subcommand::Stamp, owner.name()).argument(id));
            owner.explain(error, database).help(help)
        })?;
        let (what, name, url) = (reports::stamp(&report), owner.name(), &database.url);
        let what = format_args!("{what} ({name} in {url})");
        context.shell.status("Running", what);
        Ok(StampJson::new(url, &report))
    }
}

/// Refuses a crate that has revisions, and a database that has a version table with rows.
fn check(owner: &Crate, database: &Database) -> Result<()> {
    let name = owner.name();
    if !owner.graph().is_empty() {
        let title = format!("crate `{name}` already has revisions");
        return Err(Diagnostic::new(Cause::Revision, title)
            .code(Code::AlreadyTracked)
            .help(
                Hint::from("record where the database is with ")
                    .command(Suggestion::for_crate(Subcommand::Stamp, name).argument("<revision>")),
            )
            .into());
    }
    if database.is_missing() {
        return Err(explain::missing_database(&database.url, name));
    }
    let versions = owner.versions(database)?;
    if versions.is_empty() {
        return Ok(());
    }
    let title = format!("the database already has a version table, at {versions}");
    Err(Diagnostic::new(Cause::Revision, title)
        .code(Code::AlreadyTracked)
        .note(format!("crate `{name}`, database {}", database.url))
        .help("restore the files of its revisions, or give the crate a `version-table` of its own")
        .into())
}

fn ways(
    context: &Context,
    replay: &Replay<'_>,
    database: &Database,
    filter: &Filter,
) -> Result<Ways> {
    let owner = replay.owner;
    let mut below = replay.inspect(&mut replay.prepared()?)?;
    let mut schema = inspect_database(context, owner, database)?;
    filter.apply(&mut below);
    filter.apply(&mut schema);
    let options = DiffOptions::default();
    Ok(Ways {
        upgrade: changes(owner, &below, &schema, options)?,
        downgrade: changes(owner, &schema, &below, options)?,
        below,
        schema,
    })
}

fn text(prepared: &PreparedRevision<'_>, database: &Database, ways: &Ways) -> String {
    let section = |way, changes: &[Change]| {
        let part = Part {
            named: None,
            dialect: database.dialect(),
            changes,
        };
        match changes {
            [] => match way {
                Way::Upgrade => "-- alembic: upgrade empty\n".to_owned(),
                Way::Downgrade => "-- alembic: downgrade empty\n".to_owned(),
            },
            _ => sections(way, &[part], Hazard::sentence),
        }
    };
    let sections = format!(
        "{}\n{}",
        section(Way::Upgrade, &ways.upgrade),
        section(Way::Downgrade, &ways.downgrade)
    );
    prepared.new.render_with(&sections)
}

/// Applies the revision to a temporary database, where it must make the schema, and reverts it.
fn prove(
    prepared: &PreparedRevision<'_>,
    replay: &Replay<'_>,
    filter: &Filter,
    ways: &Ways,
    text: &str,
) -> Result<()> {
    let owner = replay.owner.with_history(prepared.history(text)?);
    let id = prepared.new.id.as_str();
    let mut scratch = replay.prepared()?;
    let unproved = |error: Error| {
        error
            .note("the revision was run in a temporary database to prove it")
            .help("nothing was written: leave objects out with `--exclude-objects`")
    };
    for (way, expected) in [(Way::Upgrade, &ways.schema), (Way::Downgrade, &ways.below)] {
        let run = match way {
            Way::Upgrade => owner.migrations.upgrade(&mut scratch.connection, id),
            Way::Downgrade => owner.migrations.revert(&mut scratch.connection, id),
        };
        run.map_err(|error| unproved(owner.explain_trial(error, &scratch.database)))?;
        let mut found = replay.inspect(&mut scratch)?;
        filter.apply(&mut found);
        let left = changes(&owner, &found, expected, DiffOptions::default())?;
        if left.is_empty() {
            continue;
        }
        let title = match way {
            Way::Upgrade => "the revision does not make the schema of the database",
            Way::Downgrade => "the revision leaves something when it is reverted",
        };
        let mut diagnostic = Diagnostic::new(Cause::Check, title).code(Code::RevisionNotProved);
        for change in &left {
            diagnostic = diagnostic.note(format!("left: {}", change.sentence));
        }
        return Err(unproved(diagnostic.into()));
    }
    Ok(())
}
