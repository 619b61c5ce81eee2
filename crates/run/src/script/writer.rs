//! Writes the text of a script.

mod record;
mod statements;

use std::fmt::Write;

use alembic_history::{
    Direction, FileStatement, Node, Plan, RowChange, Rows, StampPlan, Step, join,
};

use super::checks::{Check, place};
use super::error::ScriptError;
use super::rehearsal::grouped;
use super::shell::{Shell, needs_line_ends, shell};
use crate::dangling::KeyChange;
use crate::engine::{Engine, engine};
use crate::log::Fingerprint;
use crate::refusal::Refusal;
use crate::request::Execute;
use crate::runner::Runner;
use crate::session_changes::{ConstraintModes, SessionChanges};
use crate::target::Schema;

/// Writes a script, and tracks the rows of the version table.
pub(super) struct Writer<'s, 'h> {
    runner: &'s Runner<'h>,
    engine: Box<dyn Engine>,
    shell: &'static dyn Shell,
    text: String,
    /// The rows of the version table.
    rows: Rows,
    /// Whether the version table is sure to exist.
    has_table: bool,
    /// Whether the log is sure to exist.
    has_log: bool,
    /// The fingerprint of what the log has as applied, if it agrees with the files.
    fingerprint: Fingerprint,
    /// Whether the table of progress exists.
    has_progress: bool,
    /// The check that what the script reverts ran as it is written now, until it is written.
    ran_as_written: Option<Check>,
    /// Whether the dangling rows were counted.
    has_count: bool,
    /// Whether the script checks its line endings.
    shows_line_ends: bool,
    /// What the current revision may change in the session, if the script restores that.
    changes: Option<SessionChanges>,
    modes: ConstraintModes,
    /// What is older than the revisions, until it is written.
    base: Option<&'s Schema>,
}

/// A section outside of transactions: where it begins in its revision.
struct OutsideSection {
    node: Node,
    direction: Direction,
    /// How many of the revision's statements are done before it.
    done: usize,
}

/// The messages when the version table holds other rows than it should.
const NOT_AT: &str = "the database is not at";
const CHANGED: &str = "the version table was changed and is not at";

impl<'s, 'h> Writer<'s, 'h> {
    pub(super) fn new(runner: &'s Runner<'h>, rows: &[Node]) -> Self {
        Self {
            runner,
            engine: engine(runner.dialect),
            shell: shell(runner.dialect),
            text: String::new(),
            has_table: !rows.is_empty(),
            rows: rows.into(),
            has_log: false,
            fingerprint: runner.fingerprint(rows),
            ran_as_written: None,
            has_progress: false,
            has_count: false,
            shows_line_ends: false,
            changes: None,
            modes: ConstraintModes::default(),
            base: None,
        }
    }

    /// Makes the first transaction begin with what is older than the revisions.
    pub(super) fn begin_with_base(&mut self) {
        self.base = self.runner.base.as_ref();
    }

    /// Returns the revisions that the database is at.
    pub(super) fn nodes(&self) -> Vec<Node> {
        let rows = self.rows.known();
        rows.expect("a plan moves rows from revision to revision")
            .to_vec()
    }

