//! The three ways to the heads: from a fresh, a legacy and a tracked database.

use std::time::Duration;

use alembic_history::{
    CrateHistory, Direction, Expression, Fresh, Node, Plan, PlanError, ResolveError, RevisionId,
    TransactionMode, VersionTable, Versions, in_dependency_order,
};

use crate::error::RunError;
use crate::event::Event;
use crate::exchange::{Port, Run};
use crate::failure::Failure;
use crate::log::{self, LogAction, Whole};
use crate::other_tools;
use crate::pieces::change_versions;
use crate::report::{EnsureReport, Outcome, Scenario, StepReport};
use crate::runner::Runner;
use crate::schema::create_schema;
use crate::session::Session;
use crate::state::DatabaseState;
use crate::steps::carry_out;
use crate::tables::Tables;
use crate::target::{Ahead, Target};
use crate::verify;
use crate::versions::{Lookup, Moment};

impl<'h> Runner<'h> {
    /// Makes a database ready for one crate; the caller provides the crates that it depends on.
    ///
    /// A current database is only read.
    #[must_use]
    pub fn ensure(self, target: Target) -> Run<'h, Result<EnsureReport, RunError>> {
        Run::new(move |port| async move {
            let mut reports = ensure_each(&[(self, target)], port).await?;
            Ok(reports.pop().expect("one crate has one report"))
        })
    }
}

/// Makes a database ready for several crates, one after the other.
///
/// The crates are ordered by the dependencies of their revisions, otherwise as given. A current
/// database is only read. Crates that share a version table are refused before anything is changed.
/// Tables of one crate do not make the database look like a legacy one to another.
#[must_use]
pub fn ensure_all<'h>(
    crates: Vec<(Runner<'h>, Target)>,
) -> Run<'h, Result<Vec<EnsureReport>, RunError>> {
    Run::new(move |port| async move { ensure_each(&crates, port).await })
}

