//! Changes of constraints, indexes, triggers and statistics.

use super::Alteration;
use super::table::{reset, set};
use crate::change::Hazard;
use crate::comparison::{Comparison, Transition};
use crate::model::{
    Constraint, ConstraintKind, Firing, Index, IndexUse, ObjectId, ObjectKind, Schema, SharedName,
    Statistics, Trigger,
};
use crate::postgres::name::{self, quote};
use crate::postgres::{comment, create, drop, facts};

/// Adds what makes one constraint of another.
pub(super) fn constraint(
    alteration: &mut Alteration,
    before: &Constraint,
    after: &Constraint,
    comparison: Comparison<'_>,
) -> bool {
    let id = alteration.id.clone();
    let owner = name::owner(&id);
    let own = quote(&id.name);
    let is_same = before.kind == after.kind && before.columns == after.columns;
    // A check that was validated, here or in a table below, can become one that is not only as a new one.
    let mut made = facts::made_by_check(comparison.to, &id).into_iter();
    let invalidates = made.any(|(heir, is_validated)| {
        let before = facts::constraint(comparison.from, &heir);
        !is_validated && before.is_none_or(|before| before.validated)
    });
    if !is_same || (before.validated && !after.validated) || invalidates {
        return false;
    }
    if changes_logging_on_both_sides(&id, after, comparison) {
        return false;
    }
    // The key of a partition goes with that of the partitioned table.
    let table = facts::owner_table(&id);
    let place = |schema| facts::table(schema, &table).and_then(|table| table.partition.as_ref());
    let loses_parent = before.inherited && !after.inherited;
    let is_kept =
        place(comparison.from).is_some() && place(comparison.from) == place(comparison.to);
    // A check that its table would keep as its own beside the parent's new one is dropped first.
    let gains_parent = before.kind == ConstraintKind::Check
        && !before.inherited
        && after.inherited
        && !has_parent(&id, &table, comparison.from);
    if loses_parent && is_kept || gains_parent {
        return false;
    }
    if before.definition != after.definition {
        let (old, _) = facts::split_mode(&before.definition);
        let (new, mode) = facts::split_mode(&after.definition);
        let mode = match mode {
            "" => "NOT DEFERRABLE",
            " DEFERRABLE" => "DEFERRABLE INITIALLY IMMEDIATE",
            mode => mode.trim_start(),
        };
        if before.kind != ConstraintKind::ForeignKey || old != new {
            return false;
        }
        let sql = format!("ALTER TABLE {owner} ALTER CONSTRAINT {own} {mode}");
        alteration.add(format!("changed when {id} is checked"), [sql]);
    }
    if !before.validated && after.validated {
        let word = match alteration.is_of_domain {
            true => "DOMAIN",
            false => "TABLE",
        };
        let sql = format!("ALTER {word} {owner} VALIDATE CONSTRAINT {own}");
        alteration.add(format!("validated {id}"), [sql]);
        alteration.risk(Hazard::Scans(table.clone()));
        alteration.risk(Hazard::MayFail(format!("rows do not fulfil {}", id.name)));
    }
    // The server does not change that of a partitioned table.
    let is_partitioned = facts::is_partitioned(comparison.to, &id.schema, &table.name);
    if before.storage != after.storage && is_partitioned {
        return false;
    }
    let index = name::qualified(&id.schema, &id.name);
    let actions = reset(&before.storage, &after.storage).into_iter();
    let actions = actions.chain(set(&before.storage, &after.storage));
    let statements: Vec<String> = actions
        .map(|action| format!("ALTER INDEX {index} {action}"))
        .collect();
    if !statements.is_empty() {
        alteration.add(format!("changed how {id} is stored"), statements);
    }
    if before.index_comment != after.index_comment {
        let statement = comment::of_index(&id, after);
        alteration.add(
            format!("changed the comment on the index of {id}"),
            [statement.sql],
        );
    }
    uses(alteration, &owner, &before.uses, &after.uses);
    true
}

/// Returns whether a foreign key is between tables that both become UNLOGGED, or logged: the server changes
/// neither while the other one is as it was.
pub(in crate::postgres) fn changes_logging_on_both_sides(
    id: &ObjectId,
    constraint: &Constraint,
    comparison: Comparison<'_>,
) -> bool {
    let other = constraint.references.as_ref();
    other.is_some_and(|(of, name)| {
        let other = ObjectId::new(ObjectKind::Table, of, name);
        let tables = [facts::owner_table(id), other];
        tables[0] != tables[1]
            && tables
                .iter()
                .all(|table| changes_logging(table, comparison))
    })
}

/// Returns whether a table that stays becomes UNLOGGED, or is that no more.
fn changes_logging(table: &ObjectId, comparison: Comparison<'_>) -> bool {
    let is_unlogged = |schema| facts::table(schema, table).map(|table| table.unlogged);
    let (before, after) = (is_unlogged(comparison.from), is_unlogged(comparison.to));
    before.is_some() && after.is_some() && before != after
}