    pub(super) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text.push('\n');
        self.text
    }

    /// Returns rows as they are shown to people.
    fn place(&self, rows: &Rows) -> String {
        place(&rows.versions(self.runner.history.graph()).ids())
    }

    /// Writes the title of the script.
    pub(super) fn title(&mut self, verb: &str, end: &[Node]) {
        let (start, end) = (self.place(&self.rows), self.place(&end.into()));
        let product = self.runner.dialect.product();
        self.comment(&format!("{verb} from {start} to {end}, on {product}"));
        let run = self.shell.command();
        self.comment(&format!("Run it with `{run}`"));
    }

    /// Writes the settings that a plan needs.
    pub(super) fn head(&mut self, plan: &Plan) {
        if plan.steps.is_empty() {
            self.text.push_str("\n-- There is nothing to do\n");
            return;
        }
        let runner = self.runner;
        self.ran_as_written = self.content_check(plan);
        let mut leaves = false;
        for step in &plan.steps {
            for section in runner.sections(step.revision, plan.direction) {
                for statement in section.statements(runner.dialect) {
                    leaves |= !section.transaction;
                    self.shows_line_ends |= needs_line_ends(statement.sql, runner.dialect);
                }
            }
        }
        self.settings(leaves);
    }

    fn settings(&mut self, leaves_transactions: bool) {
        let settings = self
            .shell
            .settings(self.runner.lock_timeout, leaves_transactions);
        let _ = write!(self.text, "\n{settings}\n");
    }

    /// Writes the first `batch` steps of a plan, in transactions as a run has them.
    pub(super) fn transaction(&mut self, plan: &Plan, batch: usize) -> Result<(), ScriptError> {
        let steps = &plan.steps[..batch];
        self.text.push_str(self.shell.hold_foreign_keys());
        self.begin();
        if !self.has_table && plan.direction == Direction::Upgrade {
            self.check_other_tools();
        }
        self.check_start();
        let mut transactions = self.runner.transactions(steps, plan.direction).peekable();
        while let Some(steps) = transactions.next() {
            self.count_dangling(steps, plan.direction);
            if let Some(base) = self.base.take() {
                self.base(base)?;
            }
            for step in steps {
                self.step(step, plan.direction)?;
            }
            // Otherwise, the first record of the next step takes its place.
            if transactions.peek().is_none() && std::mem::take(&mut self.has_progress) {
                let drop = self.engine.drop_progress(&self.runner.version_table);
                self.execute(&drop);
            }
            self.text.push_str(self.shell.run_deferred());
            let checks: Vec<Check> = self.dangling_check().into_iter().collect();
            self.check(CHANGED, &checks);
            if std::mem::take(&mut self.has_count)
                && let Some(dangling) = self.shell.dangling()
            {
                self.statement(&dangling.forget);
            }
        }
        self.statement("COMMIT");
        self.modes.end_transaction();
        Ok(())
    }

    /// Counts the rows that refer to nothing, if there may be more after these steps.
    fn count_dangling(&mut self, steps: &[Step], direction: Direction) {
        if steps.iter().any(|step| self.may_dangle(step, direction))
            && let Some(dangling) = self.shell.dangling()
        {
            self.statement(&dangling.count);
            self.has_count = true;
        }
    }

    fn may_dangle(&self, step: &Step, direction: Direction) -> bool {
        let statements = self.runner.all_statements(step.revision, direction);
        let mut statements = statements.iter();
        statements.any(|statement| self.engine.key_change(statement.kind()) == KeyChange::Rows)
    }

    pub(super) fn stamp(&mut self, stamp: &StampPlan) {
        if stamp.changes.is_empty() {
            self.text.push_str("\n-- There is nothing to do\n");
            return;
        }
        self.settings(false);
        self.begin();
        self.provide_table();
        self.provide_log();
        self.lock_table();
        self.check_trust();
        self.check(NOT_AT, &[]);
        let before = self.nodes();
        self.change_rows(&stamp.changes);
        self.log_stamp(&before);
        // The stamp declares what an unfinished revision has done.
        let progress = self.runner.version_table.progress().quoted();
        self.statement(&format!("DROP TABLE IF EXISTS {progress}"));
        self.text.push_str(self.shell.run_deferred());
        self.check(CHANGED, &[]);
        self.statement("COMMIT");
    }

    pub(super) fn ensure_version(&mut self) {
        let product = self.runner.dialect.product();
        self.comment(&format!("Create the version table, on {product}"));
        self.settings(false);
        self.begin();
        self.provide_table();
        self.statement("COMMIT");
    }

    /// Writes a line for people.
    fn comment(&mut self, text: &str) {
        let text = text.replace(|c: char| c.is_control(), " ");
        let _ = writeln!(self.text, "-- {}", text.trim_end());
    }

    /// Writes a statement of the script itself.
    fn statement(&mut self, sql: &str) {
        let _ = write!(self.text, "{sql};\n\n");
    }

    fn execute(&mut self, statement: &Execute<'_>) {
        self.statement(statement.sql());
    }

    fn begin(&mut self) {
        let begin = self.shell.begin(self.runner.lock_timeout);
        self.text.push_str(&begin);
    }

    /// Creates the version table, unless it exists.
    fn provide_table(&mut self) {
        if !self.has_table {
            let table = &self.runner.version_table;
            let create = self.engine.create_versions(table);
            let create = self.shell.create_unless_exists(table, create.sql());
            self.text.push_str(&create);
            self.has_table = true;
        }
    }

    /// Keeps other sessions from writing to the version table.
    fn lock_table(&mut self) {
        if let Some(lock) = self.shell.lock_table(&self.runner.version_table) {
            self.statement(&lock);
        }
    }

    /// Refuses a database without a version table that another tool manages.
    fn check_other_tools(&mut self) {
        let condition = self.engine.has_no_other_tool(&self.runner.version_table);
        let message = "another migration tool manages the database, so it must be stamped first";
        let check = Check::new(condition, message);
        self.text.push_str(&self.shell.require(&[check]));
    }

    fn check_start(&mut self) {
        self.provide_table();
        self.provide_log();
        self.lock_table();
        self.check_trust();
        let progress = self.runner.version_table.progress();
        let mut checks = vec![Check::new(
            self.shell.has_no_progress(&progress),
            "a revision is unfinished: finish it with `cargo alembic upgrade` or `downgrade`, or undo \
             its changes and stamp the database",
        )];
        checks.extend(self.ran_as_written.take());
        // Once, where it matters.
        if std::mem::take(&mut self.shows_line_ends) {
            checks.push(Check::new(
                self.shell.keeps_line_ends(),
                "the line endings of this script were changed",
            ));
        }
        self.check(NOT_AT, &checks);
    }

    /// Writes a check that fails unless the version table holds the expected rows and all
    /// conditions hold; `otherwise` begins the message about other rows.
    fn check(&mut self, otherwise: &str, checks: &[Check]) {
        let versions = self.rows.versions(self.runner.history.graph());
        let table = &self.runner.version_table;
        let check = self.shell.check(table, &versions.ids(), otherwise, checks);
        self.text.push_str(&check);
    }

    /// Returns the check that no more rows dangle than were counted.
    fn dangling_check(&self) -> Option<Check> {
        let dangling = self.shell.dangling().filter(|_| self.has_count)?;
        let message = "rows would refer to rows that do not exist";
        Some(Check::new(dangling.condition, message))
    }

    fn step(&mut self, step: &Step, direction: Direction) -> Result<(), ScriptError> {
        let runner = self.runner;
        let revision = &runner.history.graph()[step.revision];
        let below = join(&revision.down_revisions, ", ");
        let (from, to) = match direction {
            Direction::Upgrade => (below.as_str(), revision.id.as_str()),
            Direction::Downgrade => (revision.id.as_str(), below.as_str()),
        };
        let separator = match revision.message.is_empty() {
            true => "",
            false => ", ",
        };
        self.comment(&format!(
            "Running {direction} {from} -> {to}{separator}{}",
            revision.message
        ));
        self.text.push('\n');
        let statements = runner.all_statements(step.revision, direction);
        if let Some(index) = self.engine.find_misread(&statements) {
            let (statement, refusal) = (statements[index], Refusal::PlainBackslash);
            let (node, number) = (step.revision, index + 1);
            return Err(runner.refused(node, statement, number, refusal).into());
        }
        let changes = SessionChanges::of(&statements);
        if let Some(keep) = self.shell.keep_session(&changes, runner.lock_timeout) {
            self.text.push_str(&keep);
            self.changes = Some(changes);
        }
        let mut done = 0;
        for section in runner.sections(step.revision, direction) {
            let statements: Vec<_> = section.statements(runner.dialect).collect();
            if section.transaction {
                let place = (step.revision, section);
                for piece in grouped(runner, &*self.engine, place, done) {
                    self.piece(&piece)?;
                }
            } else if !statements.is_empty() {
                let begins = OutsideSection {
                    node: step.revision,
                    direction,
                    done,
                };
                self.outside(&begins, &statements)?;
            }
            done += statements.len();
        }
        if self.changes.take().is_some() {
            let restore = self.shell.restore_session(runner.lock_timeout);
            self.text.push_str(&restore);
        }
        if self.modes.end_revision().is_some() {
            self.text.push_str(&self.shell.restore_modes());
        }
        let before = self.rows_text();
        self.change_rows(&step.rows);
        self.log_step(step.revision, direction, &before);
        Ok(())
    }

    /// Commits, writes statements outside of transactions, and begins the next transaction.
    fn outside(
        &mut self,
        begins: &OutsideSection,
        statements: &[FileStatement<'h>],
    ) -> Result<(), ScriptError> {
        self.suspend();
        self.record(begins, 0, true);
        let checks: Vec<Check> = self.dangling_check().into_iter().collect();
        self.check(CHANGED, &checks);
        self.statement("COMMIT");
        self.modes.end_transaction();
        let mut checks = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            self.resume();
            let number = begins.done + index + 1;
            self.revision_statement(begins.node, *statement, number, false)?;
            checks.extend(self.shell.index_check(statement.kind()));
            self.suspend();
            self.record(begins, index + 1, index + 1 < statements.len());
        }
        // The section may have switched them on.
        self.text.push_str(self.shell.hold_foreign_keys());
        self.begin();
        self.lock_table();
        self.check(NOT_AT, &[]);
        self.resume();
        if !checks.is_empty() {
            self.text.push_str(&self.shell.require(&checks));
        }
        Ok(())
    }

    /// Restores the session for the script's own work, if the revision may have changed it.
    fn suspend(&mut self) {
        if let Some(changes) = &self.changes {
            let own = self.runner.lock_timeout;
            self.text += &self.shell.suspend_session(changes, own);
        }
    }

    /// Sets again what the revision had set.
    fn resume(&mut self) {
        if self.changes.is_some() {
            self.text.push_str(&self.shell.resume_session());
        }
    }

    fn change_rows(&mut self, changes: &[RowChange]) {
        let (table, graph) = (&self.runner.version_table, self.runner.history.graph());
        for change in changes {
            let statement = self.engine.change_versions(table, graph, *change);
            self.execute(&statement);
            self.rows.apply(*change);
        }
    }
}
