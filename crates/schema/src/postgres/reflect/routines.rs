//! Reads functions, procedures and aggregates.

use super::Reader;
use crate::model::{Definition, ObjectId, ObjectKind, Routine};
use crate::reflect::ReflectError;

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    for mut cells in reader.rows("routines")? {
        let place = ("pg_proc", cells.text()?, "0");
        let (schema, name, types) = (cells.text()?, cells.text()?, cells.text()?);
        let id = ObjectId::new(ObjectKind::Routine, schema, format!("{name}({types})"));
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
        reader.add(place, id, Definition::Routine(routine));
    }
    Ok(())
}
