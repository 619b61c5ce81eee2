//! The options of sequences, and columns that are numbered by one.

use std::collections::BTreeSet;

use super::name::{self, quote};
use super::{facts, kept};
use crate::comparison::Comparison;
use crate::model::{Column, Definition, ObjectId, ObjectKind, Schema, Sequence};

/// Returns the options that differ from those of a plain sequence of the type.
pub(super) fn options(sequence: &Sequence) -> Vec<String> {
    let descends = sequence.increment.starts_with('-');
    let plain = plain(&sequence.data_type, descends);
    let mut options = differences(&plain, sequence);
    if descends && plain.increment == sequence.increment {
        // A sequence without options ascends.
        options.insert(0, format!("INCREMENT BY {}", sequence.increment));
    }
    options
}

/// Returns the options that make one sequence of another, besides the type.
pub(super) fn differences(before: &Sequence, after: &Sequence) -> Vec<String> {
    let mut options = Vec::new();
    let values = [
        ("INCREMENT BY", &before.increment, &after.increment),
        ("MINVALUE", &before.min, &after.min),
        ("MAXVALUE", &before.max, &after.max),
        ("START WITH", &before.start, &after.start),
        ("CACHE", &before.cache, &after.cache),
    ];
    for (word, before, after) in values {
        if before != after {
            options.push(format!("{word} {after}"));
        }
    }
    match (before.cycle, after.cycle) {
        (false, true) => options.push("CYCLE".to_owned()),
        (true, false) => options.push("NO CYCLE".to_owned()),
        (true, true) | (false, false) => {}
    }
    options
}

/// Returns the statements that bring a sequence that stands outside of its new limits into them: the
/// limits are widened first, and a sequence that was never used begins again.
pub(super) fn moved(own: &str, before: &Sequence, after: &Sequence) -> Vec<String> {
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    let narrows =
        number(&after.min) > number(&before.min) || number(&after.max) < number(&before.max);
    if !narrows || before.start == after.start {
        return Vec::new();
    }
    let min = number(&before.min).min(number(&after.min));
    let max = number(&before.max).max(number(&after.max));
    vec![
        format!("ALTER SEQUENCE {own} MINVALUE {min} MAXVALUE {max}"),
        format!(
            "SELECT pg_catalog.setval({}, {}, false) FROM {own} WHERE NOT is_called",
            alembic_sql::literal(own),
            after.start
        ),
    ]
}

/// Returns the sequence that is made without any options.
pub(super) fn plain(data_type: &str, descends: bool) -> Sequence {
    let (min, max) = match data_type {
        "smallint" => ("-32768", "32767"),
        "integer" => ("-2147483648", "2147483647"),
        _ => ("-9223372036854775808", "9223372036854775807"),
    };
    let (start, min, max, increment) = match descends {
        false => ("1", "1", max, "1"),
        true => ("-1", min, "-1", "-1"),
    };
    Sequence {
        data_type: data_type.to_owned(),
        start: start.to_owned(),
        increment: increment.to_owned(),
        min: min.to_owned(),
        max: max.to_owned(),
        cache: "1".to_owned(),
        cycle: false,
        unlogged: false,
    }
}

/// Returns the sequences that are owned by a column, as their own facts.
pub(super) fn owned<'s>(schema: &'s Schema, column: &'s ObjectId) -> Vec<&'s ObjectId> {
    let owners = schema.dependents(column);
    let owners = owners.filter(|(id, _)| id.kind == ObjectKind::SequenceOwner);
    owners.map(|(id, _)| id).collect()
}

/// Returns the sequence that an owner is about.
pub(super) fn of_owner(owner: &ObjectId) -> ObjectId {
    ObjectId::new(ObjectKind::Sequence, &owner.schema, &owner.name)
}

/// The objects that `serial` makes of a column.
pub(super) struct Serial {
    /// The type's name.
    pub(super) word: &'static str,
    /// The sequence, its owner and the default.
    pub(super) parts: [ObjectId; 3],
}

/// Returns what is made by `serial`, if the column looks exactly like that.
pub(super) fn serial(schema: &Schema, id: &ObjectId, column: &Column) -> Option<Serial> {
    let table = facts::table(schema, &facts::owner_table(id))?;
    if table.of_type.is_some() {
        return None;
    }
    let word = match column.data_type.as_str() {
        "smallint" => "smallserial",
        "integer" => "serial",
        "bigint" => "bigserial",
        _ => return None,
    };
    let chosen = name::chosen(id.parent.as_deref()?, &id.name, "seq");
    let sequence = ObjectId::new(ObjectKind::Sequence, &id.schema, &chosen);
    let owner = ObjectId::new(ObjectKind::SequenceOwner, &id.schema, &chosen);
    let default = id.of_kind(ObjectKind::Default);
    let found = schema.get(&sequence)?;
    let Definition::Sequence(options) = &found.definition else {
        return None;
    };
    let plain = Sequence {
        // As the table is, from PostgreSQL 15 on.
        unlogged: table.unlogged,
        ..plain(&column.data_type, false)
    };
    let owns = schema
        .get(&owner)
        .is_some_and(|object| object.needs.contains(id));
    let call = next_value(&sequence);
    let is_default = matches!(
        schema.get(&default).map(|object| &object.definition),
        Some(Definition::Default(expression)) if *expression == call
    );
    let is_serial =
        **options == plain && owns && is_default && column.not_null && found.comment.is_none();
    is_serial.then_some(Serial {
        word,
        parts: [sequence, owner, default],
    })
}

