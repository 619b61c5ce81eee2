//! What a script writes down: the log, and the progress of a revision.

use alembic_history::{Direction, Edited, Node, NodeSet, Plan, Rows};

use super::super::checks::Check;
use super::{OutsideSection, Writer};
use crate::log::{Author, LogAction, NewEntry, rows_text};
use crate::progress::has_room;

impl Writer<'_, '_> {
    /// Refuses tables of the run that somebody else has put there.
    pub(super) fn check_trust(&mut self) {
        if let Some(condition) = self.engine.are_trusted(&self.runner.version_table) {
            let message = "the version table, or a table next to it, is another user's, and runs code \
                           of its own";
            let check = Check::new(condition, message);
            self.text.push_str(&self.shell.require(&[check]));
        }
    }

    /// Creates the log, unless it exists or none is kept.
    pub(super) fn provide_log(&mut self) {
        if self.runner.log && !self.has_log {
            let table = &self.runner.version_table;
            let create = self.engine.create_log(table);
            let create = self.shell.create_unless_exists(&table.log(), create.sql());
            self.text.push_str(&create);
            self.has_log = true;
        }
    }

    /// Returns the rows as the log holds them.
    pub(super) fn rows_text(&self) -> String {
        rows_text(&self.rows.versions(self.runner.history.graph()))
    }

    /// Returns the check that the revisions that a plan reverts ran as they are written now, where a run
    /// would refuse others.
    pub(super) fn content_check(&self, plan: &Plan) -> Option<Check> {
        let runner = self.runner;
        let reverts = plan.direction == Direction::Downgrade;
        if !(runner.log && runner.edited == Edited::Refuse && reverts) {
            return None;
        }
        let revisions = plan.steps.iter().map(|step| {
            let id = &runner.history.graph()[step.revision].id;
            (id, runner.digests()[step.revision.index()])
        });
        let revisions: Vec<_> = revisions.collect();
        let condition = self
            .engine
            .ran_as_written(&runner.version_table, &revisions);
        let message = "a revision was applied with another content than its file has now";
        Some(Check::new(condition, message))
    }

    /// Adds a revision to the log, if one is kept; `before` are the rows before it.
    pub(super) fn log_step(&mut self, node: Node, direction: Direction, before: &str) {
        if !self.has_log {
            return;
        }
        let entry = self.runner.entry(node, direction, self.rows_text());
        self.log_entry(&entry, before);
    }

    /// Adds to the log what a stamp of the rows `before` declares, if one is kept.
    pub(super) fn log_stamp(&mut self, before: &[Node]) {
        if !self.has_log {
            return;
        }
        let graph = self.runner.history.graph();
        let (old, new) = (graph.required_by(before), graph.required_by(&self.nodes()));
        let without = |all: &NodeSet, others: &NodeSet| {
            let mut rest = all.clone();
            rest.retain(|node| !others.contains(node));
            graph.in_order(&rest)
        };
        let removed = without(&old, &new).into_iter().rev();
        let removed = removed.map(|node| (node, Direction::Downgrade));
        let added = without(&new, &old).into_iter();
        let added = added.map(|node| (node, Direction::Upgrade));
        let mut expected = rows_text(&Rows::from(before).versions(graph));
        for (node, direction) in removed.chain(added) {
            let entry = NewEntry {
                action: LogAction::Stamp,
                ..self.runner.entry(node, direction, self.rows_text())
            };
            self.log_entry(&entry, &expected);
            expected = self.rows_text();
        }
    }

    fn log_entry(&mut self, entry: &NewEntry, before: &str) {
        let program = self.shell.command().split(' ').next();
        let author = Author {
            application: program.map(ToOwned::to_owned),
            ..Author::default()
        };
        let fingerprint = self.fingerprint;
        match entry.direction {
            Direction::Upgrade => self.fingerprint.add(&entry.revision, entry.digest),
            Direction::Downgrade => self.fingerprint.remove(&entry.revision, entry.digest),
        }
        let table = &self.runner.version_table;
        let (before, after) = ((before, fingerprint), self.fingerprint);
        let log = self
            .engine
            .continue_log(table, (entry, &author), before, after);
        self.execute(&log);
    }

    /// Writes the progress of a revision: how many statements of its section are done.
    pub(super) fn record(&mut self, section: &OutsideSection, statements: usize, is_begun: bool) {
        let versions = &self.runner.version_table;
        let OutsideSection {
            node,
            direction,
            done,
        } = *section;
        let revision = &self.runner.history.graph()[node].id;
        if self.has_progress && done + statements == 0 && !has_room(revision) {
            let drop = self.engine.drop_progress(versions);
            self.execute(&drop);
            self.has_progress = false;
        }
        let is_first = !std::mem::replace(&mut self.has_progress, true);
        if is_first {
            let create = self.engine.create_progress(versions, revision);
            self.execute(&create);
        }
        let progress = self
            .runner
            .progress(node, direction, done + statements, is_begun);
        // The first record of a section is part of the transaction before it.
        let is_open = statements == 0;
        let write = self
            .engine
            .write_progress(versions, progress, is_first, is_open);
        self.execute(&write);
    }
}
