//! What the commands have in common: the version table, transactions, and the state they leave.

use crate::version_table::VersionSql as _;
use std::borrow::Cow;
use std::time::Duration;

use super::exchange::Port;
use super::foreign_keys;
use super::lock::Lock;
use super::pieces::Piece;
use super::progress::Progress;
use super::refusal::Refusal;
use super::{
    Action, DatabaseError, DatabaseErrorKind, DatabaseState, Event, Fault, Reply, Request,
    RunError, Runner, StepReport,
};
use alembic_history::{Dialect, Node, Plan, PlanError, RevisionId, RowChange, VersionTable};

/// A conversation with one database.
pub(super) struct Session<'h> {
    pub(super) runner: Runner<'h>,
    pub(super) port: Port<'h>,
    /// The version table; on PostgreSQL with its schema, once it was looked for, so that a
    /// statement that sets the search path does not hide it.
    pub(super) table: VersionTable,
    /// The database's name, on PostgreSQL, once the version table was looked for.
    pub(super) database: String,
    /// Whether the database has a table that records an unfinished revision.
    pub(super) has_progress: bool,
    /// How far the revision is whose sections run outside of transactions.
    pub(super) progress: Option<Progress>,
    /// What keeps other migrators away, on PostgreSQL.
    pub(super) lock: Lock,
    /// How often a transaction was begun again, and how long that was waited for.
    retries: usize,
    waited: Duration,
    /// The connection's own lock timeout, in milliseconds, to be restored.
    lock_timeout: Option<String>,
    /// Whether the connection enforced foreign keys, to be restored.
    foreign_keys: Option<bool>,
    /// The connection's own search path, on PostgreSQL, until what may set it is committed.
    pub(super) search_path: Option<String>,
    /// Whether a transaction of ours is open.
    pub(super) open: bool,
    /// The revisions that are done, and whether they are committed yet.
    pub(super) done: Vec<StepReport>,
    committed: usize,
    /// Whether a database without a version table was stamped at the baseline, and whether that is
    /// committed.
    stamped: Made,
    /// The revision that has statements committed and whose row is not.
    pub(super) partial: Option<Partial>,
    /// Whether the connection was lost while committing, so that nobody knows the outcome.
    unknown: bool,
    /// Whether this run has created the version table, and whether that is committed.
    created_table: Made,
    /// What the version table holds, as far as this run knows.
    expected: Versions,
}

/// A revision that is done in part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partial {
    pub(super) node: Node,
    /// How many of its statements are committed.
    pub(super) statements: usize,
    /// Whether the next one may have happened.
    pub(super) uncertain: bool,
}

impl Partial {
    /// Describes a revision, unless nothing of it is done or can be.
    pub(super) fn of(node: Node, statements: usize, uncertain: bool) -> Option<Self> {
        (statements > 0 || uncertain).then_some(Self {
            node,
            statements,
            uncertain,
        })
    }
}

/// What came of something that other work follows in the same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    No,
    Open,
    Committed,
}

impl Made {
    fn commit(&mut self) {
        if *self == Self::Open {
            *self = Self::Committed;
        }
    }

    fn roll_back(&mut self) {
        if *self == Self::Open {
            *self = Self::No;
        }
    }
}

/// For how long a statement waits for a lock before the run tells that it is waiting.
pub(super) const WAITING_TURN: Duration = Duration::from_secs(1);

/// How long a run waits at least before it asks again for what somebody else has locked.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// How long a statement on PostgreSQL waits for a lock before its transaction is rolled back and
/// begun again: whoever asks for a lock on the same table meanwhile waits behind it.
pub(super) const STATEMENT_LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a transaction waits before it is begun again for the first time.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Makes a plan from the rows of the version table.
pub(super) type Decide<'d> = &'d (dyn Fn(&[Node]) -> Result<Plan, PlanError> + Send + Sync);

/// The rows of the version table, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Versions {
    NoTable,
    Rows(Vec<String>),
}

impl Versions {
    pub(super) fn rows(&self) -> &[String] {
        match self {
            Versions::NoTable => &[],
            Versions::Rows(rows) => rows,
        }
    }

    pub(super) fn into_rows(self) -> Vec<String> {
        match self {
            Versions::NoTable => Vec::new(),
            Versions::Rows(rows) => rows,
        }
    }
}