/// Returns the expression of a default that takes the next number of a sequence.
pub(super) fn next_value(sequence: &ObjectId) -> String {
    let name = name::full(&sequence.schema, &sequence.name).replace('\'', "''");
    format!("nextval('{name}'::regclass)")
}

/// Returns the column that owns a sequence.
fn owner_column<'s>(schema: &'s Schema, sequence: &ObjectId) -> Option<&'s ObjectId> {
    let owner = schema.get(&sequence.of_kind(ObjectKind::SequenceOwner))?;
    let mut needs = owner.needs.iter();
    needs.find(|needed| needed.kind == ObjectKind::Column)
}

/// Returns the sequence that the default of a column takes numbers from, if it does nothing else.
fn numbering(schema: &Schema, column: &ObjectId) -> Option<ObjectId> {
    let default = schema.get(&column.of_kind(ObjectKind::Default))?;
    let Definition::Default(expression) = &default.definition else {
        return None;
    };
    let mut needs = default.needs.iter();
    let sequence = needs.find(|needed| needed.kind == ObjectKind::Sequence)?;
    (*expression == next_value(sequence)).then(|| sequence.clone())
}

/// Returns whether nothing but its column and the default of that uses a sequence.
pub(super) fn is_used_by_column_alone(
    schema: &Schema,
    sequence: &ObjectId,
    column: &ObjectId,
) -> bool {
    let default = column.of_kind(ObjectKind::Default);
    let mut dependents = schema.dependents(sequence);
    dependents.all(|(user, _)| *user == default || user.kind == ObjectKind::SequenceOwner)
}

/// Returns what follows the name of a sequence, if both number the same column of a table that stays, and
/// nothing else uses them: their owners, and the default.
pub(super) fn renamed_with(
    old: &ObjectId,
    new: &ObjectId,
    comparison: Comparison<'_>,
) -> Option<BTreeSet<ObjectId>> {
    let Comparison { from, to, .. } = comparison;
    let column = owner_column(from, old)?;
    let is_same = owner_column(to, new) == Some(column)
        && numbering(from, column).as_ref() == Some(old)
        && numbering(to, column).as_ref() == Some(new)
        && kept::is_kept_table(&facts::owner_table(column), from, to)
        // They look at all objects, and come last.
        && is_used_by_column_alone(from, old, column)
        && is_used_by_column_alone(to, new, column);
    is_same.then(|| {
        let owners = [old, new].map(|sequence| sequence.of_kind(ObjectKind::SequenceOwner));
        let default = column.of_kind(ObjectKind::Default);
        owners.into_iter().chain([default]).collect()
    })
}

/// Returns the clause that makes a column number itself.
pub(super) fn identity_clause(id: &ObjectId, identity: &crate::model::Identity) -> String {
    let mut options = Vec::new();
    let table = id.parent.as_deref().unwrap_or_default();
    if identity.name != name::chosen(table, &id.name, "seq") {
        let sequence = name::full(&id.schema, &identity.name);
        options.push(format!("SEQUENCE NAME {sequence}"));
    }
    options.extend(self::options(&identity.sequence));
    let options = match options.is_empty() {
        true => String::new(),
        false => format!(" ({})", options.join(" ")),
    };
    format!("GENERATED {} AS IDENTITY{options}", when(identity.always))
}

/// Returns how an identity column treats values that a statement gives.
pub(super) const fn when(always: bool) -> &'static str {
    match always {
        true => "ALWAYS",
        false => "BY DEFAULT",
    }
}

/// Returns the statement that lets a sequence continue after the values of a column that was there before, and
/// that takes its numbers from it now.
pub(super) fn continued_after_values(
    column: &ObjectId,
    comparison: Comparison<'_>,
) -> Option<String> {
    let Comparison { from, to, .. } = comparison;
    facts::column(from, column)?;
    let data_type = &facts::column(to, column)?.data_type;
    if !matches!(data_type.as_str(), "smallint" | "integer" | "bigint") {
        return None;
    }
    let sequence = numbering(to, column)?;
    let old = numbering(from, column);
    let is_same = old.is_some_and(|old| {
        let is_renamed = !to.objects.contains_key(&old)
            && !from.objects.contains_key(&sequence)
            && renamed_with(&old, &sequence, comparison).is_some();
        old == sequence || is_renamed
    });
    let Some(Definition::Sequence(options)) = facts::definition(to, &sequence) else {
        return None;
    };
    (!is_same).then(|| after_values(&name::of(&sequence), options, column, data_type))
}

/// Returns the statement that lets a sequence continue where another one has stopped.
pub(super) fn continued(sequence: &str, other: &str) -> String {
    format!(
        "SELECT pg_catalog.setval({}, last_value, is_called) FROM {other}",
        alembic_sql::literal(sequence)
    )
}

/// Returns the statement that lets a sequence continue after the last value of a column, unless it is beyond,
/// or cannot come so far.
pub(super) fn after_values(
    name: &str,
    sequence: &Sequence,
    column: &ObjectId,
    data_type: &str,
) -> String {
    let table = name::owner(column);
    let value = quote(&column.name);
    let descends = sequence.increment.starts_with('-');
    let (last, beyond, end, within) = match descends {
        false => (format!("max({value})"), ">=", &sequence.max, "<="),
        true => (format!("min({value})"), "<=", &sequence.min, ">="),
    };
    let sql = format!(
        "SELECT pg_catalog.setval({}, {last}) FROM {table} \
         HAVING {last} {beyond} (SELECT last_value FROM {name})",
        alembic_sql::literal(name)
    );
    let widest = plain(data_type, descends);
    match *end == widest.max || *end == widest.min {
        true => sql,
        false => format!("{sql} AND {last} {within} {end}"),
    }
}
