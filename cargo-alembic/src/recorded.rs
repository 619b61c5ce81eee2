//! The way back by what the log recorded, for revisions whose files are gone or were edited.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use alembic_history::{Code, Direction, Node};

use alembic_migrate::report::Record;

use crate::context::Context;
use crate::database::Database;
use crate::explain;
use crate::migrate::{after_run, readable};
use crate::output::json::{AnswerJson, RunJson, ScriptJson};
use crate::output::{
    Answer, Cause, Detail, Diagnostic, Error, Hint, Layout, Response, Result, Subcommand,
    Suggestion,
};
use crate::workspace::{
    Access, Crate, PlannedRows, answers_one_by_one, check_dependents, crates_to_move,
};

/// Reverts what no file explains, by the ways back that the log recorded; `dry_run` only shows their
/// SQL.
pub(crate) fn downgrade(context: &Context, access: &Access, dry_run: bool) -> Result<Response> {
    let chosen = crates_to_move(context.crates(access)?, &[])?;
    context.workspace()?.check_databases(&chosen)?;
    let all = readable(context, &chosen)?;
    if dry_run {
        let mut answers = Vec::new();
        let mut failed = None;
        for own in &chosen {
            match show(context, own, &all) {
                Ok(answer) => answers.push(answer),
                // An error in one database does not hide the way back of the others.
                Err(error) => Error::add(&mut failed, error),
            }
        }
        return Ok(Response::new(answers, Layout::Scripts).with_error(failed));
    }
    Ok(answers_one_by_one(&chosen, |own| {
        revert(context, own, &all)
    }))
}

/// Shows the SQL that would revert what no file of one crate explains, unless that would be refused.
fn show(context: &Context, own: &Crate, all: &[Crate]) -> Result<Answer> {
    let database = own.database()?;
    let script = match Recorded::read(own, all)? {
        None => {
            report_nothing(context, own, database);
            String::new()
        }
        Some(recorded) => {
            for writer in recorded.record.writers() {
                let what = format_args!(
                    "this would be refused, since others could have written it: {writer} ({} in {})",
                    own.name(),
                    database.url
                );
                context.shell.status("Note", what);
            }
            recorded.sql()
        }
    };
    let json = ScriptJson {
        dialect: database.dialect().to_string(),
        script: script.clone(),
    };
    let json = AnswerJson::Script(json);
    Ok(Answer::verbatim(own.name(), json, script))
}

/// Reports that nothing is to be reverted.
fn report_nothing(context: &Context, own: &Crate, database: &Database) {
    let (name, url) = (own.name(), &database.url);
    let what = match database.is_missing() {
        true => format!("{url} does not exist yet ({name})"),
        false => format!("the files of {name} explain all that {url} has applied"),
    };
    context.shell.status("Note", format_args!("{what}"));
}

/// A crate whose history is the one that the log recorded.
struct Recorded {
    own: Crate,
    record: Record,
    /// The revisions to revert, and those above them, in the order in which they are reverted.
    steps: Vec<Node>,
}

