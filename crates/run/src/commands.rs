//! The commands that a runner carries out on a database.

use alembic_history::{
    Direction, Expression, Node, Plan, PlanError, ResolveError, RevisionId, StampPlan, SyntaxError,
    Versions,
};

use crate::action::Action;
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::error::RunError;
use crate::exchange::{Port, Run};
use crate::failure::Failure;
use crate::log::{self, LogAction, LogEntry, LogReport, Record, Whole};
use crate::other_tools;
use crate::pieces::change_versions;
use crate::policy::Purge;
use crate::progress::{forget, read_unfinished};
use crate::refused_request::RefusedRequest;
use crate::report::{Ensured, Report, StampReport, Status};
use crate::runner::Runner;
use crate::session::{Decide, Session, WayBack};
use crate::steps::carry_out;
use crate::versions::{Lookup, Moment};

impl<'h> Runner<'h> {
    /// Applies the revisions needed to reach `target`.
    ///
    /// When nothing is needed, the run only reads.
    #[must_use]
    pub fn upgrade(self, target: &str) -> Run<'h, Result<Report, RunError>> {
        let graph = self.history.graph();
        self.migrate(Direction::Upgrade, target, |rows, target| {
            graph.plan_upgrade(rows, target)
        })
    }

    /// Reverts the revisions above `target`.
    ///
    /// Refuses before it changes anything when one of the revisions is irreversible.
    #[must_use]
    pub fn downgrade(self, target: &str) -> Run<'h, Result<Report, RunError>> {
        let graph = self.history.graph();
        self.migrate(Direction::Downgrade, target, |rows, target| {
            graph.plan_downgrade(rows, target)
        })
    }

    /// Reverts one revision, and every applied revision that depends on it.
    #[must_use]
    pub fn revert(self, revision: &str) -> Run<'h, Result<Report, RunError>> {
        let graph = self.history.graph();
        self.migrate(Direction::Downgrade, revision, |rows, revision| {
            graph.plan_revert(rows, revision)
        })
    }

    fn migrate(
        self,
        direction: Direction,
        target: &str,
        plan: impl Fn(&[Node], &Expression) -> Result<Plan, PlanError> + Send + Sync + 'h,
    ) -> Run<'h, Result<Report, RunError>> {
        let target = target.parse::<Expression>();
        self.carry_out(
            direction,
            target.map(|target| move |rows: &[Node]| plan(rows, &target)),
        )
    }

    /// Carries out the plan that `decide` makes, unless its target could not be read.
    fn carry_out(
        self,
        direction: Direction,
        decide: Result<impl Fn(&[Node]) -> Result<Plan, PlanError> + Send + Sync + 'h, SyntaxError>,
    ) -> Run<'h, Result<Report, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            let outcome = match decide {
                Ok(decide) => settled(&mut session, direction, &decide).await,
                Err(error) => Err(syntax_failure(error)),
            };
            session.close(outcome).await
        })
    }

    /// Moves the rows of the version table to `targets` without running any revision.
    #[must_use]
    pub fn stamp(self, targets: &[&str], purge: Purge) -> Run<'h, Result<StampReport, RunError>> {
        let targets: Result<Vec<Expression>, _> =
            targets.iter().map(|target| target.parse()).collect();
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            let outcome = match targets {
                Ok(targets) => loop {
                    let outcome = stamp(&mut session, &targets, purge).await;
                    if let Some(outcome) = session.settle(outcome).await {
                        break outcome;
                    }
                },
                Err(error) => Err(syntax_failure(error)),
            };
            session.close(outcome).await
        })
    }

    /// Reads the rows of the version table, whether or not a file explains them.
    #[must_use]
    pub fn current(self) -> Run<'h, Result<Versions, RunError>> {
        Run::new(move |port| async move { versions(self, &port).await })
    }

    /// Reads the database's revisions, which are pending and which is unfinished, without changing
    /// anything.
    #[must_use]
    pub fn status(self) -> Run<'h, Result<Status, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            let outcome = status(&mut session).await;
            session.close(outcome).await
        })
    }

    /// Reads the log of what was applied, in its order.
    #[must_use]
    pub fn log(self) -> Run<'h, Result<LogReport, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            let outcome = log::read_log(&mut session).await;
            session.close(outcome).await
        })
    }

    /// Reads what the log recorded of the revisions of this database, for a way back without their
    /// files.
    #[must_use]
    pub fn record(self) -> Run<'h, Result<Record, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            let outcome = log::read_record(&mut session).await;
            session.close(outcome).await
        })
    }

    /// Reverts `steps`, in this order, by the ways back that the log recorded: this runner's history is
    /// the one of `record`.
    ///
    /// Refuses before it changes anything when others could have written to the log, or when the
    /// database has changed since, so that nothing runs but what was shown.
    #[must_use]
    pub fn revert_recorded(
        self,
        record: &Record,
        steps: &[RevisionId],
    ) -> Run<'h, Result<Report, RunError>> {
        let graph = self.history.graph();
        let writers = record.writers().to_vec();
        let shown = WayBack {
            steps: steps.to_vec(),
            last: record.last().cloned(),
        };
        let nodes = steps.iter().filter_map(|id| graph.node(id.as_str()));
        let nodes: Vec<Node> = nodes.collect();
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            if !writers.is_empty() {
                session
                    .find_versions()
                    .await
                    .map_err(|failure| session.run_error(failure))?;
                let table = session.table().log().quoted();
                return session
                    .close(Err(Failure::UntrustedLog { table, writers }))
                    .await;
            }
            session.shown = Some(shown);
            let decide = move |rows: &[Node]| graph.plan_reverts(rows, &nodes);
            let outcome = settled(&mut session, Direction::Downgrade, &decide).await;
            session.close(outcome).await
        })
    }

    /// Takes what the files say of these revisions for what is true of the database: a hidden one
    /// counts as applied, an edited one as applied as it is now, a removed one as reverted.
    ///
    /// Only the log changes.
    #[must_use]
    pub fn accept(self, revisions: &[&str]) -> Run<'h, Result<Vec<LogEntry>, RunError>> {
        let revisions: Vec<String> = revisions.iter().map(|id| (*id).to_owned()).collect();
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            let outcome = loop {
                let outcome = accept(&mut session, &revisions).await;
                if let Some(outcome) = session.settle(outcome).await {
                    break outcome;
                }
            };
            session.close(outcome).await
        })
    }

    /// Creates an empty version table unless one exists.
    #[must_use]
    pub fn ensure_version(self) -> Run<'h, Result<Ensured, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            loop {
                let outcome = ensure_version(&mut session).await;
                if let Some(outcome) = session.settle(outcome).await {
                    return session.close(outcome).await;
                }
            }
        })
    }

    /// Describes the schema: everything except the version table, by kind and name, so that
    /// identical schemas are identical texts.
    ///
    /// Columns keep their order. The database's internal objects are left out; on PostgreSQL, so
    /// are the objects of extensions, owners and grants.
    #[must_use]
    pub fn describe(self) -> Run<'h, Result<String, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            loop {
                let outcome = describe(&mut session).await;
                if let Some(outcome) = session.settle(outcome).await {
                    return session.close(outcome).await;
                }
            }
        })
    }
}

