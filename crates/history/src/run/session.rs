//! What the commands have in common: the version table, transactions, and the state they leave.

use std::borrow::Cow;
use std::time::Duration;

use super::exchange::Port;
use super::foreign_keys::{self, Dangling};
use super::refusal::Refusal;
use super::{
    Action, DatabaseError, DatabaseErrorKind, DatabaseState, Event, Fault, Place, Reply, Request,
    RunError, RunStep, Runner, StepReport, TransactionMode,
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
    /// Whether the connection enforced foreign keys, to be restored.
    foreign_keys: Option<bool>,
    /// Whether a transaction of ours is open.
    open: bool,
    /// The revisions that are done, and whether they are committed yet.
    done: Vec<StepReport>,
    committed: usize,
    /// Whether a database without a version table was stamped at the baseline, and whether that is
    /// committed.
    stamped: Stamped,
    /// The revision that has statements committed and whose row is not, and how many.
    partial: Option<(Node, usize)>,
    /// What the version table holds, as far as this run knows.
    expected: Versions,
}

/// What came of a stamp that other work follows in the same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stamped {
    No,
    Open,
    Committed,
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
            foreign_keys: None,
            open: false,
            done: Vec::new(),
            committed: 0,
            stamped: Stamped::No,
            partial: None,
            expected: Versions::NoTable,
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
                    self.tell(Event::Waiting { waited }).await;
                }
                reply => return reply,
            }
        }
    }

    /// Reads the version table without creating it; what it holds from now on is this run's doing.
    pub(super) async fn versions(&mut self) -> Result<Versions, Fault> {
        self.expected = self.read_versions().await?;
        Ok(self.expected.clone())
    }

    async fn read_versions(&self) -> Result<Versions, Fault> {
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
            Some(kind) => return Err(malformed(&format!("it is a {kind}"))),
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

    /// Creates the version table, unless it is there.
    pub(super) async fn provide_version_table(&mut self) -> Result<(), Fault> {
        if self.expected == Versions::NoTable {
            let sql = self.runner.version_table.create(self.runner.dialect);
            self.execute(Action::CreateVersionTable, sql).await?;
            self.expected = Versions::Rows(Vec::new());
        }
        Ok(())
    }

    /// Makes changes to the version table, each of which must change exactly one row.
    pub(super) async fn change_rows(&mut self, changes: &[RowChange]) -> Result<(), Fault> {
        self.provide_version_table().await?;
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
            self.expected = changed_rows(self.expected.rows(), change);
        }
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
        self.stamped = Stamped::Open;
        self.check_versions().await
    }

    pub(super) async fn purge(&mut self) -> Result<(), Fault> {
        let sql = self.runner.version_table.purge(self.runner.dialect);
        self.execute(Action::WriteVersionTable, sql).await?;
        self.expected = Versions::Rows(Vec::new());
        Ok(())
    }

    /// Begins a transaction that is alone in writing.
    pub(super) async fn begin(&mut self) -> Result<(), Fault> {
        let begin = match self.runner.dialect {
            // A deferred transaction could not wait when it comes to write: SQLite would fail at
            // once, because somebody else may have written since it read.
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        };
        let fault = |error| Fault::Database {
            action: Action::Begin,
            error,
        };
        let begun = self.ask_patiently(Request::Execute(begin.into())).await;
        begun.changed().map_err(fault)?;
        self.open = true;
        if self.runner.dialect == Dialect::Sqlite {
            let mode = self
                .port
                .query("PRAGMA journal_mode")
                .await
                .map_err(fault)?;
            if mode == [[Some("off".to_owned())]] {
                return Err(fault(Refusal::NoJournal.into()));
            }
        }
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
        if self.stamped == Stamped::Open {
            self.stamped = Stamped::Committed;
        }
        self.partial = None;
        self.tell(Event::Committed).await;
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
            None if done.is_empty() && self.stamped != Stamped::Committed => {
                DatabaseState::Unchanged
            }
            None => DatabaseState::Committed {
                done,
                transaction: self.runner.transaction,
            },
        };
        RunError {
            fault: Box::new(fault),
            state,
            rollback,
        }
    }

    /// Returns the revisions that are done, in order.
    pub(super) fn done(&self) -> Vec<StepReport> {
        self.done.clone()
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

    /// Carries out what `decide` plans from the rows, under lock, in the transaction that is open or
    /// in one of its own.
    ///
    /// `decide` sees the rows again once the lock is held, since whoever held it before may have
    /// done some of the work, or all of it.
    pub(super) async fn carry_out(&mut self, decide: Decide<'_>) -> Result<Vec<Node>, Fault> {
        let mut plan: Option<Plan> = None;
        loop {
            if !self.open {
                self.hold_foreign_keys().await?;
                self.begin().await?;
            }
            let versions = self.versions().await?;
            let rows = self.nodes(&versions)?;
            let rest = match plan {
                None => decide(&rows).map_err(Fault::Plan)?,
                Some(plan) => self.runner.history.graph().resume(&plan, &rows),
            };
            self.check_reversible(&rest)?;
            if rest.steps.is_empty() {
                return Ok(rows);
            }
            let batch = self.batch(&rest);
            self.run_steps(&rest, batch).await?;
            if batch == rest.steps.len() {
                return Ok(rest.rows);
            }
            plan = Some(rest);
        }
    }

    /// Returns how many steps of `plan` go into one transaction.
    ///
    /// A revision with a section outside its transaction has what precedes it committed, so it
    /// gets a transaction of its own: what it did is on record as soon as it can be.
    fn batch(&self, plan: &Plan) -> usize {
        let leaves = |step: &Step| {
            self.sections(step.revision, plan.direction)
                .any(|section| !section.transaction)
        };
        match self.runner.transaction {
            TransactionMode::Revision => 1,
            TransactionMode::Run => match plan.steps.iter().position(leaves) {
                None => plan.steps.len(),
                Some(before) => before.max(1),
            },
        }
    }

    /// Runs the first `batch` steps of a plan and commits them.
    async fn run_steps(&mut self, plan: &Plan, batch: usize) -> Result<(), Fault> {
        let direction = plan.direction;
        let steps = &plan.steps[..batch];
        let before = self.dangling_before(steps, direction).await?;
        let total = self.done.len() + plan.steps.len();
        for step in steps {
            let revision = &self.runner.history.graph()[step.revision];
            let told = RunStep {
                revision: revision.id.clone(),
                down_revisions: revision.down_revisions.clone(),
                message: revision.message.clone(),
                direction,
            };
            self.tell(Event::StepStarted {
                step: told.clone(),
                done: self.done.len(),
                total,
            })
            .await;
            let start = (self.runner.clock)();
            self.run_sections(step.revision, direction, before.as_ref())
                .await?;
            self.change_rows(&step.rows).await?;
            let took = (self.runner.clock)().saturating_sub(start);
            self.done.push(StepReport {
                revision: told.revision.clone(),
                message: told.message.clone(),
                took,
            });
            self.port
                .tell(Event::StepFinished { step: told, took })
                .await;
        }
        let checked = self.check_foreign_keys(before.as_ref()).await;
        checked.map_err(|fault| self.with_suspects(fault, steps, direction))?;
        self.check_versions().await?;
        self.commit().await
    }

    /// Refuses to commit when more refers to nothing than `before`.
    pub(super) async fn check_foreign_keys(&self, before: Option<&Dangling>) -> Result<(), Fault> {
        let Some(before) = before else {
            return Ok(());
        };
        let violations = foreign_keys::violations(&self.port, before).await;
        match violations {
            Ok(violations) if violations.is_empty() => Ok(()),
            Ok(violations) => Err(Fault::ForeignKeys {
                violations,
                suspects: Vec::new(),
            }),
            // Before the steps everything could be counted, so that it is their doing.
            Err(error) if foreign_keys::is_mismatch(&error) => Err(Fault::ForeignKeyMismatch {
                message: error.to_string(),
            }),
            Err(error) => Err(Fault::Database {
                action: Action::CheckForeignKeys,
                error,
            }),
        }
    }

    /// Counts what refers to nothing before the steps, where they could add to it.
    ///
    /// Where SQLite cannot count because of what is there already, the steps are not to blame.
    async fn dangling_before(
        &self,
        steps: &[Step],
        direction: Direction,
    ) -> Result<Option<Dangling>, Fault> {
        if !steps.iter().any(|step| self.may_dangle(step, direction)) {
            return Ok(None);
        }
        self.dangling().await
    }

    /// Counts what refers to nothing, where that can be counted.
    pub(super) async fn dangling(&self) -> Result<Option<Dangling>, Fault> {
        match foreign_keys::dangling(&self.port).await {
            Ok(dangling) => Ok(Some(dangling)),
            Err(error) if foreign_keys::is_mismatch(&error) => Ok(None),
            Err(error) => Err(Fault::Database {
                action: Action::CheckForeignKeys,
                error,
            }),
        }
    }

    /// Returns whether a step could leave rows that refer to nothing.
    fn may_dangle(&self, step: &Step, direction: Direction) -> bool {
        let sections = self.sections(step.revision, direction);
        let statements = sections.flat_map(|section| self.statements(step.revision, section));
        let statements: Vec<FileStatement<'h>> = statements.collect();
        let statements = statements.iter().map(|statement| statement.sql);
        foreign_keys::may_dangle(statements, self.runner.dialect)
    }

    /// Names the revisions that can have left rows that refer to nothing: they are counted once for
    /// all steps, since each count reads every row that refers to another table.
    fn with_suspects(&self, fault: Fault, steps: &[Step], direction: Direction) -> Fault {
        let Fault::ForeignKeys { violations, .. } = fault else {
            return fault;
        };
        let suspects = steps.iter().filter(|step| self.may_dangle(step, direction));
        let suspects: Vec<Node> = suspects.map(|step| step.revision).collect();
        Fault::ForeignKeys {
            violations,
            suspects: self.runner.history.graph().ids(&suspects),
        }
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
    async fn run_sections(
        &mut self,
        node: Node,
        direction: Direction,
        dangling: Option<&Dangling>,
    ) -> Result<(), Fault> {
        let mut done = 0;
        for section in self.sections(node, direction) {
            let statements = self.statements(node, section);
            if section.transaction {
                self.provide_version_table().await?;
                for statement in statements {
                    self.run_statement(node, statement, done + 1).await?;
                    done += 1;
                }
                continue;
            }
            self.check_foreign_keys(dangling).await?;
            self.commit().await?;
            if done > 0 {
                self.partial = Some((node, done));
            }
            for statement in statements {
                self.run_statement(node, statement, done + 1).await?;
                done += 1;
                self.partial = Some((node, done));
            }
            // The section may have switched them on.
            self.hold_foreign_keys().await?;
            self.begin().await?;
            self.check_versions().await?;
        }
        Ok(())
    }

    /// Executes a statement that belongs to no revision.
    pub(super) async fn run_alone(&self, sql: String) -> Result<u64, DatabaseError> {
        if let Some(refusal) = Refusal::of(&sql, self.runner.dialect, self.open) {
            return Err(refusal.into());
        }
        self.port.execute(sql).await
    }

    /// Lists the tables of the database, without those that the database keeps for itself.
    pub(super) async fn tables(&self) -> Result<Vec<String>, Fault> {
        let query = match self.runner.dialect {
            Dialect::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' \
                 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            }
            Dialect::Postgres => {
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') \
                 AND relnamespace = current_schema()::regnamespace ORDER BY relname"
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

    async fn run_statement(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
    ) -> Result<(), Fault> {
        let Err(error) = self.execute_statement(statement.sql).await else {
            return Ok(());
        };
        let file = self.runner.history.file(node);
        let offset = statement.span.start + error.offset.unwrap_or(0);
        Err(Fault::Statement {
            place: Box::new(Place {
                revision: file.file.header.id.name.clone(),
                path: file.path.clone(),
                position: Position::of(&file.text, offset),
                span: statement.span,
                offset,
                statement: number,
                summary: sql::summary(statement.sql, self.runner.dialect),
            }),
            error,
        })
    }

    /// Executes a statement of a revision, unless it would keep the run from undoing it.
    async fn execute_statement(&self, sql: &'h str) -> Result<u64, DatabaseError> {
        if let Some(refusal) = Refusal::of(sql, self.runner.dialect, self.open) {
            return Err(refusal.into());
        }
        let request = Request::Execute(sql.into());
        if self.open {
            self.port.ask(request).await.changed()
        } else {
            // Alone, a statement that finds a lock changes nothing.
            self.ask_patiently(request).await.changed()
        }
    }
}

/// Returns the rows of the version table after `change`.
fn changed_rows(rows: &[String], change: &RowChange) -> Versions {
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
    Versions::Rows(rows)
}
