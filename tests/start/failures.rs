//! A start that fails leaves exactly what was there.

use alembic_migrate::{
    DatabaseState, FailureKind, Migrations, TransactionMode, ensure_database_ready,
};
use alembic_tests::revision;

use crate::scratch::Scratch;
use crate::{lines, migrations};

/// Three revisions; the last one fails in its second statement.
fn failing() -> Migrations {
    let revisions = vec![
        revision("a1").upgrade("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"),
        revision("b2")
            .revises("a1")
            .upgrade("ALTER TABLE users ADD COLUMN email TEXT;\nUPDATE users SET email = name;"),
        revision("c3").revises("b2").upgrade(
            "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);",
        ),
    ];
    migrations("shop", revisions).baseline("a1")
}

const LEGACY: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                      INSERT INTO users (name) VALUES ('x'), ('y');";

const OTHER: &str = "CREATE TABLE other (id INTEGER PRIMARY KEY);";

#[test]
fn everything_is_as_it_was() {
    let schema = |sql: &str| failing().schema("schema.sql", sql);
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY);\n";
    let bad_schema = format!("{users}CREATE TABLE posts (id INTEGER PRIMARY KEY,);\n");
    let no_table = "shop/2.sql:9:1: statement 2 of revision c3 failed: no such table: nowhere";
    for (name, database, migrations, expected) in [
        (
            "fresh, created",
            Scratch::with(OTHER),
            schema(&bad_schema),
            "schema.sql:2:44: the target schema failed: near \")\": syntax error",
        ),
        (
            "fresh, created on no file",
            Scratch::new(),
            schema(&bad_schema),
            "schema.sql:2:44: the target schema failed: near \")\": syntax error",
        ),
        (
            "fresh, with a schema that is cut off",
            Scratch::with(OTHER),
            schema(&format!(
                "{users}CREATE TABLE posts (name TEXT DEFAULT 'x);\n"
            )),
            "schema.sql:2:39: the target schema failed: string literal is never closed",
        ),
        (
            "fresh, with a schema that commits",
            Scratch::with(OTHER),
            schema(&format!("{users}COMMIT;\n")),
            "schema.sql:2:1: the target schema failed: transactions are begun and ended by the run \
             itself",
        ),
        (
            "fresh, with rows that refer to nothing",
            Scratch::with(OTHER),
            schema(&format!(
                "{users}CREATE TABLE posts (user INTEGER REFERENCES users (id));\n\
                 INSERT INTO posts VALUES (7);\n"
            )),
            "rows would refer to rows that do not exist: 1 of posts to users",
        ),
        (
            "fresh, replayed",
            // Any other table would make it a legacy one.
            Scratch::with("PRAGMA user_version = 7"),
            failing(),
            no_table,
        ),
        ("legacy", Scratch::with(LEGACY), failing(), no_table),
        (
            "legacy, with a baseline that is no revision",
            Scratch::with(LEGACY),
            failing().baseline("a2"),
            "can't locate revision identified by 'a2'",
        ),
        (
            "tracked",
            Scratch::at(&failing(), "a1", "INSERT INTO users (name) VALUES ('x')"),
            failing(),
            no_table,
        ),
    ] {
        let before = database.bytes();
        for _ in 0..2 {
            let mut connection = database.open();
            connection
                .pragma_update(None, "foreign_keys", true)
                .unwrap();
            let error = ensure_database_ready(&mut connection, &migrations).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{expected}; the database is as it was before"),
                "{name}"
            );
            assert_eq!(error.kind(), FailureKind::Migration, "{name}");
            assert_eq!(error.state, DatabaseState::Unchanged, "{name}");
            assert!(before == database.bytes(), "{name}: the file changed");
            let setting = |name: &str| -> i64 {
                connection
                    .pragma_query_value(None, name, |row| row.get(0))
                    .unwrap()
            };
            assert!(connection.is_autocommit(), "{name}");
            assert_eq!(setting("foreign_keys"), 1, "{name}");
            assert_eq!(setting("busy_timeout"), 5000, "{name}");
        }
    }
}

#[test]
fn one_transaction_per_revision_keeps_what_is_done() {
    let database = Scratch::with(LEGACY);
    let each = failing().transaction(TransactionMode::Revision);
    let error = ensure_database_ready(&mut database.open(), &each).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("these revisions are done and stay: b2;"),
        "{error}"
    );
    assert_eq!(
        database.query("SELECT version_num FROM alembic_version"),
        ["b2"]
    );
    assert_eq!(database.query("SELECT email FROM users"), ["x", "y"]);

    // Once the revision is mended, the next start goes on from there.
    database.execute("CREATE TABLE nowhere (id)");
    let done = ensure_database_ready(&mut database.open(), &each);
    assert_eq!(
        lines(done),
        ["shop: tracked migrated [b2] -> [c3], applied [c3]"]
    );
}
