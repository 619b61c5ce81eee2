//! The types of columns on SQLite, as diesel's command tells them apart.

use alembic_migrate::Dialect;

use super::{DieselType, Room, length};

pub(super) const ROOM: Room = Room {
    dialect: Dialect::Sqlite,
    of: |data_type, _| of(data_type),
};

fn of(data_type: &str) -> Option<DieselType> {
    let name = data_type.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let is = |words: &[&str]| words.contains(&name.as_str());
    let found = match () {
        () if is(&["boolean", "bool"]) || (has(&["tiny"]) && has(&["int"])) => "Bool",
        () if is(&["int2"]) || (has(&["small"]) && has(&["int"])) => "SmallInt",
        () if is(&["int8"]) || (has(&["big"]) && has(&["int"])) => "BigInt",
        () if has(&["int"]) => "Integer",
        () if has(&["char", "clob", "text"]) => "Text",
        () if has(&["blob", "binary"]) || name.is_empty() => "Binary",
        () if has(&["float", "real"]) => "Float",
        () if has(&["double", "num", "dec"]) => "Double",
        () if is(&["datetime", "timestamp"]) => "Timestamp",
        () if is(&["date"]) => "Date",
        () if is(&["time"]) => "Time",
        () => return None,
    };
    let max_length = length(&name).filter(|_| name.contains("char"));
    Some(DieselType {
        max_length,
        ..DieselType::named(found)
    })
}
