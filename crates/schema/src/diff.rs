//! Compares two schemas, and returns the changes that make one of the other, in their order.
//!
//! What an object becomes is asked of its engine ([`Transition`](crate::comparison::Transition)); what has to get out of its way,
//! and what comes first, is decided here, from what objects need.

mod operations;
mod order;
mod rank;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::change::Change;
use crate::comparison::{Comparison, DiffOptions};
use crate::engine::room;
use crate::model::{ObjectId, Schema};

/// Two schemas that no order of statements makes one of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffError {
    /// Objects that need each other.
    pub cycle: Vec<ObjectId>,
}

impl fmt::Display for DiffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these objects need each other: ")?;
        for (number, id) in self.cycle.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{id}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DiffError {}

/// Returns the changes that make `to` of `from`, in an order in which they can be carried out.
///
/// A table or column that is called otherwise in `to` is dropped and created: whoever wants it to be
/// renamed renames it first, and compares what the database makes of that.
///
/// # Errors
///
/// Objects that need each other in a way that cannot be taken apart.
pub fn diff(from: &Schema, to: &Schema, options: DiffOptions) -> Result<Vec<Change>, DiffError> {
    let to = (room(to.dialect).aligned)(from, to);
    let to = to.as_ref();
    let moves = (room(to.dialect).moves)(from, to);
    let comparison = Comparison {
        from: &moves.from,
        to: &moves.to,
        options,
    };
    let mut changes = order::sorted(comparison, operations::find(comparison), &moves)?;
    (room(to.dialect).polish)(&mut changes, from, to);
    Ok(changes)
}
