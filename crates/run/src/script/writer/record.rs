//! What a script writes down: the log, and the progress of a revision.

use alembic_history::{Direction, Node};

use super::{OutsideSection, Writer};
use crate::log::{Author, rows_text};

impl Writer<'_, '_> {
    /// Creates the log, unless it exists or none is kept.
    pub(super) fn provide_log(&mut self) {
        if self.runner.log && !self.has_log {
            let create = self.engine.create_log(&self.runner.version_table);
            let create = create
                .sql()
                .replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1);
            self.statement(&create);
            self.has_log = true;
        }
    }

    /// Returns the rows as the log holds them.
    pub(super) fn rows_text(&self) -> String {
        rows_text(&self.rows.versions(self.runner.history.graph()))
    }

    /// Adds a revision to the log, if one is kept; `before` are the rows before it.
    pub(super) fn log_step(&mut self, node: Node, direction: Direction, before: &str) {
        if !self.has_log {
            return;
        }
        let entry = self.runner.entry(node, direction, self.rows_text());
        let program = self.shell.command().split(' ').next();
        let author = Author {
            application: program.map(ToOwned::to_owned),
            ..Author::default()
        };
        let table = &self.runner.version_table;
        let log = self.engine.continue_log(table, &entry, &author, before);
        self.execute(&log);
    }

    /// Writes the progress of a revision: how many statements of its section are done.
    pub(super) fn record(&mut self, section: &OutsideSection, statements: usize, is_begun: bool) {
        let is_first = !std::mem::replace(&mut self.has_progress, true);
        let versions = &self.runner.version_table;
        let OutsideSection {
            node,
            direction,
            done,
        } = *section;
        if is_first {
            let revision = &self.runner.history.graph()[node].id;
            let create = self.engine.create_progress(versions, revision);
            self.execute(&create);
        }
        let progress = self
            .runner
            .progress(node, direction, done + statements, is_begun);
        let write = self.engine.write_progress(versions, progress, is_first);
        self.execute(&write);
    }
}