async fn ensure_each<'h>(
    crates: &[(Runner<'h>, Target)],
    port: Port<'h>,
) -> Result<Vec<EnsureReport>, RunError> {
    let unchanged = |failure| RunError::new(failure, DatabaseState::Unchanged);
    check_version_tables(crates, &configured_tables(crates)).map_err(unchanged)?;
    let order = order(crates).map_err(unchanged)?;
    if has_ambiguous_tables(crates) {
        let located = locate_tables(crates, &port).await?;
        check_version_tables(crates, &located).map_err(unchanged)?;
    }
    let mut reports = Vec::new();
    let mut finished = FinishedCrates::default();
    for index in order {
        let (runner, target) = &crates[index];
        let start = (runner.clock)();
        let failed = |error: RunError| {
            let error = error.with_package(&target.package);
            finished.add_to(error, runner.transaction)
        };
        let session = Session::open(runner.clone(), port.clone()).await;
        let mut session = session.map_err(failed)?;
        let outcome = loop {
            let tables = || Tables::known(crates, index);
            let outcome = ensure(&mut session, target, tables).await;
            if let Some(outcome) = session.settle(outcome).await {
                break outcome;
            }
        };
        let done = session.ledger.steps().to_vec();
        let mut report = session.close(outcome).await.map_err(failed)?;
        finished.add(&report, done);
        if let Some(expected) = &target.expected
            && report.outcome != Outcome::Ahead
        {
            let verified = verify::check(crates, index, expected, &port).await;
            let failed = |error: RunError| {
                let error = error.with_package(&target.package);
                finished.add_to(error, runner.transaction)
            };
            verified.map_err(failed)?;
        }
        report.took = (runner.clock)().saturating_sub(start);
        reports.push(report);
    }
    Ok(reports)
}

/// The work that is committed for the crates before.
#[derive(Default)]
struct FinishedCrates {
    done: Vec<RevisionId>,
    /// The crates that were made ready without applying a revision.
    ready: Vec<String>,
}

impl FinishedCrates {
    fn add(&mut self, report: &EnsureReport, done: Vec<StepReport>) {
        let is_changed = match report.outcome {
            Outcome::Created | Outcome::Migrated => true,
            Outcome::Ready | Outcome::Ahead => false,
        };
        if is_changed && done.is_empty() {
            self.ready.push(report.package.clone());
        }
        self.done.extend(done.into_iter().map(|step| step.revision));
    }

    /// Adds this work to the state that a failure leaves.
    fn add_to(&self, error: RunError, transaction: TransactionMode) -> RunError {
        let mut state = error.state().clone();
        if let DatabaseState::Unchanged = state
            && !(self.ready.is_empty() && self.done.is_empty())
        {
            state = DatabaseState::Committed {
                done: Vec::new(),
                ready: Vec::new(),
                transaction,
            };
        }
        match &mut state {
            DatabaseState::Unchanged => {}
            DatabaseState::Committed { done, ready, .. } => {
                done.splice(..0, self.done.iter().cloned());
                ready.clone_from(&self.ready);
            }
            DatabaseState::Unfinished { done, .. } | DatabaseState::Unknown { done, .. } => {
                done.splice(..0, self.done.iter().cloned());
            }
        }
        error.with_state(state)
    }
}

/// Returns the version tables as they are configured.
fn configured_tables(crates: &[(Runner<'_>, Target)]) -> Vec<VersionTable> {
    let tables = crates.iter().map(|(runner, _)| &runner.version_table);
    tables.cloned().collect()
}

/// Returns whether only the database knows if two version tables are the same.
fn has_ambiguous_tables(crates: &[(Runner<'_>, Target)]) -> bool {
    let tables = configured_tables(crates);
    let mut numbered = tables.iter().enumerate();
    numbered.any(|(index, table)| {
        let mut others = tables[..index].iter();
        others.any(|other| table.is_ambiguous_with(other))
    })
}

/// Finds the version tables in the database, which adds the schemas that are not configured.
async fn locate_tables<'h>(
    crates: &[(Runner<'h>, Target)],
    port: &Port<'h>,
) -> Result<Vec<VersionTable>, RunError> {
    let mut tables = Vec::new();
    for (runner, target) in crates {
        let located = async {
            let mut session = Session::open(runner.clone(), port.clone()).await?;
            let found = session.find_versions().await;
            let table = session.table().clone();
            session.close(found.map(|_| table)).await
        };
        let located = located.await;
        tables.push(located.map_err(|error| error.with_package(&target.package))?);
    }
    Ok(tables)
}

/// Refuses crates that would overwrite each other's rows; `tables` are their version tables.
fn check_version_tables(
    crates: &[(Runner<'_>, Target)],
    tables: &[VersionTable],
) -> Result<(), Failure> {
    for (index, (table, (runner, _))) in tables.iter().zip(crates).enumerate() {
        let sharing = tables.iter().zip(crates).skip(index);
        let packages = sharing
            .filter(|(other, _)| table.is_same(other, runner.dialect))
            .map(|(_, (_, target))| target.package.clone());
        let packages: Vec<String> = packages.collect();
        if packages.len() > 1 {
            return Err(Failure::SharedVersionTable {
                table: table.quoted(),
                packages,
            });
        }
    }
    Ok(())
}

fn order(crates: &[(Runner<'_>, Target)]) -> Result<Vec<usize>, Failure> {
    if crates.len() < 2 {
        return Ok((0..crates.len()).collect());
    }
    let histories = crates.iter().map(|(runner, target)| CrateHistory {
        package: &target.package,
        history: runner.history,
    });
    let histories: Vec<CrateHistory<'_>> = histories.collect();
    in_dependency_order(&histories).map_err(Failure::Requirements)
}

async fn ensure(
    session: &mut Session<'_>,
    target: &Target,
    tables: impl FnOnce() -> Tables + Send,
) -> Result<EnsureReport, Failure> {
    session.is_unplaced = false;
    // A current database is only read.
    if let Some(report) = find_ready(session, target).await? {
        return Ok(report);
    }
    session.check_sql(Direction::Upgrade)?;
    session.hold_foreign_keys().await?;
    session.begin().await?;
    // Under lock, since its previous holder may have made the database ready.
    if let Some(report) = find_ready(session, target).await? {
        return Ok(report);
    }
    let before = versions(session);
    let scenario = match &session.versions.rows {
        Some(_) => Scenario::Tracked,
        None => {
            let found = session.link.query(session.engine.list_tables()).await?;
            let found = found.iter().filter_map(|row| row.cell(0));
            let found: Vec<String> = found.map(ToOwned::to_owned).collect();
            let scenario = tables().scenario(&*session.engine, &found);
            if !(scenario == Scenario::Legacy && target.has_baseline()) {
                other_tools::check(&session.versions)?;
            }
            scenario
        }
    };
    let package = || target.package.clone();
    let found = Event::Found {
        package: package(),
        scenario,
    };
    session.link.report(found).await;
    let report = |outcome, session: &Session<'_>, steps| EnsureReport {
        package: package(),
        scenario,
        outcome,
        before: before.clone(),
        after: versions(session),
        steps,
        took: Duration::ZERO,
    };
    let heads = Expression::heads(None);
    match (scenario, &target.schema, target.fresh) {
        (Scenario::Fresh, Some(schema), Fresh::Create) => {
            create_schema(session, schema).await?;
            // The schema may also create the version table.
            session.read_versions().await?;
            let graph = session.graph();
            let rows = log::nodes(session).await?;
            let stamp = graph.plan_stamp(&rows, &[heads])?;
            log::adopt(session).await?;
            change_versions(session, &stamp.changes).await?;
            log::enter_stamp(session, LogAction::Create, &[]);
            log::write(session).await?;
            session
                .check_versions(Moment::BeforeCommit, Lookup::Again)
                .await?;
            session.ledger.enter_created(graph, &graph.pending(&rows));
            session.commit().await?;
            let created = Event::SchemaCreated { package: package() };
            session.link.report(created).await;
            return Ok(report(Outcome::Created, session, Vec::new()));
        }
        (Scenario::Legacy, _, _) => adopt(session, target).await?,
        (Scenario::Fresh | Scenario::Tracked, _, _) => {}
    }
    let graph = session.graph();
    let decide = |rows: &[Node]| graph.plan_upgrade(rows, &heads);
    let mut is_current = decide(&log::nodes(session).await?)?.steps.is_empty();
    if is_current && log::applies_missing(session) {
        let differences = log::examine(session, Whole::IfNeeded).await?;
        is_current = differences.hidden.is_empty();
    }
    if is_current && !session.versions.has_progress {
        let outcome = match scenario {
            Scenario::Legacy => {
                session.commit().await?;
                Outcome::Migrated
            }
            Scenario::Fresh | Scenario::Tracked => Outcome::Ready,
        };
        let nothing = Event::NothingPending { package: package() };
        session.link.report(nothing).await;
        return Ok(report(outcome, session, Vec::new()));
    }
    carry_out(session, &decide).await?;
    let steps = session.ledger.steps().to_vec();
    Ok(report(Outcome::Migrated, session, steps))
}

fn versions(session: &Session<'_>) -> Versions {
    session.versions.rows().versions(session.graph())
}

/// Stamps a database that has no version table at the baseline, before revisions are applied to it.
async fn adopt(session: &mut Session<'_>, target: &Target) -> Result<(), Failure> {
    let baseline = target.baseline.parse::<Expression>();
    let baseline = baseline.map_err(|error| PlanError::Resolve(ResolveError::Syntax(error)))?;
    let stamp = session.graph().plan_stamp(&[], &[baseline])?;
    log::adopt(session).await?;
    change_versions(session, &stamp.changes).await?;
    log::enter_stamp(session, LogAction::Stamp, &[]);
    log::write(session).await?;
    session.ledger.enter_stamp();
    session.is_unplaced = !target.has_baseline() && session.runner.base.is_none();
    session.check_versions(Moment::During, Lookup::Again).await
}

/// Reads the version table, and returns the report if the database is ready already.
async fn find_ready(
    session: &mut Session<'_>,
    target: &Target,
) -> Result<Option<EnsureReport>, Failure> {
    session.read_versions().await?;
    let Some(rows) = &session.versions.rows else {
        return Ok(None);
    };
    let graph = session.graph();
    let outcome = match rows.known() {
        Err(PlanError::UnknownRows { .. }) if target.ahead == Ahead::Allow => Outcome::Ahead,
        Err(_) => return log::nodes(session).await.map(|_| None),
        Ok(nodes) if graph.pending(nodes).is_empty() && !session.versions.has_progress => {
            let differences = log::examine(session, Whole::IfNeeded).await?;
            if log::applies_missing(session) && !differences.hidden.is_empty() {
                return Ok(None);
            }
            let nothing = Plan {
                direction: Direction::Upgrade,
                steps: Vec::new(),
                rows: Vec::new(),
            };
            log::check(session, &differences, &nothing).await?;
            let package = target.package.clone();
            session.link.report(Event::NothingPending { package }).await;
            Outcome::Ready
        }
        Ok(_) => return Ok(None),
    };
    let versions = versions(session);
    Ok(Some(EnsureReport {
        package: target.package.clone(),
        scenario: Scenario::Tracked,
        outcome,
        before: versions.clone(),
        after: versions,
        steps: Vec::new(),
        took: Duration::ZERO,
    }))
}
