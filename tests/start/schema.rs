//! The schema of a database as a text that is the same for two schemas that say the same.

use alembic_migrate::{History, Migrations};
use rusqlite::Connection;

/// Describes a schema, but for the tables called `except`.
pub(crate) fn schema(connection: &mut Connection, except: &[&str]) -> String {
    let described = Migrations::new(History::default()).describe(connection);
    let mut shown = true;
    let mut text = String::new();
    for line in described.unwrap().lines() {
        if !line.starts_with(' ') {
            let table = line.strip_prefix("table ");
            shown = table.is_none_or(|name| !except.contains(&name));
        }
        if shown {
            text = text + line + "\n";
        }
    }
    text
}
