//! Reads tables, views, composite types, their columns, and sequences.

use std::collections::{BTreeMap, BTreeSet};

use super::Reader;
use super::cells::Cells;
use super::place::{Catalog, Place};
use super::stable::stable;
use crate::answers::ReflectError;
use crate::model::{
    Attribute, Column, Definition, Generated, Identity, ObjectKind, Partition, Sequence,
    SharedName, Table, View,
};

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    let rows = reader.rows("relations")?;
    for cells in rows.clone() {
        read_relation(reader, cells)?;
    }
    // Parents are named by their numbers, so all of them are known first.
    for cells in rows {
        read_parents(reader, cells)?;
    }
    let columns = reader.rows("columns")?.into_iter();
    let columns = columns.map(|mut cells| {
        let place = Place::of_column(Catalog::CLASS, cells.number()?, cells.number()?);
        Ok((place, cells))
    });
    let mut columns: Vec<(Place, Cells<'_>)> = columns.collect::<Result<_, ReflectError>>()?;
    // The server sorts them at a higher price.
    columns.sort_by_key(|(place, _)| (place.oid, place.column));
    for (place, cells) in columns {
        read_column(reader, place, cells)?;
    }
    for cells in reader.rows("sequences")? {
        read_sequence(reader, cells)?;
    }
    Ok(())
}

fn kind(cells: &mut Cells<'_>) -> Result<ObjectKind, ReflectError> {
    match cells.text()? {
        "r" | "p" => Ok(ObjectKind::Table),
        "v" => Ok(ObjectKind::View),
        "m" => Ok(ObjectKind::MaterializedView),
        "c" => Ok(ObjectKind::Composite),
        other => Err(cells.error(format!("{other} is not a kind of relation"))),
    }
}

fn read_relation<'a>(reader: &mut Reader<'a>, mut cells: Cells<'a>) -> Result<(), ReflectError> {
    let place = Place::relation(cells.number()?);
    let (_parents, _bound) = (cells.optional()?, cells.optional()?);
    let kind = kind(&mut cells)?;
    let id = reader.id(kind, cells.text()?, cells.text()?);
    let row_type = cells.number()?;
    if kind == ObjectKind::Composite {
        // Comments on a composite type are comments on this one.
        let place = Place::new(Catalog::TYPE, row_type);
        reader.places.insert(place, reader.objects.len());
    }
    let mut table = Table {
        unlogged: cells.flag()?,
        row_security: (cells.flag()?, cells.flag()?),
        replica_identity: cells.owned()?,
        partition_key: cells.owned()?,
        ..Table::default()
    };
    table.storage = cells.lines()?;
    table.access_method = cells.owned()?;
    table.of_type = cells.owned()?;
    let query = cells.optional()?.unwrap_or_default().trim();
    let query = stable(query.strip_suffix(';').unwrap_or(query)).into_owned();
    let definition = match kind {
        ObjectKind::View | ObjectKind::MaterializedView => Definition::View(Box::new(View {
            query,
            columns: Vec::new(),
            options: table.storage,
            is_filled: cells.flag()?,
            column_comments: BTreeMap::new(),
        })),
        ObjectKind::Composite => Definition::Composite(Vec::new()),
        _ => Definition::Table(table.into()),
    };
    reader.add(place, id, definition);
    Ok(())
}

fn read_parents<'a>(reader: &mut Reader<'a>, mut cells: Cells<'a>) -> Result<(), ReflectError> {
    let place = Place::relation(cells.number()?);
    let Some(parents) = cells.optional()? else {
        return Ok(());
    };
    let numbers = parents.split_whitespace();
    let numbers = numbers.map(|number| cells.parsed(number));
    let numbers: Vec<u32> = numbers.collect::<Result<_, _>>()?;
    let known = numbers.into_iter().filter_map(|oid| reader.relation(oid));
    let known = known.map(|parent| (parent.schema.clone(), parent.name.clone()));
    let mut parents: Vec<(SharedName, SharedName)> = known.collect();
    let bound = cells.owned()?;
    if let Some(Definition::Table(table)) = reader.definition(place) {
        if let Some(bound) = bound {
            let parent = parents.pop();
            table.partition = parent.map(|table| Box::new(Partition { table, bound }));
        }
        table.parents = parents;
    }
    Ok(())
}