impl Recorded {
    /// Reads what the log of a crate's database recorded, and checks that it can be reverted; `None` if
    /// the files explain everything.
    fn read(own: &Crate, all: &[Crate]) -> Result<Option<Self>> {
        let database = own.database()?;
        let record = own.migrations.record(&mut database.read()?);
        let record = record.map_err(|error| own.explain(error, database))?;
        if let Some(logged) = record.unrecorded() {
            let title = format!("the log does not hold the way back of revision {logged}");
            return Err(Diagnostic::new(Cause::Revision, title)
                .code(Code::UnknownRows)
                .database(own.name(), database.shown())
                .help("restore its file, from another branch or a newer version of this crate")
                .into());
        }
        if !record.is_known() && !record.unexplained().is_empty() {
            let title = "no file declares anything that was applied to this database";
            return Err(Diagnostic::new(Cause::Revision, title)
                .code(Code::UnknownRows)
                .database(own.name(), database.shown())
                .help(
                    "it looks like the database of another crate: check the URL, or give this crate \
                     a `version-table` of its own",
                )
                .into());
        }
        let ids = record.unexplained().iter();
        let ids: Vec<String> = ids.map(|logged| logged.revision.clone()).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let history = record.history(database.dialect());
        let history = history.map_err(|error| explain::history(&error, own.name()))?;
        let recorded = own.with_recorded(history);
        let graph = recorded.graph();
        let rows = recorded.current(database)?;
        let nodes = ids.iter().filter_map(|id| graph.node(id));
        let nodes: Vec<Node> = nodes.collect();
        let plan = graph.plan_reverts(&rows, &nodes);
        let plan = plan.map_err(|error| explain::plan(&error, recorded.subject(), None))?;
        let steps: Vec<Node> = plan.steps.iter().map(|step| step.revision).collect();
        if steps.is_empty() {
            let stamp = Suggestion::for_crate(Subcommand::Stamp, own.name());
            let title = format!(
                "the log has {} as applied, but the version of the database is below",
                ids.join(", ")
            );
            return Err(Diagnostic::new(Cause::Revision, title)
                .code(Code::RemovedRevision)
                .database(own.name(), database.shown())
                .help(
                    Hint::from("if the database no longer has what they did, record that with ")
                        .command(stamp.argument("--accept").arguments(&ids)),
                )
                .into());
        }
        let known = steps.iter();
        let known = known.filter_map(|node| own.graph().node(graph[*node].id.as_str()));
        let known: Vec<Node> = known.collect();
        check_dependents(own, &known, all, &PlannedRows::new(), Subcommand::Downgrade)?;
        recorded.check_reversible(&plan, database)?;
        Ok(Some(Self {
            own: recorded,
            record,
            steps,
        }))
    }

    /// Returns the SQL that reverts them.
    fn sql(&self) -> String {
        let history = self.own.history();
        let texts = self.steps.iter().map(|node| {
            let file = history.file(*node);
            let sections = file.file.sections.iter();
            let down = sections.filter(|section| section.direction == Direction::Downgrade);
            let sql = down.filter_map(|section| section.sql());
            let sql: Vec<&str> = sql.map(|sql| sql.as_str().trim()).collect();
            let header = &file.file.header;
            format!(
                "-- {}, {}\n{}\n",
                header.id.name,
                header.message,
                sql.join("\n")
            )
        });
        texts.collect::<Vec<String>>().join("\n")
    }
}

/// Reverts what no file of one crate explains.
fn revert(context: &Context, own: &Crate, all: &[Crate]) -> Result<AnswerJson> {
    let start = Instant::now();
    let database = own.database()?;
    let Some(recorded) = Recorded::read(own, all)? else {
        report_nothing(context, own, database);
        let versions = own.versions(database)?;
        return Ok(AnswerJson::Run(RunJson::nothing(&database.url, &versions)));
    };
    let what = format_args!("{} ({}) by what was recorded", own.name(), database.url);
    context.shell.status("Downgrading", what);
    for line in recorded.sql().lines().filter(|line| !line.is_empty()) {
        context.shell.status("", format_args!("{line}"));
    }
    let (name, dialect) = (own.name(), database.dialect());
    let progress = Arc::new(context.progress(Detail::Revisions, name, dialect));
    let shown = Arc::clone(&progress);
    let migrations = recorded.own.migrations.clone();
    let migrations = migrations.observe(move |event| shown.show(event));
    let steps = recorded.own.graph().ids(&recorded.steps);
    let mut connection = database.write(context.shell)?;
    let outcome = migrations.revert_recorded(&mut connection, &recorded.record, &steps);
    progress.finish();
    let report = outcome.map_err(|error| recorded.own.explain(error, database))?;
    let took = start.elapsed();
    if own.report_run(context.shell, &report, took) > 0 {
        let next = format_args!("`cargo alembic upgrade -p {}`", own.name());
        context.shell.status("Next", next);
    }
    if !report.steps.is_empty() {
        after_run(context, own)?;
    }
    Ok(AnswerJson::Run(RunJson::new(
        &database.url,
        &report,
        took,
        &HashSet::new(),
    )))
}
