//! What the server makes for partitions by itself, and how that is called.

use std::collections::BTreeSet;

use crate::model::{Constraint, ConstraintKind, Definition, Index, ObjectId, Schema};
use crate::postgres::facts;
use crate::postgres::name::{self, quote};

/// Returns the statements that give what the server has made for a new partition the names that it has
/// in the schema.
pub(super) fn renames(id: &ObjectId, covered: &BTreeSet<ObjectId>, schema: &Schema) -> Vec<String> {
    let renames = covered
        .iter()
        .filter_map(|part| match facts::definition(schema, part)? {
            Definition::Index(index) if index.table == id.name => {
                let chosen = chosen_index(index);
                (chosen != part.name).then(|| {
                    let chosen = name::qualified(&part.schema, &chosen);
                    format!("ALTER INDEX {chosen} RENAME TO {}", quote(&part.name))
                })
            }
            Definition::Constraint(constraint) => constraint_rename(part, constraint),
            _ => None,
        });
    renames.collect()
}

/// Returns whether the server chooses the names of a partition's indexes so that it is clear which is which:
/// it numbers those of the same columns.
pub(in crate::postgres) fn has_clear_names(id: &ObjectId, schema: &Schema) -> bool {
    let indexes = facts::indexes_of(schema, id).filter(|(_, index)| index.parent.is_some());
    let mut chosen = BTreeSet::new();
    indexes
        .map(|(_, index)| chosen_index(index))
        .all(|name| chosen.insert(name))
}

/// Returns the statement that gives the key that the server has made for a partition its name.
pub(super) fn constraint_rename(id: &ObjectId, constraint: &Constraint) -> Option<String> {
    let table = id.parent.as_deref()?;
    let chosen = match constraint.kind {
        _ if !constraint.inherited => return None,
        ConstraintKind::PrimaryKey => name::chosen(table, "", "pkey"),
        ConstraintKind::Unique => name::chosen(table, &constraint.columns.join("_"), "key"),
        ConstraintKind::Exclude => name::chosen(table, &constraint.columns.join("_"), "excl"),
        ConstraintKind::Check
        | ConstraintKind::NotNull
        | ConstraintKind::ForeignKey
        | ConstraintKind::Trigger => return None,
    };
    (chosen != id.name).then(|| {
        format!(
            "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
            name::owner(id),
            quote(&chosen),
            quote(&id.name)
        )
    })
}

/// Returns the name that the server gives to a partition's index.
fn chosen_index(index: &Index) -> String {
    let columns = index
        .definition
        .split_once('(')
        .map_or("", |(_, columns)| columns);
    let mut names: Vec<String> = Vec::new();
    let (mut depth, mut column) = (0, String::new());
    for letter in columns.chars() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => break,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                names.push(std::mem::take(&mut column));
                continue;
            }
            _ => {}
        }
        column.push(letter);
    }
    names.push(column);
    let mut expressions = 0;
    let names: Vec<String> = names
        .iter()
        .map(|name| {
            let name = name.trim();
            if !name.contains('(') {
                let (name, _) = name.split_once(' ').unwrap_or((name, ""));
                return name.trim_matches('"').to_owned();
            }
            expressions += 1;
            match expressions {
                1 => "expr".to_owned(),
                number => format!("expr{}", number - 1),
            }
        })
        .collect();
    name::chosen(&index.table, &names.join("_"), "idx")
}