/// Returns whether a parent of its table has a constraint of the same name, so that it cannot be dropped alone.
fn has_parent(id: &ObjectId, table: &ObjectId, schema: &Schema) -> bool {
    facts::table(schema, table).is_some_and(|table| {
        facts::parents(table).any(|(of, name)| {
            let parent = ObjectId::new(ObjectKind::Table, of, name);
            let above = parent.part(ObjectKind::Constraint, &*id.name);
            schema.objects.contains_key(&above)
        })
    })
}

fn uses(alteration: &mut Alteration, table: &str, before: &[IndexUse], after: &[IndexUse]) {
    if before == after {
        return;
    }
    let id = alteration.id.clone();
    let unused = drop::unused(table, before, after);
    let mut statements: Vec<String> = unused.into_iter().map(|statement| statement.sql).collect();
    let used = after.iter().filter(|used| !before.contains(used));
    statements.extend(used.map(|used| create::use_of_index(table, &id.name, *used)));
    alteration.add(format!("changed what {id} is used for"), statements);
}

/// Adds what makes one index of another.
pub(super) fn index(
    alteration: &mut Alteration,
    before: &Index,
    after: &Index,
    comparison: Comparison<'_>,
) -> bool {
    let id = alteration.id.clone();
    let is_same = before.sql == after.sql && before.table == after.table;
    if !is_same || (!before.valid && after.valid && !is_partitioned(alteration, after, comparison))
    {
        return false;
    }
    if before.valid && !after.valid {
        return false;
    }
    // The index of a partition goes with that of the partitioned table.
    if let Some(parent) = &before.parent
        && let Some(of) = is_partition_of(&id.schema, after, comparison)
    {
        let parent = ObjectId::new(ObjectKind::Index, of, parent);
        let objects = (comparison.from.get(&parent), comparison.to.get(&parent));
        let is_replaced = matches!(objects, (Some(before), Some(after))
            if super::transition(&parent, [before, after], comparison) == Transition::Replace);
        if after.parent.is_none() || is_replaced {
            return false;
        }
    }
    let table = name::qualified(&id.schema, &after.table);
    let own = name::of(&id);
    if let Some(parent) = &after.parent
        && before.parent.is_none()
        && let Some(of) = is_partition_of(&id.schema, after, comparison)
        && comparison
            .from
            .objects
            .contains_key(&ObjectId::new(ObjectKind::Index, &of, parent))
    {
        let parent = name::qualified(&of, parent);
        let sql = format!("ALTER INDEX {parent} ATTACH PARTITION {own}");
        alteration.add(format!("attached {id}"), [sql]);
    }
    uses(alteration, &table, &before.uses, &after.uses);
    let mut targets: Vec<String> = Vec::new();
    for (number, _) in &before.statistics {
        if !after.statistics.iter().any(|(other, _)| other == number) {
            targets.push(format!(
                "ALTER INDEX {own} ALTER COLUMN {number} SET STATISTICS -1"
            ));
        }
    }
    for target in &after.statistics {
        if !before.statistics.contains(target) {
            let (number, target) = target;
            targets.push(format!(
                "ALTER INDEX {own} ALTER COLUMN {number} SET STATISTICS {target}"
            ));
        }
    }
    if !targets.is_empty() {
        alteration.add(format!("changed the statistics of {id}"), targets);
    }
    true
}

fn is_partitioned(alteration: &Alteration, index: &Index, comparison: Comparison<'_>) -> bool {
    facts::is_partitioned(comparison.to, &alteration.id.schema, &index.table)
}

/// Returns the schema of the partitioned table if both schemas have the partition in the same place.
fn is_partition_of(schema: &str, index: &Index, comparison: Comparison<'_>) -> Option<SharedName> {
    let id = facts::relation(comparison.to, schema, &index.table)?;
    let before = facts::table(comparison.from, &id)?;
    let after = facts::table(comparison.to, &id)?;
    let partition = after.partition.as_ref()?;
    (before.partition == after.partition).then(|| partition.table.0.clone())
}

/// Adds what makes one trigger or rule of another.
pub(super) fn trigger(alteration: &mut Alteration, before: &Trigger, after: &Trigger) -> bool {
    if before.sql != after.sql {
        return false;
    }
    if before.firing != after.firing {
        let id = alteration.id.clone();
        let what = match after.firing {
            Firing::Disabled => "disable",
            Firing::Origin | Firing::Replica | Firing::Always => "enable",
        };
        alteration.add(format!("{what} {id}"), [create::firing(&id, after)]);
    }
    true
}

/// Adds what makes extended statistics others.
pub(super) fn statistics(
    alteration: &mut Alteration,
    before: &Statistics,
    after: &Statistics,
) -> bool {
    if before.sql != after.sql {
        return false;
    }
    if before.target != after.target {
        let own = name::of(&alteration.id);
        let sentence = format!("changed the target of {}", alteration.id);
        alteration.add(sentence, [create::statistics_target(&own, after)]);
    }
    true
}