/// Reads the rows of the version table.
pub(crate) async fn versions<'h>(
    runner: Runner<'h>,
    port: &Port<'h>,
) -> Result<Versions, RunError> {
    let mut session = Session::open(runner, port.clone()).await?;
    let outcome = session.read_versions().await;
    let versions = session.versions.rows().versions(session.graph());
    session.close(outcome.map(|()| versions)).await
}

pub(crate) fn syntax_failure(error: SyntaxError) -> Failure {
    Failure::Plan(PlanError::Resolve(ResolveError::Syntax(error)))
}

/// Migrates, and begins again as long as locks of other sessions are in the way.
pub(crate) async fn settled(
    session: &mut Session<'_>,
    direction: Direction,
    decide: Decide<'_>,
) -> Result<Report, Failure> {
    loop {
        let outcome = migrate(session, direction, decide).await;
        if let Some(outcome) = session.settle(outcome).await {
            return outcome;
        }
    }
}

async fn migrate(
    session: &mut Session<'_>,
    direction: Direction,
    decide: Decide<'_>,
) -> Result<Report, Failure> {
    session.read_versions().await?;
    let before = session.versions.rows().versions(session.graph());
    let mut plan = decide(&log::nodes(session).await?)?;
    session.check_shown(&plan)?;
    let differences = log::examine(session, Whole::IfNeeded).await?;
    log::with_missing(session, &differences, &mut plan);
    log::check(session, &differences, &plan).await?;
    session.runner.check_reversible(&plan)?;
    if direction == Direction::Upgrade && !plan.steps.is_empty() {
        other_tools::check(&session.versions)?;
    }
    if !plan.steps.is_empty() || session.versions.has_progress {
        session.check_sql(direction)?;
        carry_out(session, decide).await?;
    }
    Ok(Report {
        direction,
        steps: session.ledger.steps().to_vec(),
        before,
        after: session.versions.rows().versions(session.graph()),
    })
}

