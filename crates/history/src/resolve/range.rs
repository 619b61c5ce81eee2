//! Finds the revisions in a range.

use super::{ResolveError, Resolver};
use crate::graph::{Edges, NodeSet};
use crate::{Expression, Node, Range};

impl Resolver<'_> {
    /// Finds the revisions in a range, the newest first.
    pub(crate) fn range(&self, range: &Range) -> Result<Vec<Node>, ResolveError> {
        let start = range.start.as_ref();
        // Without an end, a range leads to the heads, or to those of its start's branch if it has
        // one.
        let end = range
            .end
            .clone()
            .unwrap_or_else(|| Expression::heads(start.and_then(|start| start.branch.as_deref())));
        let mut end_nodes = match (&end.symbol, end.offset) {
            // `START:+N` counts from the start of the range.
            (None, Some(offset)) if offset > 0 => {
                let from = match start {
                    Some(start) => self.single_start(&end, &self.revisions(start)?, None)?,
                    None => None,
                };
                let branch = self.branch(&end)?;
                let walk = self.walk(&end, from, offset, branch.as_ref())?;
                walk.end.into_iter().collect()
            }
            _ => self.revisions(&end)?,
        };
        let start_nodes = match start {
            None => Vec::new(),
            Some(start) => self.range_start(start, &end_nodes)?,
        };
        if let Some(branch) = start.map(|start| self.branch(start)).transpose()?.flatten() {
            end_nodes.retain(|node| branch.contains(*node));
        }
        let mut nodes = self.graph.ancestors(&end_nodes, Edges::All);
        if !start_nodes.is_empty() {
            if !start_nodes.iter().all(|node| nodes.contains(*node)) {
                return Err(ResolveError::NotARange {
                    start: start.map(ToString::to_string).unwrap_or_default(),
                    end: end.to_string(),
                });
            }
            let below = self.graph.ancestors(&start_nodes, Edges::All);
            let above = self.graph.descendants(&start_nodes, Edges::Lineage);
            nodes.retain(|node| {
                start_nodes.contains(&node) || (above.contains(node) && !below.contains(node))
            });
        }
        let mut order = self.graph.in_order(&nodes);
        order.reverse();
        Ok(order)
    }

    /// Finds the older end of a range; `-N` counts down from its newer end, and may lead past the base.
    fn range_start(&self, start: &Expression, ends: &[Node]) -> Result<Vec<Node>, ResolveError> {
        match (&start.symbol, start.offset) {
            (None, Some(offset)) if offset < 0 => {
                let mut found = NodeSet::empty(self.graph);
                for end in ends {
                    if let Some(node) = self.walk(start, Some(*end), offset, None)?.end {
                        found.insert(node);
                    }
                }
                Ok(found.iter().collect())
            }
            _ => self.revisions(start),
        }
    }
}
