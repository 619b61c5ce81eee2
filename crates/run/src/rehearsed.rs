//! What the rehearsal of a script has noted.

use std::collections::BTreeMap;
use std::sync::Arc;

use alembic_history::Node;
use alembic_schema::sqlite::Step;

/// What a rehearsal has noted: for the first of the statements that are carried out together, by its
/// revision and its number there, what they become.
#[derive(Clone, Debug, Default)]
pub struct Rehearsed(Arc<BTreeMap<(Node, usize), Vec<Step>>>);

impl Rehearsed {
    pub(crate) fn new(noted: BTreeMap<(Node, usize), Vec<Step>>) -> Self {
        Self(Arc::new(noted))
    }

    pub(crate) fn steps(&self, node: Node, number: usize) -> Option<&[Step]> {
        self.0.get(&(node, number)).map(Vec::as_slice)
    }
}
