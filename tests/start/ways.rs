//! The three ways in, each twice.

use std::time::Duration;

use alembic_migrate::{Dialect, Fresh, Migrations, ensure_database_ready};

use crate::scratch::Scratch;
use crate::{HEAD, chorus, lines};

/// Rows as the tables of the baseline take them.
const ROWS: &str = "INSERT INTO documents (id, filename, media_type, size_bytes) \
                    VALUES (1, 'a.txt', 'text/plain', 3);
                    INSERT INTO document_chunks (id, document_id, chunk_index, content) \
                    VALUES (1, 1, 0, 'one'), (2, 1, 1, 'twenty-two');";

const OTHER: &str = "CREATE TABLE other (id INTEGER PRIMARY KEY, name TEXT);
                     INSERT INTO other (name) VALUES ('x');";

/// A database, what it is made ready with, and what the first report says of it.
struct Way {
    name: &'static str,
    database: Scratch,
    migrations: Migrations,
    report: &'static str,
}

fn ways() -> Vec<Way> {
    let all = "001_add_documents 002_add_code_sandbox 003_add_content_hash \
               004_rename_chunk_content 005_count_chunk_characters 006_index_failed_executions";
    let legacy = || {
        Scratch::at(
            &chorus(),
            "001",
            &format!("{ROWS}DROP TABLE alembic_version;"),
        )
    };
    let way = |name, database, migrations, report: String| Way {
        name,
        database,
        migrations,
        report: report.leak(),
    };
    let applied = |from: &str| all[all.find(from).unwrap()..].to_owned();
    let folder = alembic_tests::fixtures().join("workspace/crates/chorus/migrations");
    let without_schema = Migrations::from_folder(folder, &[Dialect::Sqlite])
        .unwrap()
        .package("chorus");
    vec![
        way(
            "fresh",
            Scratch::new(),
            chorus(),
            format!("fresh created [] -> [{HEAD}], applied []"),
        ),
        way(
            "fresh, beside another crate's tables",
            Scratch::with(OTHER),
            chorus(),
            format!("fresh created [] -> [{HEAD}], applied []"),
        ),
        way(
            "fresh, replayed on request",
            Scratch::with(OTHER),
            chorus().fresh(Fresh::Replay),
            format!("fresh migrated [] -> [{HEAD}], applied [{all}]"),
        ),
        way(
            "fresh, without a target schema",
            Scratch::new(),
            without_schema.clone(),
            format!("fresh migrated [] -> [{HEAD}], applied [{all}]"),
        ),
        way(
            "legacy",
            legacy(),
            chorus(),
            format!(
                "legacy migrated [] -> [{HEAD}], applied [{}]",
                applied("002")
            ),
        ),
        way(
            "legacy, without a target schema",
            legacy(),
            without_schema.baseline("001_add_documents"),
            format!(
                "legacy migrated [] -> [{HEAD}], applied [{}]",
                applied("002")
            ),
        ),
        way(
            "legacy, at the heads",
            Scratch::at(&chorus(), "heads", "DROP TABLE alembic_version"),
            chorus().baseline("heads"),
            format!("legacy migrated [] -> [{HEAD}], applied []"),
        ),
        way(
            "tracked, with nothing applied",
            Scratch::with(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
                 CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
            ),
            chorus(),
            format!("tracked migrated [] -> [{HEAD}], applied [{all}]"),
        ),
        way(
            "tracked, behind",
            Scratch::at(&chorus(), "003", ROWS),
            chorus(),
            format!(
                "tracked migrated [003_add_content_hash] -> [{HEAD}], applied [{}]",
                applied("004")
            ),
        ),
        way(
            "tracked, current",
            Scratch::at(&chorus(), "heads", ""),
            chorus(),
            format!("tracked ready [{HEAD}] -> [{HEAD}], applied []"),
        ),
    ]
}

