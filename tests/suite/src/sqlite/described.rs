//! The description of a schema on SQLite.

use alembic_migrate::Migrations;
use alembic_migrate::history::History;

use super::FileSubject;
use crate::subject::open;
use crate::{Database, Handle};

const SQLITE: &str = r#"
    CREATE TABLE "account" (id INTEGER PRIMARY KEY, -- the number
        name TEXT NOT NULL CHECK (name IN ('a', 'b')));
    CREATE TABLE entry (account INTEGER REFERENCES account, at TEXT DEFAULT 'now');
    CREATE INDEX entry_at ON entry (at) WHERE account IS NOT NULL;
    CREATE VIEW named AS SELECT name FROM account;
    CREATE TRIGGER renamed AFTER UPDATE ON account BEGIN SELECT 1; END;
"#;

const SQLITE_DESCRIBED: &str = "\
table account
  CREATE TABLE account (
    id INTEGER PRIMARY KEY ,
    name TEXT NOT NULL CHECK ( name IN ( 'a' , 'b' ) )
  )
table entry
  CREATE TABLE entry (
    account INTEGER REFERENCES account ,
    at TEXT DEFAULT 'now'
  )
index entry_at
  CREATE INDEX entry_at ON entry (
    at
  ) WHERE account IS NOT NULL
view named
  CREATE VIEW named AS SELECT name FROM account
trigger renamed
  CREATE TRIGGER renamed AFTER UPDATE ON account BEGIN SELECT 1 ; END
";

pub fn a_schema_is_described<S: FileSubject>() {
    let scratch = S::Database::new(SQLITE);
    let migrations = Migrations::new(History::default());
    let described = open::<S>(&scratch).describe(&migrations).unwrap();
    assert_eq!(described, SQLITE_DESCRIBED);
}
