//! Changes of sequences, and of how columns are numbered.

use super::Alteration;
use crate::comparison::Comparison;
use crate::model::{Column, Definition, Identity, ObjectId, ObjectKind, Sequence};
use crate::postgres::name::{self, quote};
use crate::postgres::{facts, sequence};

/// Adds what makes one sequence of another.
pub(super) fn sequence(alteration: &mut Alteration, before: &Sequence, after: &Sequence) -> bool {
    let id = alteration.id.clone();
    let statements = changes_of_sequence(&name::of(&id), before, after);
    if !statements.is_empty() {
        alteration.add(format!("changed {id}"), statements);
    }
    true
}

/// Returns the statements that make one sequence of another.
pub(in crate::postgres) fn changes_of_sequence(
    own: &str,
    before: &Sequence,
    after: &Sequence,
) -> Vec<String> {
    let mut statements = sequence::moved(own, before, after);
    let options = changes(before, after);
    if !options.is_empty() {
        statements.push(format!("ALTER SEQUENCE {own} {}", options.join(" ")));
    }
    if before.unlogged != after.unlogged {
        let word = match after.unlogged {
            true => "UNLOGGED",
            false => "LOGGED",
        };
        statements.push(format!("ALTER SEQUENCE {own} SET {word}"));
    }
    statements
}

/// Returns the options that make one sequence of another; what its type changes by itself is left out.
fn changes(before: &Sequence, after: &Sequence) -> Vec<String> {
    if before.data_type == after.data_type {
        return sequence::differences(before, after);
    }
    let mut options = vec![format!("AS {}", after.data_type)];
    // The limits of the old type become those of the new one.
    let descends = before.increment.starts_with('-');
    let old = sequence::plain(&before.data_type, descends);
    let new = sequence::plain(&after.data_type, descends);
    let mut expected = before.clone();
    if expected.max == old.max {
        expected.max = new.max;
    }
    if expected.min == old.min {
        expected.min = new.min;
    }
    options.extend(sequence::differences(&expected, after));
    options
}

/// Adds what gives a sequence another owner.
pub(super) fn owner(alteration: &mut Alteration, table: &str, column: &str) -> bool {
    let id = alteration.id.clone();
    let sql = format!(
        "ALTER SEQUENCE {} OWNED BY {}.{}",
        name::of(&id),
        name::qualified(&id.schema, table),
        quote(column)
    );
    alteration.add(format!("changed {id}"), [sql]);
    true
}

/// The statements that change how a column is numbered.
#[derive(Default)]
pub(super) struct Numbering {
    /// What comes before the actions on the table.
    pub(super) before: Vec<String>,
    /// The actions on the table.
    pub(super) actions: Vec<String>,
    /// What comes after them.
    pub(super) after: Vec<String>,
}

impl Numbering {
    /// Gives a sequence another name beforehand, and returns that with its schema.
    fn rename(&mut self, sequence: &str, schema: &str, to: &str) -> String {
        let rename = format!("ALTER SEQUENCE {sequence} RENAME TO {}", quote(to));
        self.before.push(rename);
        name::qualified(schema, to)
    }
}

/// Returns what changes how a column is numbered.
pub(super) fn numbering(
    alteration: &mut Alteration,
    before: &Column,
    after: &Column,
    comparison: Comparison<'_>,
) -> Numbering {
    match (&before.identity, &after.identity) {
        (None, None) => Numbering::default(),
        (None, Some(identity)) => to_identity(alteration, identity, comparison),
        (Some(identity), None) => from_identity(alteration, identity, comparison),
        (Some(old), Some(new)) => identity(&alteration.id, old, new, before, after),
    }
}

fn identity(
    id: &ObjectId,
    old: &Identity,
    new: &Identity,
    before: &Column,
    after: &Column,
) -> Numbering {
    let mut numbering = Numbering::default();
    let column = quote(&id.name);
    let mut actions = Vec::new();
    if old.always != new.always {
        actions.push(format!("SET GENERATED {}", sequence::when(new.always)));
    }
    let mut options = changes(&old.sequence, &new.sequence);
    // The type of the sequence follows that of the column.
    if before.data_type != after.data_type {
        options.retain(|option| !option.starts_with("AS "));
    }
    actions.extend(options.iter().map(|option| format!("SET {option}")));
    if !actions.is_empty() {
        let actions = actions.join(" ");
        numbering
            .actions
            .push(format!("ALTER COLUMN {column} {actions}"));
    }
    let own = name::qualified(&id.schema, &old.name);
    numbering.before = sequence::moved(&own, &old.sequence, &new.sequence);
    if old.name != new.name {
        numbering.rename(&own, &id.schema, &new.name);
    }
    numbering
}

