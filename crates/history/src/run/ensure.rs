//! The three ways in: whatever database an application starts on, it ends at the heads.

use std::path::PathBuf;
use std::time::Duration;

use super::exchange::Run;
use super::session::{Session, Versions};
use super::{Event, Fault, RunError, Runner, StepReport};
use crate::sql::{self, created_table};
use crate::{Dialect, Expression, Fresh, Node, PlanError, Position, ResolveError, StampPlan};

/// What an application's database is to become, beyond what the revisions say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The crate that the history belongs to.
    pub package: String,
    /// The target schema, which an empty database is given whole.
    pub schema: Option<Schema>,
    /// How an empty database comes to its schema.
    pub fresh: Fresh,
    /// The revision at which a database without a version table is taken to be.
    pub baseline: String,
    /// What is done when the database is ahead of this program.
    pub ahead: Ahead,
}

/// The SQL that creates a target schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The file, as it is shown to people.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// What is done when a database is at revisions that this program does not know: a newer program
/// has migrated it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ahead {
    /// It is an error.
    #[default]
    Refuse,
    /// The database is taken as it is.
    Allow,
}

/// How a database was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Without a version table, and without tables of this crate.
    Fresh,
    /// Without a version table, and with tables.
    Legacy,
    /// With a version table.
    Tracked,
}

/// What was done to make a database ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: it was at the heads.
    Ready,
    /// The target schema was created whole, and stamped at the heads.
    Created,
    /// Revisions were applied, or the database was stamped.
    Migrated,
    /// Nothing: the database is ahead of this program, and that is allowed.
    Ahead,
}

/// How a database was found, and what was done to make it ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnsureReport {
    /// The crate.
    pub package: String,
    /// How the database was found.
    pub scenario: Scenario,
    /// What was done.
    pub outcome: Outcome,
    /// The rows of the version table before, whether or not a file explains them.
    pub before: Vec<String>,
    /// The rows of the version table now.
    pub after: Vec<String>,
    /// The revisions that were applied, in this order.
    pub steps: Vec<StepReport>,
    /// How long everything took.
    pub took: Duration,
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Scenario::Fresh => "fresh",
            Scenario::Legacy => "legacy",
            Scenario::Tracked => "tracked",
        })
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Outcome::Ready => "ready",
            Outcome::Created => "created",
            Outcome::Migrated => "migrated",
            Outcome::Ahead => "ahead",
        })
    }
}

/// Makes one database ready for several crates, one after the other.
///
/// A current database is only read. Tables of one crate do not make the database look like a legacy
/// one to another.
#[must_use]
pub fn ensure_ready<'h>(
    crates: Vec<(Runner<'h>, Target)>,
) -> Run<'h, Result<Vec<EnsureReport>, RunError>> {
    Run::new(move |port| async move {
        let known: Vec<Known> = crates
            .iter()
            .map(|(runner, target)| Known::of(runner, target))
            .collect();
        let mut reports = Vec::new();
        for (index, (runner, target)) in crates.into_iter().enumerate() {
            let others = known
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index);
            let others: Vec<String> = others.flat_map(|(_, known)| known.all()).collect();
            let start = (runner.clock)();
            let mut session = Session::open(runner, port.clone()).await?;
            let outcome = ensure(&mut session, &target, &known[index], &others).await;
            let clock = session.runner.clock;
            let mut report = session.close(outcome).await?;
            report.took = clock().saturating_sub(start);
            reports.push(report);
        }
        Ok(reports)
    })
}

/// The tables that are known to be a crate's.
struct Known {
    version_table: String,
    /// Those of its target schema, where it has one.
    tables: Option<Vec<String>>,
}

impl Known {
    fn of(runner: &Runner<'_>, target: &Target) -> Self {
        let tables = target.schema.as_ref().map(|schema| {
            let statements = sql::split(&schema.text, runner.dialect).statements;
            let tables = statements.iter().filter_map(|statement| {
                created_table(statement.span.text(&schema.text), runner.dialect)
            });
            tables.collect()
        });
        Self {
            version_table: runner.version_table.name.clone(),
            tables,
        }
    }

    fn all(&self) -> impl Iterator<Item = String> {
        let tables = self.tables.iter().flatten().cloned();
        tables.chain([self.version_table.clone()])
    }
}

