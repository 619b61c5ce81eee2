//! Columns and attributes in `CREATE TABLE`, `ADD COLUMN` and `CREATE TYPE`.

use std::collections::BTreeSet;

use alembic_sql::literal;

use crate::change::{Change, Hazard, Statement};
use crate::comparison::Comparison;
use crate::model::{Attribute, Column, ObjectId, ObjectKind, Schema};
use crate::postgres::name::{self, quote};
use crate::postgres::{facts, sequence};

/// Returns the clause that defines a column, with what is covered.
pub(super) fn clause(
    id: &ObjectId,
    column: &Column,
    covered: &BTreeSet<ObjectId>,
    schema: &Schema,
) -> String {
    let serial = sequence::serial(schema, id, column);
    let serial = serial.filter(|serial| serial.parts.iter().all(|part| covered.contains(part)));
    if let Some(serial) = serial {
        return format!("{} {} NOT NULL", quote(&id.name), serial.word);
    }
    let data_type = facts::collated(&column.data_type, column.collation.as_deref());
    let options = clause_options(id, column, covered, schema);
    format!("{} {data_type}{options}", quote(&id.name))
}

/// Returns the clause that says more of the column of a table of a type than the type does.
pub(super) fn options_of_typed(
    id: &ObjectId,
    column: &Column,
    covered: &BTreeSet<ObjectId>,
    schema: &Schema,
) -> Option<String> {
    let options = clause_options(id, column, covered, schema);
    let says_more = !options.is_empty();
    says_more.then(|| format!("{} WITH OPTIONS{options}", quote(&id.name)))
}

fn clause_options(
    id: &ObjectId,
    column: &Column,
    covered: &BTreeSet<ObjectId>,
    schema: &Schema,
) -> String {
    let mut clause = String::new();
    if let Some(generated) = &column.generated {
        let stored = match generated.stored {
            true => "STORED",
            false => "VIRTUAL",
        };
        clause += &format!(" GENERATED ALWAYS AS ({}) {stored}", generated.expression);
    }
    if let Some(identity) = &column.identity {
        clause += &format!(" {}", sequence::identity_clause(id, identity));
    }
    if covered.contains(&id.of_kind(ObjectKind::Default))
        && let Some(default) = facts::default(schema, id)
    {
        clause += &format!(" DEFAULT {default}");
    }
    if column.not_null {
        clause += " NOT NULL";
    }
    clause
}

/// Returns which of the created objects come with a column: its default, and what `serial` makes.
pub(in crate::postgres) fn covers(
    id: &ObjectId,
    column: &Column,
    created: &BTreeSet<ObjectId>,
    schema: &Schema,
) -> BTreeSet<ObjectId> {
    let mut covered = BTreeSet::from([id.of_kind(ObjectKind::Default)]);
    if let Some(serial) = sequence::serial(schema, id, column)
        && serial.parts.iter().all(|part| created.contains(part))
    {
        covered.extend(serial.parts);
    }
    covered.retain(|part| created.contains(part));
    covered
}

/// Writes the statements that add a column to a table, and to those that inherit it.
pub(super) fn add(change: &mut Change, covered: &BTreeSet<ObjectId>, comparison: Comparison<'_>) {
    let id = change.object.clone();
    // Those that are also a table's own come first, from below: the parent's column joins them.
    let heirs = facts::heirs(comparison.to, &id).into_iter().rev();
    for heir in heirs.filter(|heir| covered.contains(heir)) {
        if comparison
            .from
            .objects
            .contains_key(&facts::owner_table(&heir))
        {
            add_own(change, &heir, covered, comparison);
        }
    }
    add_own(change, &id, covered, comparison);
    for heir in covered {
        for action in differences_from_parent(heir, comparison.to) {
            let sql = format!("ALTER TABLE {} {action}", name::owner(heir));
            change.statements.push(Statement::new(sql));
        }
    }
}

