//! Descriptions of schemas: all of it, always the same, and nothing else.

use alembic_migrate::history::History;
use alembic_migrate::schema::{DiffOptions, diff};
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

/// The version table, the log and the table of progress are no part of a schema.
pub fn a_schema_is_data_without_what_belongs_to_runs<S: Subject>() {
    let scratch = S::Database::new("");
    let sql = "CREATE TABLE a (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL);\n\
               CREATE UNIQUE INDEX b ON a (name);";
    let migrations = single(S::Database::DIALECT, sql);
    let inspect = || open::<S>(&scratch).inspect(&migrations).unwrap();
    let empty = inspect();
    assert!(!empty.has_version_table && empty.is_fresh());
    open::<S>(&scratch).upgrade(&migrations, "heads").unwrap();
    scratch.execute("CREATE TABLE alembic_version_progress (id INTEGER)");
    let inspection = inspect();
    assert!(inspection.has_version_table && !inspection.is_fresh());
    let schema = inspection.schema;
    let ids = schema
        .objects
        .keys()
        .filter(|id| empty.schema.get(id).is_none());
    let names: Vec<String> = ids.map(ToString::to_string).collect();
    assert!(names.contains(&"table a".to_owned()), "{names:?}");
    assert!(names.contains(&"column a.name".to_owned()), "{names:?}");
    assert!(
        !names.iter().any(|name| name.contains("version")),
        "{names:?}"
    );
    scratch.execute("DROP TABLE alembic_version");
    let older = inspect();
    assert!(!older.has_version_table && !older.is_fresh());
    // What leads to this schema leads nowhere from it.
    let changes = diff(&empty.schema, &schema, DiffOptions::default()).unwrap();
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!(diff(&schema, &schema, DiffOptions::default()).unwrap(), []);
}
