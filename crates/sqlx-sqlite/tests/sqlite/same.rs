//! Whatever revisions hold, both drivers make the same of it.

use std::path::PathBuf;

use alembic_migrate::driver::DatabaseErrorKind;
use alembic_migrate::history::History;
use alembic_migrate::options::{Purge, TransactionMode, VersionTable};
use alembic_migrate::{Dialect, Migrations, RunError};
use alembic_run::Failure;

use crate::both::Command::{
    self, Check, Current, Downgrade, Ensure, EnsureVersion, Revert, Stamp, Upgrade,
};
use crate::both::{compare, compare_through};
use crate::scratch::{Scratch, chain, file, single};

const EVERY_COMMAND: [Command; 13] = [
    Current,
    Check,
    EnsureVersion,
    Ensure,
    Upgrade("heads"),
    Upgrade("+1"),
    Upgrade("r9"),
    Downgrade("-1"),
    Downgrade("base"),
    Revert("r2"),
    Stamp(&["r2"], Purge::No),
    Stamp(&["base"], Purge::Yes),
    Stamp(&["r1", "nowhere"], Purge::No),
];

const THREE: [&str; 3] = [
    "-- alembic: upgrade\nCREATE TABLE a (x);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x);\n-- alembic: downgrade\nDROP TABLE b;",
    "-- alembic: upgrade\nCREATE TABLE c (x);\n-- alembic: downgrade irreversible: gone",
];

const TABLE: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)";

#[tokio::test]
async fn every_command_on_version_tables_of_all_kinds() {
    let rows = |rows: &str| format!("{TABLE}; INSERT INTO alembic_version VALUES {rows}");
    let databases = [
        String::new(),
        TABLE.to_owned(),
        rows("('r1')"),
        rows("('r2'), ('r1')"),
        rows("('r3')"),
        rows("('zz'), (x'7231'), (7), (1.5), (CAST(x'FF' AS TEXT))"),
        "CREATE TABLE a (x); CREATE TABLE other (y); INSERT INTO other VALUES (1)".to_owned(),
        "CREATE VIEW alembic_version AS SELECT 'r1' AS version_num".to_owned(),
        "CREATE TABLE alembic_version (version TEXT)".to_owned(),
        "CREATE TABLE t (x); CREATE INDEX alembic_version ON t (x)".to_owned(),
        "CREATE TABLE ALEMBIC_VERSION (version_num); INSERT INTO alembic_version VALUES (NULL)"
            .to_owned(),
        "CREATE TABLE alembic_version (version_num);
         INSERT INTO alembic_version VALUES ('r1'), ('r1')"
            .to_owned(),
    ];
    let plain = chain(&THREE);
    let whole = chain(&THREE).schema("schema.sql", "CREATE TABLE a (x); CREATE TABLE b (x);");
    let stray = chain(&THREE).version_table(VersionTable {
        name: "Their \"versions\"; --".to_owned(),
        schema: None,
    });
    for database in databases {
        let before = Scratch::new(&database);
        for command in EVERY_COMMAND {
            for migrations in [&plain, &whole, &stray] {
                let _ = compare(&before, migrations, command, &database).await;
            }
        }
    }
}

/// What is there before statements fail, among it a table that makes them.
const GUARDED: &str = "
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
        "UPDATE author SET born = 1970 + id RETURNING *",
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
         BEGIN UPDATE book SET title = title || ';!' WHERE id = new.id; END",
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

const FAILING: [&str; 11] = [
    "CREATE TABEL x (y)",
    "INSERT INTO missing VALUES (1)",
    "INSERT INTO guard VALUES (9), (NULL)",
    "INSERT OR FAIL INTO guard VALUES (9), (NULL)",
    "INSERT OR ROLLBACK INTO guard VALUES (9), (NULL)",
    "INSERT INTO guard VALUES (9), (:x)",
    "DELETE FROM guard",
    "UPDATE guard SET x = x + 1",
    "SELECT abs(-9223372036854775808) FROM guard",
    "CREATE TABLE guard (x)",
    "SELECT x, y FROM guard",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    OneTransaction,
    PerRevision,
    OneOutside,
}

