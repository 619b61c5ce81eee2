//! A run in which one statement fails, for every statement, and for every way to fail.

use std::collections::HashMap;

use alembic_migrate::{DatabaseState, Dialect, Migrations, RevisionId, TransactionMode};

use crate::engine::{ENGINES, Scratch, Sql, Via, both, each};
use crate::revisions::chain;

/// What is there before, among it a table that makes statements fail.
const BEFORE: Sql = each(
    "CREATE TABLE guard (x NOT NULL CHECK (x > 0));
    INSERT INTO guard VALUES (1);
    CREATE TRIGGER guarded BEFORE DELETE ON guard BEGIN SELECT RAISE(ROLLBACK, 'guarded'); END;
    CREATE TRIGGER failing BEFORE UPDATE ON guard BEGIN SELECT RAISE(FAIL, 'guarded'); END;
    PRAGMA user_version = 7;",
    "CREATE TABLE guard (x int NOT NULL CHECK (x > 0));
    INSERT INTO guard VALUES (1);
    CREATE FUNCTION guarded() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE 'guarded'; END $$;
    CREATE TRIGGER guarded BEFORE DELETE ON guard FOR EACH ROW EXECUTE FUNCTION guarded();
    CREATE CONSTRAINT TRIGGER failing AFTER UPDATE ON guard FOR EACH ROW
        EXECUTE FUNCTION guarded();
    COMMENT ON TABLE guard IS 'seven';",
);

