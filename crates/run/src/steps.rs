//! The steps of a run: the statements of revisions, and what must hold around them.

use std::time::Duration;

use super::foreign_keys::{self, Dangling};
use super::lock::Lock;
use super::pieces::Piece;
use super::progress::Unfinished;
use super::session::{Decide, Session};
use super::{Action, DatabaseError, Event, Fault, Place, RunStep, Runner, StepReport};
use alembic_history::TransactionMode;
use alembic_history::{
    Dialect, Direction, FileStatement, Node, Plan, Position, Reversal, Section, Step,
};
use alembic_sql as sql;
use alembic_sql::literal;

impl<'h> Runner<'h> {
    /// Returns the sections of a revision that run here.
    pub(crate) fn sections(
        &self,
        node: Node,
        direction: Direction,
    ) -> impl Iterator<Item = &'h Section> + use<'h> {
        let file = &self.history.file(node).file;
        file.sections(direction, self.dialect)
    }

    /// Returns the statements of one section.
    pub(crate) fn statements(&self, section: &'h Section) -> Vec<FileStatement<'h>> {
        section.statements(self.dialect).collect()
    }

    /// Returns the statements of all sections of a revision that run here.
    pub(crate) fn all_statements(
        &self,
        node: Node,
        direction: Direction,
    ) -> Vec<FileStatement<'h>> {
        let sections = self.sections(node, direction);
        sections
            .flat_map(|section| section.statements(self.dialect))
            .collect()
    }

    /// Describes the failure of a statement that leaves nothing behind.
    pub(super) fn statement_fault(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
        error: DatabaseError,
    ) -> Fault {
        Fault::Statement {
            place: Box::new(self.place(node, statement, number, error.offset)),
            error,
            leftover: Vec::new(),
        }
    }

