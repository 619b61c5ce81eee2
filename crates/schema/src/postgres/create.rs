//! Statements that create objects.

pub(super) mod column;
pub(super) mod partition;
pub(super) mod table;

use std::collections::BTreeSet;

use alembic_sql::literal;

use super::name::{self, quote};
use super::{comment, facts, kept, sequence};
use crate::change::{Change, Hazard, Statement, Verb};
use crate::comparison::Comparison;
use crate::model::{
    Constraint, ConstraintKind, Definition, Domain, Firing, Index, IndexUse, Object, ObjectId,
    ObjectKind, Sequence, Statistics, Trigger, View,
};

/// Returns the creation of an object of the second schema, and of what it covers.
pub(crate) fn create(
    id: &ObjectId,
    covered: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> Change {
    let mut change = Change {
        verb: Verb::Create,
        object: id.clone(),
        sentence: format!("added {id}"),
        hazards: Vec::new(),
        statements: Vec::new(),
    };
    let Some(object) = comparison.to.get(id) else {
        return change;
    };
    write(&mut change, object, covered, comparison);
    for new in std::iter::once(id).chain(covered) {
        if let Some(object) = comparison.to.get(new) {
            change.statements.extend(comment::of_new(new, object));
        }
    }
    change
}

fn write(
    change: &mut Change,
    object: &Object,
    covered: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) {
    let id = change.object.clone();
    let own = name::of(&id);
    let mut write = |sql: String| change.statements.push(Statement::new(sql));
    match &object.definition {
        Definition::Schema => write(format!("CREATE SCHEMA {own}")),
        Definition::Extension(extension) => {
            let schema = quote(&extension.schema);
            write(format!("CREATE EXTENSION {own} SCHEMA {schema}"));
        }
        Definition::Enum(labels) => {
            let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
            write(format!("CREATE TYPE {own} AS ENUM ({})", labels.join(", ")));
        }
        Definition::Composite(attributes) => {
            let texts: Vec<String> = attributes.iter().map(column::attribute).collect();
            write(format!("CREATE TYPE {own} AS ({})", texts.join(", ")));
            for attribute in attributes {
                if let Some(text) = &attribute.comment {
                    write(column::attribute_comment(&id, &attribute.name, Some(text)));
                }
            }
        }
        Definition::Domain(domain) => {
            write(domain_sql(&id, domain, covered, comparison));
            for part in covered {
                if let Some(constraint) = facts::constraint(comparison.to, part)
                    && !constraint.validated
                {
                    write(format!(
                        "ALTER DOMAIN {own} ADD CONSTRAINT {} {} NOT VALID",
                        quote(&part.name),
                        constraint.definition
                    ));
                }
            }
        }
        Definition::Sequence(options) => write(sequence_sql(&own, options)),
        Definition::Table(table) => table::create(change, table, covered, comparison),
        Definition::Column(_) => column::add(change, covered, comparison),
        Definition::Default(expression) => {
            write(format!(
                "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {expression}",
                facts::only(&id, comparison.to),
                quote(&id.name)
            ));
            let column = id.of_kind(ObjectKind::Column);
            sequence::continued_after_values(&column, comparison).map(write);
        }
        Definition::SequenceOwner(table, column) => write(format!(
            "ALTER SEQUENCE {own} OWNED BY {}.{}",
            name::qualified(&id.schema, table),
            quote(column)
        )),
        Definition::Constraint(constraint) => {
            add_constraint(change, object, constraint, comparison);
            let heirs = covered.iter().filter_map(|heir| {
                let constraint = facts::constraint(comparison.to, heir)?;
                partition::constraint_rename(heir, constraint)
            });
            change.statements.extend(heirs.map(Statement::new));
        }
        Definition::Index(index) => create_index(change, index, comparison),
        Definition::View(view) => write(view_sql(&id, view, "CREATE")),
        Definition::Routine(routine) => {
            if facts::mentions_changes(object, comparison) {
                write("SET LOCAL check_function_bodies = off".to_owned());
            }
            let rest = routine.sql.strip_prefix("CREATE OR REPLACE ");
            write(rest.map_or_else(|| routine.sql.clone(), |rest| format!("CREATE {rest}")));
        }
        Definition::Trigger(trigger) => {
            write(trigger.sql.clone());
            if trigger.firing != Firing::Origin {
                write(firing(&id, trigger));
            }
        }
        Definition::Statistics(statistics) => {
            write(statistics.sql.clone());
            if statistics.target.is_some() {
                write(statistics_target(&own, statistics));
            }
        }
        Definition::Statements(statements) => statements.iter().cloned().for_each(write),
        Definition::Statement(sql) => write(sql.clone()),
    }
}

fn domain_sql(
    id: &ObjectId,
    domain: &Domain,
    covered: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> String {
    let mut sql = format!("CREATE DOMAIN {} AS {}", name::of(id), domain.data_type);
    if let Some(collation) = &domain.collation {
        sql += &format!(" COLLATE {collation}");
    }
    if let Some(default) = &domain.default {
        sql += &format!(" DEFAULT {default}");
    }
    if domain.not_null {
        sql += " NOT NULL";
    }
    for part in covered {
        if let Some(constraint) = facts::constraint(comparison.to, part)
            && constraint.validated
        {
            let definition = &constraint.definition;
            sql += &format!(" CONSTRAINT {} {definition}", quote(&part.name));
        }
    }
    sql
}

/// Returns the statement that creates a sequence.
pub(super) fn sequence_sql(own: &str, options: &Sequence) -> String {
    let unlogged = match options.unlogged {
        true => "UNLOGGED ",
        false => "",
    };
    let mut sql = format!("CREATE {unlogged}SEQUENCE {own}");
    if options.data_type != "bigint" {
        sql += &format!(" AS {}", options.data_type);
    }
    for option in sequence::options(options) {
        sql += &format!(" {option}");
    }
    sql
}

/// Returns the statement that creates a view, or replaces it.
pub(super) fn view_sql(id: &ObjectId, view: &View, verb: &str) -> String {
    let (word, end) = match id.kind {
        ObjectKind::MaterializedView if !view.is_filled => ("MATERIALIZED VIEW", "\nWITH NO DATA"),
        ObjectKind::MaterializedView => ("MATERIALIZED VIEW", ""),
        _ => ("VIEW", ""),
    };
    let options = match view.options.is_empty() {
        true => String::new(),
        false => format!(" WITH ({})", view.options.join(", ")),
    };
    format!(
        "{verb} {word} {}{options} AS\n{}{end}",
        name::of(id),
        view.query
    )
}

/// Returns the statement that says when a trigger or rule fires.
pub(super) fn firing(id: &ObjectId, trigger: &Trigger) -> String {
    let word = match id.kind {
        ObjectKind::Rule => "RULE",
        _ => "TRIGGER",
    };
    let verb = match trigger.firing {
        Firing::Origin => "ENABLE",
        Firing::Replica => "ENABLE REPLICA",
        Firing::Always => "ENABLE ALWAYS",
        Firing::Disabled => "DISABLE",
    };
    format!(
        "ALTER TABLE {} {verb} {word} {}",
        name::owner(id),
        quote(&id.name)
    )
}

/// Returns the statement that says how much statistics look at.
pub(super) fn statistics_target(own: &str, statistics: &Statistics) -> String {
    let target = statistics.target.as_deref().unwrap_or("-1");
    format!("ALTER STATISTICS {own} SET STATISTICS {target}")
}

fn add_constraint(
    change: &mut Change,
    object: &Object,
    constraint: &Constraint,
    comparison: Comparison<'_>,
) {
    if constraint.inherited {
        // The parent's constraint makes it.
        return;
    }
    let id = change.object.clone();
    let word = match comment::is_of_domain(object) {
        true => "DOMAIN",
        false => "TABLE",
    };
    let (name, owner) = (quote(&id.name), name::owner(&id));
    let head = format!("ALTER {word} {owner}");
    let definition = facts::constraint_clause(constraint);
    let table = facts::owner_table(&id);
    let domain = table.of_kind(ObjectKind::Domain);
    let is_old = [&table, &domain].map(|owner| comparison.from.objects.contains_key(owner));
    let can_wait = match constraint.kind {
        ConstraintKind::Check => true,
        // Those of partitioned tables are checked at once.
        ConstraintKind::ForeignKey => {
            !facts::is_partitioned(comparison.to, &id.schema, &table.name)
        }
        ConstraintKind::PrimaryKey
        | ConstraintKind::Unique
        | ConstraintKind::Exclude
        | ConstraintKind::NotNull
        | ConstraintKind::Trigger => false,
    };
    let is_late = comparison.options.online && is_old.contains(&true) && can_wait;
    let not_valid = match constraint.validated && !is_late {
        true => "",
        false => " NOT VALID",
    };
    let is_kept = word == "TABLE" && comparison.from.objects.contains_key(&table);
    let mut is_scanned = constraint.validated && !is_late;
    if comparison.options.online
        && is_kept
        && let Some((index, constraint)) = by_index(&id, constraint, comparison)
    {
        change.statements.push(Statement::alone(index));
        change.statements.push(Statement::new(constraint));
        is_scanned = false;
    } else {
        let sql = format!("{head} ADD CONSTRAINT {name} {definition}{not_valid}");
        change.statements.push(Statement::new(sql));
    }
    if is_late && constraint.validated {
        // The lock of the statement before is gone by then.
        let validate = format!("{head} VALIDATE CONSTRAINT {name}");
        change.statements.push(Statement::alone(validate));
    }
    for (heir, _) in facts::made_by_check(comparison.to, &id)
        .iter()
        .filter(|made| made.1)
    {
        let sql = format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {name}",
            name::owner(heir)
        );
        change.statements.push(Statement::new(sql));
        let table = facts::owner_table(heir);
        if comparison.from.objects.contains_key(&table) {
            let why = format!("rows of {} do not fulfil {}", table.name, id.name);
            change.hazards.push(Hazard::Scans(table));
            change.hazards.push(Hazard::MayFail(why));
        }
    }
    for used in &constraint.uses {
        let sql = use_of_index(&owner, &id.name, *used);
        change.statements.push(Statement::new(sql));
    }
    if is_kept && is_scanned {
        change.hazards.push(match constraint.kind {
            ConstraintKind::ForeignKey => Hazard::Scans(table),
            _ => Hazard::ScansLocked(table),
        });
    }
    if is_kept && constraint.validated {
        let why = format!("rows do not fulfil {}", id.name);
        change.hazards.push(Hazard::MayFail(why));
    }
}

/// Returns the statements that make a key of an index that is built while others write to the table.
fn by_index(
    id: &ObjectId,
    constraint: &Constraint,
    comparison: Comparison<'_>,
) -> Option<(String, String)> {
    let table = id.parent.as_deref()?;
    if facts::is_partitioned(comparison.to, &id.schema, table) {
        return None;
    }
    let word = match constraint.kind {
        ConstraintKind::PrimaryKey => "PRIMARY KEY",
        ConstraintKind::Unique => "UNIQUE",
        _ => return None,
    };
    let clause = facts::constraint_clause(constraint);
    let columns = clause.strip_prefix(word)?;
    let columns = columns
        .strip_prefix(' ')
        .filter(|rest| rest.starts_with('('))?;
    let (columns, mode) = facts::split_mode(columns);
    let (owner, name) = (name::owner(id), quote(&id.name));
    Some((
        format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON {owner} {columns}"),
        format!("ALTER TABLE {owner} ADD CONSTRAINT {name} {word} USING INDEX {name}{mode}"),
    ))
}

/// Returns the statement that lets a table use an index for something.
pub(super) fn use_of_index(table: &str, index: &str, used: IndexUse) -> String {
    let word = match used {
        IndexUse::Cluster => "CLUSTER ON",
        IndexUse::ReplicaIdentity => "REPLICA IDENTITY USING INDEX",
    };
    format!("ALTER TABLE {table} {word} {}", quote(index))
}

fn create_index(change: &mut Change, index: &Index, comparison: Comparison<'_>) {
    let id = change.object.clone();
    let table = name::qualified(&id.schema, &index.table);
    let mut sql = index.sql.clone();
    let is_kept = facts::relation(comparison.from, &id.schema, &index.table).is_some();
    let is_partitioned = facts::is_partitioned(comparison.to, &id.schema, &index.table);
    let can_wait = is_kept && !is_partitioned;
    if is_partitioned && !index.valid {
        // It is not yet one of all partitions.
        sql = sql.replacen(" ON ", " ON ONLY ", 1);
    }
    let statement = match comparison.options.online && can_wait {
        true => {
            sql = sql.replacen("INDEX ", "INDEX CONCURRENTLY ", 1);
            Statement::alone(sql)
        }
        false => Statement::new(sql),
    };
    change.statements.push(statement);
    if is_partitioned && !index.valid {
        let own = name::of(&id);
        let parts = comparison.to.objects.keys();
        let parts = parts.filter(|part| facts::belongs_to(part, &id, comparison.to));
        change.statements.extend(parts.map(|part| {
            let part = name::of(part);
            Statement::new(format!("ALTER INDEX {own} ATTACH PARTITION {part}"))
        }));
    }
    if let Some(parent) = facts::index_parent(&id, comparison.to)
        && kept::is_kept_index(&parent, comparison.from, comparison.to)
        && is_kept
    {
        let (parent, own) = (name::of(&parent), name::of(&id));
        change.statements.push(Statement::new(format!(
            "ALTER INDEX {parent} ATTACH PARTITION {own}"
        )));
    }
    for used in &index.uses {
        let sql = use_of_index(&table, &id.name, *used);
        change.statements.push(Statement::new(sql));
    }
    for (number, target) in &index.statistics {
        change.statements.push(Statement::new(format!(
            "ALTER INDEX {} ALTER COLUMN {number} SET STATISTICS {target}",
            name::of(&id)
        )));
    }
    if let Some(table) = facts::relation(comparison.from, &id.schema, &index.table) {
        if !comparison.options.online {
            change.hazards.push(Hazard::Scans(table.clone()));
        }
        if index.unique {
            let why = "rows have the same values".to_owned();
            change.hazards.push(Hazard::MayFail(why));
        }
    }
}
