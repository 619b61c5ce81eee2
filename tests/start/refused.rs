//! What an application must tell apart when its database is not made ready.

use std::net::TcpListener;
use std::time::Duration;

use alembic_migrate::options::Ahead;
use alembic_migrate::{Dialect, FailureKind, ensure_database_ready};
use alembic_tests::Database;

use crate::databases::{at, older, open_read_only, options, with};
use crate::open::Open;
use crate::others::{Migrator, Other};
use crate::{HEAD, chorus, line_of};

#[test]
fn a_database_ahead_of_the_program_is_refused_or_left_alone() {
    for &dialect in Dialect::ALL {
        for (rows, expected) in [
            (
                "UPDATE alembic_version SET version_num = '007_later'",
                "007_later".to_owned(),
            ),
            (
                "INSERT INTO alembic_version VALUES ('007_later')",
                format!("{HEAD} 007_later"),
            ),
        ] {
            let name = format!("{dialect}, {rows}");
            let database = at(dialect, &chorus(), "heads", rows);
            let mut open = Open::new(&database);
            let before = database.bytes();
            let error = ensure_database_ready(&mut open, &chorus()).unwrap_err();
            assert_eq!(error.kind(), FailureKind::Ahead, "{name}");
            assert_eq!(
                error.to_string(),
                "crate `chorus`: the version table names revisions that no file declares: 007_later; \
                 the database is as it was before",
                "{name}"
            );
            let unhealthy = chorus().status(&mut open).unwrap_err();
            assert_eq!(unhealthy.kind(), FailureKind::Ahead, "{name}");
            let allowed = chorus().ahead(Ahead::Allow);
            let done = ensure_database_ready(&mut open, &allowed);
            let report = format!("chorus: tracked ahead [{expected}] -> [{expected}], applied []");
            assert_eq!(line_of(done), report, "{name}");
            assert!(before == database.bytes(), "{name}: the database changed");
        }
    }
}

/// Checks that a start gives up while a database is held, and that the next one finds nothing amiss.
fn check_busy<Held>(
    name: &str,
    database: &Database,
    hold: impl Fn(&Database) -> Held,
    let_go: impl Fn(Held),
) {
    let name = format!("{}, {name}", database.dialect());
    let hurried = chorus().lock_timeout(Duration::from_millis(20));
    let before = database.bytes();
    let held = hold(database);
    let error = ensure_database_ready(&mut Open::new(database), &hurried).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Busy, "{name}: {error}");
    let_go(held);
    assert!(before == database.bytes(), "{name}: the database changed");
    ensure_database_ready(&mut Open::new(database), &chorus()).unwrap();
}

#[test]
fn a_database_that_a_migrator_holds_is_busy() {
    for &dialect in Dialect::ALL {
        for (name, database) in [
            (
                "fresh",
                with(dialect, "CREATE TABLE other (id INTEGER PRIMARY KEY)"),
            ),
            ("legacy", older(dialect)),
            ("behind", at(dialect, &chorus(), "003", "")),
        ] {
            check_busy(name, &database, Migrator::at_work, Migrator::fail);
        }
    }
}

#[test]
fn a_database_that_somebody_has_locked_is_busy() {
    use Dialect::{Postgres, Sqlite};

    for (dialect, revision, lock) in [
        (Sqlite, "base", "BEGIN IMMEDIATE"),
        (Sqlite, "003", "BEGIN IMMEDIATE"),
        (Sqlite, "003", "BEGIN EXCLUSIVE"),
        (Sqlite, "heads", "BEGIN EXCLUSIVE"),
        (
            Postgres,
            "003",
            "BEGIN; LOCK TABLE document_chunks IN ACCESS SHARE MODE",
        ),
        (
            Postgres,
            "003",
            "BEGIN; LOCK TABLE alembic_version IN SHARE MODE",
        ),
        (
            Postgres,
            "heads",
            "BEGIN; LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE",
        ),
    ] {
        let name = format!("{revision}, {lock}");
        let database = at(dialect, &chorus(), revision, "");
        let hold = |database: &Database| Other::executing(database, lock);
        check_busy(&name, &database, hold, Other::roll_back);
    }
}

