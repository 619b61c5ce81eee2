//! The steps of a run: the statements of revisions, and what must hold around them.

use super::foreign_keys::{self, Dangling};
use super::lock::Lock;
use super::progress::Unfinished;
use super::refusal::Refusal;
use super::session::{Decide, Partial, Session};
use super::{
    Action, DatabaseError, DatabaseErrorKind, Event, Fault, Place, Request, RunStep, Runner,
    StepReport, TransactionMode,
};
use crate::sql;
use crate::version_table::literal;
use crate::{Dialect, Direction, FileStatement, Node, Plan, Position, Reversal, Section, Step};

impl<'h> Runner<'h> {
    /// Returns the sections of a revision that run here.
    pub(super) fn sections(
        &self,
        node: Node,
        direction: Direction,
    ) -> impl Iterator<Item = &'h Section> + use<'h> {
        let file = &self.history.file(node).file;
        file.sections(direction, self.dialect)
    }

    /// Returns the statements of one section.
    pub(super) fn statements(&self, node: Node, section: &Section) -> Vec<FileStatement<'h>> {
        self.history.file(node).statements(section, self.dialect)
    }

    /// Returns the statements of all sections of a revision that run here.
    pub(super) fn all_statements(
        &self,
        node: Node,
        direction: Direction,
    ) -> Vec<FileStatement<'h>> {
        let sections = self.sections(node, direction);
        sections
            .flat_map(|section| self.statements(node, section))
            .collect()
    }

    /// Refuses a plan that cannot be carried out to its end.
    pub(super) fn check_reversible(&self, plan: &Plan) -> Result<(), Fault> {
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

    /// Returns how many steps of `plan` go into one transaction.
    ///
    /// A revision with a section outside its transaction has what precedes it committed, so it
    /// gets a transaction of its own: what it did is on record as soon as it can be.
    pub(super) fn batch(&self, plan: &Plan) -> usize {
        let leaves = |step: &Step| {
            self.sections(step.revision, plan.direction)
                .any(|section| !section.transaction)
        };
        match self.transaction {
            TransactionMode::Revision => 1,
            TransactionMode::Run => match plan.steps.iter().position(leaves) {
                None => plan.steps.len(),
                Some(before) => before.max(1),
            },
        }
    }
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
        let start = (self.runner.clock)();
        let mut told = None;
        let mut plan: Option<Plan> = None;
        loop {
            if !self.open {
                self.hold_foreign_keys().await?;
                self.begin().await?;
            }
            let versions = self.versions().await?;
            let rows = self.nodes(&versions)?;
            let rest = match &plan {
                None => decide(&rows).map_err(Fault::Plan)?,
                Some(plan) => self.runner.history.graph().resume(plan, &rows),
            };
            self.runner.check_reversible(&rest)?;
            let waited = (self.runner.clock)().saturating_sub(start);
            match self.resume_progress(&rest, waited).await? {
                Unfinished::GoOn => {}
                Unfinished::Wait => {
                    self.wait_for_progress(waited, &mut told).await?;
                    continue;
                }
            }
            if rest.steps.is_empty() {
                return Ok(rows);
            }
            let batch = self.runner.batch(&rest);
            match self.run_steps(&rest, batch).await {
                Ok(()) if batch == rest.steps.len() => return Ok(rest.rows),
                Ok(()) => plan = Some(rest),
                // Before anything is committed, the whole command begins again.
                Err(fault) if plan.is_some() => self.retry(fault).await?,
                Err(fault) => return Err(fault),
            }
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
            let search_path = self.search_path(step.revision, direction).await?;
            self.run_sections(step.revision, direction, before.as_ref())
                .await?;
            self.restore_search_path(search_path).await?;
            self.change_rows(&step.rows).await?;
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
        let statements = self.runner.all_statements(step.revision, direction);
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

    /// Reads the search path where a revision may set it, since it is to end with the revision.
    async fn search_path(&self, node: Node, direction: Direction) -> Result<Option<String>, Fault> {
        let statements = self.runner.all_statements(node, direction);
        let sets = statements
            .iter()
            .any(|statement| sets_search_path(statement.sql));
        if self.runner.dialect == Dialect::Postgres && sets {
            self.read_search_path().await
        } else {
            Ok(None)
        }
    }

    /// Reads the search path.
    pub(super) async fn read_search_path(&self) -> Result<Option<String>, Fault> {
        let query = "SELECT pg_catalog.current_setting('search_path')";
        let rows = self.port.query(query).await;
        let rows = rows.map_err(|error| Fault::Database {
            action: Action::ReadSearchPath,
            error,
        })?;
        Ok(rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next()?))
    }

    /// Sets the search path to what it was.
    pub(super) async fn restore_search_path(&self, found: Option<String>) -> Result<(), Fault> {
        let Some(path) = found else {
            return Ok(());
        };
        let path = literal(&path);
        let restore = format!("SELECT pg_catalog.set_config('search_path', {path}, false)");
        let restored = self.port.query(restore).await;
        restored.map(drop).map_err(|error| Fault::Database {
            action: Action::ReadSearchPath,
            error,
        })
    }

    /// Runs the statements of a revision, but for those that an unfinished run has done.
    async fn run_sections(
        &mut self,
        node: Node,
        direction: Direction,
        dangling: Option<&Dangling>,
    ) -> Result<(), Fault> {
        let finished = self.partial.filter(|partial| partial.node == node);
        let finished = finished.map_or(0, |partial| partial.statements);
        let mut done = 0;
        for section in self.runner.sections(node, direction) {
            let statements = self.runner.statements(node, section);
            let skipped = finished.saturating_sub(done).min(statements.len());
            done += skipped;
            let statements = &statements[skipped..];
            if section.transaction {
                if !statements.is_empty() {
                    self.provide_version_table().await?;
                }
                for statement in statements {
                    self.run_statement(node, *statement, done + 1).await?;
                    done += 1;
                }
            } else if !statements.is_empty() {
                self.check_foreign_keys(dangling).await?;
                done = self.run_outside(node, direction, statements, done).await?;
                // The section may have switched them on.
                self.hold_foreign_keys().await?;
                self.begin().await?;
                self.check_versions().await?;
            }
        }
        Ok(())
    }

    /// Commits, and runs statements outside of transactions; returns how many statements of the
    /// revision are done then.
    async fn run_outside(
        &mut self,
        node: Node,
        direction: Direction,
        statements: &[FileStatement<'h>],
        mut done: usize,
    ) -> Result<usize, Fault> {
        if self.runner.dialect == Dialect::Postgres && self.lock != Lock::Aside {
            let file = self.runner.history.file(node);
            return Err(Fault::NoSecondConnection {
                revision: file.file.header.id.name.clone(),
                path: file.path.clone(),
            });
        }
        self.provide_version_table().await?;
        self.record(node, direction, done, true).await?;
        self.commit().await?;
        for (index, statement) in statements.iter().enumerate() {
            let partial = |statements, uncertain| {
                (statements > 0 || uncertain).then_some(Partial {
                    node,
                    statements,
                    uncertain,
                })
            };
            self.partial = partial(done, false);
            let ran = self.run_alone_outside(node, *statement, done + 1).await;
            if let Err(fault) = ran {
                let lost = matches!(&fault, Fault::Statement { error, .. }
                    if error.kind == DatabaseErrorKind::ConnectionLost);
                self.partial = partial(done, lost);
                if !lost {
                    self.take_back(node, direction, done).await;
                }
                return Err(fault);
            }
            done += 1;
            self.partial = partial(done, false);
            let more = index + 1 < statements.len();
            self.record(node, direction, done, more).await?;
        }
        Ok(done)
    }

    /// Runs a statement outside of transactions, and looks at the index that it is to build.
    async fn run_alone_outside(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
    ) -> Result<(), Fault> {
        let invalid = |index| Fault::InvalidIndex {
            place: Box::new(self.place(node, statement, number, None)),
            index,
        };
        self.check_lock().await?;
        if let Some(index) = self.invalid_target(statement.sql).await? {
            return Err(invalid(index));
        }
        if let Err(mut fault) = self.run_statement(node, statement, number).await {
            if let Fault::Statement { leftover, .. } = &mut fault {
                *leftover = self.leftover(statement.sql).await;
            }
            return Err(fault);
        }
        match self.invalid_target(statement.sql).await? {
            Some(index) => Err(invalid(index)),
            None => Ok(()),
        }
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
        Err(Fault::Statement {
            place: Box::new(self.place(node, statement, number, error.offset)),
            error,
            leftover: Vec::new(),
        })
    }

    /// Describes where a statement stands, or the part of it at `offset`.
    pub(super) fn place(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
        offset: Option<usize>,
    ) -> Place {
        let file = self.runner.history.file(node);
        let offset = statement.span.start + offset.unwrap_or(0);
        Place {
            revision: file.file.header.id.name.clone(),
            path: file.path.clone(),
            position: Position::of(&file.text, offset),
            span: statement.span,
            offset,
            statement: number,
            summary: sql::summary(statement.sql, self.runner.dialect),
        }
    }

    /// Executes a statement of a revision, unless it would keep the run from undoing it.
    async fn execute_statement(&self, sql: &'h str) -> Result<u64, DatabaseError> {
        if let Some(refusal) = Refusal::of(sql, self.runner.dialect, self.open) {
            return Err(refusal.into());
        }
        let request = Request::Execute(sql.into());
        if self.open || self.runner.dialect == Dialect::Postgres {
            self.port.ask(request).await.changed()
        } else {
            // Alone, a statement that finds a lock changes nothing.
            self.ask_patiently(request).await.changed()
        }
    }
}

/// Tells whether a statement may change the search path.
pub(super) fn sets_search_path(sql: &str) -> bool {
    let name = b"search_path";
    sql.as_bytes()
        .windows(name.len())
        .any(|bytes| bytes.eq_ignore_ascii_case(name))
}
