//! Reads schemas, extensions, collations and types.

use super::Reader;
use super::place::{Catalog, Place};
use crate::answers::ReflectError;
use crate::model::{Definition, Domain, Extension, ObjectId, ObjectKind};

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("schemas")? {
        let place = Place::new(Catalog::NAMESPACE, cells.number()?);
        let name = cells.text()?;
        let id = ObjectId::new(ObjectKind::Schema, "", name);
        reader.schemas.insert(name, id.clone());
        reader.add(place, id, Definition::Schema);
    }
    for mut cells in reader.rows("extensions")? {
        let place = Place::new(Catalog::EXTENSION, cells.number()?);
        let id = ObjectId::new(ObjectKind::Extension, "", cells.text()?);
        let extension = Extension {
            schema: cells.text()?.to_owned(),
            version: cells.text()?.to_owned(),
            relocatable: cells.flag()?,
            usual_comment: cells.owned()?,
        };
        let schema = reader.schemas.get(extension.schema.as_str()).cloned();
        let extension = Definition::Extension(extension);
        reader.add(place, id, extension).needs.extend(schema);
    }
    for (query, catalog, kind) in [
        ("collations", Catalog::COLLATION, ObjectKind::Collation),
        ("ranges", Catalog::TYPE, ObjectKind::Range),
    ] {
        for mut cells in reader.rows(query)? {
            let place = Place::new(catalog, cells.number()?);
            let id = reader.id(kind, cells.text()?, cells.text()?);
            let statement = cells.text()?.to_owned();
            reader.add(place, id, Definition::Statement(statement));
        }
    }
    read_enums(reader)?;
    read_domains(reader)
}

fn read_enums(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("enums")? {
        let place = Place::new(Catalog::TYPE, cells.number()?);
        let id = reader.id(ObjectKind::Enum, cells.text()?, cells.text()?);
        let labels = reader.definition_or_add(place, id, Definition::Enum(Vec::new()));
        if let (Some(label), Some(Definition::Enum(labels))) = (cells.optional()?, labels) {
            labels.push(label.to_owned());
        }
    }
    Ok(())
}

fn read_domains(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("domains")? {
        let place = Place::new(Catalog::TYPE, cells.number()?);
        let id = reader.id(ObjectKind::Domain, cells.text()?, cells.text()?);
        let domain = Domain {
            data_type: cells.text()?.to_owned(),
            collation: cells.owned()?,
            default: cells.owned()?,
            not_null: cells.flag()?,
        };
        reader.add(place, id, Definition::Domain(domain.into()));
    }
    Ok(())
}
