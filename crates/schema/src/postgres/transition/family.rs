//! Tables that leave the tables that they inherit from or are partitions of, and join others.
//!
//! Whoever joins must have the columns and checks of the other table by then, and whoever leaves keeps
//! them as its own.

use std::collections::BTreeSet;

use super::Alteration;
use crate::change::{Change, Hazard};
use crate::comparison::{Comparison, Transition};
use crate::model::{ConstraintKind, Definition, Object, ObjectId, ObjectKind, Schema, Table};
use crate::postgres::name::{self, quote};
use crate::postgres::{create, drop, facts};

/// The tables that a table leaves, and those that it joins.
pub(super) struct Moves {
    left: Vec<ObjectId>,
    joined: Vec<ObjectId>,
    /// Those that it is a part of before and after.
    kept: Vec<ObjectId>,
}

impl Moves {
    pub(super) fn new(before: &Table, after: &Table) -> Self {
        let ids = |table: &Table| -> BTreeSet<ObjectId> {
            let parents = facts::parents(table);
            let ids = parents.map(|(of, name)| ObjectId::new(ObjectKind::Table, of, name));
            ids.collect()
        };
        let (before, after) = (ids(before), ids(after));
        Self {
            left: before.difference(&after).cloned().collect(),
            joined: after.difference(&before).cloned().collect(),
            kept: before.intersection(&after).cloned().collect(),
        }
    }

    /// Returns the statements after which a table that has left has no columns and checks any longer that
    /// it had only from there.
    pub(super) fn leave(
        &self,
        alteration: &mut Alteration,
        comparison: Comparison<'_>,
    ) -> Vec<String> {
        let Comparison { from, to, .. } = comparison;
        let id = alteration.id.clone();
        let own = name::of(&id);
        let is_left =
            |part: &ObjectId| gives(&self.left, from, part) && !gives(&self.kept, from, part);
        let mut statements = Vec::new();
        for table in &self.left {
            let columns = from.parts(table, ObjectKind::Column);
            let parts = columns.chain(checks(from, table));
            let parts = parts.map(|(part, _)| part.clone());
            alteration.made.precedes.extend(parts);
        }
        for (check, _) in checks(from, &id).filter(|(check, _)| is_left(check)) {
            let text = |schema| facts::constraint(schema, check).map(|check| &check.definition);
            if text(from) != text(to) {
                let name = quote(&check.name);
                statements.push(format!("ALTER TABLE {own} DROP CONSTRAINT {name}"));
                let set = match has(to, check) {
                    true => &mut alteration.made.frees,
                    false => &mut alteration.made.settles,
                };
                set.insert(check.clone());
            }
        }
        for (column, _) in from.columns(&id) {
            if is_left(column) && !has(to, column) {
                let name = quote(&column.name);
                statements.push(format!("ALTER TABLE {own} DROP COLUMN {name}"));
                alteration
                    .hazards
                    .push(Hazard::DestroysValues(column.clone()));
                let default = facts::default_of(column);
                alteration.made.settles.extend([column.clone(), default]);
            }
        }
        statements
    }