fn read_column<'a>(
    reader: &mut Reader<'a>,
    place: Place,
    mut cells: Cells<'a>,
) -> Result<(), ReflectError> {
    let Some(owner) = reader.relation(place.oid).cloned() else {
        return Ok(());
    };
    let name = cells.text()?;
    let data_type = cells.text()?.to_owned();
    let collation = cells.owned()?;
    if owner.kind != ObjectKind::Table {
        reader.column_names.insert(place, name);
        match reader.definition(place.whole()) {
            Some(Definition::Composite(attributes)) => {
                attributes.push(Attribute {
                    name: name.to_owned(),
                    data_type,
                    collation,
                    comment: None,
                });
                return Ok(());
            }
            Some(Definition::View(view)) => view.columns.push((name.to_owned(), data_type.clone())),
            _ => {}
        }
    }
    let not_null = cells.flag()?;
    let generated = cells.text()?;
    let identity = cells.text()?;
    let default_place = cells
        .optional_number()?
        .map(|oid| Place::new(Catalog::ATTRDEF, oid));
    let expression = cells.optional()?.map(|text| stable(text).into_owned());
    let (is_local, is_inherited) = (cells.flag()?, cells.flag()?);
    let mut options = Vec::new();
    for word in ["STORAGE", "COMPRESSION", "STATISTICS"] {
        options.extend(cells.optional()?.map(|value| format!("{word} {value}")));
    }
    // From the minor versions of November 2026 on, every column has a `pg_attver` of the server's own.
    let stated = cells.optional()?.unwrap_or_default().lines();
    let stated: Vec<&str> = stated.filter(|option| !option.starts_with("pg_")).collect();
    if !stated.is_empty() {
        options.push(format!("({})", stated.join(", ")));
    }
    let position = place.column.try_into();
    let column = Column {
        position: position.map_err(|_| cells.error("the number of a column is negative"))?,
        data_type,
        collation,
        not_null,
        default: None,
        generated: (!generated.is_empty()).then(|| Generated {
            expression: expression.clone().unwrap_or_default(),
            stored: generated == "s",
        }),
        // Its sequence is read with the others.
        identity: (!identity.is_empty()).then(|| {
            Box::new(Identity {
                always: identity == "a",
                name: SharedName::default(),
                sequence: Sequence::default(),
            })
        }),
        options,
        inherited: is_inherited && !is_local,
        sql: None,
    };
    let computes = column.generated.is_some();
    if owner.kind == ObjectKind::Table {
        let part = (&owner, ObjectKind::Column, name);
        reader.add_part(place, part, Definition::Column(column.into()));
    }
    match (default_place, expression) {
        (Some(default), _) if computes => {
            reader.aliases.insert(default, place);
        }
        (Some(default), Some(expression)) => {
            let part = (&owner, ObjectKind::Default, name);
            let column = reader.at(place).cloned();
            let object = reader.add_part(default, part, Definition::Default(expression));
            object.needs.extend(column);
        }
        (_, _) => {}
    }
    Ok(())
}

fn read_sequence<'a>(reader: &mut Reader<'a>, mut cells: Cells<'a>) -> Result<(), ReflectError> {
    let place = Place::relation(cells.number()?);
    let id = reader.id(ObjectKind::Sequence, cells.text()?, cells.text()?);
    let dependency = cells.optional()?;
    let owner = match (cells.optional_number()?, cells.optional_number()?) {
        (Some(table), Some(column)) => Some(Place::of_column(Catalog::CLASS, table, column)),
        _ => None,
    };
    let sequence = Sequence {
        data_type: cells.text()?.to_owned(),
        start: cells.text()?.to_owned(),
        increment: cells.text()?.to_owned(),
        min: cells.text()?.to_owned(),
        max: cells.text()?.to_owned(),
        cache: cells.text()?.to_owned(),
        cycle: cells.flag()?,
        unlogged: cells.flag()?,
    };
    if dependency == Some("i") {
        if let Some(Definition::Column(column)) = owner.and_then(|owner| reader.definition(owner))
            && let Some(identity) = &mut column.identity
        {
            identity.name.clone_from(&id.name);
            identity.sequence = sequence;
        }
        return Ok(());
    }
    if let Some(column) = owner.and_then(|owner| reader.at(owner)).cloned()
        && let Some(table) = &column.parent
    {
        let owned = id.of_kind(ObjectKind::SequenceOwner);
        let definition = Definition::SequenceOwner(table.clone(), column.name.clone());
        let mut needs = BTreeSet::from([id.clone(), column]);
        needs.extend(reader.schemas.get(id.schema.as_str()).cloned());
        reader.add_unplaced(owned, definition, needs);
    }
    reader.add(place, id, Definition::Sequence(sequence.into()));
    Ok(())
}