/// The statements of six revisions.
const REVISIONS: [&[Sql]; 6] = [
    &[
        both("CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"),
        both(
            "CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL \
             REFERENCES author ON DELETE CASCADE, title TEXT)",
        ),
        both("INSERT INTO author VALUES (1, 'Ann'), (2, 'Bob')"),
        both("INSERT INTO book VALUES (1, 1, 'One'), (2, 1, 'Two'), (3, 2, 'Three')"),
    ],
    &[
        both("ALTER TABLE author ADD COLUMN born INTEGER"),
        both("UPDATE author SET born = 1970 + id"),
    ],
    &[
        both("CREATE TABLE author_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"),
        both("INSERT INTO author_new SELECT id, name FROM author"),
        each("DROP TABLE author", "DROP TABLE author CASCADE"),
        both("ALTER TABLE author_new RENAME TO author"),
    ],
    &[
        each(
            "CREATE INDEX book_author ON book (author_id)",
            "CREATE INDEX CONCURRENTLY book_author ON book (author_id)",
        ),
        each(
            "PRAGMA user_version = 8",
            "COMMENT ON TABLE guard IS 'eight'",
        ),
        both(
            "CREATE VIEW books AS SELECT name, title FROM book JOIN author \
             ON author_id = author.id",
        ),
    ],
    &[
        each(
            "CREATE TRIGGER stamped AFTER INSERT ON book \
             BEGIN UPDATE book SET title = title || '!' WHERE id = new.id; END",
            "CREATE TRIGGER stamped BEFORE UPDATE ON book FOR EACH ROW \
             EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        ),
        both("INSERT INTO book VALUES (4, 2, 'Four')"),
        both("DELETE FROM book WHERE id = 1"),
    ],
    &[
        each(
            "CREATE VIRTUAL TABLE search USING fts5(title)",
            "CREATE TABLE search AS SELECT title, to_tsvector('simple', title) FROM book",
        ),
        each(
            "INSERT INTO search SELECT title FROM book",
            "CREATE INDEX ON search USING gin (to_tsvector)",
        ),
        both("INSERT INTO guard SELECT id FROM book"),
    ],
];

/// Which of the revisions runs outside of transactions, where one does.
const OUTSIDE: usize = 3;

/// The table that records how far that one is.
const PROGRESS: &str = "CREATE TABLE alembic_version_progress (\n\t\
    revision VARCHAR(32) NOT NULL, \n\tdirection VARCHAR(9) NOT NULL, \n\tdone INTEGER NOT NULL, \n\t\
    begun INTEGER, \n\tdigest VARCHAR(16) NOT NULL, \n\tprocess INTEGER, \n\tsince TIMESTAMP NOT NULL\n)";

/// Fails, and keeps the rows before the one at fault, which only a transaction can undo.
const KEEPS_ROWS: &str = "INSERT OR FAIL INTO guard VALUES (9), (NULL)";

const FAILING_SQLITE: &[&str] = &[
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

const FAILING_POSTGRES: &[&str] = &[
    "CREATE TABEL x (y)",
    "INSERT INTO guard VALUES (9), ($1)",
    "UPDATE guard SET x = x + 1",
    "DO $$ BEGIN INSERT INTO guard VALUES (9); PERFORM 1 / 0; END $$",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    OneTransaction,
    PerRevision,
    OneOutside,
}

/// Returns a statement as it runs where this shape has it.
fn statement(shape: Shape, revision: usize, sql: Sql, dialect: Dialect) -> String {
    let outside = shape == Shape::OneOutside && revision == OUTSIDE;
    let concurrently = if outside { " CONCURRENTLY" } else { "" };
    sql.of(dialect).replace(" CONCURRENTLY", concurrently)
}

/// Builds the migrations, with `failing` in the place of a statement.
fn migrations(shape: Shape, dialect: Dialect, failing: Option<(usize, usize, &str)>) -> Migrations {
    let sections = REVISIONS.iter().enumerate().map(|(revision, statements)| {
        let outside = shape == Shape::OneOutside && revision == OUTSIDE;
        let flag = if outside { " no-transaction" } else { "" };
        let statements = statements
            .iter()
            .enumerate()
            .map(|(number, sql)| match failing {
                Some((at, which, failing)) if (at, which) == (revision, number) => {
                    failing.to_owned()
                }
                _ => statement(shape, revision, *sql, dialect),
            });
        let statements: Vec<String> = statements.collect();
        format!("-- alembic: upgrade{flag}\n{};", statements.join(";\n"))
    });
    let migrations = chain(dialect, &sections.collect::<Vec<_>>());
    migrations.transaction(match shape {
        Shape::PerRevision => TransactionMode::Revision,
        Shape::OneTransaction | Shape::OneOutside => TransactionMode::Run,
    })
}

/// Does by hand what a run says it has done.
fn replay(shape: Shape, dialect: Dialect, state: &DatabaseState) -> String {
    let via = match dialect {
        Dialect::Sqlite => Via::Rusqlite,
        Dialect::Postgres => Via::Pool,
    };
    let scratch = Scratch::new(via, BEFORE.of(dialect));
    let number = |id: &RevisionId| id.as_str()[1..].parse::<usize>().unwrap();
    let (done, partial) = match state {
        DatabaseState::Unchanged => return scratch.dump(),
        DatabaseState::Committed { done, .. } => (done, None),
        DatabaseState::Partial {
            done,
            revision,
            statements,
            uncertain: false,
        } => (done, Some((number(revision), *statements))),
        state => panic!("{state}"),
    };
    scratch.execute(
        "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t\
         CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)",
    );
    // As a run on SQLite has it.
    let before = each("PRAGMA foreign_keys = OFF", "").of(dialect);
    let execute = |revision: usize, sql: Sql| {
        let sql = statement(shape, revision, sql, dialect);
        scratch.execute(&format!("{before};{sql}"));
    };
    for (revision, statements) in REVISIONS[..done.len()].iter().enumerate() {
        for sql in *statements {
            execute(revision, *sql);
        }
    }
    let last = done.last().unwrap();
    scratch.execute(&format!("INSERT INTO alembic_version VALUES ('{last}')"));
    if let Some((revision, statements)) = partial {
        scratch.execute(&format!(
            "{PROGRESS}; INSERT INTO alembic_version_progress \
             VALUES ('r{revision}', 'upgrade', {statements}, NULL, '', 0, '2000-01-01')"
        ));
        for sql in &REVISIONS[revision - 1][..statements] {
            execute(revision - 1, *sql);
        }
    }
    scratch.dump()
}

fn check_every_failure(shape: Shape, via: Via) {
    let dialect = via.dialect();
    let failing = match dialect {
        Dialect::Sqlite => FAILING_SQLITE,
        Dialect::Postgres => FAILING_POSTGRES,
    };
    let before = BEFORE.of(dialect);
    let mut scratch = Scratch::new(via, before);
    let whole = migrations(shape, dialect, None);
    whole.upgrade(&mut scratch.open(), "heads").unwrap();
    let clean = scratch.dump();
    // What each state looks like that a run may leave; the next run goes on from there.
    let mut states = HashMap::new();
    scratch.refill(before);
    for (revision, statements) in REVISIONS.iter().enumerate() {
        for number in 0..statements.len() {
            for failing in failing {
                if shape == Shape::OneOutside && revision == OUTSIDE && *failing == KEEPS_ROWS {
                    continue;
                }
                let context = format!("{via:?}, {shape:?}: {failing} as {revision}.{number}");
                let mut database = scratch.open();
                let error = migrations(shape, dialect, Some((revision, number, failing)))
                    .upgrade(&mut database, "heads")
                    .unwrap_err();
                assert!(database.is_idle(), "{context}");
                let expected = expected_state(shape, revision, number);
                assert_eq!(error.state, expected, "{context}");
                let found = scratch.dump();
                let state = error.state.to_string();
                let is_new = !states.contains_key(&state);
                let replayed = states
                    .entry(state)
                    .or_insert_with(|| replay(shape, dialect, &error.state));
                assert_eq!(found, *replayed, "{context}");
                if is_new {
                    whole.upgrade(&mut database, "heads").unwrap();
                    assert_eq!(scratch.dump(), clean, "{context}");
                }
                if is_new || error.state != DatabaseState::Unchanged {
                    scratch.refill(before);
                }
            }
        }
    }
}

/// Returns what must be said of a failure of this statement, whatever the engine.
fn expected_state(shape: Shape, revision: usize, number: usize) -> DatabaseState {
    let id = |number: usize| RevisionId::new(format!("r{number}")).unwrap();
    let ids = |count: usize| (1..=count).map(id);
    let (done, transaction) = match shape {
        Shape::PerRevision => (revision, TransactionMode::Revision),
        Shape::OneOutside if revision == OUTSIDE && number > 0 => {
            return DatabaseState::Partial {
                done: ids(OUTSIDE).collect(),
                revision: id(OUTSIDE + 1),
                statements: number,
                uncertain: false,
            };
        }
        Shape::OneOutside if revision == OUTSIDE => (OUTSIDE, TransactionMode::Run),
        Shape::OneOutside if revision > OUTSIDE => (OUTSIDE + 1, TransactionMode::Run),
        Shape::OneOutside | Shape::OneTransaction => (0, TransactionMode::Run),
    };
    match done {
        0 => DatabaseState::Unchanged,
        done => DatabaseState::Committed {
            done: ids(done).collect(),
            transaction,
        },
    }
}

#[test]
fn a_run_that_fails_leaves_the_database_as_before() {
    for via in ENGINES {
        check_every_failure(Shape::OneTransaction, via);
    }
}

#[test]
fn a_run_per_revision_leaves_the_last_whole_revision() {
    for via in ENGINES {
        check_every_failure(Shape::PerRevision, via);
    }
}

#[test]
fn a_run_with_a_section_outside_tells_what_stays() {
    for via in ENGINES {
        check_every_failure(Shape::OneOutside, via);
    }
}

#[test]
fn a_section_outside_stays_on_record_when_a_later_revision_fails() {
    for via in ENGINES {
        let scratch = Scratch::new(via, "");
        let migrations = chain(
            via.dialect(),
            &[
                "-- alembic: upgrade no-transaction\nCREATE TABLE a (x int);\n\
                 CREATE TABLE b (x int);",
                "-- alembic: upgrade\nCREATE TABLE c (x int);\nCREATE TABEL d (x int);",
            ],
        );
        let error = migrations
            .upgrade(&mut scratch.open(), "heads")
            .unwrap_err();
        assert_eq!(
            error.state.to_string(),
            "these revisions are done and stay: r1; everything else is as it was before"
        );
        assert_eq!(migrations.current(&mut scratch.open()).unwrap(), ["r1"]);
    }
}

#[test]
fn a_first_statement_outside_that_fails_leaves_nothing() {
    for via in ENGINES {
        let scratch = Scratch::new(via, "");
        let before = scratch.dump();
        let first = "-- alembic: upgrade no-transaction\nCREATE TABEL a (x int);";
        let error = chain(via.dialect(), &[first])
            .upgrade(&mut scratch.open(), "heads")
            .unwrap_err();
        assert_eq!(error.state, DatabaseState::Unchanged);
        assert_eq!(scratch.dump(), before);
    }
}

/// Checks where an error is said to be, and what each engine says.
#[track_caller]
fn check_place(section: &str, place: &str, messages: Sql) {
    for via in ENGINES {
        let scratch = Scratch::new(via, "");
        let error = chain(via.dialect(), &[section])
            .upgrade(&mut scratch.open(), "heads")
            .unwrap_err();
        let message = messages.of(via.dialect());
        assert_eq!(
            error.fault.to_string(),
            format!("{place} failed: {message}")
        );
    }
}

#[test]
fn failures_are_placed_in_the_file() {
    check_place(
        "-- alembic: upgrade\nCREATE TABLE a (x int);\n  SELECT 'ä', y\n  FROM a;",
        "r1.sql:7:15: statement 2 of revision r1",
        each("no such column: y", "column \"y\" does not exist"),
    );
    check_place(
        "-- alembic: upgrade\nSELECT '🦀🦀', 'naïve',\n\t/* ünïcödé 🎉 */ größe, 1;",
        "r1.sql:7:18: statement 1 of revision r1",
        each("no such column: größe", "column \"größe\" does not exist"),
    );
    check_place(
        "-- alembic: upgrade\r\nCREATE TABLE a (x int);\r\nCREATE\r\nTABEL b (x int);\r\n",
        "r1.sql:8:1: statement 2 of revision r1",
        each(
            "near \"TABEL\": syntax error",
            "syntax error at or near \"TABEL\"",
        ),
    );
    check_place(
        "-- alembic: upgrade\nCREATE TABLE a (x int NOT NULL);\nINSERT INTO a VALUES (NULL);",
        "r1.sql:7:1: statement 2 of revision r1",
        each(
            "NOT NULL constraint failed: a.x",
            "null value in column \"x\" of relation \"a\" violates not-null constraint; \
             Failing row contains (null)",
        ),
    );
    // Where statements go to the server together, the next one begins behind a comment, too.
    check_place(
        "-- alembic: upgrade\nCREATE TABLE a (x int); -- ä\nSELECT y -- and;\n;\nSELECT 2;",
        "r1.sql:7:8: statement 2 of revision r1",
        each("no such column: y", "column \"y\" does not exist"),
    );
    check_place(
        "-- alembic: upgrade\nSELECT 1; -- ä\nSELECT 1;\nSELECT\n  'ä', y\n; SELECT 2;",
        "r1.sql:9:8: statement 3 of revision r1",
        each("no such column: y", "column \"y\" does not exist"),
    );
}
