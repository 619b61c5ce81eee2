//! What programs of migrations were observed to execute, and what becomes of it.

use alembic_history::Dialect;
use insta::assert_snapshot;

use super::shown;
use crate::{Imported, Observed, ObservedMigration, Origin, Tool, import_recorded, observed};

use Dialect::{Postgres, Sqlite};

const TABLE: &str = "seaql_migrations";

/// What the tool executes before a migration, and after one.
const BEFORE: [&str; 3] = [
    "PRAGMA foreign_keys = ON;",
    "CREATE TABLE IF NOT EXISTS \"seaql_migrations\" ( \"version\" varchar NOT NULL PRIMARY KEY, \
     \"applied_at\" bigint NOT NULL )",
    "SELECT \"version\", \"applied_at\" FROM \"seaql_migrations\" ORDER BY \"version\" ASC",
];
const APPLIED: &str =
    "INSERT INTO \"seaql_migrations\" (\"version\", \"applied_at\") VALUES ('m', 1)";
const REVERTED: &str = "DELETE FROM \"seaql_migrations\" WHERE \"version\" = 'm'";

fn executed(texts: &[&str]) -> Vec<Observed> {
    let texts = texts.iter();
    texts
        .map(|text| Observed::Executed((*text).to_owned()))
        .collect()
}

/// A migration as SQLite sees it, where the tool begins no transaction.
fn migration(version: &str, upgrade: &[&str], downgrade: &[&str]) -> ObservedMigration {
    ObservedMigration {
        version: version.to_owned(),
        upgrade: executed(&[&BEFORE, upgrade, &[APPLIED]].concat()),
        downgrade: executed(&[&BEFORE, downgrade, &[REVERTED]].concat()),
        failed: None,
    }
}

/// A migration as PostgreSQL sees it.
fn in_transaction(version: &str, upgrade: &[&str], downgrade: &[&str]) -> ObservedMigration {
    let whole = |own: &[&str], record| {
        executed(&[&["BEGIN"][..], &BEFORE, own, &[record, "COMMIT"]].concat())
    };
    ObservedMigration {
        version: version.to_owned(),
        upgrade: whole(upgrade, APPLIED),
        downgrade: whole(downgrade, REVERTED),
        failed: None,
    }
}

fn import(dialect: Dialect, migrations: &[ObservedMigration]) -> Imported {
    let recording = observed(Tool::SeaOrm, TABLE, dialect, migrations);
    import_recorded(&[recording], "2026-01-02")
}

/// Returns the upgrade section that becomes of statements.
fn upgrade(dialect: Dialect, observed: Vec<Observed>) -> String {
    let migration = ObservedMigration {
        version: "m20220101_000001_a".to_owned(),
        upgrade: observed,
        ..ObservedMigration::default()
    };
    let imported = import(dialect, &[migration]);
    let sections = imported
        .revisions
        .first()
        .map(|revision| revision.sections.clone());
    let sections = sections.unwrap_or_else(|| shown(&imported));
    let (upgrade, _) = sections
        .split_once("\n-- alembic: downgrade")
        .unwrap_or((&sections, ""));
    upgrade.to_owned()
}

#[test]
fn a_chain_of_migrations() {
    let mut last = migration(
        "m20220301_120000_raw",
        &[
            "SELECT COUNT(*) > 0 AS \"has_table\" FROM \"sqlite_master\"",
            "SELECT 1 FROM pragma_table_info('cake')",
            "CREATE VIEW cheap AS SELECT * FROM cake",
        ],
        &[],
    );
    last.downgrade = executed(&BEFORE);
    last.failed = Some("Migration Error: We Don't Do That Here".to_owned());
    let imported = import(
        Sqlite,
        &[
            migration(
                "m20220101_000001_create_cake",
                &["CREATE TABLE \"cake\" ( \"id\" integer )"],
                &["DROP TABLE \"cake\""],
            ),
            migration(
                "m20220201_000001_fill_cake",
                &[
                    "SELECT * FROM \"cake\"",
                    "INSERT INTO \"cake\" (\"id\") VALUES (1)",
                ],
                &["DELETE FROM \"cake\""],
            ),
            last,
        ],
    );
    assert_snapshot!(shown(&imported));
    let header = imported.revisions[0].render();
    let header = header.split("\n\n").next().unwrap();
    assert_snapshot!(header);
    for revision in &imported.revisions {
        assert_eq!(Origin::find(&revision.new.doc()), revision.origin);
        assert_eq!(format!("{}.rs", revision.file_stem()), revision.file);
    }
}

