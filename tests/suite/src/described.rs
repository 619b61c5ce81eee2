//! Descriptions of schemas: all of it, always the same, and nothing else.

use alembic_migrate::history::History;
use alembic_migrate::{Dialect, Migrations};

use crate::revisions::single;
use crate::subject::open;
use crate::{Database, Handle, Subject};

fn describe<S: Subject>(scratch: &S::Database) -> String {
    let migrations = Migrations::new(History::default());
    open::<S>(scratch).describe(&migrations).unwrap()
}

pub fn nothing_is_nothing<S: Subject>() {
    let scratch = S::Database::new("");
    assert_eq!(describe::<S>(&scratch), "");
    // Nor is there anything of a run.
    let table = single(S::Database::DIALECT, "CREATE TABLE a (id INTEGER);");
    open::<S>(&scratch).upgrade(&table, "heads").unwrap();
    scratch.execute("CREATE TABLE alembic_version_progress (id INTEGER)");
    let described = open::<S>(&scratch).describe(&table).unwrap();
    let first = match S::Database::DIALECT {
        Dialect::Sqlite => "table a\n",
        Dialect::Postgres => "table public.a\n",
    };
    assert!(described.starts_with(first), "{described}");
    assert!(!described.contains("version"), "{described}");
}

/// The order in which objects were created does not matter.
pub fn the_same_schema_is_the_same_text<S: Subject>() {
    let tables = [
        "CREATE TABLE a (id INTEGER);",
        "CREATE TABLE b (id INTEGER);",
        "CREATE INDEX c ON a (id);",
    ];
    let one = S::Database::new(&tables.concat());
    let other = S::Database::new(&[tables[1], tables[0], tables[2]].concat());
    assert_eq!(describe::<S>(&one), describe::<S>(&other));
}
