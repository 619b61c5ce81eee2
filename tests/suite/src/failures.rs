//! A run in which one statement fails, for every statement, and for every way to fail.

use std::collections::HashMap;

use alembic_migrate::history::RevisionId;
use alembic_migrate::options::TransactionMode;
use alembic_migrate::{DatabaseState, Dialect, Migrations};

use crate::answer::{failure, state};
use crate::comparison::{record, without_place};
use crate::revisions::chain;
use crate::sql::{Sql, both, each};
use crate::subject::{name, open};
use crate::{Command, Database, Handle, Subject};

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
        both("UPDATE author SET born = 1970 + id RETURNING *"),
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
             BEGIN UPDATE book SET title = title || ';!' WHERE id = new.id; END",
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
    "SELECT x, y FROM guard",
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
fn replay<S: Subject>(shape: Shape, state: &DatabaseState) -> String {
    let dialect = S::Database::DIALECT;
    let scratch = S::Database::new(BEFORE.of(dialect));
    let number = |id: &RevisionId| id.as_str()[1..].parse::<usize>().unwrap();
    let (done, partial) = match state {
        DatabaseState::Unchanged => return scratch.dump(),
        DatabaseState::Committed { done, .. } => (done, None),
        DatabaseState::Unfinished {
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

fn check_every_failure<S: Subject>(shape: Shape) {
    let dialect = S::Database::DIALECT;
    let failing = match dialect {
        Dialect::Sqlite => FAILING_SQLITE,
        Dialect::Postgres => FAILING_POSTGRES,
    };
    let before = BEFORE.of(dialect);
    let mut scratch = S::Database::new(before);
    let whole = migrations(shape, dialect, None);
    open::<S>(&scratch).upgrade(&whole, "heads").unwrap();
    let clean = scratch.dump();
    // What each state looks like that a run may leave; the next run continues from there.
    let mut states = HashMap::new();
    scratch.refill(before);
    let numbers =
        |revision: usize| (0..REVISIONS[revision].len()).map(move |number| (revision, number));
    let places = (0..REVISIONS.len()).flat_map(numbers);
    let cases = places.flat_map(|place| failing.iter().map(move |failing| (place, *failing)));
    for (case, ((revision, number), failing)) in cases.enumerate() {
        let keeps_rows = shape == Shape::OneOutside && revision == OUTSIDE && failing == KEEPS_ROWS;
        if keeps_rows || !S::SHARE.takes(case) {
            continue;
        }
        let context = format!("{shape:?}: {failing} as {revision}.{number}");
        let migrations = migrations(shape, dialect, Some((revision, number, failing)));
        let mut database = open::<S>(&scratch);
        let record = record::<S>(
            &mut database,
            &migrations,
            Command::Upgrade("heads"),
            &context,
        );
        record.check_reference::<S>(&scratch, || S::Database::new(before), &migrations);
        let error = record.outcome.unwrap_err();
        let context = format!("{}, {context}", name::<S>());
        let left = state(&error);
        assert_eq!(*left, expected_state(shape, revision, number), "{context}");
        let found = scratch.dump();
        let is_new = !states.contains_key(&left.to_string());
        let replayed = states.entry(left.to_string());
        let replayed = replayed.or_insert_with(|| replay::<S>(shape, left));
        assert_eq!(found, *replayed, "{context}");
        assert_eq!(scratch.log(), expected_log(left), "{context}");
        if is_new {
            database.upgrade(&whole, "heads").unwrap();
            assert_eq!(scratch.dump(), clean, "{context}");
        }
        if is_new || *left != DatabaseState::Unchanged {
            scratch.refill(before);
        }
    }
}

/// Returns what the log must say when a run has left this state.
fn expected_log(state: &DatabaseState) -> String {
    let done = match state {
        DatabaseState::Unchanged => &[][..],
        DatabaseState::Committed { done, .. } | DatabaseState::Unfinished { done, .. } => done,
        state => panic!("{state}"),
    };
    let lines = done.iter().enumerate();
    let lines = lines.map(|(index, id)| format!("{}|{id}|upgrade|run|{id}\n", index + 1));
    lines.collect()
}

/// Returns what must be said of a failure of this statement, whatever the engine.
fn expected_state(shape: Shape, revision: usize, number: usize) -> DatabaseState {
    let id = |number: usize| RevisionId::new(format!("r{number}")).unwrap();
    let ids = |count: usize| (1..=count).map(id);
    let (done, transaction) = match shape {
        Shape::PerRevision => (revision, TransactionMode::Revision),
        Shape::OneOutside if revision == OUTSIDE && number > 0 => {
            return DatabaseState::Unfinished {
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
            ready: Vec::new(),
            done: ids(done).collect(),
            transaction,
        },
    }
}

pub fn a_run_that_fails_leaves_the_database_as_before<S: Subject>() {
    check_every_failure::<S>(Shape::OneTransaction);
}

pub fn a_run_per_revision_leaves_the_last_whole_revision<S: Subject>() {
    check_every_failure::<S>(Shape::PerRevision);
}

pub fn a_run_with_a_section_outside_tells_what_stays<S: Subject>() {
    check_every_failure::<S>(Shape::OneOutside);
}

pub fn a_section_outside_stays_on_record_when_a_later_revision_fails<S: Subject>() {
    let scratch = S::Database::new("");
    let migrations = chain(
        S::Database::DIALECT,
        &[
            "-- alembic: upgrade no-transaction\nCREATE TABLE a (x int);\n\
                 CREATE TABLE b (x int);",
            "-- alembic: upgrade\nCREATE TABLE c (x int);\nCREATE TABEL d (x int);",
        ],
    );
    let error = open::<S>(&scratch)
        .upgrade(&migrations, "heads")
        .unwrap_err();
    assert_eq!(
        state(&error).to_string(),
        "these revisions are committed: r1; everything else is as it was before"
    );
    assert_eq!(open::<S>(&scratch).current(&migrations).unwrap(), ["r1"]);
}

pub fn a_first_statement_outside_that_fails_leaves_nothing<S: Subject>() {
    let scratch = S::Database::new("");
    let before = scratch.dump();
    let first = "-- alembic: upgrade no-transaction\nCREATE TABEL a (x int);";
    let error = open::<S>(&scratch)
        .upgrade(&chain(S::Database::DIALECT, &[first]), "heads")
        .unwrap_err();
    assert_eq!(*state(&error), DatabaseState::Unchanged);
    assert_eq!(scratch.dump(), before);
}

/// Checks where an error is said to be, and what each engine says.
#[track_caller]
fn check_place<S: Subject>(section: &str, place: &str, messages: Sql) {
    let scratch = S::Database::new("");
    let error = open::<S>(&scratch)
        .upgrade(&chain(S::Database::DIALECT, &[section]), "heads")
        .unwrap_err();
    let message = messages.of(S::Database::DIALECT);
    let expected = format!("{place} failed: {message}");
    if S::PLACES_ERRORS || message.contains("syntax error") {
        assert_eq!(failure(&error), expected);
    } else {
        assert_eq!(without_place(&failure(&error)), without_place(&expected));
    }
}

pub fn failures_are_placed_in_the_file<S: Subject>() {
    check_place::<S>(
        "-- alembic: upgrade\nCREATE TABLE a (x int);\n  SELECT 'ä', y\n  FROM a;",
        "r1.sql:7:15: statement 2 of revision r1",
        each("no such column: y", "column \"y\" does not exist"),
    );
    check_place::<S>(
        "-- alembic: upgrade\nSELECT '🦀🦀', 'naïve',\n\t/* ünïcödé 🎉 */ größe, 1;",
        "r1.sql:7:18: statement 1 of revision r1",
        each("no such column: größe", "column \"größe\" does not exist"),
    );
    check_place::<S>(
        "-- alembic: upgrade\r\nCREATE TABLE a (x int);\r\nCREATE\r\nTABEL b (x int);\r\n",
        "r1.sql:8:1: statement 2 of revision r1",
        each(
            "near \"TABEL\": syntax error",
            "syntax error at or near \"TABEL\"",
        ),
    );
    check_place::<S>(
        "-- alembic: upgrade\nCREATE TABLE a (x int NOT NULL);\nINSERT INTO a VALUES (NULL);",
        "r1.sql:7:1: statement 2 of revision r1",
        each(
            "NOT NULL constraint failed: a.x",
            "null value in column \"x\" of relation \"a\" violates not-null constraint; \
             Failing row contains (null)",
        ),
    );
    // Where statements go to the server together, the next one begins behind a comment, too.
    check_place::<S>(
        "-- alembic: upgrade\nCREATE TABLE a (x int); -- ä\nSELECT y -- and;\n;\nSELECT 2;",
        "r1.sql:7:8: statement 2 of revision r1",
        each("no such column: y", "column \"y\" does not exist"),
    );
    check_place::<S>(
        "-- alembic: upgrade\nSELECT 1; -- ä\nSELECT 1;\nSELECT\n  'ä', y\n; SELECT 2;",
        "r1.sql:9:8: statement 3 of revision r1",
        each("no such column: y", "column \"y\" does not exist"),
    );
}