/// The sequences of a column that only one of the schemas has.
fn only_owned(id: &ObjectId, comparison: Comparison<'_>, in_from: bool) -> Option<ObjectId> {
    let (with, without) = match in_from {
        true => (comparison.from, comparison.to),
        false => (comparison.to, comparison.from),
    };
    let owners = sequence::owned(with, id).into_iter();
    let mut sequences = owners.map(sequence::of_owner);
    sequences.find(|sequence| {
        !without.objects.contains_key(sequence)
            && sequence::is_used_by_column_alone(with, sequence, id)
    })
}

fn to_identity(
    alteration: &mut Alteration,
    identity: &Identity,
    comparison: Comparison<'_>,
) -> Numbering {
    let id = alteration.id.clone();
    let column = quote(&id.name);
    let mut numbering = Numbering::default();
    let default = id.of_kind(ObjectKind::Default);
    if comparison.from.objects.contains_key(&default) {
        let action = format!("ALTER COLUMN {column} DROP DEFAULT");
        numbering.actions.push(action);
        alteration.made.settles.insert(default);
    }
    let clause = sequence::identity_clause(&id, identity);
    let add = format!("ALTER COLUMN {column} ADD {clause}");
    let new = name::qualified(&id.schema, &identity.name);
    let Some(old) = only_owned(&id, comparison, true) else {
        numbering.actions.push(add);
        let data_type = &identity.sequence.data_type;
        let values = sequence::after_values(&new, &identity.sequence, &id, data_type);
        numbering.after.push(values);
        return numbering;
    };
    let owner = old.of_kind(ObjectKind::SequenceOwner);
    alteration.made.settles.extend([old.clone(), owner]);
    let mut away = name::of(&old);
    if old.name == identity.name {
        away = numbering.rename(&away, &old.schema, &name::chosen(&old.name, "", "serial"));
    }
    numbering.actions.push(add);
    numbering.after.push(sequence::continued(&new, &away));
    numbering.after.push(format!("DROP SEQUENCE {away}"));
    numbering
}

fn from_identity(
    alteration: &mut Alteration,
    identity: &Identity,
    comparison: Comparison<'_>,
) -> Numbering {
    let id = alteration.id.clone();
    let (table, column) = (name::owner(&id), quote(&id.name));
    let mut numbering = Numbering::default();
    let drop = format!("ALTER COLUMN {column} DROP IDENTITY");
    let Some(new) = only_owned(&id, comparison, false) else {
        numbering.actions.push(drop);
        return numbering;
    };
    let Some(Definition::Sequence(options)) = facts::definition(comparison.to, &new) else {
        return numbering;
    };
    let mut away = name::qualified(&id.schema, &identity.name);
    if new.name == identity.name {
        away = numbering.rename(&away, &id.schema, &name::chosen(&new.name, "", "identity"));
    }
    let own = name::of(&new);
    numbering
        .before
        .push(crate::postgres::create::sequence_sql(&own, options));
    numbering.before.push(sequence::continued(&own, &away));
    numbering.actions.push(drop);
    let default = id.of_kind(ObjectKind::Default);
    if let Some(expression) = facts::default(comparison.to, &id) {
        let action = format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {expression}");
        numbering.after.push(action);
        alteration.made.settles.insert(default);
    }
    let owned = format!("ALTER SEQUENCE {own} OWNED BY {table}.{column}");
    numbering.after.push(owned);
    let owner = new.of_kind(ObjectKind::SequenceOwner);
    alteration.made.settles.extend([new, owner]);
    numbering
}

/// Returns how a person makes PostgreSQL number the rows of a table by a column.
pub(crate) fn how_to_number(table: &str, column: &str) -> String {
    format!(
        "let a section `-- alembic: upgrade postgres` say `ALTER TABLE {} ALTER COLUMN {} ADD GENERATED \
         BY DEFAULT AS IDENTITY;`",
        quote(table),
        quote(column)
    )
}
