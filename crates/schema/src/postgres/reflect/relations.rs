//! Reads tables, views, composite types, their columns, and sequences.

use std::collections::BTreeMap;

use super::Reader;
use super::cells::Cells;
use super::stable::stable;
use crate::answers::ReflectError;
use crate::model::{
    Attribute, Column, Definition, Generated, Identity, ObjectId, ObjectKind, Partition, Sequence,
    Table, View,
};

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    let rows = reader.rows("relations")?;
    // Parents are named by their numbers, so all of them are known first.
    for mut cells in rows.clone() {
        let oid = cells.text()?;
        let kind = kind(&mut cells)?;
        let id = ObjectId::new(kind, cells.text()?, cells.text()?);
        reader.places.insert(("pg_class", oid, "0"), id);
    }
    for cells in rows {
        read_relation(reader, cells)?;
    }
    for cells in reader.rows("columns")? {
        read_column(reader, cells)?;
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
    let oid = cells.text()?;
    let kind = kind(&mut cells)?;
    let id = ObjectId::new(kind, cells.text()?, cells.text()?);
    let row_type = cells.text()?;
    if kind == ObjectKind::Composite {
        // Comments on a composite type are comments on this one.
        reader.places.insert(("pg_type", row_type, "0"), id.clone());
    }
    let mut table = Table {
        unlogged: cells.flag()?,
        row_security: (cells.flag()?, cells.flag()?),
        replica_identity: cells.owned()?,
        partition_key: cells.owned()?,
        ..Table::default()
    };
    let bound = cells.owned()?;
    let parents = cells.optional()?.unwrap_or_default().split_whitespace();
    let parents = parents.filter_map(|parent| reader.relation(parent));
    table.parents = parents
        .map(|parent| (parent.schema.clone(), parent.name.clone()))
        .collect();
    if let Some(bound) = bound {
        let parent = table.parents.pop();
        table.partition = parent.map(|table| Partition { table, bound });
    }
    table.storage = cells.lines()?;
    table.access_method = cells.owned()?;
    table.of_type = cells.owned()?;
    let query = cells.optional()?.unwrap_or_default().trim();
    let query = stable(query.strip_suffix(';').unwrap_or(query)).into_owned();
    let definition = match kind {
        ObjectKind::View | ObjectKind::MaterializedView => Definition::View(View {
            query,
            columns: Vec::new(),
            options: table.storage,
            is_filled: cells.flag()?,
            column_comments: BTreeMap::new(),
        }),
        ObjectKind::Composite => Definition::Composite(Vec::new()),
        _ => Definition::Table(table),
    };
    reader.add(("pg_class", oid, "0"), id, definition);
    Ok(())
}

fn read_column<'a>(reader: &mut Reader<'a>, mut cells: Cells<'a>) -> Result<(), ReflectError> {
    let relation = cells.text()?;
    let number = cells.text()?;
    let place = ("pg_class", relation, number);
    let Some(owner) = reader.relation(relation).cloned() else {
        return Ok(());
    };
    let name = cells.text()?;
    reader.column_names.insert((relation, number), name);
    let name = name.to_owned();
    let data_type = cells.text()?.to_owned();
    let collation = cells.owned()?;
    if owner.kind != ObjectKind::Table {
        let object = reader.schema.objects.get_mut(&owner);
        match object.map(|object| &mut object.definition) {
            Some(Definition::Composite(attributes)) => {
                attributes.push(Attribute {
                    name,
                    data_type,
                    collation,
                    comment: None,
                });
                return Ok(());
            }
            Some(Definition::View(view)) => view.columns.push((name.clone(), data_type.clone())),
            _ => {}
        }
    }
    let not_null = cells.flag()?;
    let generated = cells.text()?;
    let identity = cells.text()?;
    let default_place = cells.optional()?;
    let expression = cells.optional()?.map(|text| stable(text).into_owned());
    let (is_local, is_inherited) = (cells.flag()?, cells.flag()?);
    let mut options = Vec::new();
    for word in ["STORAGE", "COMPRESSION", "STATISTICS"] {
        options.extend(cells.optional()?.map(|value| format!("{word} {value}")));
    }
    options.extend(cells.optional()?.map(|options| format!("({options})")));
    let position = number.parse();
    let column = Column {
        position: position.map_err(|_| cells.error(format!("{number} is not a number")))?,
        data_type,
        collation,
        not_null,
        default: None,
        generated: (!generated.is_empty()).then(|| Generated {
            expression: expression.clone().unwrap_or_default(),
            stored: generated == "s",
        }),
        // Its sequence is read with the others.
        identity: (!identity.is_empty()).then(|| Identity {
            always: identity == "a",
            name: String::new(),
            sequence: Sequence::default(),
        }),
        options,
        inherited: is_inherited && !is_local,
        sql: None,
    };
    if let (Some(oid), Some(expression), None) = (default_place, expression, &column.generated) {
        let id = owner.part(ObjectKind::Default, name.clone());
        let place = ("pg_attrdef", oid, "0");
        reader.add(place, id, Definition::Default(expression));
    }
    if owner.kind == ObjectKind::Table {
        let id = owner.part(ObjectKind::Column, name);
        reader.add(place, id, Definition::Column(column));
    }
    Ok(())
}

fn read_sequence<'a>(reader: &mut Reader<'a>, mut cells: Cells<'a>) -> Result<(), ReflectError> {
    let oid = cells.text()?;
    let id = ObjectId::new(ObjectKind::Sequence, cells.text()?, cells.text()?);
    let dependency = cells.optional()?;
    let owner = match (cells.optional()?, cells.optional()?) {
        (Some(table), Some(column)) => reader.places.get(&("pg_class", table, column)).cloned(),
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
        let owner = owner.and_then(|owner| reader.schema.objects.get_mut(&owner));
        if let Some(Definition::Column(column)) = owner.map(|owner| &mut owner.definition)
            && let Some(identity) = &mut column.identity
        {
            identity.name = id.name;
            identity.sequence = sequence;
        }
        return Ok(());
    }
    if let Some(column) = owner
        && let Some(table) = &column.parent
    {
        let mut owned = id.clone();
        owned.kind = ObjectKind::SequenceOwner;
        let definition = Definition::SequenceOwner(table.clone(), column.name.clone());
        reader.add_unplaced(owned.clone(), definition);
        if let Some(object) = reader.schema.objects.get_mut(&owned) {
            object.needs.extend([id.clone(), column]);
        }
    }
    reader.add(("pg_class", oid, "0"), id, Definition::Sequence(sequence));
    Ok(())
}