    /// Adds the changes after which a table can join others.
    pub(super) fn join(&self, alteration: &mut Alteration, comparison: Comparison<'_>) {
        let Comparison { from, to, .. } = comparison;
        if self.joined.is_empty() {
            return;
        }
        let id = alteration.id.clone();
        for table in &self.joined {
            for schema in [from, to] {
                let columns = schema.parts(table, ObjectKind::Column);
                let parts = columns.chain(checks(schema, table));
                let parts = parts.map(|(part, _)| part.clone());
                alteration.made.follows.extend(parts);
            }
        }
        let columns = to.columns(&id).into_iter().filter(|(column, after)| {
            let before = facts::column(from, column).map(|before| {
                let mut before = before.clone();
                before.inherited = after.inherited;
                before
            });
            gives(&self.joined, to, column) && before.as_ref() != Some(*after)
        });
        let columns: Vec<&ObjectId> = columns.map(|(column, _)| column).collect();
        if !columns.is_empty() {
            let (from, to) = (&independent(from, &id), &independent(to, &id));
            let alone = Comparison {
                from,
                to,
                ..comparison
            };
            for column in columns {
                prepare(alteration, column, alone);
            }
        }
        if facts::table(to, &id).is_some_and(|table| table.partition.is_some()) {
            // A partition has no columns of its own.
            let gone = from.columns(&id).into_iter().map(|(column, _)| column);
            let gone = gone.filter(|column| !has(to, column));
            for column in gone {
                if alteration.made.settles.insert(column.clone()) {
                    let default = facts::default_of(column);
                    alteration.made.settles.insert(default);
                    let change = drop::drop(column, comparison);
                    alteration.made.changes.push(change);
                }
            }
        }
        let own = name::of(&id);
        for (check, _) in checks(to, &id) {
            if !gives(&self.joined, to, check) {
                continue;
            }
            let text = |schema, id| facts::constraint(schema, id).map(|check| &check.definition);
            let (before, after) = (text(from, check), text(to, check));
            let Some(definition) = after.filter(|_| before != after) else {
                continue;
            };
            let name = quote(&check.name);
            let drop = before.map(|_| format!("ALTER TABLE {own} DROP CONSTRAINT {name}"));
            let add = format!("ALTER TABLE {own} ADD CONSTRAINT {name} {definition}");
            alteration.add(format!("added {check}"), drop.into_iter().chain([add]));
            alteration.risk(Hazard::MayFail(format!(
                "rows do not fulfil {}",
                check.name
            )));
            alteration.made.settles.insert(check.clone());
        }
    }
}

/// Adds what gives a table a column before the table joins another that has it.
fn prepare(alteration: &mut Alteration, column: &ObjectId, comparison: Comparison<'_>) {
    let default = facts::default_of(column);
    let mut add = |change: Change| alteration.made.changes.push(change);
    let mut settled = BTreeSet::from([column.clone()]);
    match super::transition(column, comparison) {
        Transition::Same if has(comparison.from, column) => {}
        Transition::Alter(made) => {
            alteration.made.changes.extend(made.changes);
            alteration.made.disturbs.extend(made.disturbs);
            settled.extend(made.settles);
        }
        Transition::Same | Transition::Replace => {
            if has(comparison.from, column) {
                add(drop::drop(column, comparison));
            }
            let covered = BTreeSet::from([default]);
            let covered = covered.into_iter().filter(|part| has(comparison.to, part));
            let covered = covered.collect();
            add(create::create(column, &covered, comparison));
            settled.extend(covered);
        }
    }
    alteration.made.settles.extend(settled);
}

/// Returns a schema in which the columns of a table are its own.
fn independent(schema: &Schema, table: &ObjectId) -> Schema {
    let mut schema = schema.clone();
    let columns = schema.columns(table).into_iter().map(|(id, _)| id.clone());
    for column in columns.collect::<Vec<_>>() {
        if let Some(object) = schema.objects.get_mut(&column)
            && let Definition::Column(column) = &mut object.definition
        {
            column.inherited = false;
        }
    }
    schema
}

fn has(schema: &Schema, id: &ObjectId) -> bool {
    schema.objects.contains_key(id)
}

/// Returns whether one of some tables has the same part.
fn gives(tables: &[ObjectId], schema: &Schema, part: &ObjectId) -> bool {
    let mut tables = tables.iter();
    tables.any(|table| has(schema, &table.part(part.kind, &*part.name)))
}

/// Returns the checks of a table.
fn checks<'s>(
    schema: &'s Schema,
    table: &'s ObjectId,
) -> impl Iterator<Item = (&'s ObjectId, &'s Object)> {
    facts::constraints_of(schema, table, ConstraintKind::Check)
}
