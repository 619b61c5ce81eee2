//! Statements that drop objects.

use std::collections::{BTreeMap, BTreeSet};

use super::name::{self, quote};
use super::{comment, facts, sequence};
use crate::change::{Change, Hazard, Statement, Verb};
use crate::comparison::Comparison;
use crate::model::{
    Constraint, ConstraintKind, Definition, IndexUse, Object, ObjectId, ObjectKind, Partition,
    Schema,
};

/// Returns the drop of an object of the first schema.
pub(crate) fn drop(id: &ObjectId, comparison: Comparison<'_>) -> Change {
    let from = comparison.from;
    let statements = from
        .get(id)
        .map(|object| statements(id, object, comparison));
    let hazards = match facts::definition(from, id) {
        // Its rows are those of its partitions, which stay or are dropped themselves.
        Some(Definition::Table(table))
            if table.partition_key.is_some() && comparison.to.objects.contains_key(id) =>
        {
            Vec::new()
        }
        Some(Definition::Table(_)) => vec![Hazard::DestroysRows(id.clone())],
        Some(Definition::Column(column)) if column.generated.is_none() => {
            let others = replaced_heirs(id, comparison);
            let ids = std::iter::once(id.clone()).chain(others);
            ids.map(Hazard::DestroysValues).collect()
        }
        Some(Definition::Index(_)) => {
            let holders = holders(id, comparison).into_iter();
            holders.map(|(id, _)| Hazard::Scans(id)).collect()
        }
        _ => Vec::new(),
    };
    Change {
        verb: Verb::Drop,
        object: id.clone(),
        sentence: format!("removed {id}"),
        hazards,
        statements: statements.unwrap_or_default(),
    }
}

fn statements(id: &ObjectId, object: &Object, comparison: Comparison<'_>) -> Vec<Statement> {
    let own = name::of(id);
    let part = |word: &str| format!("DROP {word} {} ON {}", quote(&id.name), name::owner(id));
    let sql = match id.kind {
        ObjectKind::Schema => format!("DROP SCHEMA {own}"),
        ObjectKind::Extension => format!("DROP EXTENSION {own}"),
        ObjectKind::Collation => format!("DROP COLLATION {own}"),
        ObjectKind::TextSearchDictionary => format!("DROP TEXT SEARCH DICTIONARY {own}"),
        ObjectKind::TextSearchConfiguration => format!("DROP TEXT SEARCH CONFIGURATION {own}"),
        ObjectKind::Enum | ObjectKind::Composite | ObjectKind::Range => format!("DROP TYPE {own}"),
        ObjectKind::Domain => format!("DROP DOMAIN {own}"),
        ObjectKind::Sequence => format!("DROP SEQUENCE {own}"),
        ObjectKind::Table => format!("DROP TABLE {own}"),
        ObjectKind::Column => {
            if facts::column(comparison.from, id).is_some_and(|column| column.inherited) {
                // It goes with the parent's column.
                return Vec::new();
            }
            return drop_part(id, "TABLE", "COLUMN", comparison);
        }
        ObjectKind::SequenceOwner => format!("ALTER SEQUENCE {own} OWNED BY NONE"),
        ObjectKind::Routine => format!("DROP {}", comment::routine(id, object)),
        ObjectKind::Operator => format!("DROP OPERATOR {}", name::operator(id)),
        ObjectKind::Cast => format!("DROP CAST {}", id.name),
        ObjectKind::Default => format!(
            "ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT",
            facts::only(id, comparison.from),
            quote(&id.name)
        ),
        ObjectKind::Constraint => return drop_constraint(id, object, comparison),
        ObjectKind::Index => return drop_index(id, object, comparison),
        ObjectKind::View => format!("DROP VIEW {own}"),
        ObjectKind::MaterializedView => format!("DROP MATERIALIZED VIEW {own}"),
        ObjectKind::Statistics => format!("DROP STATISTICS {own}"),
        ObjectKind::Rule => part("RULE"),
        ObjectKind::Trigger => part("TRIGGER"),
        ObjectKind::Policy => part("POLICY"),
    };
    vec![Statement::new(sql)]
}