/// Builds the migrations, with `failing` in the place of a statement.
fn with_failure(shape: Shape, failing: Option<(usize, usize, &str)>) -> Migrations {
    let sections = REVISIONS.iter().enumerate().map(|(revision, statements)| {
        let outside = shape == Shape::OneOutside && revision == OUTSIDE;
        let flag = if outside { " no-transaction" } else { "" };
        let statements = statements.iter().enumerate();
        let statements = statements.map(|(number, sql)| match failing {
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

async fn check_every_failure(shape: Shape) {
    let before = Scratch::new(GUARDED);
    let all = Upgrade("heads");
    let done = compare(&before, &with_failure(shape, None), all, "").await;
    done.unwrap();
    for (revision, statements) in REVISIONS.iter().enumerate() {
        for number in 0..statements.len() {
            for (index, failing) in FAILING.into_iter().enumerate() {
                let migrations = with_failure(shape, Some((revision, number, failing)));
                let context = format!("{shape:?}: {failing} as {revision}.{number}");
                // Each fails somewhere in both ways.
                let pooled = [(number + index) % 2 == 0];
                let failed = compare_through(&pooled, &before, &migrations, all, &context).await;
                failed.unwrap_err();
            }
        }
    }
}

#[tokio::test]
async fn a_statement_that_fails_in_one_transaction() {
    check_every_failure(Shape::OneTransaction).await;
}

#[tokio::test]
async fn a_statement_that_fails_in_a_transaction_per_revision() {
    check_every_failure(Shape::PerRevision).await;
}

#[tokio::test]
async fn a_statement_that_fails_beside_a_section_outside_of_transactions() {
    check_every_failure(Shape::OneOutside).await;
}

const DATA: &str = "
    CREATE TABLE data (x NOT NULL);
    INSERT INTO data VALUES (1), (2), (3);
";

/// What revisions can do to the run that they are part of.
const HOSTILE: [&str; 38] = [
    "PRAGMA journal_mode = WAL",
    "PRAGMA journal_mode = OFF",
    "PRAGMA main.journal_mode(MEMORY)",
    "PRAGMA journal_mode",
    "PRAGMA synchronous = OFF",
    "PRAGMA foreign_keys = ON",
    "PRAGMA defer_foreign_keys = ON",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA busy_timeout = 0",
    "PRAGMA max_page_count = 1; CREATE TABLE big AS SELECT zeroblob(900000)",
    "PRAGMA writable_schema = ON; \
     UPDATE sqlite_master SET sql = replace(sql, 'x', 'x ') WHERE name = 'data'; \
     PRAGMA writable_schema = OFF",
    "PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'alembic_version'; \
     PRAGMA writable_schema = OFF",
    "VACUUM",
    "ATTACH ':memory:' AS aside; CREATE TABLE aside.t (x)",
    "DETACH main",
    "DROP TABLE alembic_version",
    "ALTER TABLE alembic_version RENAME TO versions",
    "ALTER TABLE alembic_version RENAME COLUMN version_num TO v",
    "ALTER TABLE alembic_version ADD COLUMN note",
    "DELETE FROM alembic_version",
    "UPDATE alembic_version SET version_num = 'r3'",
    "INSERT INTO alembic_version VALUES ('r9')",
    "INSERT INTO alembic_version VALUES ('r2')",
    "CREATE TABLE alembic_version (version_num)",
    "CREATE TEMP TABLE alembic_version AS SELECT * FROM main.alembic_version",
    "CREATE TRIGGER t BEFORE UPDATE ON alembic_version BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER t BEFORE UPDATE ON alembic_version BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
    "CREATE TRIGGER t AFTER UPDATE ON alembic_version WHEN new.version_num = 'r3' \
     BEGIN DELETE FROM alembic_version; END",
    "CREATE TRIGGER t AFTER UPDATE ON alembic_version WHEN new.version_num = 'r3' \
     BEGIN INSERT INTO alembic_version VALUES ('r1'); END",
    "CREATE TRIGGER t AFTER UPDATE ON alembic_version BEGIN DELETE FROM data; END",
    "INSERT OR ROLLBACK INTO data VALUES (NULL)",
    "INSERT OR REPLACE INTO data VALUES (4)",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT s",
    "END; BEGIN",
    "EXPLAIN COMMIT",
    "SELECT 1; SELECT 2 WHERE 0; VALUES (1), (2)",
];

#[tokio::test]
async fn hostile_statements() {
    for last in ["", "INSERT INTO data VALUES (NULL)"] {
        for statement in HOSTILE {
            for mode in [TransactionMode::Run, TransactionMode::Revision] {
                let second = format!("{statement}; UPDATE data SET x = x + 10; {last}");
                let revisions = [
                    ("r1", "", "CREATE TABLE one (x)"),
                    ("r2", "r1", second.as_str()),
                    ("r3", "r2", "CREATE TABLE three (x)"),
                ];
                let files = revisions.map(|(id, below, sql)| {
                    let head = format!("-- {id}\n-- Revision ID: {id}\n-- Revises: {below}\n");
                    let text = format!("{head}-- alembic: upgrade\n{sql};\n");
                    file(&format!("{id}.sql"), &text)
                });
                // Nothing is found when the files are read: what is tested is the run.
                let dialects: &[Dialect] = &[];
                let migrations = Migrations::new(History::new(files, dialects).unwrap());
                let migrations = migrations.transaction(mode);
                let before = Scratch::new(DATA);
                let _ = compare(&before, &migrations, Upgrade("heads"), statement).await;
            }
        }
    }
}

#[tokio::test]
async fn statements_of_every_kind() {
    let before = Scratch::new(
        "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3);
         CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE child (parent_id INTEGER REFERENCES parent (id) ON DELETE CASCADE);
         INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1), (2);",
    );
    for statements in [
        "INSERT INTO t VALUES (1), (2), (3) RETURNING x; UPDATE t SET x = x * 2 RETURNING x;",
        "DELETE FROM t WHERE x > 1 RETURNING *; SELECT x FROM t; SELECT 1 WHERE 0;",
        "VALUES (1), (2); EXPLAIN QUERY PLAN DELETE FROM t; PRAGMA table_info(t);",
        "PRAGMA user_version = 4; PRAGMA application_id = 0x1234; PRAGMA integrity_check;",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO t SELECT i FROM n RETURNING x;",
        "CREATE TABLE log (x);
         CREATE TRIGGER logged AFTER INSERT ON t WHEN new.x > 1 BEGIN
             INSERT INTO log VALUES (CASE WHEN new.x = 2 THEN 'two; END' ELSE new.x END);
             DELETE FROM log WHERE x = 4; -- done; END
         END;
         INSERT INTO t VALUES (1), (2), (3), (4);",
        "CREATE VIEW v (y) AS SELECT x + 1 FROM t; CREATE TEMP VIEW w AS SELECT 1;",
        "CREATE VIRTUAL TABLE f USING fts5(body, tokenize = 'porter');
         INSERT INTO f VALUES ('running dogs'), ('cats');",
        "CREATE TABLE u (k TEXT PRIMARY KEY, v INTEGER) STRICT, WITHOUT ROWID;
         INSERT INTO u VALUES ('b', 2), ('a', 1);",
        "CREATE TABLE u (a, b AS (a * 2) STORED, c GENERATED ALWAYS AS (b + 1));
         CREATE INDEX u_c ON u (c) WHERE a > 0; INSERT INTO u VALUES (4);",
        "CREATE TABLE \"Straße 🦀\" (\"naïve;\" TEXT); INSERT INTO [Straße 🦀] VALUES ('ÄÖ 🎉');",
        "INSERT INTO t VALUES (':x ? $1 @x'), (x'00'), (0.1), (NULL), (''); -- :x",
        "INSERT INTO t VALUES (:x)",
        "SELECT ?",
        "CREATE TABLE u AS SELECT ?1 AS x",
        "UPDATE t SET x = $a::b(c)",
        "DELETE FROM t WHERE x = @x",
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT);
         INSERT INTO parent_new (id) SELECT id FROM parent;
         DROP TABLE parent; ALTER TABLE parent_new RENAME TO parent;
         PRAGMA foreign_keys = ON;",
        "DELETE FROM parent;",
        "DELETE FROM child; DELETE FROM parent;",
        "INSERT INTO child VALUES (9);",
        "DROP TABLE parent;",
        "-- nothing; at all",
        "VACUUM",
        "PRAGMA journal_mode = WAL; PRAGMA journal_mode; INSERT INTO t VALUES (4)",
    ] {
        for section in ["", " no-transaction"] {
            let migrations = chain(&[
                format!("-- alembic: upgrade{section}\n{statements}"),
                "-- alembic: upgrade\nCREATE TABLE last (x);".to_owned(),
            ]);
            let _ = compare(&before, &migrations, Upgrade("heads"), statements).await;
        }
    }
}

#[tokio::test]
async fn databases_of_alembic() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/alembic/handover");
    let migrations = Migrations::from_folder(folder.join("sql"), &[Dialect::Sqlite]).unwrap();
    for name in [
        "before",
        "after",
        "downgraded",
        "base",
        "two-heads",
        "merged",
        "stamped",
    ] {
        let before = Scratch::new("");
        std::fs::copy(folder.join(format!("{name}.sqlite")), before.path()).unwrap();
        for command in [
            Current,
            Check,
            Ensure,
            Upgrade("heads"),
            Downgrade("-1"),
            Downgrade("base"),
        ] {
            let _ = compare(&before, &migrations, command, name).await;
        }
    }
}

/// Enough pages that one of them can be spared.
const LARGE: &str = "
    CREATE TABLE large (id INTEGER PRIMARY KEY, text);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO large SELECT i, 'some text that takes room, number ' || i FROM n;
";

#[tokio::test]
async fn damaged_files() {
    let sound = Scratch::new(LARGE);
    let sound = std::fs::read(sound.path()).unwrap();
    let rewrite = single("CREATE TABLE a (x); UPDATE large SET text = text || '!';");
    let mut corrupt = sound.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle..middle + 8192].fill(0xA5);
    let mut header = sound.clone();
    header[0] = b's';
    let mut damaged = vec![
        (corrupt, DatabaseErrorKind::Corrupt),
        (
            sound[..sound.len() / 2 / 4096 * 4096].to_vec(),
            DatabaseErrorKind::Corrupt,
        ),
        (
            b"This is a letter, no database.\n".repeat(200),
            DatabaseErrorKind::NotADatabase,
        ),
        (header, DatabaseErrorKind::NotADatabase),
    ];
    for (bytes, expected) in &damaged {
        let file = Scratch::new("");
        std::fs::write(file.path(), bytes).unwrap();
        for command in [Upgrade("heads"), Current] {
            let outcome = compare(&file, &rewrite, command, "damaged").await;
            match (outcome, command) {
                (Err(error), _) => assert_eq!(kind(&error), *expected, "{error}"),
                // It does not read what is damaged.
                (Ok(_), Current) => assert_eq!(*expected, DatabaseErrorKind::Corrupt),
                (Ok(told), _) => panic!("{told}"),
            }
        }
    }
    damaged.clear();
    let mut seed: usize = 7;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for round in 0..40 {
        let mut bytes = sound.clone();
        for _ in 0..=round / 4 {
            let at = random(bytes.len());
            bytes[at] = u8::try_from(random(256)).unwrap();
        }
        let file = Scratch::new("");
        std::fs::write(file.path(), &bytes).unwrap();
        let _ = compare(&file, &rewrite, Upgrade("heads"), "damaged at random").await;
    }
}

fn kind(error: &RunError) -> DatabaseErrorKind {
    match &*error.fault {
        Failure::Database { error, .. } | Failure::Statement { error, .. } => error.kind,
        fault => panic!("{fault}"),
    }
}
