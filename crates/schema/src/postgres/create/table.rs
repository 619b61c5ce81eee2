//! `CREATE TABLE`.

use std::collections::BTreeSet;

use crate::change::{Change, Statement};
use crate::comparison::Comparison;
use crate::model::{Column, ConstraintKind, Definition, ObjectId, ObjectKind, Schema, Table};
use crate::postgres::create::{column, partition, use_of_index};
use crate::postgres::facts;
use crate::postgres::name::{self, quote};

/// Writes the statements that create a table with what is covered.
pub(super) fn create(
    change: &mut Change,
    table: &Table,
    covered: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) {
    let id = change.object.clone();
    let schema = comparison.to;
    let columns: Vec<(&ObjectId, &Column)> = schema.columns(&id);
    let mut lines = Vec::new();
    for (part, column) in &columns {
        if covered.contains(*part) && !column.inherited {
            let is_typed = table.of_type.is_some();
            lines.extend(match is_typed {
                true => column::options_of_typed(part, column, covered, schema),
                false => Some(column::clause(part, column, covered, schema)),
            });
        }
    }
    let repeated = repeated(covered, schema);
    for part in covered {
        if let Some(constraint) = facts::constraint(schema, part)
            && part.parent.as_ref() == Some(&id.name)
            && !constraint.inherited
            && constraint.validated
            && !repeated.contains(part)
        {
            let definition = facts::constraint_clause(constraint);
            lines.push(format!("CONSTRAINT {} {definition}", quote(&part.name)));
        }
    }
    let mut write = |sql: String| change.statements.push(Statement::new(sql));
    let own = name::of(&id);
    write(statement(&id, table, &lines));
    for part in covered {
        let Some(constraint) = facts::constraint(schema, part) else {
            continue;
        };
        let validation = match constraint.validated {
            true => "",
            false => " NOT VALID",
        };
        let is_left = !constraint.validated || repeated.contains(part);
        if is_left && !constraint.inherited {
            write(format!(
                "ALTER TABLE {own} ADD CONSTRAINT {} {}{validation}",
                quote(&part.name),
                facts::constraint_clause(constraint)
            ));
        }
        for used in &constraint.uses {
            write(use_of_index(&own, &part.name, *used));
        }
    }
    for sql in partition::renames(&id, covered, schema) {
        write(sql);
    }
    for (part, column) in columns {
        if covered.contains(part) {
            for action in column::differences_from_parent(part, schema) {
                write(format!("ALTER TABLE {own} {action}"));
            }
            for action in column::options(&part.name, None, column) {
                write(format!("ALTER TABLE {own} {action}"));
            }
        }
    }
    for action in security(&Table::default(), table) {
        write(format!("ALTER TABLE {own} {action}"));
    }
    if let Some(identity) = &table.replica_identity {
        write(format!("ALTER TABLE {own} REPLICA IDENTITY {identity}"));
    }
}

/// Returns the keys that the server would leave out of a `CREATE TABLE`, since another one demands the same.
fn repeated<'s>(covered: &'s BTreeSet<ObjectId>, schema: &Schema) -> BTreeSet<&'s ObjectId> {
    let keys = covered.iter().filter_map(|part| {
        let constraint = facts::constraint(schema, part)?;
        let word = match constraint.kind {
            ConstraintKind::PrimaryKey => "PRIMARY KEY ",
            ConstraintKind::Unique => "UNIQUE ",
            ConstraintKind::Exclude => "",
            ConstraintKind::Check
            | ConstraintKind::NotNull
            | ConstraintKind::ForeignKey
            | ConstraintKind::Trigger => return None,
        };
        let demand = constraint.definition.strip_prefix(word)?;
        Some((demand, constraint.kind, part))
    });
    let mut keys: Vec<_> = keys.collect();
    // The primary key comes first.
    keys.sort_unstable();
    let pairs = keys.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    pairs.map(|pair| pair[1].2).collect()
}

fn statement(id: &ObjectId, table: &Table, lines: &[String]) -> String {
    let unlogged = match table.unlogged {
        true => "UNLOGGED ",
        false => "",
    };
    let mut sql = format!("CREATE {unlogged}TABLE {}", name::of(id));
    if let Some(partition) = &table.partition {
        let (of, parent) = &partition.table;
        sql += &format!(" PARTITION OF {}", name::qualified(of, parent));
    }
    if let Some(of) = &table.of_type {
        sql += &format!(" OF {of}");
    }
    let may_be_left_out = table.partition.is_some() || table.of_type.is_some();
    match lines {
        [] if may_be_left_out => {}
        [] => sql += " ()",
        lines => sql += &format!(" (\n    {}\n)", lines.join(",\n    ")),
    }
    if let Some(partition) = &table.partition {
        sql += &format!(" {}", partition.bound);
    }
    if !table.parents.is_empty() {
        let parents: Vec<String> = table
            .parents
            .iter()
            .map(|(of, parent)| name::qualified(of, parent))
            .collect();
        sql += &format!(" INHERITS ({})", parents.join(", "));
    }
    if let Some(key) = &table.partition_key {
        sql += &format!(" PARTITION BY {key}");
    }
    if let Some(method) = &table.access_method {
        sql += &format!(" USING {}", quote(method));
    }
    if !table.storage.is_empty() {
        sql += &format!(" WITH ({})", table.storage.join(", "));
    }
    sql
}

/// Returns the actions that make the row-level security of one table that of another.
pub(in crate::postgres) fn security(before: &Table, after: &Table) -> Vec<&'static str> {
    let mut actions = Vec::new();
    match (before.row_security.0, after.row_security.0) {
        (false, true) => actions.push("ENABLE ROW LEVEL SECURITY"),
        (true, false) => actions.push("DISABLE ROW LEVEL SECURITY"),
        (true, true) | (false, false) => {}
    }
    match (before.row_security.1, after.row_security.1) {
        (false, true) => actions.push("FORCE ROW LEVEL SECURITY"),
        (true, false) => actions.push("NO FORCE ROW LEVEL SECURITY"),
        (true, true) | (false, false) => {}
    }
    actions
}

/// Returns which of the created objects the creation of a table includes.
pub(in crate::postgres) fn covers(
    id: &ObjectId,
    created: &BTreeSet<ObjectId>,
    schema: &Schema,
) -> BTreeSet<ObjectId> {
    let mut covered = BTreeSet::new();
    for kind in [
        ObjectKind::Column,
        ObjectKind::Default,
        ObjectKind::Constraint,
    ] {
        for part in facts::parts(created, id, kind) {
            covered.insert(part.clone());
            if let Some(column) = facts::column(schema, part) {
                covered.extend(column::covers(part, column, created, schema));
            }
        }
    }
    let is_partition = facts::table(schema, id).is_some_and(|table| table.partition.is_some());
    if is_partition {
        let indexes = created
            .iter()
            .filter(|part| match facts::definition(schema, part) {
                Some(Definition::Index(index)) => {
                    let parent = index.parent.as_ref();
                    let parent = parent.and_then(|parent| index_parent(schema, id, parent));
                    part.schema == id.schema
                        && index.table == id.name
                        && parent.is_some_and(|parent| !created.contains(&parent))
                }
                _ => false,
            });
        covered.extend(indexes.cloned());
    }
    covered
}

/// Returns the index of the partitioned table with this name.
fn index_parent(schema: &Schema, partition: &ObjectId, name: &str) -> Option<ObjectId> {
    let table = facts::table(schema, partition)?;
    let (of, _) = &table.partition.as_ref()?.table;
    Some(ObjectId::new(ObjectKind::Index, of, name))
}
