//! The three ways in: whatever database an application starts on, it ends at the heads.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use super::exchange::Run;
use super::foreign_keys;
use super::session::{Session, Versions};
use super::steps::sets_search_path;
use super::{
    DatabaseError, DatabaseErrorKind, DatabaseState, Event, Fault, RunError, Runner, StepReport,
};
use alembic_history::TransactionMode;
use alembic_history::{
    CrateHistory, Dialect, Direction, Expression, Fresh, Node, PlanError, Position, ResolveError,
    RevisionId, in_dependency_order,
};
use alembic_sql::{self as sql, created_table, renamed_table};

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
#[non_exhaustive]
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
/// The crates are taken in the order in which their revisions depend on each other, else in the
/// order given; what a single crate depends on is for the caller to see to. A current database is
/// only read. Crates that share a version table are refused before anything is asked. Tables of one
/// crate do not make the database look like a legacy one to another.
#[must_use]
pub fn ensure_ready<'h>(
    crates: Vec<(Runner<'h>, Target)>,
) -> Run<'h, Result<Vec<EnsureReport>, RunError>> {
    Run::new(move |port| async move {
        let order = check_version_tables(&crates)
            .and_then(|()| order(&crates))
            .map_err(at_once)?;
        let mut reports = Vec::new();
        let mut earlier = Earlier::default();
        for index in order {
            let (runner, target) = &crates[index];
            let start = (runner.clock)();
            let failed = |error| earlier.stays(error, runner.transaction);
            let session = Session::open(runner.clone(), port.clone()).await;
            let mut session = session.map_err(failed)?;
            let outcome = loop {
                let tables = || Tables::known(&crates, index);
                let outcome = ensure(&mut session, target, tables).await;
                if let Some(outcome) = session.settle(outcome).await {
                    break outcome;
                }
            };
            let done = session.done();
            let mut report = session.close(outcome).await.map_err(failed)?;
            report.took = (runner.clock)().saturating_sub(start);
            earlier.add(&report, done);
            reports.push(report);
        }
        Ok(reports)
    })
}

/// What is committed for the crates that came before.
#[derive(Default)]
struct Earlier {
    done: Vec<RevisionId>,
    /// Whether one of them was stamped.
    is_stamped: bool,
}

impl Earlier {
    fn add(&mut self, report: &EnsureReport, done: Vec<StepReport>) {
        self.is_stamped |= report.scenario == Scenario::Legacy;
        self.done.extend(done.into_iter().map(|step| step.revision));
    }

    /// Adds it to what a failure leaves.
    fn stays(&self, mut error: RunError, transaction: TransactionMode) -> RunError {
        if let DatabaseState::Unchanged = error.state
            && (self.is_stamped || !self.done.is_empty())
        {
            let done = Vec::new();
            error.state = DatabaseState::Committed { done, transaction };
        }
        match &mut error.state {
            DatabaseState::Unchanged => {}
            DatabaseState::Committed { done, .. }
            | DatabaseState::Partial { done, .. }
            | DatabaseState::Unknown { done, .. } => {
                done.splice(..0, self.done.iter().cloned());
            }
        }
        error
    }
}

/// Describes a failure that comes before the first request.
fn at_once(fault: Fault) -> RunError {
    RunError {
        fault: Box::new(fault),
        state: DatabaseState::Unchanged,
        rollback: None,
    }
}

