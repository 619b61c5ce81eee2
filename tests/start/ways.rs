//! The three ways in, each twice.

use std::time::Duration;

use alembic_migrate::options::Fresh;
use alembic_migrate::{Dialect, Migrations, ensure_database_ready};
use alembic_tests::{Database, revision};

use crate::databases::{at, older, open_read_only, schema, with};
use crate::open::Open;
use crate::others::Migrator;
use crate::{HEAD, chorus, each, line_of, migrations, without_schema};

/// Rows as the tables take them that are older than the first revision.
const OLDER_ROWS: &str = "INSERT INTO characters (id, name, system_prompt) VALUES ('c', 'Ada', '');
                          INSERT INTO conversations (id, character_id, title) \
                          VALUES ('v', 'c', 'Hello');";

/// Rows as the tables of the first revision take them.
const ROWS: &str = "INSERT INTO documents (id, filename, media_type, size_bytes) \
                    VALUES (1, 'a.txt', 'text/plain', 3);
                    INSERT INTO document_chunks (id, document_id, chunk_index, content) \
                    VALUES (1, 1, 0, 'one'), (2, 1, 1, 'twenty-two');";

const OTHER: &str = "CREATE TABLE other (id INTEGER PRIMARY KEY, name TEXT);
                     INSERT INTO other VALUES (1, 'x');";

/// A database, what it is made ready with, and what the first report says of it.
struct Way {
    name: &'static str,
    database: Database,
    migrations: Migrations,
    report: &'static str,
}

fn ways(dialect: Dialect) -> Vec<Way> {
    let all = "001_add_documents 002_add_code_sandbox 003_add_content_hash \
               004_rename_chunk_content 005_count_chunk_characters 006_index_failed_executions";
    let legacy = || {
        let database = older(dialect);
        database.execute(OLDER_ROWS);
        database
    };
    let at_the_first = || {
        let sql = format!("{ROWS}DROP TABLE alembic_version;");
        at(dialect, &chorus(), "001", &sql)
    };
    let way = |name, database, migrations, report: String| Way {
        name,
        database,
        migrations,
        report: report.leak(),
    };
    let applied = |from: &str| all[all.find(from).unwrap()..].to_owned();
    let without_schema = without_schema(&[]);
    vec![
        way(
            "fresh",
            Database::new(dialect),
            chorus(),
            format!("fresh created [] -> [{HEAD}], applied []"),
        ),
        way(
            "fresh, beside another crate's tables",
            with(dialect, OTHER),
            chorus(),
            format!("fresh created [] -> [{HEAD}], applied []"),
        ),
        way(
            "fresh, replayed on request",
            with(dialect, OTHER),
            chorus().fresh(Fresh::Replay),
            format!("fresh migrated [] -> [{HEAD}], applied [{all}]"),
        ),
        way(
            "fresh, without a target schema",
            Database::new(dialect),
            without_schema.clone(),
            format!("fresh migrated [] -> [{HEAD}], applied [{all}]"),
        ),
        way(
            "legacy",
            legacy(),
            chorus(),
            format!("legacy migrated [] -> [{HEAD}], applied [{all}]"),
        ),
        way(
            "legacy, without a target schema",
            legacy(),
            without_schema.clone(),
            format!("legacy migrated [] -> [{HEAD}], applied [{all}]"),
        ),
        way(
            "legacy, at a baseline",
            at_the_first(),
            chorus().baseline("001_add_documents"),
            format!(
                "legacy migrated [] -> [{HEAD}], applied [{}]",
                applied("002")
            ),
        ),
        way(
            "legacy, at a baseline, without a target schema",
            at_the_first(),
            without_schema.baseline("001_add_documents"),
            format!(
                "legacy migrated [] -> [{HEAD}], applied [{}]",
                applied("002")
            ),
        ),
        way(
            "legacy, at the heads",
            at(dialect, &chorus(), "heads", "DROP TABLE alembic_version"),
            chorus().baseline("heads"),
            format!("legacy migrated [] -> [{HEAD}], applied []"),
        ),
        way(
            "tracked, with nothing applied",
            {
                let database = older(dialect);
                database.execute(
                    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
                     CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
                );
                database
            },
            chorus(),
            format!("tracked migrated [] -> [{HEAD}], applied [{all}]"),
        ),
        way(
            "tracked, behind",
            at(dialect, &chorus(), "003", ROWS),
            chorus(),
            format!(
                "tracked migrated [003_add_content_hash] -> [{HEAD}], applied [{}]",
                applied("004")
            ),
        ),
        way(
            "tracked, current",
            at(dialect, &chorus(), "heads", ""),
            chorus(),
            format!("tracked ready [{HEAD}] -> [{HEAD}], applied []"),
        ),
    ]
}