/// Returns the inherited columns that are created again with a column, and whose values are no rows of its
/// own table.
fn replaced_heirs(id: &ObjectId, comparison: Comparison<'_>) -> Vec<ObjectId> {
    let Comparison { from, to, .. } = comparison;
    if !to.objects.contains_key(id) {
        return Vec::new();
    }
    let mut heirs = facts::heirs(from, id);
    heirs.retain(|heir| !is_partition(heir, from) && to.objects.contains_key(heir));
    heirs
}

/// Returns whether a part is that of a partition.
fn is_partition(part: &ObjectId, schema: &Schema) -> bool {
    let table = facts::table(schema, &facts::owner_table(part));
    table.is_some_and(|table| table.partition.is_some())
}

/// Returns the statements that drop a column or constraint, but for the tables that inherit it and keep it.
fn drop_part(id: &ObjectId, word: &str, kind: &str, comparison: Comparison<'_>) -> Vec<Statement> {
    let Comparison { from, to, .. } = comparison;
    let (owner, name) = (name::owner(id), quote(&id.name));
    // A column that is created again is so in all of them.
    let is_replaced = id.kind == ObjectKind::Column && to.objects.contains_key(id);
    let is_kept =
        |heir: &ObjectId| match (facts::constraint(from, heir), facts::constraint(to, heir)) {
            (Some(before), Some(after)) => {
                is_alike(before, after) && !after.inherited && !is_partition(heir, from)
            }
            _ => !is_replaced && to.objects.contains_key(heir),
        };
    let heirs = facts::heirs(from, id);
    if !heirs.iter().any(is_kept) {
        // What is also a table's own stays there, and can go only then.
        let others = heirs
            .iter()
            .filter(|heir| joins(heir, id, from) && !is_inherited(heir, from))
            .map(name::owner);
        let tables = std::iter::once(owner).chain(others);
        let drop = |table| format!("ALTER {word} {table} DROP {kind} {name}");
        return tables.map(drop).map(Statement::new).collect();
    }
    let table = facts::owner_table(id);
    let heirs = facts::children(from, &table).map(|child| child.part(id.kind, &*id.name));
    let heirs = heirs.filter(|heir| from.objects.contains_key(heir) && !is_kept(heir));
    let sql = format!("ALTER {word} ONLY {owner} DROP {kind} {name}");
    let others = heirs.flat_map(|heir| drop_part(&heir, word, kind, comparison));
    std::iter::once(Statement::new(sql)).chain(others).collect()
}

fn drop_constraint(id: &ObjectId, object: &Object, comparison: Comparison<'_>) -> Vec<Statement> {
    let Definition::Constraint(constraint) = &object.definition else {
        return Vec::new();
    };
    if constraint.inherited {
        // It goes with the parent's constraint.
        return Vec::new();
    }
    let word = match comment::is_of_domain(object) {
        true => "DOMAIN",
        false => "TABLE",
    };
    let owner = name::owner(id);
    let mut statements = unused(&owner, &constraint.uses, &[]);
    statements.extend(match constraint.kind {
        ConstraintKind::Check => drop_part(id, word, "CONSTRAINT", comparison),
        ConstraintKind::PrimaryKey
        | ConstraintKind::Unique
        | ConstraintKind::Exclude
        | ConstraintKind::NotNull
        | ConstraintKind::ForeignKey
        | ConstraintKind::Trigger => vec![Statement::new(format!(
            "ALTER {word} {owner} DROP CONSTRAINT {}",
            quote(&id.name)
        ))],
    });
    statements
}

fn drop_index(id: &ObjectId, object: &Object, comparison: Comparison<'_>) -> Vec<Statement> {
    let Definition::Index(index) = &object.definition else {
        return Vec::new();
    };
    if index.parent.is_some() {
        // It goes with the partitioned table's index.
        return Vec::new();
    }
    let table = name::qualified(&id.schema, &index.table);
    let mut statements = unused(&table, &index.uses, &[]);
    let own = name::of(id);
    let can_wait = !facts::is_partitioned(comparison.from, &id.schema, &index.table);
    let holders = holders(id, comparison);
    statements.extend(holders.iter().map(|(partition, place)| {
        let (of, partition) = (parent(place), name::of(partition));
        Statement::new(format!("ALTER TABLE {of} DETACH PARTITION {partition}"))
    }));
    statements.push(match comparison.options.online && can_wait {
        true => Statement::alone(format!("DROP INDEX CONCURRENTLY {own}")),
        false => Statement::new(format!("DROP INDEX {own}")),
    });
    statements.extend(holders.iter().map(|(partition, place)| {
        let (of, partition, bound) = (parent(place), name::of(partition), &place.bound);
        Statement::new(format!(
            "ALTER TABLE {of} ATTACH PARTITION {partition} {bound}"
        ))
    }));
    statements
}