/// Refuses crates that would overwrite each other's rows.
fn check_version_tables(crates: &[(Runner<'_>, Target)]) -> Result<(), Fault> {
    for (index, (runner, _)) in crates.iter().enumerate() {
        let table = &runner.version_table;
        let sharing = crates[index..].iter().filter(|(other, _)| {
            let other = &other.version_table;
            table.is_same(other, runner.dialect)
        });
        let packages: Vec<String> = sharing.map(|(_, target)| target.package.clone()).collect();
        if packages.len() > 1 {
            return Err(Fault::SharedVersionTable {
                table: table.quoted(),
                packages,
            });
        }
    }
    Ok(())
}

fn order(crates: &[(Runner<'_>, Target)]) -> Result<Vec<usize>, Fault> {
    if crates.len() < 2 {
        return Ok((0..crates.len()).collect());
    }
    let histories = crates.iter().map(|(runner, target)| CrateHistory {
        package: &target.package,
        history: runner.history,
    });
    let histories: Vec<CrateHistory<'_>> = histories.collect();
    in_dependency_order(&histories).map_err(Fault::Requirements)
}

async fn ensure(
    session: &mut Session<'_>,
    target: &Target,
    tables: impl FnOnce() -> Tables + Send,
) -> Result<EnsureReport, Fault> {
    let graph = session.runner.history.graph();
    let heads = Expression::heads(None);
    let package = || target.package.clone();
    // A current database is found so by reading alone.
    let found = session.versions().await?;
    if let Some(report) = settled(session, target, &found).await? {
        return Ok(report);
    }
    session.hold_foreign_keys().await?;
    session.begin().await?;
    // Under lock, since whoever held it before may have made the database ready.
    let found = session.versions().await?;
    if let Some(report) = settled(session, target, &found).await? {
        return Ok(report);
    }
    let scenario = match &found {
        Versions::Rows(_) => Scenario::Tracked,
        Versions::NoTable => tables().scenario(session).await?,
    };
    session
        .tell(Event::Found {
            package: package(),
            scenario,
        })
        .await;
    let rows = match (scenario, &target.schema, target.fresh) {
        (Scenario::Fresh, Some(schema), Fresh::Create) => {
            session.run_schema(schema).await?;
            // The schema may be one that holds the version table too.
            let versions = session.versions().await?;
            let rows = session.nodes(&versions)?;
            let stamp = graph.plan_stamp(&rows, &[heads]).map_err(Fault::Plan)?;
            session.change_rows(&stamp.changes).await?;
            session.check_versions().await?;
            session.count_as_done(&graph.pending(&rows));
            session.commit().await?;
            session
                .tell(Event::SchemaCreated { package: package() })
                .await;
            let after = ids(session, &stamp.rows);
            return Ok(report(target, scenario, Outcome::Created, &found, after));
        }
        (Scenario::Fresh, _, _) => Vec::new(),
        (Scenario::Legacy, _, _) => {
            let baseline: Expression = target
                .baseline
                .parse()
                .map_err(|error| Fault::Plan(PlanError::Resolve(ResolveError::Syntax(error))))?;
            let stamp = graph.plan_stamp(&[], &[baseline]).map_err(Fault::Plan)?;
            session.adopt(&stamp.changes).await?;
            stamp.rows
        }
        (Scenario::Tracked, _, _) => session.nodes(&found)?,
    };
    let decide = |rows: &[Node]| graph.plan_upgrade(rows, &heads);
    let nothing = decide(&rows).map_err(Fault::Plan)?.steps.is_empty();
    if nothing && !session.has_progress {
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
        let after = ids(session, &rows);
        return Ok(report(target, scenario, outcome, &found, after));
    }
    let after = session.carry_out(&decide).await?;
    let after = ids(session, &after);
    let mut report = report(target, scenario, Outcome::Migrated, &found, after);
    report.steps = session.done();
    Ok(report)
}

/// Returns the report on a database that nothing is to be done to, if it is one.
async fn settled(
    session: &Session<'_>,
    target: &Target,
    found: &Versions,
) -> Result<Option<EnsureReport>, Fault> {
    let Versions::Rows(rows) = found else {
        return Ok(None);
    };
    let graph = session.runner.history.graph();
    let outcome = match graph.rows(rows) {
        Err(PlanError::UnknownRows { .. }) if target.ahead == Ahead::Allow => Outcome::Ahead,
        Err(error) => return Err(Fault::Plan(error)),
        Ok(nodes) if graph.pending(&nodes).is_empty() && !session.has_progress => {
            let package = target.package.clone();
            session.tell(Event::NothingPending { package }).await;
            Outcome::Ready
        }
        Ok(_) => return Ok(None),
    };
    let after = rows.clone();
    Ok(Some(report(
        target,
        Scenario::Tracked,
        outcome,
        found,
        after,
    )))
}

fn report(
    target: &Target,
    scenario: Scenario,
    outcome: Outcome,
    before: &Versions,
    after: Vec<String>,
) -> EnsureReport {
    EnsureReport {
        package: target.package.clone(),
        scenario,
        outcome,
        before: before.rows().to_vec(),
        after,
        steps: Vec::new(),
        took: Duration::ZERO,
    }
}

fn ids(session: &Session<'_>, nodes: &[Node]) -> Vec<String> {
    let ids = session.runner.history.graph().ids(nodes);
    ids.iter().map(ToString::to_string).collect()
}

/// Whose tables are whose, as far as it is known: what tells a fresh database from a legacy one.
pub(super) struct Tables {
    dialect: Dialect,
    /// Those of the crate's target schema, where it has one.
    target: Option<Vec<String>>,
    /// Those that the crate's revisions create, whether or not later ones drop them.
    created: Vec<String>,
    /// The same of the other crates, and their version tables.
    others: Vec<String>,
}

impl Tables {
    /// Returns what is known for one of `crates`.
    pub(super) fn known(crates: &[(Runner<'_>, Target)], index: usize) -> Self {
        let (runner, target) = &crates[index];
        let mut others = Vec::new();
        for (other, (runner, target)) in crates.iter().enumerate() {
            if other != index {
                others.extend(target_tables(runner, target).unwrap_or_default());
                others.extend(created_tables(runner));
                others.push(runner.version_table.name.clone());
            }
        }
        Self {
            dialect: runner.dialect,
            target: target_tables(runner, target),
            created: created_tables(runner),
            others,
        }
    }

    /// Tells what kind of database this is, which has no version table.
    async fn scenario(&self, session: &Session<'_>) -> Result<Scenario, Fault> {
        let tables = session.tables().await?;
        Ok(if tables.iter().any(|table| self.owns(table)) {
            Scenario::Legacy
        } else {
            Scenario::Fresh
        })
    }

    /// Tells whether a table is the crate's.
    ///
    /// With a target schema, the crate's tables are known: those, and those that they were before,
    /// which its revisions create. Without one, every table counts that is not known to be another
    /// crate's.
    pub(super) fn owns(&self, table: &str) -> bool {
        match &self.target {
            Some(target) if self.contains(target, table) => true,
            Some(_) => self.contains(&self.created, table) && !self.contains(&self.others, table),
            None => !self.contains(&self.others, table),
        }
    }

    fn contains(&self, names: &[String], name: &str) -> bool {
        names.iter().any(|other| match self.dialect {
            Dialect::Sqlite => other.eq_ignore_ascii_case(name),
            Dialect::Postgres => other == name,
        })
    }
}

fn target_tables(runner: &Runner<'_>, target: &Target) -> Option<Vec<String>> {
    let Schema { text, .. } = target.schema.as_ref()?;
    let statements = sql::split(text, runner.dialect).statements;
    let statements = statements.iter().map(|statement| statement.span.text(text));
    Some(named_tables(statements, runner.dialect).collect())
}

fn created_tables(runner: &Runner<'_>) -> Vec<String> {
    let nodes = runner.history.graph().nodes();
    let statements = nodes.flat_map(|node| {
        let file = runner.history.file(node);
        let sections = file.file.sections(Direction::Upgrade, runner.dialect);
        sections.flat_map(|section| file.statements(section, runner.dialect))
    });
    let statements = statements.map(|statement| statement.sql);
    named_tables(statements, runner.dialect).collect()
}

/// Returns the names that statements give to tables.
fn named_tables<'s>(
    statements: impl Iterator<Item = &'s str>,
    dialect: Dialect,
) -> impl Iterator<Item = String> {
    statements
        .filter_map(move |sql| created_table(sql, dialect).or_else(|| renamed_table(sql, dialect)))
}

impl Session<'_> {
    /// Runs the statements of a target schema.
    async fn run_schema(&mut self, schema: &Schema) -> Result<(), Fault> {
        let Schema { path, text } = schema;
        let fault = |offset, error| Fault::Schema {
            path: path.clone(),
            position: Position::of(text, offset),
            error,
        };
        let split = sql::split(text, self.runner.dialect);
        if let Some(error) = split.errors.first() {
            let source = DatabaseError {
                kind: DatabaseErrorKind::Other,
                offset: None,
                code: None,
                source: Box::new(*error),
            };
            return Err(fault(error.span.start, source));
        }
        let statements = split.statements.iter();
        let statements = statements.map(|statement| statement.span.text(text));
        let dangling = if foreign_keys::may_dangle(statements, self.runner.dialect) {
            self.dangling().await?
        } else {
            None
        };
        self.keep_search_path(sets_search_path(text)).await?;
        let statements = split.statements.iter();
        let statements = statements.map(|statement| statement.span.text(text).to_owned().into());
        let statements: Vec<Cow<'_, str>> = statements.collect();
        if let Some((index, error)) = self.execute_all(&statements).await.failed {
            let start = split.statements[index].span.start;
            return Err(fault(start + error.offset.unwrap_or(0), error));
        }
        self.restore_search_path().await?;
        self.check_foreign_keys(dangling.as_ref()).await
    }
}