/// A migration is the same one, whatever transactions the tool begins around it.
#[test]
fn the_work_of_the_tool_is_cut_away() {
    let own = ["CREATE TABLE a (x INT)", "INSERT INTO a VALUES (1)"];
    let expected = "-- alembic: upgrade\nCREATE TABLE a (x INT);\nINSERT INTO a VALUES (1);\n";
    // Since 2.0, a migration has a transaction of its own.
    let newer = [&BEFORE[..], &["BEGIN"], &own, &[APPLIED, "COMMIT"]].concat();
    let bare = [
        &BEFORE[..],
        &own,
        &["CREATE TABLE IF NOT EXISTS seaql_migrations (x)", APPLIED],
    ]
    .concat();
    for observed in [
        migration("m", &own, &[]).upgrade,
        in_transaction("m", &own, &[]).upgrade,
        executed(&newer),
        in_transaction(
            "m",
            &["CREATE TABLE a (x INT);\n INSERT INTO a VALUES (1);"],
            &[],
        )
        .upgrade,
        // A transaction of its own, in one text.
        migration(
            "m",
            &["BEGIN; CREATE TABLE a (x INT); INSERT INTO a VALUES (1); COMMIT"],
            &[],
        )
        .upgrade,
        executed(&bare),
    ] {
        assert_eq!(
            upgrade(Postgres, observed.clone()),
            expected,
            "{observed:?}"
        );
    }
}

#[test]
fn what_was_undone_is_left_out() {
    let begun = |own: &[&str]| migration("m", own, &[]).upgrade;
    for (own, expected) in [
        (
            &[
                "CREATE TABLE a (x INT)",
                "BEGIN",
                "DROP TABLE a",
                "ROLLBACK",
            ][..],
            "CREATE TABLE a (x INT);\n",
        ),
        (
            &[
                "BEGIN",
                "CREATE TABLE a (x INT)",
                "SAVEPOINT s",
                "DROP TABLE a",
                "ROLLBACK TO SAVEPOINT s",
                "COMMIT",
            ],
            "CREATE TABLE a (x INT);\n",
        ),
        (
            &[
                "BEGIN",
                "CREATE TABLE a (x INT)",
                "COMMIT",
                "BEGIN",
                "DROP TABLE a",
                "ROLLBACK",
            ],
            "CREATE TABLE a (x INT);\n",
        ),
    ] {
        for dialect in [Sqlite, Postgres] {
            assert_eq!(
                upgrade(dialect, begun(own)),
                format!("-- alembic: upgrade\n{expected}"),
                "{own:?}"
            );
        }
    }
}

#[test]
fn what_no_transaction_takes_runs_outside() {
    let own = [
        "CREATE TABLE a (x INT)",
        "CREATE INDEX CONCURRENTLY i ON a (x)",
    ];
    assert_eq!(
        upgrade(Postgres, migration("m", &own, &[]).upgrade),
        "-- alembic: upgrade\nCREATE TABLE a (x INT);\n\n\
         -- alembic: upgrade no-transaction\nCREATE INDEX CONCURRENTLY i ON a (x);\n"
    );
}

/// A migration that changes the table of the tool has no sense where that table is not.
#[test]
fn changes_of_the_tools_table_are_taken_out_and_reported() {
    for sql in [
        "DELETE FROM \"seaql_migrations\" WHERE version = 'm20210101_000001_old'",
        "UPDATE public.seaql_migrations SET version = 'm'",
        "ALTER TABLE IF EXISTS seaql_migrations ADD x INT",
    ] {
        let imported = import(
            Postgres,
            &[migration("m20220101_000001_a", &[sql, "SELECT 1"], &[])],
        );
        let text = shown(&imported);
        assert!(text.contains("-- alembic: upgrade empty"), "{text}");
        assert!(text.contains("Change: m20220101_000001_a.rs: `"), "{text}");
        assert!(text.contains("` taken out"), "{text}");
    }
}

#[test]
fn a_value_without_a_literal_is_an_error() {
    let mut migration = migration("m20220101_000001_a", &[], &[]);
    migration.upgrade.insert(
        BEFORE.len(),
        Observed::Unwritten {
            sql: "COPY a FROM STDIN".to_owned(),
            why: "its rows come from the program".to_owned(),
        },
    );
    let text = shown(&import(Postgres, &[migration]));
    let expected = "Error: m20220101_000001_a.rs: `COPY a FROM STDIN` cannot be written with its \
                    parameters: its rows come from the program";
    assert!(text.contains(expected), "{text}");
}

/// Names of migrations, their ids, and the creation dates in their headers.
#[test]
fn names_become_ids_and_dates() {
    for (versions, expected) in [
        (
            &["m20220101_000001_create_a"][..],
            &[("m20220101_000001", "2022-01-01 00:00:01+00:00")][..],
        ),
        // The numbers of a day are often not told apart.
        (
            &["m20220101_000001_a", "m20220101_000001_b"],
            &[
                ("m20220101_000001_a", "2022-01-01 00:00:01+00:00"),
                ("m20220101_000001_b", "2022-01-01 00:00:01+00:00"),
            ],
        ),
        (
            &["m20221301_000001_a", "initial", "m20220101_000001"],
            &[
                ("m20221301_000001", "2026-01-02"),
                ("initial", "2026-01-02"),
                ("m20220101_000001", "2026-01-02"),
            ],
        ),
    ] {
        let migrations = versions
            .iter()
            .map(|version| migration(version, &["SELECT f()"], &[]));
        let migrations: Vec<ObservedMigration> = migrations.collect();
        let imported = import(Postgres, &migrations);
        let found: Vec<(&str, &str)> = imported
            .revisions
            .iter()
            .map(|revision| (revision.new.id.as_str(), revision.new.create_date.as_str()))
            .collect();
        assert_eq!(found, expected);
    }
}
