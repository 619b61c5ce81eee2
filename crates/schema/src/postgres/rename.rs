//! Objects that only get another name.

use std::collections::BTreeSet;

use super::name::{self, quote};
use super::transition::attached::changes_logging_on_both_sides;
use super::transition::numbering;
use super::{facts, sequence};
use crate::change::{Change, Statement, Verb};
use crate::comparison::{Comparison, InPlace};
use crate::model::{Definition, Index, ObjectId};

/// Returns what gives an object another name, if two objects differ in nothing else; the sequence of a
/// column keeps its position, whatever its options are.
pub(crate) fn renamed(
    from: &ObjectId,
    to: &ObjectId,
    comparison: Comparison<'_>,
) -> Option<InPlace> {
    let before = comparison.from.get(from)?;
    let after = comparison.to.get(to)?;
    let table = facts::owner_table(from);
    let (old, new) = (quote(&from.name), quote(&to.name));
    let mut settles = BTreeSet::new();
    let mut further = Vec::new();
    let sql = match (&before.definition, &after.definition) {
        (Definition::Constraint(before), Definition::Constraint(after)) => {
            let is_alike = before == after
                && from.parent == to.parent
                && !before.inherited
                && !changes_logging_on_both_sides(to, after, comparison);
            let is_kept = facts::table(comparison.from, &table).is_some()
                && facts::table(comparison.to, &table).is_some();
            (is_alike && is_kept).then(|| {
                let table = name::of(&table);
                format!("ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
            })?
        }
        (Definition::Index(before), Definition::Index(after)) => {
            let is_kept = facts::relation(comparison.to, &to.schema, &after.table).is_some();
            (is_kept && is_alike(before, after))
                .then(|| format!("ALTER INDEX {} RENAME TO {new}", name::of(from)))?
        }
        (Definition::Sequence(before), Definition::Sequence(after)) => {
            settles = sequence::renamed_with(from, to, comparison)?;
            further = numbering::changes_of_sequence(&name::of(to), before, after);
            format!("ALTER SEQUENCE {} RENAME TO {new}", name::of(from))
        }
        _ => return None,
    };
    let statements = std::iter::once(sql).chain(further);
    let mut statements: Vec<Statement> = statements.map(Statement::new).collect();
    if before.comment != after.comment {
        let comment = after.comment.as_deref();
        statements.push(super::comment::statement(to, after, comment));
    }
    let change = Change {
        verb: Verb::Rename,
        object: to.clone(),
        sentence: format!("renamed {from} to {}", to.name),
        hazards: Vec::new(),
        statements,
    };
    Some(InPlace {
        changes: vec![change],
        settles,
        ..InPlace::default()
    })
}

fn is_alike(before: &Index, after: &Index) -> bool {
    before.definition == after.definition
        && before.table == after.table
        && before.unique == after.unique
        && before.valid == after.valid
        && before.uses == after.uses
        && before.statistics == after.statistics
        && before.parent == after.parent
}