#[test]
fn every_way_ends_in_the_same_schema() {
    for &dialect in Dialect::ALL {
        let mut first: Option<String> = None;
        for Way {
            name,
            database,
            migrations,
            report,
        } in ways(dialect)
        {
            let done = ensure_database_ready(&mut Open::new(&database), &migrations);
            assert_eq!(
                line_of(done),
                format!("chorus: {report}"),
                "{dialect}, {name}"
            );
            let schema = schema(&database, &["other"]);
            let first = first.get_or_insert_with(|| schema.clone());
            assert_eq!(&schema, first, "{dialect}, {name}");
            assert_eq!(database.versions(), [HEAD], "{dialect}, {name}");
            if dialect == Dialect::Sqlite {
                // PostgreSQL knows by itself.
                let dangling = database.query("PRAGMA foreign_key_check");
                assert_eq!(dangling, [""; 0], "{name}");
            }
        }
        let first = first.unwrap();
        let table = each(
            dialect,
            "table document_chunks\n",
            "table public.document_chunks\n",
        );
        assert!(first.contains(table), "{first}");
    }
}

/// What makes a difference to who reads beside somebody who writes.
fn variants(dialect: Dialect) -> &'static [&'static str] {
    let journals = &["PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = WAL"];
    each(dialect, journals, &[""])
}

#[test]
fn a_second_start_changes_nothing_and_takes_no_lock() {
    for &dialect in Dialect::ALL {
        for variant in variants(dialect) {
            for Way {
                name,
                database,
                migrations,
                ..
            } in ways(dialect)
            {
                let name = format!("{dialect}, {name}, {variant}");
                database.execute(variant);
                ensure_database_ready(&mut Open::new(&database), &migrations).unwrap();
                let before = database.bytes();
                let ready = format!("chorus: tracked ready [{HEAD}] -> [{HEAD}], applied []");

                let again = ensure_database_ready(&mut Open::new(&database), &migrations);
                assert_eq!(line_of(again), ready, "{name}");
                let read_only = ensure_database_ready(&mut open_read_only(&database), &migrations);
                assert_eq!(line_of(read_only), ready, "{name}, read-only");

                let migrator = Migrator::at_work(&database);
                let hurried = migrations.lock_timeout(Duration::ZERO);
                let locked = ensure_database_ready(&mut Open::new(&database), &hurried);
                assert_eq!(line_of(locked), ready, "{name}, locked");
                migrator.fail();
                assert!(before == database.bytes(), "{name}: the database changed");
            }
        }
    }
}

#[test]
fn rows_survive() {
    for &dialect in Dialect::ALL {
        let database = older(dialect);
        database.execute(OLDER_ROWS);
        ensure_database_ready(&mut Open::new(&database), &chorus()).unwrap();
        let titles = "SELECT name, title FROM conversations v \
                      JOIN characters c ON c.id = v.character_id";
        assert_eq!(database.query(titles), ["Ada|Hello"], "{dialect}");

        let untracked = format!("{ROWS}DROP TABLE alembic_version;");
        let at_the_first = chorus().baseline("001_add_documents");
        for (name, database, migrations) in [
            (
                "legacy",
                at(dialect, &chorus(), "001", &untracked),
                at_the_first,
            ),
            ("tracked", at(dialect, &chorus(), "003", ROWS), chorus()),
        ] {
            ensure_database_ready(&mut Open::new(&database), &migrations).unwrap();
            let chunks = database.query(
                "SELECT filename, body, character_count \
                 FROM documents JOIN document_chunks c ON c.document_id = documents.id \
                 ORDER BY c.id",
            );
            let expected = ["a.txt|one|3", "a.txt|twenty-two|10"];
            assert_eq!(chunks, expected, "{dialect}, {name}");
        }
        let database = with(dialect, OTHER);
        ensure_database_ready(&mut Open::new(&database), &chorus()).unwrap();
        assert_eq!(database.query("SELECT name FROM other"), ["x"], "{dialect}");
    }
}

/// Without its older name, the table would be left behind, and an empty one be created beside it.
#[test]
fn a_table_that_was_renamed_since_the_baseline_makes_a_database_a_legacy_one() {
    let notes = [
        revision("n1").upgrade("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);"),
        revision("n2")
            .revises("n1")
            .upgrade("ALTER TABLE note RENAME TO notes;"),
    ];
    let schema = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);";
    let notes = migrations("notes", &notes)
        .schema("schema.sql", schema)
        .baseline("n1");
    for &dialect in Dialect::ALL {
        let database = with(
            dialect,
            "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT); \
             INSERT INTO note VALUES (1, 'x');",
        );
        let done = ensure_database_ready(&mut Open::new(&database), &notes);
        let expected = "notes: legacy migrated [] -> [n2], applied [n2]";
        assert_eq!(line_of(done), expected, "{dialect}");
        assert_eq!(database.query("SELECT text FROM notes"), ["x"], "{dialect}");
    }
}

#[test]
fn a_health_check_changes_nothing() {
    for &dialect in Dialect::ALL {
        for (database, pending) in [
            (with(dialect, OTHER), 6),
            (at(dialect, &chorus(), "004", ""), 2),
            (at(dialect, &chorus(), "heads", ""), 0),
        ] {
            let before = database.bytes();
            let status = chorus().status(&mut open_read_only(&database)).unwrap();
            assert_eq!(status.pending.len(), pending, "{dialect}");
            assert_eq!(status.is_current(), pending == 0, "{dialect}");
            let revisions: Vec<_> = status.versions.revisions.iter().collect();
            assert_eq!(revisions == chorus().heads(), pending == 0, "{dialect}");
            assert!(before == database.bytes(), "{dialect}, {pending}");
        }
    }
}
