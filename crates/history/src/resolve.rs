//! Finds the revisions that an expression names.

mod error;
mod range;

use crate::graph::{Edges, NodeSet};
use crate::{Expression, Graph, Node, Range, Symbol};

pub use error::ResolveError;

/// A place in the history: a revision, or the base before the first one.
pub(crate) type Place = Option<Node>;

/// The end of a walk, and how many of its steps were left over.
struct Walk {
    end: Place,
    missing: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// Resolves expressions for one state of the version table.
pub(crate) struct Resolver<'g> {
    pub(crate) graph: &'g Graph,
    /// The rows of the version table, if the command may use them.
    pub(crate) rows: Option<&'g [Node]>,
}

impl<'g> Resolver<'g> {
    /// Finds the revisions that `[branch@]symbol` names; the base is not a revision.
    pub(crate) fn symbol(
        &self,
        expression: &Expression,
        symbol: &Symbol,
    ) -> Result<Vec<Node>, ResolveError> {
        let branch = self.branch(expression)?;
        let on_branch = |nodes: Vec<Node>| -> Vec<Node> {
            match &branch {
                Some(branch) => nodes
                    .into_iter()
                    .filter(|node| branch.contains(*node))
                    .collect(),
                None => nodes,
            }
        };
        match symbol {
            Symbol::Base => Ok(Vec::new()),
            Symbol::Heads if branch.is_none() => Ok(self.graph.real_heads().collect()),
            Symbol::Heads => Ok(on_branch(self.graph.heads().collect())),
            Symbol::Head => {
                let heads = on_branch(self.graph.heads().collect());
                if heads.len() > 1 {
                    return Err(ResolveError::MultipleHeads {
                        expression: expression.to_string(),
                        heads: self.graph.ids(&heads),
                    });
                }
                Ok(heads)
            }
            Symbol::Current => match self.rows {
                Some(rows) => Ok(on_branch(rows.to_vec())),
                None => Err(ResolveError::NotAllowed {
                    expression: expression.to_string(),
                }),
            },
            Symbol::Name(name) => {
                let node = self.name(name, branch.as_ref())?;
                match (&branch, &expression.branch) {
                    (Some(lineage), Some(label)) if !lineage.contains(node) => {
                        Err(ResolveError::NotOnBranch {
                            revision: self.graph[node].id.clone(),
                            branch: label.clone(),
                        })
                    }
                    _ => Ok(vec![node]),
                }
            }
        }
    }

    /// Finds the one place that `[branch@]symbol` names.
    fn place(&self, expression: &Expression, symbol: &Symbol) -> Result<Place, ResolveError> {
        let nodes = self.symbol(expression, symbol)?;
        match nodes.as_slice() {
            [] => Ok(None),
            [node] => Ok(Some(*node)),
            several => Err(ResolveError::MultipleHeads {
                expression: expression.to_string(),
                heads: self.graph.ids(several),
            }),
        }
    }

    /// Returns the line of the expression's branch.
    fn branch(&self, expression: &Expression) -> Result<Option<NodeSet>, ResolveError> {
        let node = self.branch_node(expression)?;
        Ok(node.map(|node| self.graph.lineage(node, Edges::Lineage)))
    }

    /// Returns the revision that the expression's branch names.
    pub(crate) fn branch_node(&self, expression: &Expression) -> Result<Place, ResolveError> {
        match &expression.branch {
            Some(branch) => Ok(Some(self.name(branch, None)?)),
            None => Ok(None),
        }
    }

    /// Finds a revision by its id, its label, or the beginning of either.
    fn name(&self, name: &str, branch: Option<&NodeSet>) -> Result<Node, ResolveError> {
        if let Some(node) = self.graph.named(name) {
            return Ok(node);
        }
        // As in Alembic, a name of up to three characters must be given whole.
        let candidates: Vec<(&str, Node)> = self
            .graph
            .names_from(name)
            .filter(|(full, _)| full.chars().count() > 3)
            .filter(|(_, node)| branch.is_none_or(|branch| branch.contains(*node)))
            .collect();
        let mut nodes: Vec<Node> = candidates.iter().map(|(_, node)| *node).collect();
        nodes.dedup();
        match nodes.as_slice() {
            [node] => Ok(*node),
            [] => Err(ResolveError::UnknownRevision {
                name: name.to_owned(),
                similar: similar(name, self.graph),
            }),
            _ => Err(ResolveError::AmbiguousPrefix {
                prefix: name.to_owned(),
                candidates: candidates
                    .iter()
                    .map(|(name, _)| (*name).to_owned())
                    .collect(),
            }),
        }
    }

