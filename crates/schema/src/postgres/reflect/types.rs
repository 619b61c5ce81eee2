//! Reads schemas, extensions, collations and types.

use super::Reader;
use crate::answers::ReflectError;
use crate::model::{Definition, Domain, Extension, ObjectId, ObjectKind};

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("schemas")? {
        let place = ("pg_namespace", cells.text()?, "0");
        let id = ObjectId::new(ObjectKind::Schema, "", cells.text()?);
        reader.add(place, id, Definition::Schema);
    }
    for mut cells in reader.rows("extensions")? {
        let place = ("pg_extension", cells.text()?, "0");
        let id = ObjectId::new(ObjectKind::Extension, "", cells.text()?);
        let extension = Extension {
            schema: cells.text()?.to_owned(),
            version: cells.text()?.to_owned(),
            relocatable: cells.flag()?,
        };
        reader.add(place, id, Definition::Extension(extension));
    }
    for (query, class, kind) in [
        ("collations", "pg_collation", ObjectKind::Collation),
        ("ranges", "pg_type", ObjectKind::Range),
    ] {
        for mut cells in reader.rows(query)? {
            let place = (class, cells.text()?, "0");
            let id = ObjectId::new(kind, cells.text()?, cells.text()?);
            let statement = cells.text()?.to_owned();
            reader.add(place, id, Definition::Statement(statement));
        }
    }
    read_enums(reader)?;
    read_domains(reader)
}

fn read_enums(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("enums")? {
        let place = ("pg_type", cells.text()?, "0");
        let id = ObjectId::new(ObjectKind::Enum, cells.text()?, cells.text()?);
        if reader.at(place).is_none() {
            reader.add(place, id, Definition::Enum(Vec::new()));
        }
        if let (Some(label), Some(Definition::Enum(labels))) =
            (cells.optional()?, reader.definition(place))
        {
            labels.push(label.to_owned());
        }
    }
    Ok(())
}

fn read_domains(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("domains")? {
        let place = ("pg_type", cells.text()?, "0");
        let id = ObjectId::new(ObjectKind::Domain, cells.text()?, cells.text()?);
        let domain = Domain {
            data_type: cells.text()?.to_owned(),
            collation: cells.owned()?,
            default: cells.owned()?,
            not_null: cells.flag()?,
        };
        reader.add(place, id, Definition::Domain(domain));
    }
    Ok(())
}
