//! Revisions that leave broken what a later one mends: a run from nothing commits them together.

use std::ops::Range;

use alembic_history::{Node, TransactionMode};
use alembic_import::Origin;
use alembic_migrate::RunError;
use alembic_run::Failure;

use super::Trial;
use crate::database::scratch::Scratch;
use crate::output::Result;

impl Trial<'_> {
    /// Returns the positions of imported revisions that cannot be applied by themselves, each range up to
    /// the revision that mends what they leave.
    ///
    /// Other tools let SQLite's foreign keys refer to tables that come later, and databases have these
    /// migrations. Revisions that are written here should not be like that.
    pub(super) fn find_together(&self, order: &[Node]) -> Result<Vec<Range<usize>>> {
        let mut found = Vec::new();
        let mode = self.migrations().runner(self.replay.engine.dialect());
        if mode.transaction == TransactionMode::Revision
            || !order.iter().any(|node| self.is_imported(*node))
        {
            return Ok(found);
        }
        let mut scratch = self.replay.prepared()?;
        let mut position = 0;
        while let Some(node) = order.get(position) {
            let end = match self.try_up(&mut scratch, *node) {
                Ok(()) => position,
                Err(error) if leaves_broken(&error) && self.is_imported(*node) => {
                    match self.find_mending(&mut scratch, order, position)? {
                        Some(end) => end,
                        None => return Ok(found),
                    }
                }
                // The check itself reports it.
                Err(_) => return Ok(found),
            };
            for node in &order[position..=end] {
                self.insert_rows(&scratch, *node)?;
            }
            if end > position {
                found.push(position..end + 1);
            }
            position = end + 1;
        }
        Ok(found)
    }

    /// Applies the fewest revisions that can be applied in one run, more than the one at `position`;
    /// returns the position of the last of them.
    fn find_mending(
        &self,
        scratch: &mut Scratch,
        order: &[Node],
        position: usize,
    ) -> Result<Option<usize>> {
        let graph = self.replay.owner.graph();
        for end in position + 1..order.len() {
            let below = graph.required_by(&order[end..=end]);
            let is_next = order[..=end].iter().all(|node| below.contains(*node));
            let mut copy = scratch.copy()?;
            if is_next && self.try_up(&mut copy, order[end]).is_ok() {
                *scratch = copy;
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    fn is_imported(&self, node: Node) -> bool {
        let file = self.replay.owner.history().file(node);
        Origin::find(&file.file.header.doc).is_some()
    }
}

/// Returns whether a run ended because what does not work would have been committed.
fn leaves_broken(error: &RunError) -> bool {
    matches!(
        error.failure(),
        Failure::Broken { .. } | Failure::ForeignKeyMismatch { .. } | Failure::ForeignKeys { .. }
    )
}
