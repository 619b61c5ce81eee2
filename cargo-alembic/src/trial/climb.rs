//! Upgrades revision by revision, and downgrades back from each.

use std::collections::BTreeSet;
use std::mem;
use std::ops::Range;

use alembic_history::{Node, Reversal, read_text, rows_file};

use alembic_migrate::RunError;

use super::{Ladder, Picture, Trial, Verdict, check_failure, compare, count, with_order};
use crate::database::scratch::Scratch;
use crate::output::{Cause, Diagnostic, Result};

/// Revisions that can be reverted one after the other.
pub(super) struct Slope {
    /// Their positions in the order.
    positions: Range<usize>,
    /// A database at the last of them.
    top: Scratch,
}

impl Trial<'_> {
    /// Upgrades revision by revision, inserting the rows that belong to each, and calls `visit`
    /// with the database and the number of applied revisions, before the first one and after each.
    fn climb(
        &self,
        order: &[Node],
        mut visit: impl FnMut(&mut Scratch, usize) -> Result<()>,
    ) -> Result<Scratch> {
        let mut scratch = self.replay.prepared()?;
        visit(&mut scratch, 0)?;
        let mut position = 0;
        while position < order.len() {
            let end = self.end_of_group(position);
            self.up(&mut scratch, order[end - 1])?;
            for node in &order[position..end] {
                self.insert_rows(&scratch, *node)?;
            }
            for applied in position..end {
                visit(&mut scratch, applied + 1)?;
            }
            position = end;
        }
        Ok(scratch)
    }

    /// Returns whether a revision can only be applied together with others.
    fn is_joined(&self, position: usize) -> bool {
        let mut groups = self.together.iter();
        groups.any(|group| group.contains(&position))
    }

    /// Returns the end of the revisions that are applied with the one at `position`, in the order.
    fn end_of_group(&self, position: usize) -> usize {
        let mut groups = self.together.iter();
        let group = groups.find(|group| group.contains(&position));
        group.map_or(position + 1, |group| group.end)
    }

    fn up(&self, scratch: &mut Scratch, node: Node) -> Result<()> {
        let outcome = self.try_up(scratch, node);
        outcome.map_err(|error| self.explain(error, scratch))
    }

    pub(super) fn try_up(
        &self,
        scratch: &mut Scratch,
        node: Node,
    ) -> std::result::Result<(), RunError> {
        let id = self.replay.owner.graph()[node].id.as_str();
        let outcome = self.migrations().upgrade(&mut scratch.connection, id);
        outcome.map(drop)
    }

    fn down(&self, scratch: &mut Scratch, node: Node) -> Result<()> {
        let id = self.replay.owner.graph()[node].id.as_str();
        let outcome = self.migrations().revert(&mut scratch.connection, id);
        outcome
            .map(drop)
            .map_err(|error| self.explain(error, scratch))
    }

    /// Inserts the rows from the file next to a revision.
    pub(super) fn insert_rows(&self, scratch: &Scratch, node: Node) -> Result<()> {
        let path = rows_file(&self.replay.owner.history().file(node).path);
        let shown = path.display();
        let sql = match read_text(&path) {
            Ok(sql) => sql,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let title = format!("cannot read {shown}: {error}");
                let cause = Cause::CheckCausedBy(Box::new(Cause::Unreadable(error)));
                return Err(Diagnostic::new(cause, title).into());
            }
        };
        scratch.execute(&sql).map_err(|error| {
            let title = format!("cannot insert the rows in {shown}: {error}");
            let cause = Cause::CheckCausedBy(Box::new(error.into()));
            Diagnostic::new(cause, title).into()
        })
    }

    pub(super) fn upgrade(&mut self) -> Result<Verdict> {
        let graph = self.replay.owner.graph();
        let heads: Vec<Node> = graph.real_heads().collect();
        let order = graph.in_order(&graph.required_by(&heads));
        self.together = self.find_together(&order)?;
        let mut schemas = Vec::new();
        let mut slopes = Vec::new();
        let mut rest = self.slopes(&order).into_iter().peekable();
        let top = self.climb(&order, |scratch, applied| {
            schemas.push(self.schema(scratch)?);
            let ends = |positions: &Range<usize>| positions.end == applied && applied < order.len();
            if let Some(positions) = rest.next_if(ends) {
                let top = scratch.copy()?;
                slopes.push(Slope { positions, top });
            }
            Ok(())
        })?;
        slopes.extend(rest.next().map(|positions| Slope { positions, top }));
        let has_rows =
            |node: &&Node| rows_file(&self.replay.owner.history().file(**node).path).is_file();
        let with_rows = order.iter().filter(has_rows).count();
        self.slopes = slopes;
        self.ladder = Some(Ladder { order, schemas });
        let revisions = count(self.replay.owner.graph().len(), "revision");
        let text = match with_rows {
            0 => format!("{revisions}, no rows (put some next to a revision, in *.rows.sql)"),
            files => format!("{revisions}, with rows for {files} of them"),
        };
        let unsound: usize = self.together.iter().map(|group| group.len() - 1).sum();
        Ok(Verdict::Passed(match unsound {
            0 => text,
            unsound => format!(
                "{text}; {} applied with the one that mends what is broken until then",
                count(unsound, "imported revision")
            ),
        }))
    }

    fn reversal(&self, node: Node) -> Reversal<'_> {
        let file = &self.replay.owner.history().file(node).file;
        file.reversal(self.replay.engine.dialect())
    }

    /// Returns the ranges of the order in which revisions can be reverted one after the other.
    fn slopes(&self, order: &[Node]) -> Vec<Range<usize>> {
        let mut slopes: Vec<Range<usize>> = Vec::new();
        for (position, node) in order.iter().enumerate() {
            if self.is_joined(position) || !matches!(self.reversal(*node), Reversal::Possible) {
                continue;
            }
            match slopes.last_mut() {
                Some(slope) if slope.end == position => slope.end += 1,
                _ => slopes.push(position..position + 1),
            }
        }
        slopes
    }

    /// Downgrades revision by revision, from the heads and from below each irreversible one.
    pub(super) fn up_down_up(&mut self) -> Result<Verdict> {
        let slopes = mem::take(&mut self.slopes);
        let Some(Ladder { order, schemas }) = &self.ladder else {
            return Ok(Verdict::Skipped("`upgrade` did not run".to_owned()));
        };
        let (mut reverted, mut irreversible, mut joined) = (0, 0, 0);
        let mut faults = Vec::new();
        let mut reordered = BTreeSet::new();
        for (position, node) in order.iter().enumerate() {
            match self.reversal(*node) {
                Reversal::Possible if self.is_joined(position) => joined += 1,
                Reversal::Possible => reverted += 1,
                Reversal::Declared(_) => irreversible += 1,
                Reversal::Missing => faults.push((position, vec![self.no_downgrade(*node)])),
            }
        }
        for Slope {
            mut positions,
            mut top,
        } in slopes
        {
            while let Some(position) = positions.next_back() {
                let schemas = (&schemas[position], &schemas[position + 1]);
                let more = !positions.is_empty();
                match self.revert_and_reapply(&mut top, order[position], schemas, more) {
                    Ok(tables) => reordered.extend(tables),
                    Err(error) => {
                        faults.push((position, error.diagnostics));
                        // Nothing that it left behind may get in the way of the ones below.
                        if more {
                            drop(top);
                            top = self.climb(&order[..position], |_, _| Ok(()))?;
                        }
                    }
                }
            }
        }
        if !faults.is_empty() {
            faults.sort_by_key(|(position, _)| *position);
            let faults = faults.into_iter().flat_map(|(_, faults)| faults);
            return Err(check_failure(faults.collect()));
        }
        let reverted = count(reverted, "revision");
        let mut text = format!("{reverted}, {irreversible} irreversible");
        if joined > 0 {
            text += &format!(", {joined} not on their own");
        }
        Ok(Verdict::Passed(with_order(text, &reordered)))
    }

    fn no_downgrade(&self, node: Node) -> Diagnostic {
        let path = &self.replay.owner.history().file(node).path;
        let id = &self.replay.owner.graph()[node].id;
        let title = format!("revision {id} has no downgrade section");
        Diagnostic::new(Cause::Check, title)
            .note(format!("its file is {}", path.display()))
            .help("write one, or `-- alembic: downgrade irreversible: REASON`")
    }

    /// Reverts the last revision and applies it again, and reverts it once more if there are `more`
    /// below it. `below` and `above` are the schemas before and after it. Returns the tables whose
    /// columns are in another order then.
    fn revert_and_reapply(
        &self,
        scratch: &mut Scratch,
        node: Node,
        (below, above): (&Picture, &Picture),
        more: bool,
    ) -> Result<BTreeSet<String>> {
        let id = &self.replay.owner.graph()[node].id;
        self.down(scratch, node)?;
        let left = self.schema(scratch)?;
        // Applying it again would only fail over what is left.
        let mut reordered = compare(&format!("revision {id}, up and down"), below, &left)?;
        self.up(scratch, node).map_err(|error| {
            error.note(
                "it had been applied and reverted before: the schema was as at first, but rows that its \
                 downgrade left may be in the way",
            )
        })?;
        let again = self.schema(scratch)?;
        let what = format!("revision {id}, up, down and up");
        reordered.extend(compare(&what, above, &again)?);
        if more {
            self.down(scratch, node)?;
        }
        Ok(reordered)
    }
}
