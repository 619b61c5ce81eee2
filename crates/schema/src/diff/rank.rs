//! The order of changes that do not wait for each other.

use super::operations::Operation;
use crate::change::{Change, Verb};
use crate::model::{Definition, ObjectId, ObjectKind, Schema};

/// What decides between operations that do not wait for each other: the order in which a person would
/// write them.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank<'o> {
    stage: Stage,
    table: Option<&'o str>,
    /// Where a column is in its table.
    position: Option<usize>,
    object: Option<&'o ObjectId>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// What is committed before the others, so that they are one transaction.
    AloneBefore,
    TakeAway,
    DropPart,
    Rename,
    CreateBefore,
    Table,
    CreatePart,
    CreateAfter,
    Drop,
    /// What is committed after the others.
    AloneAfter,
}

impl<'o> Rank<'o> {
    pub(super) fn of(operation: &'o Operation, to: &Schema) -> Self {
        let change = operation.changes.first();
        let object = change.map(|change| &change.object);
        let table = object.and_then(|object| match object.kind {
            ObjectKind::Table => Some(object.name.as_str()),
            _ => object.parent.as_deref(),
        });
        Self {
            stage: change.map_or(Stage::Table, Stage::of),
            table,
            position: object.and_then(|object| match &to.get(object)?.definition {
                Definition::Column(column) => Some(column.position),
                _ => None,
            }),
            object,
        }
    }
}

impl Stage {
    fn of(change: &Change) -> Self {
        let kind = change.object.kind;
        let is_alone = change
            .statements
            .iter()
            .any(|statement| statement.stands_alone);
        match change.verb {
            Verb::Alter if is_alone && kind == ObjectKind::Enum => Self::AloneBefore,
            Verb::Create if is_alone && kind == ObjectKind::Index => Self::AloneAfter,
            Verb::TakeAway => Self::TakeAway,
            Verb::Rename => Self::Rename,
            // It is filled by a query.
            Verb::Alter if kind == ObjectKind::MaterializedView => Self::CreateAfter,
            Verb::Alter => Self::Table,
            Verb::Create | Verb::PutBack => match kind {
                ObjectKind::Schema
                | ObjectKind::Extension
                | ObjectKind::Collation
                | ObjectKind::TextSearchDictionary
                | ObjectKind::TextSearchConfiguration
                | ObjectKind::Enum
                | ObjectKind::Composite
                | ObjectKind::Range
                | ObjectKind::Domain
                | ObjectKind::Sequence
                // The rows of a table may call it, in ways that the server does not know.
                | ObjectKind::Routine => Self::CreateBefore,
                ObjectKind::Table | ObjectKind::Column => Self::Table,
                ObjectKind::SequenceOwner
                | ObjectKind::Default
                | ObjectKind::Constraint
                | ObjectKind::Index => Self::CreatePart,
                ObjectKind::Operator
                | ObjectKind::Cast
                | ObjectKind::View
                | ObjectKind::MaterializedView
                | ObjectKind::Statistics
                | ObjectKind::Rule
                | ObjectKind::Trigger
                | ObjectKind::Policy => Self::CreateAfter,
            },
            Verb::Drop => match kind {
                ObjectKind::Default
                | ObjectKind::Constraint
                | ObjectKind::Index
                | ObjectKind::View
                | ObjectKind::MaterializedView
                | ObjectKind::Statistics
                | ObjectKind::Rule
                | ObjectKind::Trigger
                | ObjectKind::Policy
                // A call may mean the one that is dropped as well as one that is created.
                | ObjectKind::Routine
                | ObjectKind::Operator
                | ObjectKind::Cast
                | ObjectKind::SequenceOwner => Self::DropPart,
                ObjectKind::Schema
                | ObjectKind::Extension
                | ObjectKind::Collation
                | ObjectKind::TextSearchDictionary
                | ObjectKind::TextSearchConfiguration
                | ObjectKind::Enum
                | ObjectKind::Composite
                | ObjectKind::Range
                | ObjectKind::Domain
                | ObjectKind::Sequence
                | ObjectKind::Table
                | ObjectKind::Column => Self::Drop,
            },
        }
    }
}
