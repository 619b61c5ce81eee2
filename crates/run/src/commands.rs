//! The commands that a runner carries out on a database.

use super::exchange::Run;
use super::session::{Decide, Session, Versions};
use super::{
    Check, Ensured, Fault, Purge, Report, RunError, Runner, StampReport, UnfinishedRevision,
};
use alembic_history::{
    Direction, Expression, Node, Plan, PlanError, ResolveError, StampPlan, SyntaxError,
};

impl<'h> Runner<'h> {
    /// Applies what is needed to reach `target`.
    ///
    /// When nothing is needed, the run only reads.
    #[must_use]
    pub fn upgrade(self, target: &str) -> Run<'h, Result<Report, RunError>> {
        let graph = self.history.graph();
        self.migrate(Direction::Upgrade, target, |rows, target| {
            graph.plan_upgrade(rows, target)
        })
    }

    /// Reverts what stands above `target`.
    ///
    /// Refuses before it changes anything when one of the revisions is irreversible.
    #[must_use]
    pub fn downgrade(self, target: &str) -> Run<'h, Result<Report, RunError>> {
        let graph = self.history.graph();
        self.migrate(Direction::Downgrade, target, |rows, target| {
            graph.plan_downgrade(rows, target)
        })
    }

    /// Reverts one revision, and everything applied that stands on it.
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
        let target = target.parse();
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            let outcome = match target {
                Ok(target) => loop {
                    let decide = |rows: &[Node]| plan(rows, &target);
                    let outcome = migrate(&mut session, direction, &decide).await;
                    if let Some(outcome) = session.settle(outcome).await {
                        break outcome;
                    }
                },
                Err(error) => Err(syntax_fault(error)),
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
                Err(error) => Err(syntax_fault(error)),
            };
            session.close(outcome).await
        })
    }

    /// Reads the rows of the version table, sorted, whether or not a file explains them.
    #[must_use]
    pub fn current(self) -> Run<'h, Result<Vec<String>, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            let outcome = session.versions().await;
            session.close(outcome.map(Versions::into_rows)).await
        })
    }

    /// Tells how far the revision is that an earlier run has left in part, if there is one.
    #[must_use]
    pub fn unfinished(self) -> Run<'h, Result<Option<UnfinishedRevision>, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            let outcome = session.unfinished().await;
            session.close(outcome).await
        })
    }

    /// Tells where the database is and what is pending, without changing anything.
    #[must_use]
    pub fn check(self) -> Run<'h, Result<Check, RunError>> {
        Run::new(move |port| async move {
            let graph = self.history.graph();
            let mut session = Session::open(self, port).await?;
            let versions = session.versions().await;
            let nodes = versions.and_then(|versions| session.nodes(&versions));
            let outcome = nodes.map(|nodes| Check {
                rows: graph.ids(&nodes),
                pending: graph.ids(&graph.pending(&nodes)),
            });
            session.close(outcome).await
        })
    }

    /// Creates the version table, empty, where there is none.
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
}

fn syntax_fault(error: SyntaxError) -> Fault {
    Fault::Plan(PlanError::Resolve(ResolveError::Syntax(error)))
}

async fn migrate(
    session: &mut Session<'_>,
    direction: Direction,
    decide: Decide<'_>,
) -> Result<Report, Fault> {
    let graph = session.runner.history.graph();
    let rows = session.versions().await?;
    let rows = session.nodes(&rows)?;
    let plan = decide(&rows).map_err(Fault::Plan)?;
    session.runner.check_reversible(&plan)?;
    let after = if plan.steps.is_empty() && !session.has_progress {
        rows.clone()
    } else {
        session.carry_out(decide).await?
    };
    Ok(Report {
        direction,
        steps: session.done(),
        before: graph.ids(&rows),
        after: graph.ids(&after),
    })
}

async fn stamp(
    session: &mut Session<'_>,
    targets: &[Expression],
    purge: Purge,
) -> Result<StampReport, Fault> {
    let (versions, plan) = plan_stamp(session, targets, purge).await?;
    let purges = purge == Purge::Yes && !versions.rows().is_empty();
    if plan.changes.is_empty() && !purges && !session.has_progress {
        return Ok(stamp_report(session, &versions, &plan));
    }
    session.begin().await?;
    // Under lock, since somebody may have stamped meanwhile.
    let (versions, plan) = plan_stamp(session, targets, purge).await?;
    session.provide_version_table().await?;
    if purge == Purge::Yes {
        session.purge().await?;
    }
    session.change_rows(&plan.changes).await?;
    // What was unfinished is as it is declared now.
    session.forget_progress().await?;
    session.check_versions().await?;
    session.commit().await?;
    Ok(stamp_report(session, &versions, &plan))
}

async fn plan_stamp(
    session: &mut Session<'_>,
    targets: &[Expression],
    purge: Purge,
) -> Result<(Versions, StampPlan), Fault> {
    let versions = session.versions().await?;
    let rows = match purge {
        Purge::Yes => Vec::new(),
        Purge::No => session.nodes(&versions)?,
    };
    let graph = session.runner.history.graph();
    let plan = graph.plan_stamp(&rows, targets).map_err(Fault::Plan)?;
    Ok((versions, plan))
}

fn stamp_report(session: &Session<'_>, before: &Versions, plan: &StampPlan) -> StampReport {
    StampReport {
        before: before.rows().to_vec(),
        after: session.runner.history.graph().ids(&plan.rows),
    }
}

async fn ensure_version(session: &mut Session<'_>) -> Result<Ensured, Fault> {
    if session.versions().await? != Versions::NoTable {
        return Ok(Ensured::Existed);
    }
    session.begin().await?;
    if session.versions().await? != Versions::NoTable {
        return Ok(Ensured::Existed);
    }
    session.provide_version_table().await?;
    session.commit().await?;
    Ok(Ensured::Created)
}
