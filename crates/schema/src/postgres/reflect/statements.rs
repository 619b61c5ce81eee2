//! Reads what is known by the statements that create it: text search, operators and casts.

use super::Reader;
use super::place::{Catalog, Place};
use crate::answers::ReflectError;
use crate::model::{Definition, ObjectKind};

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("statements")? {
        let catalog = cells.catalog()?;
        let kind = match catalog {
            Catalog::TS_DICT => ObjectKind::TextSearchDictionary,
            Catalog::TS_CONFIG => ObjectKind::TextSearchConfiguration,
            Catalog::OPERATOR => ObjectKind::Operator,
            Catalog::CAST => ObjectKind::Cast,
            Catalog(other) => {
                return Err(cells.error(format!("{other} is not one of its catalogs")));
            }
        };
        let place = Place::new(catalog, cells.number()?);
        let id = reader.id(kind, cells.text()?, cells.text()?);
        let none = Definition::Statements(Vec::new());
        if let Some(Definition::Statements(statements)) = reader.definition_or_add(place, id, none)
        {
            statements.push(cells.text()?.to_owned());
        }
    }
    Ok(())
}
