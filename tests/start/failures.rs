//! A start that fails leaves exactly what was there.

use alembic_migrate::options::TransactionMode;
use alembic_migrate::{DatabaseState, Dialect, FailureKind, Migrations, ensure_database_ready};
use alembic_tests::{Database, revision};

use crate::databases::{at, with};
use crate::open::Open;
use crate::{each, line_of, migrations};

/// Three revisions; the last one fails in its second statement.
fn failing() -> Migrations {
    let revisions = [
        revision("a1").upgrade("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"),
        revision("b2")
            .revises("a1")
            .upgrade("ALTER TABLE users ADD COLUMN email TEXT;\nUPDATE users SET email = name;"),
        revision("c3").revises("b2").upgrade(
            "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);",
        ),
    ];
    migrations("shop", &revisions).baseline("a1")
}

const LEGACY: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                      INSERT INTO users VALUES (1, 'x'), (2, 'y');";

const OTHER: &str = "CREATE TABLE other (id INTEGER PRIMARY KEY);";

/// A database, what fails on it, and with which words.
struct Failure {
    name: &'static str,
    database: Database,
    migrations: Migrations,
    error: String,
}

fn all_failures(dialect: Dialect) -> Vec<Failure> {
    let failure = |name, database, migrations, error: &str| Failure {
        name,
        database,
        migrations,
        error: error.to_owned(),
    };
    let schema = |sql: &str| failing().schema("schema.sql", sql);
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY);\n";
    let bad_schema = format!("{users}CREATE TABLE posts (id INTEGER PRIMARY KEY,);\n");
    let syntax = each(
        dialect,
        "schema.sql:2:44: the target schema failed: near \")\": syntax error",
        "schema.sql:2:44: the target schema failed: syntax error at or near \")\"",
    );
    let no_table = each(
        dialect,
        "shop/2.sql:9:1: statement 2 of revision c3 failed: no such table: nowhere",
        "shop/2.sql:9:13: statement 2 of revision c3 failed: relation \"nowhere\" does not exist",
    );
    vec![
        failure(
            "fresh, created",
            with(dialect, OTHER),
            schema(&bad_schema),
            syntax,
        ),
        failure(
            "fresh, created where nothing is",
            Database::new(dialect),
            schema(&bad_schema),
            syntax,
        ),
        failure(
            "fresh, with a schema that is cut off",
            with(dialect, OTHER),
            schema(&format!(
                "{users}CREATE TABLE posts (name TEXT DEFAULT 'x);\n"
            )),
            "schema.sql:2:39: the target schema failed: string literal is never closed",
        ),
        failure(
            "fresh, with a schema that commits",
            with(dialect, OTHER),
            schema(&format!("{users}COMMIT;\n")),
            "schema.sql:2:1: the target schema failed: transactions are begun and ended by the run \
             itself",
        ),
        failure(
            "fresh, with a role",
            with(dialect, OTHER),
            schema(&format!("{users}CREATE ROLE app;\n")),
            each(
                dialect,
                "schema.sql:2:8: the target schema failed: near \"ROLE\": syntax error",
                "schema.sql:2:1: the target schema failed: it is about the whole server, and a schema is \
                 that of one database: let a revision do it",
            ),
        ),
        failure(
            "fresh, with rows that refer to nothing",
            with(dialect, OTHER),
            schema(&format!(
                "{users}CREATE TABLE posts (author INTEGER REFERENCES users (id));\n\
                 INSERT INTO posts VALUES (7);\n"
            )),
            each(
                dialect,
                "rows would refer to rows that do not exist: 1 of posts to users",
                "schema.sql:3:1: the target schema failed: insert or update on table \"posts\" \
                 violates foreign key constraint \"posts_author_fkey\"; Key (author)=(7) is not \
                 present in table \"users\"",
            ),
        ),
        failure(
            "fresh, replayed",
            // Any table would make it a legacy one.
            with(
                dialect,
                each(dialect, "PRAGMA user_version = 7", "CREATE SEQUENCE seven"),
            ),
            failing(),
            no_table,
        ),
        failure("legacy", with(dialect, LEGACY), failing(), no_table),
        failure(
            "legacy, with a baseline that is no revision",
            with(dialect, LEGACY),
            failing().baseline("a2"),
            "can't locate revision identified by 'a2'",
        ),
        failure(
            "tracked",
            at(
                dialect,
                &failing(),
                "a1",
                "INSERT INTO users VALUES (1, 'x')",
            ),
            failing(),
            no_table,
        ),
    ]
}

#[test]
fn everything_is_as_it_was() {
    for &dialect in Dialect::ALL {
        for Failure {
            name,
            database,
            migrations,
            error: expected,
        } in all_failures(dialect)
        {
            let name = format!("{dialect}, {name}");
            let before = database.bytes();
            for _ in 0..2 {
                let mut open = Open::new(&database);
                let error = ensure_database_ready(&mut open, &migrations).unwrap_err();
                let expected =
                    format!("crate `shop`: {expected}; the database is as it was before");
                assert_eq!(error.to_string(), expected, "{name}");
                assert_eq!(error.kind(), FailureKind::Migration, "{name}");
                assert_eq!(*error.state(), DatabaseState::Unchanged, "{name}");
                assert!(before == database.bytes(), "{name}: the database changed");
                check_restored(&open, &name);
            }
        }
    }
}

/// A run on SQLite is on the application's own connection, which is as it was, too.
#[track_caller]
fn check_restored(open: &Open, name: &str) {
    if let Open::Sqlite(connection) = open {
        let setting = |name: &str| -> i64 {
            let value = connection.pragma_query_value(None, name, |row| row.get(0));
            value.unwrap()
        };
        assert!(connection.is_autocommit(), "{name}");
        assert_eq!(setting("foreign_keys"), 1, "{name}");
        assert_eq!(setting("busy_timeout"), 5000, "{name}");
    }
}

#[test]
fn one_transaction_per_revision_keeps_what_is_done() {
    for &dialect in Dialect::ALL {
        let database = with(dialect, LEGACY);
        let each = failing().transaction(TransactionMode::Revision);
        let error = ensure_database_ready(&mut Open::new(&database), &each).unwrap_err();
        let stays = "these revisions are committed: b2;";
        assert!(error.to_string().contains(stays), "{dialect}: {error}");
        assert_eq!(database.versions(), ["b2"], "{dialect}");
        let emails = database.query("SELECT email FROM users ORDER BY id");
        assert_eq!(emails, ["x", "y"], "{dialect}");

        // Once the revision is mended, the next start goes on from there.
        database.execute("CREATE TABLE nowhere (id INTEGER)");
        let done = ensure_database_ready(&mut Open::new(&database), &each);
        let expected = "shop: tracked migrated [b2] -> [c3], applied [c3]";
        assert_eq!(line_of(done), expected, "{dialect}");
    }
}