/// Writes the statements that add a column to a table, unless a parent's column makes it.
fn add_own(
    change: &mut Change,
    id: &ObjectId,
    covered: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) {
    let schema = comparison.to;
    let Some(column) = facts::column(schema, id).filter(|column| !column.inherited) else {
        return;
    };
    let owner = name::owner(id);
    let clause = clause(id, column, covered, schema);
    let mut write = |sql: String| change.statements.push(Statement::new(sql));
    write(format!("ALTER TABLE {owner} ADD COLUMN {clause}"));
    for action in options(&id.name, None, column) {
        write(format!("ALTER TABLE {owner} {action}"));
    }
    let owner_table = facts::owner_table(id);
    let is_filled = column.generated.is_some()
        || column.identity.is_some()
        || facts::default(schema, id).is_some();
    if column.not_null && !is_filled {
        let why = format!("{} has rows", owner_table.name);
        change.hazards.push(Hazard::MayFail(why));
    }
    let computes = facts::default(schema, id).is_some_and(|default| default.contains('('));
    if computes || column.identity.is_some() || column.generated.is_some() {
        change.hazards.push(Hazard::Rewrites(owner_table));
    }
}

/// Returns the actions that make an inherited column differ from the parent's.
pub(super) fn differences_from_parent(id: &ObjectId, schema: &Schema) -> Vec<String> {
    let Some(column) = facts::column(schema, id).filter(|column| column.inherited) else {
        return Vec::new();
    };
    let Some(parent) = facts::inherited_from(schema, id) else {
        return Vec::new();
    };
    let name = quote(&id.name);
    let mut actions = Vec::new();
    let is_stricter = facts::column(schema, &parent).is_some_and(|parent| !parent.not_null);
    if column.not_null && is_stricter {
        actions.push(format!("ALTER COLUMN {name} SET NOT NULL"));
    }
    match (facts::default(schema, &parent), facts::default(schema, id)) {
        (Some(_), None) => actions.push(format!("ALTER COLUMN {name} DROP DEFAULT")),
        (before, Some(after)) if before != Some(after) => {
            actions.push(format!("ALTER COLUMN {name} SET DEFAULT {after}"));
        }
        (_, _) => {}
    }
    actions
}

/// Returns the actions that make the options of one column those of another.
pub(in crate::postgres) fn options(
    name: &str,
    before: Option<&Column>,
    after: &Column,
) -> Vec<String> {
    let name = quote(name);
    let old = before.map(|column| column.options.as_slice());
    let old = old.unwrap_or_default();
    let mut actions = Vec::new();
    for option in old.iter().filter(|option| !after.options.contains(option)) {
        let (word, _) = option.split_once(' ').unwrap_or((option, ""));
        let is_set_again =
            !word.starts_with('(') && after.options.iter().any(|other| other.starts_with(word));
        match word {
            _ if is_set_again => {}
            "STORAGE" => {
                let usual = usual_storage(&after.data_type);
                actions.push(format!("ALTER COLUMN {name} SET STORAGE {usual}"));
            }
            "COMPRESSION" => {
                actions.push(format!("ALTER COLUMN {name} SET COMPRESSION DEFAULT"));
            }
            "STATISTICS" => actions.push(format!("ALTER COLUMN {name} SET STATISTICS -1")),
            _ => {
                let names = option.trim_matches(['(', ')']).split(", ");
                let names: Vec<&str> = names
                    .filter_map(|option| option.split_once('=').map(|(name, _)| name))
                    .collect();
                actions.push(format!("ALTER COLUMN {name} RESET ({})", names.join(", ")));
            }
        }
    }
    for option in after.options.iter().filter(|option| !old.contains(option)) {
        actions.push(format!("ALTER COLUMN {name} SET {option}"));
    }
    actions
}

/// Returns how the values of a type are stored unless a column says otherwise.
fn usual_storage(data_type: &str) -> &'static str {
    let (word, _) = data_type.split_once('(').unwrap_or((data_type, ""));
    match word {
        "numeric" | "inet" | "cidr" => "MAIN",
        _ => "EXTENDED",
    }
}

/// Returns the clause that defines an attribute of a composite type.
pub(in crate::postgres) fn attribute(attribute: &Attribute) -> String {
    let data_type = facts::collated(&attribute.data_type, attribute.collation.as_deref());
    format!("{} {data_type}", quote(&attribute.name))
}

/// Returns the statement that gives an attribute a comment.
pub(in crate::postgres) fn attribute_comment(
    id: &ObjectId,
    attribute: &str,
    comment: Option<&str>,
) -> String {
    let comment = comment.map_or_else(|| "NULL".to_owned(), literal);
    format!(
        "COMMENT ON COLUMN {}.{} IS {comment}",
        name::of(id),
        quote(attribute)
    )
}