    /// Walks `offset` revisions from `start` along down revisions.
    fn walk(
        &self,
        expression: &Expression,
        start: Place,
        offset: i64,
        branch: Option<&NodeSet>,
    ) -> Result<Walk, ResolveError> {
        let way = if offset > 0 { Way::Up } else { Way::Down };
        let mut walk = Walk {
            end: start,
            missing: offset.unsigned_abs(),
        };
        while walk.missing > 0 {
            let ways: Vec<Node> = match (way, walk.end) {
                (Way::Up, None) => self.graph.bases().collect(),
                (Way::Up, Some(node)) => self.graph.children(node).to_vec(),
                (Way::Down, None) => break,
                (Way::Down, Some(node)) => self.graph.parents(node).to_vec(),
            };
            let ways: Vec<Node> = match branch {
                Some(branch) if way == Way::Up => ways
                    .into_iter()
                    .filter(|node| branch.contains(*node))
                    .collect(),
                _ => ways,
            };
            walk.end = match (way, ways.as_slice()) {
                (_, [next]) => Some(*next),
                (Way::Down, []) => None,
                (Way::Up, []) => break,
                (_, several) => {
                    return Err(ResolveError::AmbiguousWalk {
                        expression: expression.to_string(),
                        at: walk.end.map(|node| self.graph[node].id.clone()),
                        candidates: self.graph.ids(several),
                    });
                }
            };
            walk.missing -= 1;
        }
        Ok(walk)
    }

    /// Walks, and fails if the history ends before the walk does.
    fn walk_whole(
        &self,
        expression: &Expression,
        start: Place,
        offset: i64,
        branch: Option<&NodeSet>,
    ) -> Result<Place, ResolveError> {
        let walk = self.walk(expression, start, offset, branch)?;
        let asked = offset.unsigned_abs();
        match walk.missing {
            0 => Ok(walk.end),
            missing => Err(ResolveError::OutOfRange {
                expression: expression.to_string(),
                is_back: offset < 0,
                asked,
                found: asked - missing,
            }),
        }
    }

    /// Finds the revisions to upgrade to, seen from `rows`.
    pub(crate) fn upgrade(
        &self,
        expression: &Expression,
        rows: &[Node],
    ) -> Result<Vec<Node>, ResolveError> {
        let place = match (&expression.symbol, expression.offset) {
            (Some(symbol), None) => return self.symbol(expression, symbol),
            (Some(symbol), Some(offset)) => self.walk_from(expression, symbol, offset)?,
            (None, Some(offset)) if offset > 0 => {
                let start = self.upgrade_start(expression, rows)?;
                let branch = self.branch(expression)?;
                self.walk_whole(expression, start, offset, branch.as_ref())?
            }
            (None, _) => {
                return Err(ResolveError::WrongWay {
                    expression: expression.to_string(),
                });
            }
        };
        Ok(place.into_iter().collect())
    }

    /// Walks from a symbol; upwards, a branch selects the next revision, downwards, it confines the
    /// start.
    fn walk_from(
        &self,
        expression: &Expression,
        symbol: &Symbol,
        offset: i64,
    ) -> Result<Place, ResolveError> {
        let branch = self.branch(expression)?;
        let start = self.place(expression, symbol)?;
        self.walk_whole(expression, start, offset, branch.as_ref())
    }

    /// Finds the revision from which `[branch@]+N` counts.
    fn upgrade_start(&self, expression: &Expression, rows: &[Node]) -> Result<Place, ResolveError> {
        let mut starts = rows.to_vec();
        if let Some(branch) = self.branch(expression)? {
            starts.retain(|row| branch.contains(*row));
            if starts.is_empty() {
                // The branch has no row of its own: count from the applied revisions of its line.
                let mut applied = self.graph.ancestors(rows, Edges::All);
                applied.retain(|node| branch.contains(node));
                let mut below = NodeSet::empty(self.graph);
                for node in applied.iter() {
                    for parent in self.graph.requirements(node) {
                        below.insert(*parent);
                    }
                }
                starts = applied
                    .iter()
                    .filter(|node| !below.contains(*node))
                    .collect();
            }
        }
        self.single_start(expression, &starts, None)
    }

    fn single_start(
        &self,
        expression: &Expression,
        starts: &[Node],
        unapplied: Option<String>,
    ) -> Result<Place, ResolveError> {
        match starts {
            [] => Ok(None),
            [start] => Ok(Some(*start)),
            several => Err(ResolveError::AmbiguousStart {
                expression: expression.to_string(),
                rows: self.graph.ids(several),
                unapplied,
            }),
        }
    }

    /// Finds the target of a downgrade, and the revision whose line is reverted.
    pub(crate) fn downgrade(
        &self,
        expression: &Expression,
        rows: &[Node],
    ) -> Result<(Place, Place), ResolveError> {
        let branch = self.branch_node(expression)?;
        match (&expression.symbol, expression.offset) {
            (Some(symbol), None) => Ok((self.place(expression, symbol)?, branch)),
            (Some(symbol), Some(offset)) => {
                Ok((self.walk_from(expression, symbol, offset)?, branch))
            }
            (None, Some(offset)) if offset < 0 => {
                let start = match branch {
                    Some(branch) => self.branch_start(expression, branch, rows)?,
                    None => self.single_start(expression, rows, None)?,
                };
                let target = self.walk_whole(expression, start, offset, None)?;
                Ok((target, branch.or(start)))
            }
            (None, _) => Err(ResolveError::WrongWay {
                expression: expression.to_string(),
            }),
        }
    }

