//! A run in which one statement fails, for every statement, and for every way to fail.

use alembic_migrate::{DatabaseState, Migrations, RevisionId, TransactionMode};
use rusqlite::Connection;

use crate::dump::dump;
use crate::scratch::{Scratch, chain};

/// What is there before, among it a table that makes statements fail.
const BEFORE: &str = "
    CREATE TABLE guard (x NOT NULL CHECK (x > 0));
    INSERT INTO guard VALUES (1);
    CREATE TRIGGER guarded BEFORE DELETE ON guard BEGIN SELECT RAISE(ROLLBACK, 'guarded'); END;
    CREATE TRIGGER failing BEFORE UPDATE ON guard BEGIN SELECT RAISE(FAIL, 'guarded'); END;
    PRAGMA user_version = 7;
";

/// The statements of six revisions.
const REVISIONS: [&[&str]; 6] = [
    &[
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        "CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL \
         REFERENCES author ON DELETE CASCADE, title TEXT)",
        "INSERT INTO author VALUES (1, 'Ann'), (2, 'Bob')",
        "INSERT INTO book VALUES (1, 1, 'One'), (2, 1, 'Two'), (3, 2, 'Three')",
    ],
    &[
        "ALTER TABLE author ADD COLUMN born INTEGER",
        "UPDATE author SET born = 1970 + id",
    ],
    &[
        "CREATE TABLE author_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        "INSERT INTO author_new SELECT id, name FROM author",
        "DROP TABLE author",
        "ALTER TABLE author_new RENAME TO author",
    ],
    &[
        "CREATE INDEX book_author ON book (author_id)",
        "PRAGMA user_version = 8",
        "CREATE VIEW books AS SELECT name, title FROM book JOIN author ON author_id = author.id",
    ],
    &[
        "CREATE TRIGGER stamped AFTER INSERT ON book \
         BEGIN UPDATE book SET title = title || '!' WHERE id = new.id; END",
        "INSERT INTO book VALUES (4, 2, 'Four')",
        "DELETE FROM book WHERE id = 1",
    ],
    &[
        "CREATE VIRTUAL TABLE search USING fts5(title)",
        "INSERT INTO search SELECT title FROM book",
        "INSERT INTO guard SELECT id FROM book",
    ],
];

/// Which of the revisions runs outside of transactions, where one does.
const OUTSIDE: usize = 3;

/// Fails, and keeps the rows before the one at fault, which only a transaction can undo.
const KEEPS_ROWS: &str = "INSERT OR FAIL INTO guard VALUES (9), (NULL)";

const FAILING: [&str; 10] = [
    "CREATE TABEL x (y)",
    "INSERT INTO missing VALUES (1)",
    "INSERT INTO guard VALUES (9), (NULL)",
    KEEPS_ROWS,
    "INSERT OR ROLLBACK INTO guard VALUES (9), (NULL)",
    "INSERT INTO guard VALUES (9), (:x)",
    "DELETE FROM guard",
    "UPDATE guard SET x = x + 1",
    "SELECT abs(-9223372036854775808) FROM guard",
    "CREATE TABLE guard (x)",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    OneTransaction,
    PerRevision,
    OneOutside,
}

/// Builds the migrations, with `failing` in the place of a statement.
fn migrations(shape: Shape, failing: Option<(usize, usize, &str)>) -> Migrations {
    let sections = REVISIONS.iter().enumerate().map(|(revision, statements)| {
        let outside = shape == Shape::OneOutside && revision == OUTSIDE;
        let flag = if outside { " no-transaction" } else { "" };
        let statements = statements
            .iter()
            .enumerate()
            .map(|(number, sql)| match failing {
                Some((at, which, failing)) if (at, which) == (revision, number) => failing,
                _ => sql,
            });
        let statements: Vec<&str> = statements.collect();
        format!("-- alembic: upgrade{flag}\n{};", statements.join(";\n"))
    });
    let migrations = chain(&sections.collect::<Vec<_>>());
    migrations.transaction(match shape {
        Shape::PerRevision => TransactionMode::Revision,
        Shape::OneTransaction | Shape::OneOutside => TransactionMode::Run,
    })
}

/// Does by hand what a run says it has done.
fn replay(state: &DatabaseState) -> String {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(BEFORE).unwrap();
    connection
        .pragma_update(None, "foreign_keys", "OFF")
        .unwrap();
    let number = |id: &RevisionId| id.as_str()[1..].parse::<usize>().unwrap();
    let (done, partial) = match state {
        DatabaseState::Unchanged => return dump(&connection),
        DatabaseState::Committed { done, .. } => (done, None),
        DatabaseState::Partial {
            done,
            revision,
            statements,
        } => (done, Some((number(revision), *statements))),
    };
    connection
        .execute_batch(
            "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t\
             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)",
        )
        .unwrap();
    let whole = REVISIONS[..done.len()].iter().copied().flatten();
    let part = partial.map(|(revision, statements)| &REVISIONS[revision - 1][..statements]);
    for sql in whole.chain(part.into_iter().flatten()) {
        connection.execute_batch(sql).unwrap();
    }
    let last = done.last().unwrap().as_str();
    connection
        .execute("INSERT INTO alembic_version VALUES (?)", [last])
        .unwrap();
    dump(&connection)
}