impl<'h> Session<'h> {
    /// Begins the conversation; nothing that it sets outlasts [`Session::close`].
    pub(super) async fn open(runner: Runner<'h>, port: Port<'h>) -> Result<Self, RunError> {
        let mut session = Self {
            table: runner.version_table.clone(),
            runner,
            port,
            database: String::new(),
            has_progress: false,
            progress: None,
            lock: Lock::default(),
            retries: 0,
            waited: Duration::ZERO,
            lock_timeout: None,
            foreign_keys: None,
            search_path: None,
            open: false,
            done: Vec::new(),
            committed: 0,
            stamped: Made::No,
            partial: None,
            unknown: false,
            created_table: Made::No,
            expected: Versions::NoTable,
        };
        if !session
            .runner
            .history
            .is_checked_for(session.runner.dialect)
        {
            let dialect = session.runner.dialect;
            return Err(session.failed(Fault::UncheckedDialect { dialect }, None));
        }
        match session.set_lock_timeout().await {
            Ok(()) => Ok(session),
            Err(fault) => Err(session.failed(fault, None)),
        }
    }

    /// Undoes what a command leaves open, restores the connection's settings, and says what state
    /// the database is in when the command failed.
    pub(super) async fn close<T>(mut self, outcome: Result<T, Fault>) -> Result<T, RunError> {
        let rollback = self.rollback().await;
        if outcome.is_err() && rollback.is_none() {
            // The first failure is the one to tell.
            let _ = self.restore_search_path().await;
        }
        let restored = self.restore_settings().await;
        self.release().await;
        let done = match outcome {
            Ok(done) => done,
            // The first failure is the one to tell.
            Err(fault) => return Err(self.failed(fault, rollback)),
        };
        let undone = rollback.map_or(Ok(()), |error| {
            Err(Fault::Database {
                action: Action::Rollback,
                error,
            })
        });
        match undone.and(restored) {
            Ok(()) => Ok(done),
            Err(fault) => Err(self.failed(fault, None)),
        }
    }

