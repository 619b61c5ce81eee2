//! What is doubtful in a valid history, and keeps nothing from running.

use alembic_sql::SqliteVersion;

use super::{Fault, History, HistoryFile, place};
use crate::{Dialect, Direction, Finding, Node};

impl History {
    /// Returns the upgrade sections without statements that do not say that this is on purpose:
    /// what is added to one after its revision is applied never runs.
    #[must_use]
    pub fn empty_upgrades(&self) -> Vec<Fault> {
        let faults = self.graph.nodes().flat_map(|node| {
            let (file, place) = (self.file(node), place(&self.graph, node));
            faults(file, file.file.empty_upgrades(&self.dialects, place))
        });
        faults.collect()
    }

    /// Returns what only newer versions of SQLite than `oldest` understand in the sections of a
    /// revision that run in `direction` on one of `dialects`.
    #[must_use]
    pub fn newer_sql(
        &self,
        node: Node,
        direction: Direction,
        dialects: &[Dialect],
        oldest: SqliteVersion,
    ) -> Vec<Fault> {
        let file = self.file(node);
        faults(file, file.file.newer_sql(direction, dialects, oldest))
    }

    /// Returns what only newer versions of SQLite than `oldest` understand in any section for the
    /// dialects of the history.
    #[must_use]
    pub fn all_newer_sql(&self, oldest: SqliteVersion) -> Vec<Fault> {
        let faults = self.graph.nodes().flat_map(|node| {
            let directions = [Direction::Upgrade, Direction::Downgrade].into_iter();
            directions.flat_map(move |way| self.newer_sql(node, way, &self.dialects, oldest))
        });
        faults.collect()
    }
}

fn faults(file: &HistoryFile, findings: Vec<Finding>) -> Vec<Fault> {
    let findings = findings.into_iter();
    let faults = findings.map(|finding| Fault::new(&file.path, &file.text, finding));
    faults.collect()
}
