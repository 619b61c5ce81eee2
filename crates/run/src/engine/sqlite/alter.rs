//! Changes of tables that SQLite's own `ALTER TABLE` lacks, as `alembic-schema` plans them.

use std::borrow::Cow;

use alembic_schema::sqlite::{
    Alteration, Check, Explanation, Portions, Rebuild, Step, StepTask, is_foreign,
    is_native_everywhere, is_ours, plan,
};
use alembic_sql::{AlterAction, Name, StatementKind};

use super::catalog::read_catalog;
use crate::action::Action;
use crate::alter::{AlterFault, Means, Numbered, Unaltered, altered_table};
use crate::event::{Event, Rebuilt, RowsCopied};
use crate::link::Link;
use crate::refused_request::{RefusedRequest, attribute_to};
use crate::request::{AlterTask, Execute, Query, Row, Task};

/// Returns whether SQLite itself lacks what a statement says, in some supported version at least.
pub(super) fn needs_rebuild(kind: &StatementKind) -> bool {
    let altered = altered_table(kind);
    altered.is_some_and(|table| table.actions.iter().any(is_foreign))
}

/// The setting in which SQLite renames a table and leaves all other objects as they are.
const LEGACY: &str = "legacy_alter_table";

/// Returns how SQLite carries out a statement, if this module can do it as well.
pub(super) fn means(kind: &StatementKind) -> Option<Means> {
    let table = altered_table(kind)?;
    let mut actions = table.actions.iter();
    let is_whole = !table.actions.is_empty() && actions.all(is_ours);
    is_whole.then(|| match table.actions.as_slice() {
        [action] if is_native_everywhere(action) && !table.if_exists => Means::Itself,
        _ => Means::Catalog,
    })
}

/// Returns whether SQLite compiles all views and triggers to carry out a statement by itself.
pub(super) fn reads_all_objects(kind: &StatementKind) -> bool {
    let altered = altered_table(kind);
    altered.is_some_and(|table| {
        table.actions.iter().any(|action| match action {
            AlterAction::RenameTable { .. } | AlterAction::RenameColumn { .. } => true,
            // SQLite drops a column itself where there are no views and triggers.
            AlterAction::DropColumn { .. }
            | AlterAction::AddColumn { .. }
            | AlterAction::AddConstraint { .. }
            | AlterAction::AlterColumn { .. }
            | AlterAction::DropConstraint { .. }
            | AlterAction::RenameConstraint { .. }
            | AlterAction::Rebuild { .. }
            | AlterAction::Other => false,
        })
    })
}

/// Returns what a statement destroys, and the queries for how many there are.
pub(super) fn losses(kind: &StatementKind) -> Vec<(String, Query)> {
    let count = |what: String, table: &Name, counted: &str| {
        let query = format!("SELECT count({counted}) FROM {}", table.written());
        (what, ask(AlterTask::Count, query))
    };
    match kind {
        StatementKind::DropTable(dropped) => {
            let what = format!("rows of {}", dropped.name.written());
            vec![count(what, &dropped.name, "*")]
        }
        StatementKind::AlterTable(altered) => {
            let actions = altered.actions.iter();
            let dropped = actions.filter_map(|action| match action {
                AlterAction::DropColumn { column, .. } => {
                    let what =
                        format!("values of {}.{}", altered.table.written(), column.written());
                    Some(count(what, &altered.table, column.written()))
                }
                _ => None,
            });
            dropped.collect()
        }
        _ => Vec::new(),
    }
}

fn ask(task: AlterTask, sql: impl Into<Cow<'static, str>>) -> Query {
    Query::new(Task::Alter(task), sql)
}

fn text(row: &Row, column: usize) -> Result<&str, RefusedRequest> {
    row.text(column).map_err(attribute_to(Action::AlterTable))
}

/// Carries out statements that change one table, and returns the steps that it took; fails with the
/// index of the statement that cannot be carried out, and why.
pub(super) async fn alter<'h>(
    link: &Link<'h>,
    statements: &[Numbered<'h>],
) -> Result<Vec<Step>, (usize, Unaltered)> {
    let first = |refused| (0, Unaltered::from(refused));
    let catalog = read_catalog(link).await.map_err(first)?;
    let mut actions: Vec<(usize, &AlterAction)> = Vec::new();
    let mut table = None;
    for (index, numbered) in statements.iter().enumerate() {
        if let Some(altered) = altered_table(numbered.statement.kind()) {
            table.get_or_insert(altered);
            actions.extend(altered.actions.iter().map(|action| (index, action)));
        }
    }
    let Some(table) = table else {
        return Ok(Vec::new());
    };
    let statement_of = |action: usize| actions.get(action).map_or(0, |(index, _)| *index);
    let asked: Vec<&AlterAction> = actions.iter().map(|(_, action)| *action).collect();
    let planned = plan(&catalog, &table.table, table.if_exists, &asked);
    let fault = |(action, fault)| (statement_of(action), Unaltered::Fault(fault));
    match planned.map_err(|(action, error)| fault((action, AlterFault::Refused(error))))? {
        Alteration::Nothing => Ok(Vec::new()),
        Alteration::Native(native) => {
            let mut steps = Vec::new();
            for (action, sql) in native.into_iter().enumerate() {
                // As it is written, the database tells the place of an error.
                let is_written = actions.len() == statements.len() && !table.if_exists;
                let executed = match is_written {
                    true => Cow::Borrowed(statements[statement_of(action)].statement.sql),
                    false => Cow::Owned(sql.clone()),
                };
                let executed = link
                    .execute(Execute::new(Task::RunStatement, executed))
                    .await;
                executed.map_err(|refused| (statement_of(action), refused.into()))?;
                let task = StepTask::Native;
                steps.push(Step::Execute { task, sql });
            }
            Ok(steps)
        }
        Alteration::Rebuild(rebuild) => {
            let carried_out = carry_out(link, &rebuild).await;
            carried_out.map_err(|(action, unaltered)| (statement_of(action), unaltered))?;
            Ok(rebuild.steps)
        }
    }
}