async fn stamp(
    session: &mut Session<'_>,
    targets: &[Expression],
    purge: Purge,
) -> Result<StampReport, Failure> {
    let plan = plan_stamp(session, targets, purge).await?;
    let purges = purge == Purge::Yes && !session.versions.rows().is_empty();
    // As with Alembic, a database that is stamped at its base has an empty version table.
    let creates = session.versions.rows.is_none();
    let mut before = session.versions.rows().versions(session.graph());
    if creates || !plan.changes.is_empty() || purges || session.versions.has_progress {
        session.begin().await?;
        // Under lock, since another session may have stamped meanwhile.
        before = write_stamp(session, targets, purge).await?;
    }
    Ok(StampReport {
        before,
        after: session.versions.rows().versions(session.graph()),
    })
}

/// Moves the rows of the version table in the transaction that has begun, commits it, and returns the
/// rows before.
pub(crate) async fn write_stamp(
    session: &mut Session<'_>,
    targets: &[Expression],
    purge: Purge,
) -> Result<Versions, Failure> {
    let plan = plan_stamp(session, targets, purge).await?;
    let before = session.versions.rows().versions(session.graph());
    let hidden = log::adopt(session).await?.hidden;
    session.check_ids(&plan.changes)?;
    session.provide_version_table().await?;
    if purge == Purge::Yes {
        session.clear_versions().await?;
    }
    change_versions(session, &plan.changes).await?;
    log::enter_stamp(session, LogAction::Stamp, &hidden);
    log::write(session).await?;
    // The stamp declares what an unfinished revision has done.
    forget(session).await?;
    session
        .check_versions(Moment::BeforeCommit, Lookup::Again)
        .await?;
    session.commit().await?;
    Ok(before)
}

async fn accept(session: &mut Session<'_>, revisions: &[String]) -> Result<Vec<LogEntry>, Failure> {
    session.begin().await?;
    session.read_versions().await?;
    if let Some(gap) = session.versions.log.access.gap() {
        return Err(Failure::NoLog { gap });
    }
    if !session.versions.log.access.can_write() {
        let error = DatabaseError::new(DatabaseErrorKind::Denied, "this account may only read it");
        return Err(RefusedRequest::new(Action::WriteLog, error).into());
    }
    let differences = log::adopt(session).await?;
    log::enter_acceptance(session, &differences, revisions)?;
    let written = log::write(session).await?;
    session
        .check_versions(Moment::BeforeCommit, Lookup::Again)
        .await?;
    session.commit().await?;
    Ok(written)
}

async fn plan_stamp(
    session: &mut Session<'_>,
    targets: &[Expression],
    purge: Purge,
) -> Result<StampPlan, Failure> {
    session.read_versions().await?;
    let rows = match purge {
        Purge::Yes => Vec::new(),
        Purge::No => log::nodes(session).await?,
    };
    Ok(session.graph().plan_stamp(&rows, targets)?)
}

async fn status(session: &mut Session<'_>) -> Result<Status, Failure> {
    session.read_versions().await?;
    let unfinished = read_unfinished(session).await?;
    let nodes = log::nodes(session).await?;
    let differences = log::examine(session, Whole::IfNeeded).await?;
    let graph = session.graph();
    let edited = differences.edited.into_iter();
    Ok(Status {
        unfinished,
        managed_by: other_tools::find(&session.versions),
        pending: graph.ids(&graph.pending(&nodes)),
        hidden: graph.ids(&differences.hidden),
        edited: edited.map(|(_, logged)| logged).collect(),
        removed: differences.removed,
        versions: session.versions.rows().versions(graph),
    })
}

async fn ensure_version(session: &mut Session<'_>) -> Result<Ensured, Failure> {
    session.read_versions().await?;
    if session.versions.rows.is_some() {
        return Ok(Ensured::Existed);
    }
    session.begin().await?;
    session.read_versions().await?;
    if session.versions.rows.is_some() {
        return Ok(Ensured::Existed);
    }
    session.provide_version_table().await?;
    session.commit().await?;
    Ok(Ensured::Created)
}

async fn describe(session: &mut Session<'_>) -> Result<String, Failure> {
    session.find_versions().await?;
    let table = &session.versions.table;
    session.engine.describe(&mut session.link, table).await
}
