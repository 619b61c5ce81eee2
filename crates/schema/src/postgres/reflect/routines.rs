//! Reads functions, procedures and aggregates.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Reader;
use super::place::{Catalog, Place};
use crate::answers::ReflectError;
use crate::model::{Definition, Object, ObjectId, ObjectKind, Routine};
use crate::postgres::facts::owner_table;

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("routines")? {
        let place = Place::new(Catalog::PROC, cells.number()?);
        let (schema, name, types) = (cells.text()?, cells.text()?, cells.text()?);
        let id = reader.id(ObjectKind::Routine, schema, format!("{name}({types})"));
        let kind = match cells.text()? {
            "p" => "PROCEDURE",
            "a" => "AGGREGATE",
            _ => "FUNCTION",
        };
        let sql = cells.text()?.trim().to_owned();
        let signature = cells.text()?.to_owned();
        // The arguments of an aggregate over ordered rows are not just types.
        let arguments = match cells.optional()? {
            Some("") => "*",
            Some(arguments) => arguments,
            None => types,
        };
        let routine = Routine {
            name: name.to_owned(),
            kind: kind.to_owned(),
            sql,
            signature,
            arguments: arguments.to_owned(),
            body: cells.owned()?,
        };
        reader.add(place, id, Definition::Routine(routine.into()));
    }
    Ok(())
}

/// Adds what the bodies of routines mention, which the server does not tell.
pub(super) fn add_mentions(objects: &mut [(ObjectId, Object)]) {
    let routines = objects.iter().enumerate();
    let routines = routines.filter_map(|(at, (id, object))| match &object.definition {
        Definition::Routine(routine) => Some((at, id, routine.body.as_deref()?)),
        _ => None,
    });
    let routines: Vec<(usize, &ObjectId, &str)> = routines.collect();
    if routines.is_empty() {
        return;
    }
    let mut named: HashMap<&str, Vec<&ObjectId>> = HashMap::new();
    for (id, object) in &*objects {
        let name = match &object.definition {
            Definition::Routine(routine) => routine.name.as_str(),
            Definition::Table(_)
            | Definition::View(_)
            | Definition::Enum(_)
            | Definition::Composite(_)
            | Definition::Domain(_)
            | Definition::Sequence(_) => id.name.as_str(),
            Definition::Statements(_) if id.kind == ObjectKind::Operator => {
                id.name.split('(').next().unwrap_or_default()
            }
            _ => continue,
        };
        named.entry(name).or_default().push(id);
    }
    let mut columns: HashMap<ObjectId, Vec<&ObjectId>> = HashMap::new();
    for (id, _) in objects
        .iter()
        .filter(|(id, _)| id.kind == ObjectKind::Column)
    {
        let columns = columns.entry(owner_table(id)).or_default();
        columns.push(id);
    }
    let mut mentions = Vec::new();
    for (at, id, body) in routines {
        let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$');
        let words = body.split(|letter| !is_part(letter));
        let operators = body.split(|letter| !"+-*/<>=~!@#%^&|`?".contains(letter));
        let words: HashSet<&str> = words.chain(operators).collect();
        let found = words.iter().filter_map(|word| named.get(word)).flatten();
        let mut found: BTreeSet<ObjectId> = found.map(|id| (*id).clone()).collect();
        found.remove(id);
        // It may take a row as its argument, and never say the table's name.
        let rows = objects[at]
            .1
            .needs
            .iter()
            .filter(|needed| needed.kind == ObjectKind::Table);
        found.extend(rows.cloned());
        let tables = found
            .iter()
            .filter_map(|table| columns.get(table))
            .flatten();
        let named = tables.filter(|column| words.contains(&*column.name));
        let named: Vec<ObjectId> = named.map(|column| (*column).clone()).collect();
        found.extend(named);
        mentions.push((at, found));
    }
    for (at, found) in mentions {
        objects[at].1.mentions = found;
    }
}