/// Databases at which there is nothing to be read or written, how they are called, and how they are
/// opened.
fn unreachable() -> Vec<(&'static str, Database, Open)> {
    let sqlite = || at(Dialect::Sqlite, &chorus(), "003", "");
    let text = Database::new(Dialect::Sqlite);
    let content = "no database, but long enough to be one. ".repeat(40);
    std::fs::write(text.path(), content).unwrap();
    let damaged = sqlite();
    let mut bytes = damaged.bytes();
    bytes[100..2000].fill(0xff);
    std::fs::write(damaged.path(), bytes).unwrap();
    let mut all: Vec<_> = [("a text", text), ("damaged", damaged)]
        .into_iter()
        .map(|(name, database)| {
            let open = Open::new(&database);
            (name, database, open)
        })
        .collect();

    let postgres = at(Dialect::Postgres, &chorus(), "003", "");
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = options(&postgres)
        .host(&port.ip().to_string())
        .port(port.port());
    let other = options(&postgres).database("there_is_no_such_database");
    for (name, options) in [("where nobody listens", nobody), ("no database", other)] {
        all.push((name, postgres.clone(), Open::postgres(options)));
    }
    for &dialect in Dialect::ALL {
        let database = at(dialect, &chorus(), "003", "");
        let open = open_read_only(&database);
        all.push(("read-only", database, open));
    }
    all
}

#[test]
fn a_database_that_cannot_be_read_or_written_is_unreachable() {
    for (name, database, mut open) in unreachable() {
        let name = format!("{}, {name}", database.dialect());
        let before = database.bytes();
        let error = ensure_database_ready(&mut open, &chorus()).unwrap_err();
        assert_eq!(error.kind(), FailureKind::Unreachable, "{name}: {error}");
        assert!(before == database.bytes(), "{name}: the database changed");
    }
}

#[test]
fn a_user_without_the_right_to_migrate_can_start_on_a_current_database() {
    let database = at(Dialect::Postgres, &chorus(), "003", "");
    let user = format!("{}_user", database.server().name());
    database.execute(&format!(
        "CREATE ROLE {user}; GRANT SELECT ON alembic_version TO {user}"
    ));
    let mut open = Open::postgres(options(&database).options([("role", &user)]));
    let before = database.bytes();
    let error = ensure_database_ready(&mut open, &chorus()).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Unreachable, "{error}");
    assert!(before == database.bytes(), "{error}: the database changed");

    ensure_database_ready(&mut Open::new(&database), &chorus()).unwrap();
    let ready = format!("chorus: tracked ready [{HEAD}] -> [{HEAD}], applied []");
    assert_eq!(line_of(ensure_database_ready(&mut open, &chorus())), ready);
    database.execute(&format!("DROP OWNED BY {user}; DROP ROLE {user}"));
}

#[test]
fn what_is_no_version_table_is_told() {
    for &dialect in Dialect::ALL {
        for (name, sql) in [
            (
                "a view",
                "CREATE VIEW alembic_version AS SELECT 1 AS version_num",
            ),
            (
                "another table",
                "CREATE TABLE alembic_version (version INTEGER)",
            ),
            (
                "a row without an id",
                "CREATE TABLE alembic_version (version_num TEXT); \
                 INSERT INTO alembic_version VALUES (NULL)",
            ),
        ] {
            let name = format!("{dialect}, {name}");
            let database = with(dialect, sql);
            let before = database.bytes();
            let error = ensure_database_ready(&mut Open::new(&database), &chorus()).unwrap_err();
            assert_eq!(error.kind(), FailureKind::Migration, "{name}: {error}");
            let why = error.to_string();
            assert!(why.contains("is not a version table"), "{name}: {why}");
            assert!(before == database.bytes(), "{name}: the database changed");
        }
    }
}