fn parent(place: &Partition) -> String {
    let (schema, table) = &place.table;
    name::qualified(schema, table)
}

/// Returns the partitions that must be apart while an index is dropped: the index of a key of their own
/// belongs to it, and the server lets neither go before the other.
fn holders(index: &ObjectId, comparison: Comparison<'_>) -> BTreeMap<ObjectId, Box<Partition>> {
    let from = comparison.from;
    let constraints = from
        .objects
        .range(ObjectId::new(ObjectKind::Constraint, "", "")..);
    let constraints = constraints.take_while(|(id, _)| id.kind == ObjectKind::Constraint);
    let holders = constraints.filter_map(|(id, object)| {
        let Definition::Constraint(constraint) = &object.definition else {
            return None;
        };
        let above = constraint.index_parent.as_ref()?;
        let partition = facts::owner_table(id);
        let place = facts::table(from, &partition)?.partition.clone()?;
        let above = ObjectId::new(ObjectKind::Index, &place.table.0, above);
        let belongs = above == *index || facts::belongs_to(&above, index, from);
        belongs.then_some((partition, place))
    });
    holders.collect()
}

/// Returns the statements after which a table does not use an index any longer.
pub(super) fn unused(table: &str, before: &[IndexUse], after: &[IndexUse]) -> Vec<Statement> {
    let left = before.iter().filter(|used| !after.contains(used));
    left.map(|used| {
        Statement::new(match used {
            IndexUse::Cluster => format!("ALTER TABLE {table} SET WITHOUT CLUSTER"),
            IndexUse::ReplicaIdentity => {
                format!("ALTER TABLE {table} REPLICA IDENTITY DEFAULT")
            }
        })
    })
    .collect()
}

/// Returns which of the dropped objects go along by themselves.
pub(crate) fn drops_with(
    id: &ObjectId,
    dropped: &BTreeSet<ObjectId>,
    comparison: Comparison<'_>,
) -> BTreeSet<ObjectId> {
    let from = comparison.from;
    let table = match facts::definition(from, id) {
        Some(Definition::Index(index)) => {
            ObjectId::new(ObjectKind::Table, &id.schema, &index.table)
        }
        _ => facts::owner_table(id),
    };
    let has_heirs = || facts::children(from, &table).next().is_some();
    let goes: fn(&ObjectId, &ObjectId, &Schema) -> bool = match id.kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Domain => goes_with_owner,
        ObjectKind::Column => goes_with_column,
        ObjectKind::Constraint if has_heirs() => goes_with_constraint,
        ObjectKind::Index if has_heirs() => facts::belongs_to,
        _ => return BTreeSet::new(),
    };
    let mut along: BTreeSet<ObjectId> = dropped
        .iter()
        .filter(|part| goes(part, id, from))
        .cloned()
        .collect();
    // What a table below keeps stays there only if it goes by itself.
    along.retain(|part| {
        let heirs = match part.kind {
            ObjectKind::Constraint if id.kind == ObjectKind::Column => facts::heirs(from, part),
            _ => Vec::new(),
        };
        let mut heirs = heirs.iter();
        !heirs.any(|heir| comparison.to.objects.contains_key(heir))
    });
    // A sequence goes with its owner, unless it stays and gets another one.
    along.retain(|part| {
        part.kind != ObjectKind::SequenceOwner || dropped.contains(&sequence::of_owner(part))
    });
    let owners = along
        .iter()
        .filter(|part| part.kind == ObjectKind::SequenceOwner);
    let sequences: Vec<ObjectId> = owners.map(sequence::of_owner).collect();
    along.extend(sequences.into_iter().filter(|part| dropped.contains(part)));
    along
}