type Failed = (usize, Unaltered);

/// The offset of an error would be that in a statement of the rebuild.
fn failed(mut refused: RefusedRequest) -> Failed {
    refused.error = refused.error.with_offset(None);
    (0, refused.into())
}

fn fault(fault: AlterFault) -> Failed {
    (0, Unaltered::Fault(fault))
}

async fn is_on(link: &Link<'_>, pragma: &'static str) -> Result<bool, Failed> {
    let read = ask(AlterTask::ReadSetting(pragma), format!("PRAGMA {pragma}"));
    let found = link.query(read).await.map_err(failed)?;
    Ok(found.first().is_some_and(|row| row.is_true(0)))
}

async fn carry_out(link: &Link<'_>, rebuild: &Rebuild) -> Result<(), Failed> {
    const FOREIGN_KEYS: &str = "foreign_keys";
    if is_on(link, FOREIGN_KEYS).await? {
        return Err(fault(AlterFault::Setting { name: FOREIGN_KEYS }));
    }
    let was_legacy = is_on(link, LEGACY).await?;
    let start = link.now();
    let done = run_steps(link, rebuild, was_legacy).await;
    if done.is_err() && !was_legacy {
        // The run rolls back everything but this.
        let off = format!("PRAGMA {LEGACY} = OFF");
        let off = Execute::new(Task::Alter(AlterTask::SwitchLegacy { on: false }), off);
        let _ = link.execute(off).await;
    }
    let rows = done?;
    check_catalog(link, rebuild).await?;
    let rebuilt = Rebuilt {
        database: rebuild.database.clone(),
        table: rebuild.table.clone(),
        statements: rebuild.steps.iter().filter_map(statement).collect(),
        rows,
        took: link.now().saturating_sub(start),
    };
    link.report(Event::TableRebuilt(rebuilt)).await;
    Ok(())
}

fn statement(step: &Step) -> Option<String> {
    match step {
        Step::Execute { sql, .. } => Some(sql.clone()),
        Step::Require(_) | Step::Count { .. } | Step::Expect(_) => None,
    }
}

/// Returns how many rows were copied.
async fn run_steps(link: &Link<'_>, rebuild: &Rebuild, was_legacy: bool) -> Result<u64, Failed> {
    let (mut rows, mut copied) = (0, 0);
    for step in &rebuild.steps {
        let (task, sql) = match step {
            Step::Execute { task, sql } => (task, sql),
            Step::Require(check) => {
                require(link, check).await?;
                continue;
            }
            Step::Count { from, .. } => {
                rows = count(link, from).await?;
                if rows != copied {
                    let table = rebuild.table.clone();
                    return Err(fault(AlterFault::Count {
                        table,
                        rows,
                        copied,
                    }));
                }
                continue;
            }
            // The plan was made in this transaction.
            Step::Expect(_) => continue,
        };
        match task {
            StepTask::Legacy { .. } if was_legacy => {}
            StepTask::Legacy { on } => {
                let switch = Task::Alter(AlterTask::SwitchLegacy { on: *on });
                let mut switch = Execute::new(switch, sql.clone());
                if *on {
                    switch = switch.undone_by(format!("PRAGMA {LEGACY} = OFF"));
                }
                link.execute(switch).await.map_err(failed)?;
                if is_on(link, LEGACY).await? != *on {
                    return Err(fault(AlterFault::Setting { name: LEGACY }));
                }
            }
            StepTask::Native
            | StepTask::PutAway
            | StepTask::Create
            | StepTask::Copy
            | StepTask::Keep
            | StepTask::Drop
            | StepTask::Restore { .. } => match execute(link, rebuild, task, sql).await {
                Ok(changed) => copied = changed,
                Err(refused) => {
                    let found = match rebuild.explanation(task) {
                        Some(explanation) if refused.error.is_sqlite_constraint() => {
                            explain(link, explanation).await
                        }
                        _ => None,
                    };
                    return Err(found.unwrap_or_else(|| failed(refused)));
                }
            },
        }
    }
    Ok(rows)
}