#[test]
fn every_way_ends_in_the_same_schema() {
    let mut first: Option<String> = None;
    for Way {
        name,
        database,
        migrations,
        report,
    } in ways()
    {
        let done = ensure_database_ready(&mut database.open(), &migrations);
        assert_eq!(lines(done), [format!("chorus: {report}")], "{name}");
        let schema = database.schema(&["other"]);
        assert_eq!(
            &schema,
            first.get_or_insert_with(|| schema.clone()),
            "{name}"
        );
        let rows = database.query("SELECT version_num FROM alembic_version");
        assert_eq!(rows, [HEAD], "{name}");
        assert_eq!(
            database.query("PRAGMA foreign_key_check"),
            [""; 0],
            "{name}"
        );
    }
    assert!(first.unwrap().contains("table document_chunks\n"));
}

#[test]
fn a_second_start_changes_nothing_and_takes_no_lock() {
    for journal in ["DELETE", "WAL"] {
        for way in ways() {
            let Way {
                name,
                database,
                migrations,
                ..
            } = way;
            database.execute(&format!("PRAGMA journal_mode = {journal}"));
            ensure_database_ready(&mut database.open(), &migrations).unwrap();
            let before = database.bytes();
            let ready = [format!(
                "chorus: tracked ready [{HEAD}] -> [{HEAD}], applied []"
            )];

            let again = ensure_database_ready(&mut database.open(), &migrations);
            assert_eq!(lines(again), ready, "{name}, {journal}");
            assert!(
                before == database.bytes(),
                "{name}, {journal}: the file changed"
            );

            let read_only = ensure_database_ready(&mut database.open_read_only(), &migrations);
            assert_eq!(lines(read_only), ready, "{name}, {journal}, read-only");

            let other = database.open();
            other
                .execute_batch("BEGIN IMMEDIATE; CREATE TABLE unfinished (id);")
                .unwrap();
            let hurried = migrations.lock_timeout(Duration::ZERO);
            let locked = ensure_database_ready(&mut database.open(), &hurried);
            assert_eq!(lines(locked), ready, "{name}, {journal}, locked");
        }
    }
}

#[test]
fn rows_survive() {
    for (name, database) in [
        (
            "legacy",
            Scratch::at(
                &chorus(),
                "001",
                &format!("{ROWS}DROP TABLE alembic_version;"),
            ),
        ),
        ("tracked", Scratch::at(&chorus(), "003", ROWS)),
    ] {
        ensure_database_ready(&mut database.open(), &chorus()).unwrap();
        let chunks = database.query(
            "SELECT filename || '|' || body || '|' || character_count \
             FROM documents JOIN document_chunks c ON c.document_id = documents.id ORDER BY c.id",
        );
        assert_eq!(chunks, ["a.txt|one|3", "a.txt|twenty-two|10"], "{name}");
    }
    let database = Scratch::with(OTHER);
    ensure_database_ready(&mut database.open(), &chorus()).unwrap();
    assert_eq!(database.query("SELECT name FROM other"), ["x"]);
}

/// Without its older name, the table would be left behind, and an empty one be created beside it.
#[test]
fn a_table_that_was_renamed_since_the_baseline_makes_a_database_a_legacy_one() {
    use alembic_tests::revision;

    let notes = [
        revision("n1").upgrade("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);"),
        revision("n2")
            .revises("n1")
            .upgrade("ALTER TABLE note RENAME TO notes;"),
    ];
    let notes = crate::migrations("notes", notes.to_vec())
        .schema(
            "schema.sql",
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);",
        )
        .baseline("n1");
    let database = Scratch::with(
        "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO note VALUES (1, 'x');",
    );
    let done = ensure_database_ready(&mut database.open(), &notes);
    assert_eq!(
        lines(done),
        ["notes: legacy migrated [] -> [n2], applied [n2]"]
    );
    assert_eq!(database.query("SELECT text FROM notes"), ["x"]);
}

#[test]
fn a_health_check_changes_nothing() {
    for (database, pending) in [
        (Scratch::with(OTHER), 6),
        (Scratch::at(&chorus(), "004", ""), 2),
        (Scratch::at(&chorus(), "heads", ""), 0),
    ] {
        let before = database.bytes();
        let check = chorus().check(&mut database.open_read_only()).unwrap();
        assert_eq!(check.pending.len(), pending);
        assert_eq!(check.is_current(), pending == 0);
        assert!(before == database.bytes());
    }
}