fn check_every_failure(shape: Shape) {
    let clean = Scratch::new(BEFORE);
    migrations(shape, None)
        .upgrade(&mut clean.open(), "heads")
        .unwrap();
    let clean = clean.dump();
    for (revision, statements) in REVISIONS.iter().enumerate() {
        for number in 0..statements.len() {
            for failing in FAILING {
                if shape == Shape::OneOutside && revision == OUTSIDE && failing == KEEPS_ROWS {
                    continue;
                }
                let context = format!("{shape:?}: {failing} as {revision}.{number}");
                let scratch = Scratch::new(BEFORE);
                let mut connection = scratch.open();
                let error = migrations(shape, Some((revision, number, failing)))
                    .upgrade(&mut connection, "heads")
                    .unwrap_err();
                assert!(connection.is_autocommit(), "{context}");
                let done = match shape {
                    Shape::PerRevision => revision,
                    Shape::OneOutside if revision == OUTSIDE => OUTSIDE,
                    Shape::OneOutside if revision > OUTSIDE => OUTSIDE + 1,
                    Shape::OneOutside | Shape::OneTransaction => 0,
                };
                check_state(&error.state, done, &context);
                assert_eq!(scratch.dump(), replay(&error.state), "{context}");
                if matches!(error.state, DatabaseState::Partial { .. }) {
                    continue;
                }
                migrations(shape, None)
                    .upgrade(&mut connection, "heads")
                    .unwrap();
                assert_eq!(scratch.dump(), clean, "{context}");
            }
        }
    }
}

fn check_state(state: &DatabaseState, expected: usize, context: &str) {
    let done = match state {
        DatabaseState::Unchanged => 0,
        DatabaseState::Committed { done, .. } | DatabaseState::Partial { done, .. } => done.len(),
    };
    assert_eq!(done, expected, "{context}: {state}");
}

#[test]
fn a_run_that_fails_leaves_the_database_as_before() {
    check_every_failure(Shape::OneTransaction);
}

#[test]
fn a_run_per_revision_leaves_the_last_whole_revision() {
    check_every_failure(Shape::PerRevision);
}

#[test]
fn a_run_with_a_section_outside_tells_what_stays() {
    check_every_failure(Shape::OneOutside);
}

#[test]
fn a_section_outside_stays_on_record_when_a_later_revision_fails() {
    let scratch = Scratch::new("");
    let migrations = chain(&[
        "-- alembic: upgrade no-transaction\nCREATE TABLE a (x);\nCREATE TABLE b (x);",
        "-- alembic: upgrade\nCREATE TABLE c (x);\nCREATE TABEL d (x);",
    ]);
    let error = migrations
        .upgrade(&mut scratch.open(), "heads")
        .unwrap_err();
    assert_eq!(
        error.state.to_string(),
        "these revisions are done and stay: r1; everything else is as it was before"
    );
    assert_eq!(migrations.current(&mut scratch.open()).unwrap(), ["r1"]);
}

#[test]
fn a_first_statement_outside_that_fails_leaves_nothing() {
    let scratch = Scratch::new("");
    let migrations = chain(&["-- alembic: upgrade no-transaction\nCREATE TABEL a (x);"]);
    let error = migrations
        .upgrade(&mut scratch.open(), "heads")
        .unwrap_err();
    assert_eq!(error.state, DatabaseState::Unchanged);
    assert_eq!(scratch.dump(), Scratch::new("").dump());
}

/// Checks where an error is said to be.
#[track_caller]
fn check_place(section: &str, expected: &str) {
    let error = chain(&[section])
        .upgrade(&mut Connection::open_in_memory().unwrap(), "heads")
        .unwrap_err();
    assert_eq!(error.fault.to_string(), expected);
}

#[test]
fn failures_are_placed_in_the_file() {
    check_place(
        "-- alembic: upgrade\nCREATE TABLE a (x);\n  SELECT 'ä', y\n  FROM a;",
        "r1.sql:7:15: statement 2 of revision r1 failed: no such column: y",
    );
    check_place(
        "-- alembic: upgrade\r\nCREATE TABLE a (x);\r\nCREATE\r\nTABEL b (x);\r\n",
        "r1.sql:8:1: statement 2 of revision r1 failed: near \"TABEL\": syntax error",
    );
    check_place(
        "-- alembic: upgrade\nCREATE TABLE a (x NOT NULL);\nINSERT INTO a VALUES (NULL);",
        "r1.sql:7:1: statement 2 of revision r1 failed: NOT NULL constraint failed: a.x",
    );
}