    /// Finds the revision from which `branch@-N` counts: the row on the branch, or the tip of it
    /// that a row implies.
    fn branch_start(
        &self,
        expression: &Expression,
        branch: Node,
        rows: &[Node],
    ) -> Result<Place, ResolveError> {
        let lineage = self.graph.lineage(branch, Edges::Lineage);
        let mut starts: Vec<Node> = rows
            .iter()
            .copied()
            .filter(|row| lineage.contains(*row))
            .collect();
        if starts.is_empty() {
            let applied = self.graph.ancestors(rows, Edges::All);
            starts = self.graph.tips(&applied);
            starts.retain(|tip| lineage.contains(*tip));
        }
        // Rows below a branch are not what it counts from.
        let is_applied = self.graph.required_by(rows).contains(branch);
        let unapplied = expression.branch.clone().filter(|_| !is_applied);
        match self.single_start(expression, &starts, unapplied)? {
            Some(start) => Ok(Some(start)),
            None => Err(ResolveError::NotStarted {
                expression: expression.to_string(),
                branch: expression.branch.clone().unwrap_or_default(),
            }),
        }
    }

    /// Finds the revisions that an expression names by itself; an offset without a symbol counts
    /// down from the heads.
    pub(crate) fn revisions(&self, expression: &Expression) -> Result<Vec<Node>, ResolveError> {
        match (&expression.symbol, expression.offset) {
            (Some(symbol), None) => self.symbol(expression, symbol),
            (Some(symbol), Some(offset)) => Ok(self
                .walk_from(expression, symbol, offset)?
                .into_iter()
                .collect()),
            (None, Some(offset)) if offset < 0 => {
                let mut found = NodeSet::empty(self.graph);
                for head in self.heads_of(expression)? {
                    if let Some(node) = self.walk_whole(expression, Some(head), offset, None)? {
                        found.insert(node);
                    }
                }
                Ok(found.iter().collect())
            }
            (None, _) => Err(ResolveError::WrongWay {
                expression: expression.to_string(),
            }),
        }
    }

    /// Returns the heads from which `[branch@]-N` counts down.
    fn heads_of(&self, expression: &Expression) -> Result<Vec<Node>, ResolveError> {
        self.symbol(expression, &Symbol::Heads)
    }
}

/// Returns the names that resemble `name`, the nearest first.
fn similar(name: &str, graph: &Graph) -> Vec<String> {
    crate::suggest::nearest(name, graph.names().map(|(name, _)| name))
        .into_iter()
        .map(ToOwned::to_owned)
        .collect()
}

impl Graph {
    /// Finds the revisions that `expression` names; the base is not a revision.
    ///
    /// `rows` are the rows of the version table for `current`, if the caller knows them. An offset
    /// without a symbol counts down from the heads.
    ///
    /// # Errors
    ///
    /// When the expression names no revision, is ambiguous, or needs `rows` that are not given.
    ///
    /// ```
    /// # use alembic_history::{Graph, Revision, RevisionId};
    /// # let id = |id: &str| RevisionId::new(id).unwrap();
    /// # let graph = Graph::new(vec![
    /// #     Revision::new(id("aaaa"), vec![]),
    /// #     Revision::new(id("bbbb"), vec![id("aaaa")]),
    /// # ]).unwrap();
    /// let found = graph.resolve(&"head-1".parse().unwrap(), None).unwrap();
    /// assert_eq!(graph[found[0]].id.as_str(), "aaaa");
    /// ```
    pub fn resolve(
        &self,
        expression: &Expression,
        rows: Option<&[Node]>,
    ) -> Result<Vec<Node>, ResolveError> {
        Resolver { graph: self, rows }.revisions(expression)
    }

    /// Finds the revisions that a new revision follows.
    ///
    /// As [`Graph::resolve`], except that `heads` includes the heads that another head depends on:
    /// they stay heads until a revision follows them.
    ///
    /// # Errors
    ///
    /// The errors of [`Graph::resolve`].
    pub fn resolve_parents(&self, expression: &Expression) -> Result<Vec<Node>, ResolveError> {
        match (&expression.symbol, &expression.branch, expression.offset) {
            (Some(Symbol::Heads), None, None) => Ok(self.heads().collect()),
            _ => self.resolve(expression, None),
        }
    }

    /// Returns whether every name in `expression` is, or begins, an id or label.
    #[must_use]
    pub fn knows(&self, expression: &Expression) -> bool {
        let resolver = Resolver {
            graph: self,
            rows: None,
        };
        let name = match &expression.symbol {
            Some(Symbol::Name(name)) => Some(name),
            _ => None,
        };
        let unknown = |name: &String| {
            matches!(
                resolver.name(name, None),
                Err(ResolveError::UnknownRevision { .. })
            )
        };
        !expression.branch.iter().chain(name).any(unknown)
    }

    /// Finds the revisions in `range`, the newest first.
    ///
    /// # Errors
    ///
    /// The errors of [`Graph::resolve`], and ends that are not on one line.
    pub fn range(&self, range: &Range, rows: Option<&[Node]>) -> Result<Vec<Node>, ResolveError> {
        Resolver { graph: self, rows }.range(range)
    }
}