    /// Lets single statements wait for locks, in turns short enough to tell of it in between.
    async fn set_lock_timeout(&mut self) -> Result<(), Fault> {
        if self.runner.dialect != Dialect::Sqlite {
            return Ok(());
        }
        let fault = |error| Fault::Database {
            action: Action::SetLockTimeout,
            error,
        };
        let found = self
            .port
            .query("PRAGMA busy_timeout")
            .await
            .map_err(fault)?;
        let turn = self.runner.lock_timeout.min(WAITING_TURN).as_millis();
        let set = format!("PRAGMA busy_timeout = {turn}");
        self.execute(Action::SetLockTimeout, set).await?;
        self.lock_timeout = found
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next()?);
        Ok(())
    }

    async fn restore_settings(&mut self) -> Result<(), Fault> {
        let restored = match self.foreign_keys.take() {
            None => Ok(()),
            Some(found) => foreign_keys::switch(&self.port, found).await,
        };
        if let Some(found) = self.lock_timeout.take() {
            // What was asked for is done, whether or not this works.
            let restore = format!("PRAGMA busy_timeout = {found}");
            let _ = self.port.execute(restore).await;
        }
        restored.map_err(|error| Fault::Database {
            action: Action::SwitchForeignKeys,
            error,
        })
    }

    /// Keeps foreign keys from being enforced in the transaction that comes next.
    pub(super) async fn hold_foreign_keys(&mut self) -> Result<(), Fault> {
        let found = foreign_keys::switch_off(&self.port, self.runner.dialect).await;
        let found = found.map_err(|error| Fault::Database {
            action: Action::SwitchForeignKeys,
            error,
        })?;
        self.foreign_keys = self.foreign_keys.or(found);
        Ok(())
    }

    pub(super) async fn tell(&self, event: Event) {
        self.port.tell(event).await;
    }

    /// Does `action` of the run itself.
    pub(super) async fn execute(
        &self,
        action: Action,
        sql: impl Into<Cow<'h, str>>,
    ) -> Result<u64, Fault> {
        self.port
            .execute(sql)
            .await
            .map_err(|error| Fault::Database { action, error })
    }

    /// Asks again, as long as the lock timeout allows, when somebody else holds a lock.
    ///
    /// For requests that change nothing when they fail.
    pub(super) async fn ask_patiently(&self, request: Request<'h>) -> Reply {
        let start = (self.runner.clock)();
        let mut told = Duration::ZERO;
        loop {
            let reply = self.port.ask(request.clone()).await;
            let waited = (self.runner.clock)().saturating_sub(start);
            match reply {
                Reply::Failed(error)
                    if error.kind == DatabaseErrorKind::Busy
                        && waited < self.runner.lock_timeout
                        && !self.is_aborted() =>
                {
                    if waited + PAUSE >= told + WAITING_TURN {
                        told = waited;
                        let holder = None;
                        self.tell(Event::Waiting { waited, holder }).await;
                    }
                    // SQLite has waited already, but not for the other connections to a shared
                    // cache.
                    self.port.pause(PAUSE).await;
                }
                reply => return reply,
            }
        }
    }

    /// Tells whether an error leaves nothing to be asked but a rollback.
    fn is_aborted(&self) -> bool {
        self.open && self.runner.dialect == Dialect::Postgres
    }

    /// Reads the version table without creating it; what it holds from now on is this run's doing.
    pub(super) async fn versions(&mut self) -> Result<Versions, Fault> {
        self.expected = self.read_versions().await?;
        Ok(self.expected.clone())
    }

    /// Looks for the version table, and returns what kind of object has its name.
    pub(super) async fn find_version_table(&mut self) -> Result<Option<String>, Fault> {
        let dialect = self.runner.dialect;
        let find = Request::Query(self.table.find(dialect).into());
        let found = self.ask_patiently(find).await.rows();
        // The first request of all tells whether there is a server.
        let action = |error: &DatabaseError| match (dialect, error.kind) {
            (Dialect::Postgres, DatabaseErrorKind::CannotOpen) => Action::Connect,
            (Dialect::Sqlite | Dialect::Postgres, _) => Action::FindVersionTable,
        };
        let found = found.map_err(|error| Fault::Database {
            action: action(&error),
            error,
        })?;
        let mut cells = found.into_iter().next().unwrap_or_default().into_iter();
        let kind = cells.next().flatten();
        self.has_progress = cells.next().flatten().as_deref() == Some("1");
        if dialect == Dialect::Postgres {
            self.table.schema = cells.next().flatten();
            self.database = cells.next().flatten().unwrap_or_default();
        }
        Ok(kind)
    }

    /// Reads one of the run's own tables, which somebody else may have locked.
    pub(super) async fn read(
        &self,
        table: &VersionTable,
        select: String,
    ) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
        let select = match self.runner.dialect {
            // Within a transaction, the server waits only so long. To set that outside of one would
            // need another message, or change the settings of a caller's transaction.
            Dialect::Postgres if !self.open => format!("{}; {select}", table.lock_to_read()),
            Dialect::Sqlite | Dialect::Postgres => select,
        };
        let select = Request::Query(select.into());
        self.ask_patiently(select).await.rows()
    }

    async fn read_versions(&mut self) -> Result<Versions, Fault> {
        let kind = self.find_version_table().await?;
        let table = &self.table;
        let malformed = |why: &str| Fault::MalformedVersionTable {
            table: table.quoted(),
            why: why.to_owned(),
        };
        match kind.as_deref() {
            None => return Ok(Versions::NoTable),
            Some("table") => {}
            Some("index") => return Err(malformed("it is an index")),
            Some(kind) => return Err(malformed(&format!("it is a {kind}"))),
        }
        let select = table.select(self.runner.dialect);
        let rows = match self.read(table, select).await {
            Ok(rows) => rows,
            Err(error) if error.kind == DatabaseErrorKind::Other => {
                return Err(malformed(&error.to_string()));
            }
            Err(error) => {
                let action = Action::ReadVersionTable;
                return Err(Fault::Database { action, error });
            }
        };
        let mut versions = Vec::with_capacity(rows.len());
        for row in rows {
            match row.into_iter().next().flatten() {
                Some(version) => versions.push(version),
                None => return Err(malformed("a row holds NULL")),
            }
        }
        versions.sort_unstable();
        Ok(Versions::Rows(versions))
    }

    pub(super) fn nodes(&self, versions: &Versions) -> Result<Vec<Node>, Fault> {
        let graph = self.runner.history.graph();
        graph.rows(versions.rows()).map_err(Fault::Plan)
    }

    /// Creates the version table, unless it is there.
    pub(super) async fn provide_version_table(&mut self) -> Result<(), Fault> {
        if self.expected == Versions::NoTable {
            let sql = self.table.create(self.runner.dialect);
            self.execute(Action::CreateVersionTable, sql).await?;
            self.expected = Versions::Rows(Vec::new());
            self.created_table = Made::Open;
        }
        Ok(())
    }

    /// Drops the version table, if this run has created it and it tells nothing.
    pub(super) async fn drop_own_version_table(&mut self) -> Result<(), Fault> {
        if self.created_table != Made::No && self.expected.rows().is_empty() {
            let sql = format!("DROP TABLE {}", self.table.quoted());
            self.execute(Action::WriteVersionTable, sql).await?;
            self.expected = Versions::NoTable;
        }
        Ok(())
    }

    /// Makes changes to the version table, each of which must change exactly one row.
    pub(super) async fn change_rows(&mut self, changes: &[RowChange]) -> Result<(), Fault> {
        self.provide_version_table().await?;
        let changes: Vec<Piece<'_, '_>> = changes.iter().map(Piece::Row).collect();
        self.run_pieces(&changes).await
    }

    /// Takes a change to the version table for done, unless it has changed another number of rows.
    pub(super) fn count_row(&mut self, change: &RowChange, changed: u64) -> Result<(), Fault> {
        if changed != 1 {
            return Err(Fault::RowCount {
                table: self.table.quoted(),
                sql: self.table.change(change, self.runner.dialect),
                changed,
            });
        }
        self.expected = Versions::Rows(changed_rows(self.expected.rows(), change));
        Ok(())
    }

    /// Refuses to go on when the version table holds anything else than it should, be it by a
    /// statement of a revision, by a trigger, or by somebody else.
    pub(super) async fn check_versions(&mut self) -> Result<(), Fault> {
        let expected = self.expected.rows().to_vec();
        let found = self.versions().await?;
        if found.rows() == expected {
            return Ok(());
        }
        Err(Fault::RowsMoved {
            expected,
            found: found.into_rows(),
        })
    }

    /// Stamps a database that has no version table, before revisions are applied to it.
    pub(super) async fn adopt(&mut self, changes: &[RowChange]) -> Result<(), Fault> {
        self.change_rows(changes).await?;
        self.stamped = Made::Open;
        self.check_versions().await
    }

    pub(super) async fn purge(&mut self) -> Result<(), Fault> {
        let sql = self.table.purge(self.runner.dialect);
        self.execute(Action::WriteVersionTable, sql).await?;
        self.expected = Versions::Rows(Vec::new());
        Ok(())
    }

    /// Counts revisions as done that came with a target schema.
    pub(super) fn count_as_done(&mut self, nodes: &[Node]) {
        let graph = self.runner.history.graph();
        let done = nodes.iter().map(|node| StepReport {
            revision: graph[*node].id.clone(),
            message: graph[*node].message.clone(),
            took: Duration::ZERO,
        });
        self.done.extend(done);
    }

    /// Begins a transaction that is alone in writing.
    pub(super) async fn begin(&mut self) -> Result<(), Fault> {
        match self.runner.dialect {
            Dialect::Sqlite => self.begin_sqlite().await,
            Dialect::Postgres => self.begin_postgres().await,
        }
    }

    async fn begin_sqlite(&mut self) -> Result<(), Fault> {
        let fault = |error| Fault::Database {
            action: Action::Begin,
            error,
        };
        // A deferred transaction could not wait when it comes to write: SQLite would fail at once,
        // because somebody else may have written since it read.
        let begin = Request::Execute("BEGIN IMMEDIATE".into());
        self.ask_patiently(begin).await.changed().map_err(fault)?;
        self.open = true;
        let mode = self
            .port
            .query("PRAGMA journal_mode")
            .await
            .map_err(fault)?;
        if mode == [[Some("off".to_owned())]] {
            return Err(fault(Refusal::NoJournal.into()));
        }
        Ok(())
    }

    async fn begin_postgres(&mut self) -> Result<(), Fault> {
        self.take_lock().await?;
        if !self.open {
            self.begin_plain().await?;
        }
        let turn = self.statement_lock_timeout().as_millis().max(1).to_string();
        // What runs outside of transactions is to be read alike, and then the connection is our own.
        let reading = match self.lock {
            Lock::Aside => Lasting::Connection,
            Lock::None | Lock::Inside => Lasting::Transaction,
        };
        let settings = set(&[
            ("lock_timeout", &turn, Lasting::Transaction),
            // Has the server notice that this program has died.
            (
                "client_connection_check_interval",
                "1000",
                Lasting::Transaction,
            ),
            // Has it read strings as the splitter does.
            ("standard_conforming_strings", "on", reading),
        ]);
        let settings = format!("{settings} UNION ALL SELECT {}::text", self.keep_away());
        let set = self.port.query(settings).await;
        let set = set.map_err(|error| Fault::Database {
            action: Action::SetLockTimeout,
            error,
        })?;
        if set.contains(&vec![Some("false".to_owned())]) {
            // One of the two has lost the lock.
            self.check_lock().await?;
            return Err(Fault::Database {
                action: Action::Lock,
                error: DatabaseError {
                    kind: DatabaseErrorKind::Busy,
                    offset: None,
                    code: None,
                    source: "another migrator is at work in a transaction".into(),
                },
            });
        }
        Ok(())
    }

    /// Returns how long a statement waits for a lock before its transaction is begun again.
    fn statement_lock_timeout(&self) -> Duration {
        self.runner.lock_timeout.min(STATEMENT_LOCK_TIMEOUT)
    }

    /// Begins a transaction on PostgreSQL, whatever isolation the connection would have.
    pub(super) async fn begin_plain(&mut self) -> Result<(), Fault> {
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
        self.execute(Action::Begin, begin).await?;
        self.open = true;
        Ok(())
    }

    /// Commits, unless the lock is lost: then somebody else may have done the same.
    pub(super) async fn commit(&mut self) -> Result<(), Fault> {
        self.check_lock().await?;
        let commit = Request::Execute("COMMIT".into());
        let committed = match self.runner.dialect {
            Dialect::Sqlite => self.ask_patiently(commit).await.changed(),
            // What fails is rolled back at once.
            Dialect::Postgres => self.port.ask(commit).await.changed(),
        };
        committed.map_err(|error| {
            self.unknown = error.kind == DatabaseErrorKind::ConnectionLost;
            Fault::Database {
                action: Action::Commit,
                error,
            }
        })?;
        self.open = false;
        self.committed = self.done.len();
        self.stamped.commit();
        self.created_table.commit();
        self.partial = None;
        self.tell(Event::Committed).await;
        Ok(())
    }

    /// Tells whether the whole command can be begun again, since no step and no stamp is committed.
    pub(super) fn is_untouched(&self) -> bool {
        self.committed == 0 && self.stamped != Made::Committed
    }

    /// Returns the outcome of an attempt, unless it met somebody else's lock and nothing is
    /// committed: then everything is as before, and another attempt can be made.
    pub(super) async fn settle<T>(
        &mut self,
        outcome: Result<T, Fault>,
    ) -> Option<Result<T, Fault>> {
        match outcome {
            Err(fault) if self.is_untouched() => match self.retry(fault).await {
                Ok(()) => None,
                Err(fault) => Some(Err(fault)),
            },
            outcome => Some(outcome),
        }
    }

    /// Rolls a transaction back that met somebody else's lock, and waits a little, as long as the
    /// lock timeout allows.
    ///
    /// On SQLite all locks are waited for at the beginning.
    pub(super) async fn retry(&mut self, fault: Fault) -> Result<(), Fault> {
        let (Fault::Statement { error, .. }
        | Fault::Schema { error, .. }
        | Fault::Database { error, .. }) = &fault
        else {
            return Err(fault);
        };
        let is_retried = self.runner.dialect == Dialect::Postgres
            && error.kind == DatabaseErrorKind::Busy
            && self.open
            && self.waited < self.runner.lock_timeout;
        if !is_retried {
            return Err(fault);
        }
        let message = error.to_string();
        if let Some(error) = self.rollback().await {
            return Err(Fault::Database {
                action: Action::Rollback,
                error,
            });
        }
        self.done.truncate(self.committed);
        let pause = RETRY_PAUSE * 2_u32.pow(self.retries.min(5) as u32);
        self.retries += 1;
        self.waited += pause + self.statement_lock_timeout();
        self.tell(Event::Retrying {
            error: message,
            retries: self.retries,
        })
        .await;
        self.port.pause(pause).await;
        Ok(())
    }

    /// Undoes what is not committed, if anything is open.
    pub(super) async fn rollback(&mut self) -> Option<DatabaseError> {
        if !self.open {
            return None;
        }
        self.open = false;
        self.stamped.roll_back();
        self.created_table.roll_back();
        let error = self.port.execute("ROLLBACK").await.err();
        // The server rolls back what a lost connection leaves.
        error.filter(|error| error.kind != DatabaseErrorKind::ConnectionLost)
    }

    /// Describes a failure and the state that it leaves.
    pub(super) fn failed(&self, fault: Fault, rollback: Option<DatabaseError>) -> RunError {
        let graph = self.runner.history.graph();
        let done = self.done[..self.committed].iter();
        let done: Vec<RevisionId> = done.map(|step| step.revision.clone()).collect();
        let state = match self.partial {
            _ if self.unknown => {
                let open = self.done[self.committed..].iter();
                DatabaseState::Unknown {
                    done,
                    committing: open.map(|step| step.revision.clone()).collect(),
                }
            }
            Some(partial) => DatabaseState::Partial {
                done,
                revision: graph[partial.node].id.clone(),
                statements: partial.statements,
                uncertain: partial.uncertain,
            },
            None if done.is_empty() && self.stamped != Made::Committed => DatabaseState::Unchanged,
            None => DatabaseState::Committed {
                done,
                transaction: self.runner.transaction,
            },
        };
        RunError {
            fault: Box::new(fault),
            state,
            rollback: rollback.map(Box::new),
        }
    }

    /// Lists the tables of the database, without those that the database keeps for itself.
    pub(super) async fn tables(&self) -> Result<Vec<String>, Fault> {
        let query = match self.runner.dialect {
            Dialect::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' \
                 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            }
            // Tables of extensions are nobody's.
            Dialect::Postgres => {
                "SELECT c.relname FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema() \
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                 WHERE d.classid = 'pg_catalog.pg_class'::regclass::oid AND d.objid = c.oid \
                 AND d.deptype = 'e') ORDER BY 1"
            }
        };
        let rows = self
            .port
            .query(query)
            .await
            .map_err(|error| Fault::Database {
                action: Action::ListTables,
                error,
            })?;
        let names = rows.into_iter().filter_map(|row| row.into_iter().next()?);
        Ok(names.collect())
    }
}

