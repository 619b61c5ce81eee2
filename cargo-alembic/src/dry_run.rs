//! `--dry-run`: a whole run that shows each statement as it runs, and is taken back at its end.

mod shared;

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use alembic_migrate::Event;

use crate::context::Context;
use crate::database::{Connection, Watch};
use crate::migrate::Migration;
use crate::newer_sql;
use crate::output::json::{
    AnswerJson, DryRunJson, DryStepJson, ExecutedJson, LostJson, RebuildJson, rows,
};
use crate::output::reports::HumanDuration;
use crate::output::{Answer, Layout, Response, Result};
use crate::workspace::{Access, Crate};
use shared::Copies;

/// Runs the migration of each crate, and takes it back.
pub(crate) fn run(
    migration: &Migration<'_>,
    context: &Context,
    access: &Access,
) -> Result<Response> {
    let (order, _) = migration.checked(context, access)?;
    shared::check_apart(migration, &order.chosen)?;
    let mut copies = Copies::default();
    let mut answers = Vec::new();
    for (index, own) in order.chosen.iter().enumerate() {
        let mut copy = copies.take(own.database()?);
        let json = rehearse(migration, context, own, copy.as_mut())?;
        copies.go_ahead(migration, &order.chosen[index..], copy, &json)?;
        let text = describe(&json);
        answers.push(Answer::new(own.name(), AnswerJson::DryRun(json), text));
    }
    Ok(Response::new(answers, Layout::Scripts))
}

/// Rehearses the migration of a crate on its database, or on a copy of it.
fn rehearse(
    migration: &Migration<'_>,
    context: &Context,
    own: &Crate,
    copy: Option<&mut Connection>,
) -> Result<DryRunJson> {
    let start = Instant::now();
    let database = own.database()?;
    own.check_sql(migration.direction)?;
    let what = format_args!("{} ({})", own.name(), database.shown());
    context.shell.status("Rehearsing", what);
    let notes = Arc::new(Mutex::new(Notes::default()));
    let (noted, watch) = (Arc::clone(&notes), Watch::new(database));
    let progress = context.progress(migration.detail, own.name(), database.dialect());
    let migrations = own
        .migrations
        .clone()
        .missing(migration.missing)
        .dry_run(true)
        .observe(move |event| {
            watch.note(event);
            if let Event::Noticed { .. } = event {
                progress.show(event);
            }
            note(
                &mut noted.lock().unwrap_or_else(PoisonError::into_inner),
                event,
            );
        });
    let outcome = match copy {
        Some(copy) => migration.carry_out(&migrations, copy),
        None => {
            let mut connection = match database.is_missing() {
                // What a missing file would hold is held in memory.
                true => database.read()?,
                false => database.write(context.shell)?,
            };
            migration.carry_out(&migrations, &mut connection)
        }
    };
    let report = outcome.map_err(|error| own.explain(error, database))?;
    let took = start.elapsed();
    let (name, after) = (own.name(), &report.after);
    let finished = match report.steps.len() {
        0 => format!("{name} would stay at {after}: there is nothing to run"),
        steps => format!(
            "{name} would be at {after}, and was taken back: {steps} {} in {}",
            if steps == 1 { "revision" } else { "revisions" },
            HumanDuration(took)
        ),
    };
    context.shell.status("Finished", finished);
    let dialect = database.dialect();
    newer_sql::report_steps(context, own, migration.direction, dialect, &report.steps);
    let Notes { base, steps } =
        std::mem::take(&mut *notes.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(DryRunJson {
        database: database.url.to_string(),
        base,
        steps,
        before: rows(&report.before),
        after: rows(&report.after),
        seconds: took.as_secs_f64(),
    })
}

/// What the events of a run tell.
#[derive(Default)]
struct Notes {
    /// The file of what is older than the revisions, if it was created.
    base: Option<String>,
    steps: Vec<DryStepJson>,
}

/// Notes what an event tells of a run.
fn note(notes: &mut Notes, event: &Event) {
    let steps = &mut notes.steps;
    match event {
        Event::BaseCreated { path } => notes.base = Some(path.display().to_string()),
        Event::StepStarted { step, .. } => steps.push(DryStepJson {
            direction: step.direction.to_string(),
            revision: step.revision.to_string(),
            message: step.message.clone(),
            statements: Vec::new(),
        }),
        Event::Executed(executed) => {
            if let Some(step) = steps.last_mut() {
                let losses = executed.losses.iter().map(|lost| LostJson {
                    what: lost.what.clone(),
                    count: lost.count,
                });
                step.statements.push(ExecutedJson {
                    sql: executed.sql.clone(),
                    seconds: executed.took.map(|took| took.as_secs_f64()),
                    losses: losses.collect(),
                    rebuild: None,
                });
            }
        }
        Event::TableRebuilt(rebuilt) => {
            let statement = steps.last_mut().and_then(|step| step.statements.last_mut());
            if let Some(statement) = statement {
                statement.rebuild = Some(RebuildJson {
                    table: rebuilt.table.clone(),
                    statements: rebuilt.statements.clone(),
                    rows: rebuilt.rows,
                    seconds: rebuilt.took.as_secs_f64(),
                });
            }
        }
        // The transaction begins again.
        Event::Retrying { .. } => *notes = Notes::default(),
        _ => {}
    }
}

fn describe(run: &DryRunJson) -> String {
    let mut text = String::new();
    if let Some(base) = &run.base {
        let _ = writeln!(text, "-- what is older than the revisions: {base}\n");
    }
    for step in &run.steps {
        let DryStepJson {
            direction,
            revision,
            message,
            statements,
        } = step;
        let _ = writeln!(text, "-- {direction} {revision}, {message}\n");
        for statement in statements {
            let _ = writeln!(text, "{};", statement.sql);
            for lost in &statement.losses {
                let _ = writeln!(text, "-- destroys {} {}", lost.count, lost.what);
            }
            if let Some(rebuild) = &statement.rebuild {
                let took = std::time::Duration::from_secs_f64(rebuild.seconds);
                let took = HumanDuration(took);
                let (table, rows) = (&rebuild.table, rebuild.rows);
                let _ = writeln!(text, "-- rebuilds {table}: {rows} rows in {took}, by");
                for own in &rebuild.statements {
                    for line in format!("{own};").lines() {
                        let _ = writeln!(text, "--   {line}");
                    }
                }
            }
            text.push('\n');
        }
    }
    text
}
