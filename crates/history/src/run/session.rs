//! What the commands have in common: the version table, transactions, and the state they leave.

use std::borrow::Cow;
use std::time::Duration;

use super::exchange::Port;
use super::foreign_keys::{self, Dangling};
use super::{
    Action, DatabaseError, DatabaseErrorKind, DatabaseState, Event, Fault, Place, Reply, Request,
    RunError, Runner, StepReport, TransactionMode,
};
use crate::sql;
use crate::{
    Dialect, Direction, FileStatement, Node, Plan, PlanError, Position, Reversal, RevisionId,
    RowChange, Section, Step,
};

/// A conversation with one database.
pub(super) struct Session<'h> {
    pub(super) runner: Runner<'h>,
    port: Port<'h>,
    /// The connection's own lock timeout, in milliseconds, to be restored.
    lock_timeout: Option<String>,
    /// Whether the connection enforced foreign keys, and is to do so again.
    foreign_keys: bool,
    /// Whether a transaction of ours is open.
    open: bool,
    /// The revisions that are done, and whether they are committed yet.
    done: Vec<StepReport>,
    committed: usize,
    /// The revision that has statements committed and is not done, and how many.
    partial: Option<(Node, usize)>,
}

/// For how long a statement waits for a lock before the run tells that it is waiting.
const WAITING_TURN: Duration = Duration::from_secs(1);

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
            runner,
            port,
            lock_timeout: None,
            foreign_keys: false,
            open: false,
            done: Vec::new(),
            committed: 0,
            partial: None,
        };
        match session.set_lock_timeout().await {
            Ok(()) => Ok(session),
            Err(fault) => Err(session.failed(fault, None)),
        }
    }

    /// Undoes what a command leaves open, restores the connection's settings, and says what state
    /// the database is in when the command failed.
    pub(super) async fn close<T>(mut self, outcome: Result<T, Fault>) -> Result<T, RunError> {
        let rollback = self.rollback().await;
        let restored = self.restore_settings().await;
        match (outcome, restored) {
            (Ok(done), Ok(())) => Ok(done),
            // The first failure is the one to tell.
            (Err(fault), _) | (Ok(_), Err(fault)) => Err(self.failed(fault, rollback)),
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
        if std::mem::take(&mut self.foreign_keys) {
            let restored = foreign_keys::switch_on(&self.port).await;
            restored.map_err(|error| Fault::Database {
                action: Action::SwitchForeignKeys,
                error,
            })?;
        }
        if let Some(found) = self.lock_timeout.take() {
            let restore = format!("PRAGMA busy_timeout = {found}");
            self.execute(Action::SetLockTimeout, restore).await?;
        }
        Ok(())
    }

    /// Does `action` of the run itself.
    async fn execute(&self, action: Action, sql: impl Into<Cow<'h, str>>) -> Result<u64, Fault> {
        self.port
            .execute(sql)
            .await
            .map_err(|error| Fault::Database { action, error })
    }

    /// Asks again, as long as the lock timeout allows, when somebody else holds a lock.
    ///
    /// For requests that change nothing when they fail.
    async fn ask_patiently(&self, request: Request<'h>) -> Reply {
        let start = (self.runner.clock)();
        loop {
            let reply = self.port.ask(request.clone()).await;
            let waited = (self.runner.clock)().saturating_sub(start);
            match reply {
                Reply::Failed(error)
                    if error.kind == DatabaseErrorKind::Busy
                        && waited < self.runner.lock_timeout =>
                {
                    self.port.tell(Event::Waiting { waited }).await;
                }
                reply => return reply,
            }
        }
    }

    /// Reads the version table without creating it.
    pub(super) async fn versions(&self) -> Result<Versions, Fault> {
        let Runner {
            dialect,
            version_table,
            ..
        } = &self.runner;
        let malformed = |why: &str| Fault::MalformedVersionTable {
            table: version_table.quoted(),
            why: why.to_owned(),
        };
        let database = |action| move |error| Fault::Database { action, error };
        let find = Request::Query(version_table.find(*dialect).into());
        let found = self.ask_patiently(find).await.rows();
        let found = found.map_err(database(Action::FindVersionTable))?;
        match found.first().and_then(|row| row.first()?.as_deref()) {
            None => return Ok(Versions::NoTable),
            Some("table") => {}
            Some(_) => return Err(malformed("it is a view")),
        }
        let select = Request::Query(version_table.select(*dialect).into());
        let rows = match self.ask_patiently(select).await.rows() {
            Ok(rows) => rows,
            Err(error) if error.kind == DatabaseErrorKind::Other => {
                return Err(malformed(&error.to_string()));
            }
            Err(error) => return Err(database(Action::ReadVersionTable)(error)),
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

    pub(super) async fn create_version_table(&self) -> Result<(), Fault> {
        let sql = self.runner.version_table.create(self.runner.dialect);
        self.execute(Action::CreateVersionTable, sql)
            .await
            .map(drop)
    }

    /// Makes changes to the version table, each of which must change exactly one row.
    pub(super) async fn change_rows(&self, changes: &[RowChange]) -> Result<(), Fault> {
        for change in changes {
            let sql = self
                .runner
                .version_table
                .change(change, self.runner.dialect);
            let changed = self.execute(Action::WriteVersionTable, sql.clone()).await?;
            if changed != 1 {
                return Err(Fault::RowCount {
                    table: self.runner.version_table.quoted(),
                    sql,
                    changed,
                });
            }
        }
        Ok(())
    }

    pub(super) async fn purge(&self) -> Result<(), Fault> {
        let sql = self.runner.version_table.purge(self.runner.dialect);
        self.execute(Action::WriteVersionTable, sql).await.map(drop)
    }

    /// Begins a transaction that is alone in writing.
    pub(super) async fn begin(&mut self) -> Result<(), Fault> {
        let begin = match self.runner.dialect {
            // A deferred transaction could not wait when it comes to write: SQLite would fail at
            // once, because somebody else may have written since it read.
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        };
        let begun = self.ask_patiently(Request::Execute(begin.into())).await;
        begun.changed().map_err(|error| Fault::Database {
            action: Action::Begin,
            error,
        })?;
        self.open = true;
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), Fault> {
        let committed = self.ask_patiently(Request::Execute("COMMIT".into())).await;
        committed.changed().map_err(|error| Fault::Database {
            action: Action::Commit,
            error,
        })?;
        self.open = false;
        self.committed = self.done.len();
        self.port.tell(Event::Committed).await;
        Ok(())
    }

    /// Undoes what is not committed, if anything is open.
    pub(super) async fn rollback(&mut self) -> Option<DatabaseError> {
        if !self.open {
            return None;
        }
        self.open = false;
        self.port.execute("ROLLBACK").await.err()
    }

    /// Describes a failure and the state that it leaves.
    pub(super) fn failed(&self, fault: Fault, rollback: Option<DatabaseError>) -> RunError {
        let graph = self.runner.history.graph();
        let done = self.done[..self.committed].iter();
        let done: Vec<RevisionId> = done.map(|step| step.revision.clone()).collect();
        let state = match self.partial {
            Some((node, statements)) => DatabaseState::Partial {
                done,
                revision: graph[node].id.clone(),
                statements,
            },
            None if done.is_empty() => DatabaseState::Unchanged,
            None => DatabaseState::Committed {
                done,
                transaction: self.runner.transaction,
            },
        };
        RunError {
            fault,
            state,
            rollback,
        }
    }

    /// Returns the revisions that are done, in order.
    pub(super) fn take_done(&mut self) -> Vec<StepReport> {
        std::mem::take(&mut self.done)
    }

    /// Refuses a plan that cannot be carried out to its end.
    pub(super) fn check_reversible(&self, plan: &Plan) -> Result<(), Fault> {
        if plan.direction == Direction::Upgrade {
            return Ok(());
        }
        for step in &plan.steps {
            let file = self.runner.history.file(step.revision);
            let reason = match file.file.reversal(self.runner.dialect) {
                Reversal::Possible => continue,
                Reversal::Declared(reason) => Some(reason.to_owned()),
                Reversal::Missing => None,
            };
            return Err(Fault::Irreversible {
                revision: file.file.header.id.name.clone(),
                path: file.path.clone(),
                reason,
            });
        }
        Ok(())
    }

    /// Carries out what `decide` plans from the rows, under lock.
    ///
    /// `decide` sees the rows again once the lock is held, since whoever held it before may have
    /// done some of the work, or all of it.
    pub(super) async fn carry_out(&mut self, decide: Decide<'_>) -> Result<Vec<Node>, Fault> {
        let switched = foreign_keys::switch_off(&self.port, self.runner.dialect).await;
        self.foreign_keys = switched.map_err(|error| Fault::Database {
            action: Action::SwitchForeignKeys,
            error,
        })?;
        let mut plan: Option<Plan> = None;
        loop {
            self.begin().await?;
            let versions = self.versions().await?;
            let rows = self.nodes(&versions)?;
            let rest = match plan {
                None => decide(&rows).map_err(Fault::Plan)?,
                Some(plan) => self.runner.history.graph().resume(&plan, &rows),
            };
            self.check_reversible(&rest)?;
            if rest.steps.is_empty() {
                self.rollback().await;
                return Ok(rows);
            }
            if versions == Versions::NoTable {
                self.create_version_table().await?;
            }
            let batch = match self.runner.transaction {
                TransactionMode::Run => rest.steps.len(),
                TransactionMode::Revision => 1,
            };
            self.run_steps(&rest, batch).await?;
            if batch == rest.steps.len() {
                return Ok(rest.rows);
            }
            plan = Some(rest);
        }
    }

    /// Runs the first `batch` steps of a plan and commits them.
    async fn run_steps(&mut self, plan: &Plan, batch: usize) -> Result<(), Fault> {
        let direction = plan.direction;
        let steps = &plan.steps[..batch];
        let before = self.dangling_before(steps, direction).await;
        let total = self.done.len() + plan.steps.len();
        for step in steps {
            self.port
                .tell(Event::StepStarted {
                    revision: step.revision,
                    direction,
                    done: self.done.len(),
                    total,
                })
                .await;
            let start = (self.runner.clock)();
            self.run_sections(step.revision, direction).await?;
            self.change_rows(&step.rows).await?;
            let took = (self.runner.clock)().saturating_sub(start);
            let revision = &self.runner.history.graph()[step.revision];
            self.done.push(StepReport {
                revision: revision.id.clone(),
                message: revision.message.clone(),
                took,
            });
            self.partial = None;
            let revision = step.revision;
            self.port.tell(Event::StepFinished { revision, took }).await;
        }
        if let Some(before) = before {
            let after = foreign_keys::dangling(&self.port).await;
            let after = after.map_err(|error| Fault::Database {
                action: Action::CheckForeignKeys,
                error,
            })?;
            let violations = foreign_keys::new_violations(&before, &after);
            if !violations.is_empty() {
                return Err(Fault::ForeignKeys { violations });
            }
        }
        self.commit().await
    }

    /// Counts what refers to nothing before the steps, where they could add to it.
    ///
    /// Where SQLite cannot count because of what is there already, the steps are not to blame.
    async fn dangling_before(&self, steps: &[Step], direction: Direction) -> Option<Dangling> {
        let statements = steps.iter().flat_map(|step| {
            let sections = self.sections(step.revision, direction);
            sections.flat_map(|section| self.statements(step.revision, section))
        });
        let statements = statements.map(|statement| statement.sql);
        if !foreign_keys::may_dangle(statements, self.runner.dialect) {
            return None;
        }
        foreign_keys::dangling(&self.port).await.ok()
    }

    fn sections(
        &self,
        node: Node,
        direction: Direction,
    ) -> impl Iterator<Item = &'h Section> + use<'h> {
        let file = &self.runner.history.file(node).file;
        file.sections(direction, self.runner.dialect)
    }

    fn statements(&self, node: Node, section: &Section) -> Vec<FileStatement<'h>> {
        let file = self.runner.history.file(node);
        file.statements(section, self.runner.dialect)
    }

    /// Runs the statements of a revision.
    async fn run_sections(&mut self, node: Node, direction: Direction) -> Result<(), Fault> {
        let mut done = 0;
        for section in self.sections(node, direction) {
            let statements = self.statements(node, section);
            if section.transaction {
                for statement in statements {
                    self.run_statement(node, statement, done + 1).await?;
                    done += 1;
                }
                continue;
            }
            let expected = self.versions().await?;
            self.commit().await?;
            if done > 0 {
                self.partial = Some((node, done));
            }
            for statement in statements {
                self.run_statement(node, statement, done + 1).await?;
                done += 1;
                self.partial = Some((node, done));
            }
            self.begin().await?;
            let found = self.versions().await?;
            if found != expected {
                return Err(Fault::RowsMoved {
                    expected: expected.rows().to_vec(),
                    found: found.rows().to_vec(),
                });
            }
        }
        Ok(())
    }

    async fn run_statement(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
    ) -> Result<(), Fault> {
        let Err(error) = self.port.execute(statement.sql).await else {
            return Ok(());
        };
        let file = self.runner.history.file(node);
        let offset = statement.span.start + error.offset.unwrap_or(0);
        Err(Fault::Statement {
            place: Place {
                revision: file.file.header.id.name.clone(),
                path: file.path.clone(),
                position: Position::of(&file.text, offset),
                span: statement.span,
                offset,
                statement: number,
                summary: sql::summary(statement.sql, self.runner.dialect),
            },
            error,
        })
    }
}
