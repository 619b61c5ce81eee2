//! A run on one database: its connection, its ledger, and the version table.

use std::time::Duration;

use alembic_history::{
    Direction, FileStatement, Graph, Node, Plan, PlanError, RevisionId, RowChange, VersionTable,
};

use crate::database_error::DatabaseErrorKind;
use crate::engine::{Engine, engine};
use crate::error::RunError;
use crate::event::Event;
use crate::exchange::Port;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::link::Link;
use crate::log::LastEntry;
use crate::refused_request::RefusedRequest;
use crate::request::{Execute, Progress, Task};
use crate::runner::Runner;
use crate::versions::{Lookup, Moment, VersionStore};

/// How long a transaction waits before it is begun again for the first time.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Makes a plan from the rows of the version table.
pub(crate) type Decide<'d> = &'d (dyn Fn(&[Node]) -> Result<Plan, PlanError> + Send + Sync);

/// A run on one database.
pub(crate) struct Session<'h> {
    pub(crate) runner: Runner<'h>,
    pub(crate) link: Link<'h>,
    /// The engine of the database, with the connection's settings to restore.
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) ledger: Ledger,
    pub(crate) versions: VersionStore,
    /// The progress of the revision whose sections run outside of transactions.
    pub(crate) progress: Option<Progress>,
    /// The way back that was shown, if the run must not do anything else.
    pub(crate) shown: Option<WayBack>,
    /// Whether the database has tables of the crate and had no version table, and nothing says which of the
    /// revisions it has.
    pub(crate) is_unplaced: bool,
    retries: Retries,
}

/// A way back that was shown to somebody.
pub(crate) struct WayBack {
    /// The revisions that it reverts, in order.
    pub(crate) steps: Vec<RevisionId>,
    /// The last row of the log that it was read from.
    pub(crate) last: Option<LastEntry>,
}

/// How many times a transaction was begun again, and how long the run waited for that.
#[derive(Debug, Default)]
struct Retries {
    count: usize,
    waited: Duration,
}

impl<'h> Session<'h> {
    /// Begins the conversation; no setting of it outlasts [`Session::close`].
    pub(crate) async fn open(runner: Runner<'h>, port: Port<'h>) -> Result<Self, RunError> {
        let engine = engine(runner.dialect);
        let link = Link::new(
            port,
            runner.clock,
            runner.lock_timeout,
            engine.errors_abort(),
        );
        let mut session = Self {
            versions: VersionStore::new(runner.version_table.clone(), runner.log),
            runner,
            link,
            engine,
            ledger: Ledger::default(),
            progress: None,
            shown: None,
            is_unplaced: false,
            retries: Retries::default(),
        };
        if let Err(failure) = session.runner.check() {
            return Err(session.run_error(failure));
        }
        match session.engine.open(&mut session.link).await {
            Ok(()) => Ok(session),
            Err(failure) => Err(session.run_error(failure)),
        }
    }

    /// Rolls back a transaction that a command leaves open, restores the connection's settings, and
    /// adds the state of the database to a failure.
    pub(crate) async fn close<T>(mut self, outcome: Result<T, Failure>) -> Result<T, RunError> {
        let undone = self.rollback().await;
        if outcome.is_err() && undone.is_ok() {
            // The first failure is the one to report.
            let _ = self.restore_session().await;
        }
        let restored = self.engine.close(&mut self.link).await;
        let released = self.engine.release(&mut self.link).await;
        let done = match outcome {
            Ok(done) => done,
            // The first failure is the one to report.
            Err(failure) => {
                let rollback = undone.err().map(|refused| refused.error);
                return Err(self.run_error(failure).with_rollback(rollback));
            }
        };
        match undone.map_err(Failure::from).and(restored).and(released) {
            Ok(()) => Ok(done),
            Err(failure) => Err(self.run_error(failure)),
        }
    }

    /// Checks the SQL of the revision files that runs in `direction`, unless that is done.
    pub(crate) fn check_sql(&self, direction: Direction) -> Result<(), Failure> {
        let checked = self.runner.history.check_sql(direction);
        checked.map_err(Failure::History)
    }

