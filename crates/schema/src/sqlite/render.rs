//! Statements that create and drop objects of SQLite.

use std::collections::BTreeSet;

use alembic_sql::quote;

use super::full_text::ExternalContent;
use crate::change::{Change, Hazard, Statement, Verb};
use crate::comparison::{Comparison, Fate};
use crate::model::{Definition, Object, ObjectId, ObjectKind};

/// Returns whether an object goes with the table that another one takes the place of.
pub(crate) fn must_go(
    dependent: &ObjectId,
    needed: &ObjectId,
    fate: Fate,
    _: Comparison<'_>,
) -> bool {
    let is_part = matches!(dependent.kind, ObjectKind::Trigger | ObjectKind::Index);
    fate == Fate::Dropped && is_part && is_owner(needed, dependent)
}

fn is_owner(owner: &ObjectId, part: &ObjectId) -> bool {
    matches!(owner.kind, ObjectKind::Table | ObjectKind::View)
        && part
            .parent
            .as_ref()
            .is_none_or(|parent| *parent == owner.name)
}

/// The statement that creates a table has its columns and constraints, which are no objects of their
/// own here.
pub(crate) fn covers(
    _: &ObjectId,
    _: &BTreeSet<ObjectId>,
    _: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    BTreeSet::new()
}

/// Returns the creation of an object: the statement that its database keeps.
pub(crate) fn create(id: &ObjectId, _: &BTreeSet<ObjectId>, comparison: Comparison<'_>) -> Change {
    let definition = comparison.to.get(id).map(|object| &object.definition);
    let sql = definition.and_then(statement).unwrap_or_default();
    let mut statements = vec![Statement::new(sql)];
    // It knows the rows that come later; those that are there must be read.
    if let Some(content) = ExternalContent::read(sql)
        && content.table(comparison.from).is_some()
    {
        let filled = content.filled(&id.name, comparison.to);
        statements.extend(filled.map(Statement::new));
    }
    let mut hazards = Vec::new();
    if let Some(Definition::Index(index)) = definition
        && is_kept(&index.table, comparison)
    {
        let table = ObjectId::new(ObjectKind::Table, "", &index.table);
        hazards.push(Hazard::Scans(table));
        if index.unique {
            hazards.push(Hazard::MayFail("rows have the same values".to_owned()));
        }
    }
    Change {
        verb: Verb::Create,
        object: id.clone(),
        sentence: format!("added {id}"),
        hazards,
        statements,
    }
}

fn is_kept(table: &str, comparison: Comparison<'_>) -> bool {
    let table = ObjectId::new(ObjectKind::Table, "", table);
    comparison.from.objects.contains_key(&table)
}

/// Returns the statement that creates an object, if it has one of its own.
pub(super) fn statement(definition: &Definition) -> Option<&str> {
    match definition {
        Definition::Table(table) => table.sql.as_deref(),
        Definition::Index(index) => Some(&index.sql),
        Definition::View(view) => Some(&view.query),
        Definition::Statement(sql) => Some(sql),
        Definition::Schema
        | Definition::Extension(_)
        | Definition::Enum(_)
        | Definition::Composite(_)
        | Definition::Domain(_)
        | Definition::Sequence(_)
        | Definition::Column(_)
        | Definition::Default(_)
        | Definition::SequenceOwner(..)
        | Definition::Constraint(_)
        | Definition::Routine(_)
        | Definition::Trigger(_)
        | Definition::Statistics(_)
        | Definition::Statements(_) => None,
    }
}

/// Returns the objects that are dropped with a table or view.
pub(crate) fn drops_with(
    id: &ObjectId,
    dropped: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    let is_with = |other: &&ObjectId| match comparison.from.get(other) {
        Some(Object {
            definition: Definition::Index(index),
            ..
        }) => id.kind == ObjectKind::Table && index.table.eq_ignore_ascii_case(&id.name),
        _ => {
            other.kind == ObjectKind::Trigger
                && matches!(id.kind, ObjectKind::Table | ObjectKind::View)
                && other.parent.as_ref() == Some(&id.name)
        }
    };
    dropped.iter().filter(is_with).cloned().collect()
}

/// Returns the drop of an object.
pub(crate) fn drop(id: &ObjectId, comparison: Comparison<'_>) -> Change {
    let word = match id.kind {
        ObjectKind::Index => "INDEX",
        ObjectKind::View => "VIEW",
        ObjectKind::Trigger => "TRIGGER",
        _ => "TABLE",
    };
    let holds_rows = match comparison.from.get(id).map(|object| &object.definition) {
        Some(Definition::Table(table)) => {
            let sql = table.sql.as_deref().unwrap_or_default();
            ExternalContent::read(sql).is_none()
        }
        _ => false,
    };
    Change {
        verb: Verb::Drop,
        object: id.clone(),
        sentence: format!("removed {id}"),
        hazards: match holds_rows {
            true => vec![Hazard::DestroysRows(id.clone())],
            false => Vec::new(),
        },
        statements: vec![Statement::new(format!("DROP {word} {}", quote(&id.name)))],
    }
}