/// Executes a statement of a rebuild; many rows are copied in portions, to report how far it is.
/// Returns how many rows it has changed.
async fn execute(
    link: &Link<'_>,
    rebuild: &Rebuild,
    task: &StepTask,
    sql: &str,
) -> Result<u64, RefusedRequest> {
    let statements = match (task, &rebuild.portions) {
        (StepTask::Copy, Some(portions)) => divided(link, portions, sql).await?,
        _ => Vec::new(),
    };
    if statements.is_empty() {
        return link.execute(rebuild_statement(sql)).await;
    }
    let mut rows = 0;
    for (index, statement) in statements.iter().enumerate() {
        rows += link.execute(rebuild_statement(statement)).await?;
        let copied = RowsCopied {
            table: rebuild.table.clone(),
            rows,
            portions: index + 1,
            of: statements.len(),
        };
        link.report(Event::RowsCopied(copied)).await;
    }
    Ok(rows)
}

/// Returns the statements for the portions of a copy, if there are to be any.
async fn divided(
    link: &Link<'_>,
    portions: &Portions,
    sql: &str,
) -> Result<Vec<String>, RefusedRequest> {
    let bounds = ask(AlterTask::FindBounds, portions.bounds());
    let found = link.query(bounds).await?;
    let bound = |column: usize| found.first()?.number(column).ok();
    let (Some(lowest), Some(highest)) = (bound(0), bound(1)) else {
        return Ok(Vec::new());
    };
    let statements = portions.statements(sql, (lowest, highest));
    if statements.is_empty() {
        return Ok(statements);
    }
    // Where SQLite copies whole records, which is much faster, it has to copy all of them at once.
    let program = ask(AlterTask::Explain, format!("EXPLAIN {sql}"));
    let program = link.query(program).await?;
    let takes_apart = program.iter().any(|row| row.cell(1) == Some("MakeRecord"));
    Ok(if takes_apart { statements } else { Vec::new() })
}

fn rebuild_statement(sql: &str) -> Execute<'static> {
    Execute::new(Task::Alter(AlterTask::Rebuild), sql.to_owned())
}

/// Returns how many rows a table has.
async fn count(link: &Link<'_>, table: &str) -> Result<u64, Failed> {
    let query = ask(AlterTask::Count, format!("SELECT count(*) FROM {table}"));
    let found = link.query(query).await.map_err(failed)?;
    let rows = found.first().map(|row| row.number(0)).transpose();
    let rows = rows.map_err(attribute_to(Action::AlterTable));
    Ok(rows.map_err(failed)?.unwrap_or_default())
}

/// Finds the rows for which a step fails, as far as SQLite answers: the step's own error is not to be
/// hidden by another one.
async fn explain(link: &Link<'_>, explanation: &Explanation) -> Option<Failed> {
    for sql in &explanation.statements {
        link.execute(rebuild_statement(sql)).await.ok()?;
    }
    for check in &explanation.checks {
        if let Ok(Some(rows)) = find_rows(link, check).await {
            return Some((check.action, Unaltered::Fault(rows)));
        }
    }
    None
}

/// Stops if there are rows that the check finds.
async fn require(link: &Link<'_>, check: &Check) -> Result<(), Failed> {
    match find_rows(link, check).await {
        Ok(None) => Ok(()),
        Ok(Some(rows)) => Err((check.action, Unaltered::Fault(rows))),
        Err(mut refused) => {
            refused.error = refused.error.with_offset(None);
            Err((check.action, refused.into()))
        }
    }
}

/// Returns the rows that a check finds, if there are any.
async fn find_rows(link: &Link<'_>, check: &Check) -> Result<Option<AlterFault>, RefusedRequest> {
    let query = ask(AlterTask::FindRows, check.query.clone());
    let found = link.query(query).await?;
    let Some(first) = found.first() else {
        return Ok(None);
    };
    let shown = found.iter().map(|row| text(row, 1).map(ToOwned::to_owned));
    Ok(Some(AlterFault::Rows {
        loss: check.loss.clone(),
        count: first.number(0).unwrap_or(found.len() as u64),
        shown: shown.collect::<Result<_, _>>()?,
    }))
}

/// Compares the catalog with what it should be.
async fn check_catalog(link: &Link<'_>, rebuild: &Rebuild) -> Result<(), Failed> {
    let mut found = read_catalog(link).await.map_err(failed)?.comparable();
    found.sort();
    let expected = &rebuild.expected;
    // Both are sorted.
    let mut missing = expected
        .iter()
        .filter(|object| found.binary_search(object).is_err());
    let mut added = found
        .iter()
        .filter(|object| expected.binary_search(object).is_err());
    let other = missing.next().or_else(|| added.next());
    match other {
        None => Ok(()),
        Some(object) => Err(fault(AlterFault::Catalog {
            kind: object.kind,
            name: object.name.clone(),
        })),
    }
}