    /// Refuses a plan other than the one that was shown, if one was.
    pub(crate) fn check_shown(&self, plan: &Plan) -> Result<(), Failure> {
        let Some(WayBack { steps, last }) = &self.shown else {
            return Ok(());
        };
        let found: Vec<Node> = plan.steps.iter().map(|step| step.revision).collect();
        let found = self.graph().ids(&found);
        if found == *steps && self.versions.log.last == *last {
            return Ok(());
        }
        Err(Failure::WayBackMoved {
            shown: steps.clone(),
            found,
        })
    }

    /// Refuses changes to the version table with ids that it has no room for.
    pub(crate) fn check_ids<'c>(
        &self,
        changes: impl IntoIterator<Item = &'c RowChange>,
    ) -> Result<(), Failure> {
        let Some(limit) = self.versions.id_limit else {
            return Ok(());
        };
        let graph = self.graph();
        let added = changes.into_iter().filter_map(|change| match change {
            RowChange::Insert(node) | RowChange::Update { to: node, .. } => Some(*node),
            RowChange::Delete(_) => None,
        });
        let longest = added.max_by_key(|node| graph[*node].id.length());
        let Some(node) = longest.filter(|node| graph[*node].id.length() > limit) else {
            return Ok(());
        };
        let revision = graph[node].id.clone();
        let exists = self.versions.rows.is_some();
        let length = revision.length();
        Err(Failure::IdTooLong {
            path: self.runner.history.file(node).path.clone(),
            table: self.table().quoted(),
            exists,
            limit,
            make_room: self.engine.make_room(self.table(), exists, length),
            revision,
        })
    }

    pub(crate) fn graph(&self) -> &'h Graph {
        self.runner.history.graph()
    }

    /// Returns the error of a failure, with the state that it leaves.
    pub(crate) fn run_error(&self, failure: Failure) -> RunError {
        let state = self.ledger.state(self.graph(), self.runner.transaction);
        self.runner.error(failure, state).unplaced(self.is_unplaced)
    }

    /// Reads the version table without creating it.
    pub(crate) async fn read_versions(&mut self) -> Result<(), Failure> {
        let graph = self.graph();
        let engine = &mut *self.engine;
        let moment = (Moment::During, Lookup::Again);
        self.versions.read(engine, &self.link, graph, moment).await
    }

    /// Looks for the version table.
    pub(crate) async fn find_versions(&mut self) -> Result<Option<String>, Failure> {
        let engine = &mut *self.engine;
        self.versions.find(engine, &self.link).await
    }

    /// Returns the version table as it is called in this database.
    pub(crate) fn table(&self) -> &VersionTable {
        &self.versions.table
    }

    /// Creates the version table, unless it exists.
    pub(crate) async fn provide_version_table(&mut self) -> Result<(), Failure> {
        if self.versions.rows.is_none() {
            let create = self.engine.create_versions(self.table());
            self.link.execute(create).await?;
            self.versions.rows = Some(alembic_history::Rows::default());
            self.ledger.enter_version_table();
        }
        Ok(())
    }

    /// Drops the version table, if this run has created it and it has no rows.
    pub(crate) async fn drop_own_version_table(&mut self) -> Result<(), Failure> {
        if self.ledger.has_created_version_table() && self.versions.rows().is_empty() {
            let drop = self.engine.drop_versions(self.table());
            self.link.execute(drop).await?;
            self.versions.rows = None;
        }
        Ok(())
    }

    /// Removes every row of the version table.
    pub(crate) async fn clear_versions(&mut self) -> Result<(), Failure> {
        let clear = self.engine.clear_versions(self.table());
        self.link.execute(clear).await?;
        self.versions.rows = Some(alembic_history::Rows::default());
        Ok(())
    }

    /// Returns the request for a statement of a revision.
    pub(crate) fn statement<'s>(&self, statement: FileStatement<'s>) -> Execute<'s> {
        let request = Execute::new(Task::RunStatement, statement.sql);
        let request = request.watched_by(self.engine.watch());
        match self.engine.undo(statement.kind()) {
            None => request,
            Some(undo) => request.undone_by(undo),
        }
    }

    /// Records a change to the version table, unless it did not change exactly one row.
    pub(crate) fn count_change(&mut self, change: RowChange, changed: u64) -> Result<(), Failure> {
        if changed != 1 {
            let table = self.table();
            let statement = self.engine.change_versions(table, self.graph(), change);
            return Err(Failure::RowCount {
                table: table.quoted(),
                sql: statement.sql.into_owned(),
                changed,
            });
        }
        self.versions.rows.get_or_insert_default().apply(change);
        Ok(())
    }

    /// Refuses to continue when the version table holds other rows than it should, whether a
    /// statement of a revision, a trigger or another session changed them.
    pub(crate) async fn check_versions(
        &mut self,
        moment: Moment,
        lookup: Lookup,
    ) -> Result<(), Failure> {
        let expected = self.versions.rows();
        let graph = self.graph();
        let engine = &mut *self.engine;
        let read = self
            .versions
            .read(engine, &self.link, graph, (moment, lookup))
            .await;
        if moment == Moment::BeforeCommit {
            // It has executed what was deferred.
            self.link.report_notices_of_commit().await;
        }
        read?;
        let found = self.versions.rows();
        if found == expected {
            return Ok(());
        }
        Err(Failure::RowsMoved {
            expected: expected.versions(self.graph()),
            found: found.versions(self.graph()),
        })
    }

    /// Restores the settings that the statements of a revision may have changed.
    pub(crate) async fn restore_session(&self) -> Result<(), RefusedRequest> {
        for statement in self.engine.restore_session(self.link.is_open) {
            self.link.execute(statement).await?;
        }
        Ok(())
    }

    /// Switches off the enforcement of foreign keys for the next transaction.
    pub(crate) async fn hold_foreign_keys(&mut self) -> Result<(), Failure> {
        self.engine.hold_foreign_keys(&mut self.link).await
    }

    /// Begins a transaction that excludes other migrators.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        let table = &self.versions.table;
        self.engine.begin(&mut self.link, table).await
    }

    /// Commits, unless the lock is lost: another migrator may then have done the same work. A dry run
    /// rolls back instead.
    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        if self.runner.dry_run {
            return Ok(self.rollback().await?);
        }
        if let Err(failure) = self.engine.commit(&mut self.link).await {
            if let Failure::Database {
                action: crate::action::Action::Commit,
                error,
            } = &failure
                && error.kind() == DatabaseErrorKind::ConnectionLost
            {
                self.ledger.lose_commit();
            }
            return Err(failure);
        }
        self.link.is_open = false;
        self.ledger.commit();
        self.link.report(Event::Committed).await;
        Ok(())
    }

    /// Rolls back, if a transaction is open.
    pub(crate) async fn rollback(&mut self) -> Result<(), RefusedRequest> {
        if self.link.is_open {
            self.ledger.roll_back();
            self.versions.log.roll_back();
        }
        self.link.rollback().await
    }

    /// Returns the outcome of an attempt, unless it met another session's lock and nothing is
    /// committed: then the database is as before, and the attempt can be repeated.
    pub(crate) async fn settle<T>(
        &mut self,
        outcome: Result<T, Failure>,
    ) -> Option<Result<T, Failure>> {
        match outcome {
            Err(failure) if self.ledger.is_untouched() => match self.retry(failure).await {
                Ok(()) => None,
                Err(failure) => Some(Err(failure)),
            },
            outcome => Some(outcome),
        }
    }

    /// Rolls back a transaction that met another session's lock, and waits briefly, as long as the
    /// lock timeout allows.
    pub(crate) async fn retry(&mut self, failure: Failure) -> Result<(), Failure> {
        let Some(error) = failure.database_error() else {
            return Err(failure);
        };
        let Some(waited) = self.engine.retried_after(&self.link) else {
            return Err(failure);
        };
        let is_retried = error.kind() == DatabaseErrorKind::Busy
            && self.link.is_open
            && self.retries.waited < self.link.lock_timeout;
        if !is_retried {
            return Err(failure);
        }
        let error = error.to_string();
        self.rollback().await?;
        self.ledger.forget_open_steps();
        let Retries { count, .. } = self.retries;
        let pause = RETRY_PAUSE * 2_u32.pow(count.min(5) as u32);
        self.retries.count += 1;
        self.retries.waited += pause + waited;
        let retries = self.retries.count;
        self.link.report(Event::Retrying { error, retries }).await;
        self.link.pause(pause).await;
        Ok(())
    }
}
