//! Reads what is known by the statements that create it: text search, operators and casts.

use super::Reader;
use super::place::Place;
use crate::answers::ReflectError;
use crate::model::{Definition, ObjectKind};

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("statements")? {
        let class = cells.text()?;
        let kind = match class {
            "pg_ts_dict" => ObjectKind::TextSearchDictionary,
            "pg_ts_config" => ObjectKind::TextSearchConfiguration,
            "pg_operator" => ObjectKind::Operator,
            "pg_cast" => ObjectKind::Cast,
            other => return Err(cells.error(format!("{other} is not one of its catalogs"))),
        };
        let place = Place::new(class, cells.number()?);
        let id = reader.id(kind, cells.text()?, cells.text()?);
        if reader.at(place).is_none() {
            reader.add(place, id, Definition::Statements(Vec::new()));
        }
        if let Some(Definition::Statements(statements)) = reader.definition(place) {
            statements.push(cells.text()?.to_owned());
        }
    }
    Ok(())
}
