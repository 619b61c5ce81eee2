//! The way back by what the log recorded, for revisions whose files are gone or were edited.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use alembic_history::{Code, Direction, Node};

use crate::context::Context;
use crate::explain;
use crate::migrate::readable;
use crate::output::json::{AnswerJson, RunJson, ScriptJson};
use crate::output::{
    Answer, Cause, Diagnostic, Hint, Layout, Progress, Response, Result, Subcommand, Suggestion,
};
use crate::workspace::{
    Access, Crate, PlannedRows, answers_one_by_one, check_dependents, crates_to_move,
};

/// Reverts what no file explains, by the ways back that the log recorded; `dry_run` only shows their
/// SQL.
pub(crate) fn downgrade(context: &Context, access: &Access, dry_run: bool) -> Result<Response> {
    let chosen = crates_to_move(context.crates(access)?, &[])?;
    context.workspace()?.check_databases(&chosen)?;
    if dry_run {
        let mut answers = Vec::new();
        for own in &chosen {
            let script = Recorded::read(own)?.map_or_else(String::new, |way| way.sql());
            let json = ScriptJson {
                dialect: own.database()?.dialect().to_string(),
                script: script.clone(),
            };
            answers.push(Answer::verbatim(
                own.name(),
                AnswerJson::Script(json),
                script,
            ));
        }
        return Ok(Response::new(answers, Layout::Scripts));
    }
    let all = readable(context, &chosen)?;
    Ok(answers_one_by_one(&chosen, |own| {
        revert(context, own, &all)
    }))
}

/// A crate whose history is the one that the log recorded.
struct Recorded {
    own: Crate,
    /// The ids of the revisions to revert.
    ids: Vec<String>,
    /// The revisions to revert, and those above them, in the order in which they are reverted.
    steps: Vec<Node>,
}

impl Recorded {
    /// Reads what the log of a crate's database recorded; `None` if the files explain everything.
    fn read(own: &Crate) -> Result<Option<Self>> {
        let database = own.database()?;
        let record = own.migrations.record(&mut database.read()?);
        let record = record.map_err(|error| own.explain(error, database))?;
        if let Some(logged) = record.unrecorded() {
            let title = format!("the log does not hold the way back of revision {logged}");
            return Err(Diagnostic::new(Cause::Revision, title)
                .code(Code::UnknownRows)
                .note(format!("crate `{}`, database {}", own.name(), database.url))
                .help("restore its file, from another branch or a newer version of this crate")
                .into());
        }
        if !record.is_known() && !record.unexplained().is_empty() {
            let title = "no file declares anything that was applied to this database";
            return Err(Diagnostic::new(Cause::Revision, title)
                .code(Code::UnknownRows)
                .note(format!("crate `{}`, database {}", own.name(), database.url))
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
        let own = own.with_history(history);
        let rows = own.current(database)?;
        let nodes = ids.iter().filter_map(|id| own.graph().node(id));
        let nodes: Vec<Node> = nodes.collect();
        let plan = own.graph().plan_reverts(&rows, &nodes);
        let plan = plan.map_err(|error| explain::plan(&error, own.subject(), None))?;
        let steps: Vec<Node> = plan.steps.iter().map(|step| step.revision).collect();
        if steps.is_empty() {
            let stamp = Suggestion::for_crate(Subcommand::Stamp, own.name());
            let title = format!(
                "the log has {} as applied, but the version of the database is below",
                ids.join(", ")
            );
            return Err(Diagnostic::new(Cause::Revision, title)
                .code(Code::RemovedRevision)
                .note(format!("crate `{}`, database {}", own.name(), database.url))
                .help(
                    Hint::from("if the database no longer has what they did, record that with ")
                        .command(stamp.argument("--accept").arguments(&ids)),
                )
                .into());
        }
        Ok(Some(Self { own, ids, steps }))
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
    let Some(recorded) = Recorded::read(own)? else {
        let what = format_args!(
            "the files of {} explain all that {} has applied",
            own.name(),
            database.url
        );
        context.shell.status("Note", what);
        let versions = own.versions(database)?;
        return Ok(AnswerJson::Run(RunJson::nothing(&database.url, &versions)));
    };
    let graph = recorded.own.graph();
    let known = recorded.steps.iter();
    let known = known.filter_map(|node| own.graph().node(graph[*node].id.as_str()));
    check_dependents(own, &known.collect::<Vec<Node>>(), all, &PlannedRows::new())?;
    let what = format_args!("{} ({}) by what was recorded", own.name(), database.url);
    context.shell.status("Downgrading", what);
    for line in recorded.sql().lines().filter(|line| !line.is_empty()) {
        context.shell.status("", format_args!("{line}"));
    }
    let progress = Arc::new(Progress::new(context.shell));
    let shown = Arc::clone(&progress);
    let migrations = recorded.own.migrations.clone();
    let migrations = migrations.observe(move |event| shown.show(event));
    let ids: Vec<&str> = recorded.ids.iter().map(String::as_str).collect();
    let outcome = migrations.revert_all(&mut database.write(context.shell)?, &ids);
    progress.finish();
    let report = outcome.map_err(|error| recorded.own.explain(error, database))?;
    let took = start.elapsed();
    if own.report_run(context.shell, &report, took) > 0 {
        let next = format_args!("`cargo alembic upgrade -p {}`", own.name());
        context.shell.status("Next", next);
    }
    Ok(AnswerJson::Run(RunJson::new(
        &database.url,
        &report,
        took,
        &HashSet::new(),
    )))
}