async fn ensure(
    session: &mut Session<'_>,
    target: &Target,
    known: &Known,
    others: &[String],
) -> Result<EnsureReport, Fault> {
    let graph = session.runner.history.graph();
    let heads = Expression::heads(None);
    let report = |scenario, outcome, before: &Versions, after: Vec<String>| EnsureReport {
        package: target.package.clone(),
        scenario,
        outcome,
        before: before.rows().to_vec(),
        after,
        steps: Vec::new(),
        took: Duration::ZERO,
    };
    let ids = |nodes: &[Node]| -> Vec<String> {
        graph.ids(nodes).iter().map(ToString::to_string).collect()
    };
    // A current database is found so by reading alone.
    let found = session.versions().await?;
    if let Versions::Rows(rows) = &found {
        match graph.rows(rows) {
            Err(PlanError::UnknownRows { .. }) if target.ahead == Ahead::Allow => {
                return Ok(report(
                    Scenario::Tracked,
                    Outcome::Ahead,
                    &found,
                    rows.clone(),
                ));
            }
            Err(error) => return Err(Fault::Plan(error)),
            Ok(nodes) if graph.pending(&nodes).is_empty() => {
                let package = target.package.clone();
                session.tell(Event::NothingPending { package }).await;
                return Ok(report(
                    Scenario::Tracked,
                    Outcome::Ready,
                    &found,
                    rows.clone(),
                ));
            }
            Ok(_) => {}
        }
    }
    session.hold_foreign_keys().await?;
    session.begin().await?;
    // Under lock, since whoever held it before may have made the database ready.
    let found = session.versions().await?;
    let scenario = match &found {
        Versions::Rows(_) => Scenario::Tracked,
        Versions::NoTable => find_scenario(session, known, others).await?,
    };
    let package = || target.package.clone();
    session
        .tell(Event::Found {
            package: package(),
            scenario,
        })
        .await;
    let rows = match (scenario, &target.schema, target.fresh) {
        (Scenario::Fresh, Some(schema), Fresh::Create) => {
            session.run_schema(schema).await?;
            let stamp = graph.plan_stamp(&[], &[heads]).map_err(Fault::Plan)?;
            adopt(session, &stamp).await?;
            session
                .tell(Event::SchemaCreated { package: package() })
                .await;
            session.commit().await?;
            let after = ids(&stamp.rows);
            return Ok(report(scenario, Outcome::Created, &found, after));
        }
        (Scenario::Fresh, _, _) => Vec::new(),
        (Scenario::Legacy, _, _) => {
            let baseline: Expression = target
                .baseline
                .parse()
                .map_err(|error| Fault::Plan(PlanError::Resolve(ResolveError::Syntax(error))))?;
            let stamp = graph.plan_stamp(&[], &[baseline]).map_err(Fault::Plan)?;
            adopt(session, &stamp).await?;
            stamp.rows
        }
        (Scenario::Tracked, _, _) => session.nodes(&found)?,
    };
    let decide = |rows: &[Node]| graph.plan_upgrade(rows, &heads);
    if decide(&rows).map_err(Fault::Plan)?.steps.is_empty() {
        let outcome = match scenario {
            Scenario::Legacy => {
                session.commit().await?;
                Outcome::Migrated
            }
            Scenario::Fresh | Scenario::Tracked => Outcome::Ready,
        };
        session
            .tell(Event::NothingPending { package: package() })
            .await;
        return Ok(report(scenario, outcome, &found, ids(&rows)));
    }
    let after = session.carry_out(&decide).await?;
    let mut report = report(scenario, Outcome::Migrated, &found, ids(&after));
    report.steps = session.done();
    Ok(report)
}

/// Creates the version table with the rows of a stamp.
async fn adopt(session: &mut Session<'_>, stamp: &StampPlan) -> Result<(), Fault> {
    session.provide_version_table().await?;
    session.change_rows(&stamp.changes).await
}

/// Tells a fresh database from a legacy one.
///
/// With a target schema, the crate's tables are known. Without one, every table counts that is not
/// known to be another crate's.
async fn find_scenario(
    session: &Session<'_>,
    known: &Known,
    others: &[String],
) -> Result<Scenario, Fault> {
    let sqlite = session.runner.dialect == Dialect::Sqlite;
    let same = |a: &str, b: &str| {
        if sqlite {
            a.eq_ignore_ascii_case(b)
        } else {
            a == b
        }
    };
    let contains = |names: &[String], name: &str| names.iter().any(|other| same(other, name));
    let tables = session.tables().await?;
    let legacy = tables.iter().any(|table| match &known.tables {
        Some(own) => contains(own, table),
        None => !contains(others, table),
    });
    Ok(if legacy {
        Scenario::Legacy
    } else {
        Scenario::Fresh
    })
}

impl Session<'_> {
    /// Runs the statements of a target schema.
    async fn run_schema(&self, schema: &Schema) -> Result<(), Fault> {
        for statement in sql::split(&schema.text, self.runner.dialect).statements {
            let text = statement.span.text(&schema.text).to_owned();
            self.run_alone(text).await.map_err(|error| Fault::Schema {
                path: schema.path.clone(),
                position: Position::of(
                    &schema.text,
                    statement.span.start + error.offset.unwrap_or(0),
                ),
                error,
            })?;
        }
        Ok(())
    }
}