fn goes_with_owner(part: &ObjectId, owner: &ObjectId, from: &Schema) -> bool {
    if part.schema != owner.schema {
        return false;
    }
    match facts::definition(from, part) {
        Some(Definition::Index(index)) => index.table == owner.name,
        Some(Definition::SequenceOwner(table, _)) => {
            *table == owner.name && is_dropped_whole(part, from)
        }
        Some(Definition::Statistics(_)) => {
            from.get(part)
                .is_some_and(|object| object.needs.contains(owner))
                || from.get(part).is_some_and(|object| {
                    let mut needs = object.needs.iter();
                    needs.any(|needed| needed.parent.as_ref() == Some(&owner.name))
                })
        }
        _ => part.parent.as_ref() == Some(&owner.name),
    }
}

/// Returns whether the only thing that needs an owned sequence is the default of its column.
fn is_dropped_whole(owner: &ObjectId, from: &Schema) -> bool {
    let sequence = sequence::of_owner(owner);
    let table = from.get(owner).and_then(|object| {
        let mut needs = object.needs.iter();
        needs.find(|needed| needed.kind == ObjectKind::Column)
    });
    let mut dependents = from.dependents(&sequence);
    dependents.all(|(id, _)| {
        id == owner
            || (id.kind == ObjectKind::Default
                && table
                    .is_some_and(|column| column.parent == id.parent && column.schema == id.schema))
    })
}

fn goes_with_column(part: &ObjectId, column: &ObjectId, from: &Schema) -> bool {
    match part.kind {
        ObjectKind::Default => part.of_kind(ObjectKind::Column) == *column,
        ObjectKind::SequenceOwner => {
            let owns = from
                .get(part)
                .is_some_and(|object| object.needs.contains(column));
            owns && is_dropped_whole(part, from)
        }
        ObjectKind::Constraint => {
            part.parent == column.parent
                && part.schema == column.schema
                && facts::constraint(from, part)
                    .is_some_and(|constraint| constraint.columns.contains(&column.name))
        }
        ObjectKind::Column => joins(part, column, from),
        _ => false,
    }
}

fn goes_with_constraint(part: &ObjectId, parent: &ObjectId, from: &Schema) -> bool {
    part.kind == ObjectKind::Constraint
        && (inherits(part, parent, from) || joins(part, parent, from))
}

/// Returns whether a part of a table is one with that of a table that it inherits from, though it may also be
/// its own.
fn joins(part: &ObjectId, parent: &ObjectId, schema: &Schema) -> bool {
    let is_one = match (
        facts::constraint(schema, part),
        facts::constraint(schema, parent),
    ) {
        (Some(own), Some(parents)) => {
            own.kind == ConstraintKind::Check
                && is_alike(own, parents)
                && !own.definition.ends_with(" NO INHERIT")
        }
        (_, _) => true,
    };
    part.name == parent.name && part.kind == parent.kind && is_one && is_heir(part, parent, schema)
}

fn is_inherited(part: &ObjectId, schema: &Schema) -> bool {
    match facts::definition(schema, part) {
        Some(Definition::Column(column)) => column.inherited,
        Some(Definition::Constraint(constraint)) => constraint.inherited,
        _ => false,
    }
}

/// Returns whether a constraint is what the constraint of a parent table makes.
pub(super) fn inherits(part: &ObjectId, parent: &ObjectId, schema: &Schema) -> bool {
    let (Some(own), Some(parents)) = (
        facts::constraint(schema, part),
        facts::constraint(schema, parent),
    ) else {
        return false;
    };
    own.inherited && is_alike(own, parents) && is_heir(part, parent, schema)
}

fn is_alike(own: &Constraint, parents: &Constraint) -> bool {
    own.kind == parents.kind && own.definition == parents.definition
}

fn is_heir(part: &ObjectId, parent: &ObjectId, schema: &Schema) -> bool {
    let mut left = vec![facts::owner_table(parent)];
    let table = facts::owner_table(part);
    while let Some(ancestor) = left.pop() {
        for child in facts::children(schema, &ancestor) {
            if *child == table {
                return true;
            }
            left.push(child.clone());
        }
    }
    false
}