    /// Refuses a plan that cannot be carried out to its end.
    pub(crate) fn check_reversible(&self, plan: &Plan) -> Result<(), Fault> {
        if plan.direction == Direction::Upgrade {
            return Ok(());
        }
        for step in &plan.steps {
            let file = self.history.file(step.revision);
            let reason = match file.file.reversal(self.dialect) {
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

    /// Returns whether a step could leave rows that refer to nothing.
    pub(crate) fn may_dangle(&self, step: &Step, direction: Direction) -> bool {
        let mut sections = self.sections(step.revision, direction);
        sections
            .any(|section| foreign_keys::may_dangle(section.statements(self.dialect), self.dialect))
    }

    /// Describes where a statement stands, or the part of it at `offset`.
    pub(crate) fn place(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
        offset: Option<usize>,
    ) -> Place {
        let file = self.history.file(node);
        let offset = statement.span.start + offset.unwrap_or(0);
        Place {
            revision: file.file.header.id.name.clone(),
            path: file.path.clone(),
            position: Position::of(&file.text, offset),
            span: statement.span,
            offset,
            statement: number,
            summary: sql::summary(statement.sql, self.dialect),
        }
    }

    /// Returns how many steps of `plan` go into one transaction.
    ///
    /// A revision with a section outside its transaction has what precedes it committed, so it
    /// gets a transaction of its own: what it did is on record as soon as it can be.
    pub(crate) fn batch(&self, plan: &Plan) -> usize {
        let mut steps = plan.steps.iter();
        match self.transaction {
            TransactionMode::Revision => 1,
            TransactionMode::Run => {
                match steps.position(|step| self.leaves(step, plan.direction)) {
                    None => plan.steps.len(),
                    Some(before) => before.max(1),
                }
            }
        }
    }

    /// Tells whether a step leaves its transaction.
    fn leaves(&self, step: &Step, direction: Direction) -> bool {
        let mut sections = self.sections(step.revision, direction);
        sections.any(|section| !section.transaction)
    }
}

/// What is being carried out, in one transaction after the other.
struct Work {
    /// When it was begun.
    start: Duration,
    /// After which time it was told last that somebody else is waited for.
    told: Option<Duration>,
    /// What was left before the last transaction, as soon as one is committed.
    plan: Option<Plan>,
}

impl<'h> Session<'h> {
    /// Returns the revisions that are done, in order.
    pub(super) fn done(&self) -> Vec<StepReport> {
        self.done.clone()
    }

    /// Carries out what `decide` plans from the rows, under lock, in the transaction that is open or
    /// in one of its own.
    ///
    /// `decide` sees the rows again once the lock is held, since whoever held it before may have
    /// done some of the work, or all of it.
    pub(super) async fn carry_out(&mut self, decide: Decide<'_>) -> Result<Vec<Node>, Fault> {
        let mut work = Work {
            start: (self.runner.clock)(),
            told: None,
            plan: None,
        };
        loop {
            match self.carry_on(decide, &mut work).await {
                Ok(Some(rows)) => return Ok(rows),
                Ok(None) => {}
                // Before anything is committed, the whole command begins again.
                Err(fault) if self.is_untouched() => return Err(fault),
                Err(fault) => self.retry(fault).await?,
            }
        }
    }

    /// Carries out what goes into one transaction, or waits for who may do so; returns the rows
    /// when nothing is left.
    async fn carry_on(
        &mut self,
        decide: Decide<'_>,
        work: &mut Work,
    ) -> Result<Option<Vec<Node>>, Fault> {
        if !self.open {
            self.hold_foreign_keys().await?;
            self.begin().await?;
        }
        let versions = self.versions().await?;
        let rows = self.nodes(&versions)?;
        let rest = match &work.plan {
            None => decide(&rows).map_err(Fault::Plan)?,
            Some(plan) => self.runner.history.graph().resume(plan, &rows),
        };
        self.runner.check_reversible(&rest)?;
        self.check_connections(&rest)?;
        let waited = (self.runner.clock)().saturating_sub(work.start);
        match self.resume_progress(&rest, waited).await? {
            Unfinished::GoOn => {}
            Unfinished::Wait => {
                self.wait_for_progress(waited, &mut work.told).await?;
                return Ok(None);
            }
        }
        if rest.steps.is_empty() {
            return Ok(Some(rows));
        }
        let batch = self.runner.batch(&rest);
        let is_done = self.run_steps(&rest, batch).await?;
        if is_done && batch == rest.steps.len() {
            return Ok(Some(rest.rows));
        }
        work.plan = Some(rest);
        Ok(None)
    }

    /// Refuses a plan that leaves its transactions, where nothing would be locked meanwhile.
    fn check_connections(&self, plan: &Plan) -> Result<(), Fault> {
        if self.lock != Lock::Inside {
            return Ok(());
        }
        let mut steps = plan.steps.iter();
        match steps.find(|step| self.runner.leaves(step, plan.direction)) {
            None => Ok(()),
            Some(step) => {
                let file = self.runner.history.file(step.revision);
                Err(Fault::NoSecondConnection {
                    revision: file.file.header.id.name.clone(),
                    path: file.path.clone(),
                })
            }
        }
    }

    /// Runs the first `batch` steps of a plan and commits them; returns whether that is done, and
    /// nobody else has gone on meanwhile.
    async fn run_steps(&mut self, plan: &Plan, batch: usize) -> Result<bool, Fault> {
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
            let statements = self.runner.all_statements(step.revision, direction);
            let mut statements = statements.iter();
            self.keep_search_path(statements.any(|statement| statement.may_set_search_path))
                .await?;
            let last = self.run_sections(step.revision, direction, before.as_ref());
            let Some(mut pieces) = last.await? else {
                return Ok(false);
            };
            if self.search_path.is_some() {
                self.run_pieces(&pieces).await?;
                self.restore_search_path().await?;
                pieces.clear();
            }
            pieces.extend(step.rows.iter().map(Piece::Row));
            self.run_pieces(&pieces).await?;
            self.forget_progress().await?;
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
        self.commit().await?;
        self.search_path = None;
        Ok(true)
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
        if !steps
            .iter()
            .any(|step| self.runner.may_dangle(step, direction))
        {
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

    /// Names the revisions that can have left rows that refer to nothing: they are counted once for
    /// all steps, since each count reads every row that refers to another table.
    fn with_suspects(&self, fault: Fault, steps: &[Step], direction: Direction) -> Fault {
        let Fault::ForeignKeys { violations, .. } = fault else {
            return fault;
        };
        let suspects = steps
            .iter()
            .filter(|step| self.runner.may_dangle(step, direction));
        let suspects: Vec<Node> = suspects.map(|step| step.revision).collect();
        Fault::ForeignKeys {
            violations,
            suspects: self.runner.history.graph().ids(&suspects),
        }
    }

    /// Reads the search path where statements may set it, since it is to end with them.
    pub(super) async fn keep_search_path(&mut self, sets: bool) -> Result<(), Fault> {
        let is_kept = self.search_path.is_some();
        if self.runner.dialect != Dialect::Postgres || !sets || is_kept {
            return Ok(());
        }
        let query = "SELECT pg_catalog.current_setting('search_path')";
        let rows = self.port.query(query).await;
        let rows = rows.map_err(|error| Fault::Database {
            action: Action::ReadSearchPath,
            error,
        })?;
        self.search_path = rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next()?);
        Ok(())
    }

    /// Sets the search path to what it was.
    pub(super) async fn restore_search_path(&self) -> Result<(), Fault> {
        let Some(path) = &self.search_path else {
            return Ok(());
        };
        let path = literal(path);
        let restore = format!("SELECT pg_catalog.set_config('search_path', {path}, false)");
        let restored = self.port.query(restore).await;
        restored.map(drop).map_err(|error| Fault::Database {
            action: Action::ReadSearchPath,
            error,
        })
    }

    /// Runs the statements of a revision, but for those that an unfinished run has done, up to the
    /// last section outside of transactions; returns what is left, unless somebody else has gone on
    /// meanwhile.
    async fn run_sections<'r>(
        &mut self,
        node: Node,
        direction: Direction,
        dangling: Option<&Dangling>,
    ) -> Result<Option<Vec<Piece<'h, 'r>>>, Fault> {
        let finished = self.progress.as_ref().map_or(0, |progress| progress.done);
        let mut pieces = Vec::new();
        let mut done = 0;
        for section in self.runner.sections(node, direction) {
            let statements = self.runner.statements(section);
            let skipped = finished.saturating_sub(done).min(statements.len());
            let (skipped, statements) = statements.split_at(skipped);
            for statement in skipped {
                done += 1;
                // What the unfinished run has set ended with its connection.
                if statement.kind.sets_for_session() {
                    pieces.push(Piece::of(node, *statement, done));
                }
            }
            if section.transaction {
                for statement in statements {
                    done += 1;
                    pieces.push(Piece::of(node, *statement, done));
                }
            } else if !statements.is_empty() {
                self.run_pieces(&pieces).await?;
                pieces.clear();
                self.check_foreign_keys(dangling).await?;
                done = self.run_outside(node, direction, statements, done).await?;
                // The section may have switched them on.
                self.hold_foreign_keys().await?;
                self.begin().await?;
                let checked = self.check_versions().await;
                if matches!(checked, Ok(()) | Err(Fault::RowsMoved { .. }))
                    && !self.is_own_progress().await?
                {
                    self.partial = None;
                    return Ok(None);
                }
                checked?;
            }
        }
        Ok(Some(pieces))
    }
}