/// Returns a query that sets settings, each until the transaction ends or for longer, but those that
/// the server is too old to know.
pub(super) fn set(settings: &[(&str, &str, Lasting)]) -> String {
    let settings = settings.iter().map(|(name, value, lasting)| {
        let is_local = *lasting == Lasting::Transaction;
        format!("('{name}', '{value}', {is_local})")
    });
    let settings = settings.collect::<Vec<_>>().join(", ");
    format!(
        "SELECT pg_catalog.set_config(name, value, is_local) \
         FROM (VALUES {settings}) AS s (name, value, is_local) \
         WHERE pg_catalog.current_setting(name, true) IS NOT NULL"
    )
}

/// How long a setting lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasting {
    /// Until the transaction ends.
    Transaction,
    /// Until the connection is closed.
    Connection,
}

/// Returns the rows of the version table after `change`.
pub(crate) fn changed_rows(rows: &[String], change: &RowChange) -> Vec<String> {
    let (removed, added) = match change {
        RowChange::Insert(id) => (None, Some(id)),
        RowChange::Delete(id) => (Some(id), None),
        RowChange::Update { from, to } => (Some(from), Some(to)),
    };
    let kept = rows
        .iter()
        .filter(|row| removed.is_none_or(|id| id.as_str() != *row));
    let added = added.map(|id| id.as_str().to_owned());
    let mut rows: Vec<String> = kept.cloned().chain(added).collect();
    rows.sort_unstable();
    rows
}
