//! Files that cannot be written, read or locked, and connections that are in use.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alembic_migrate::{
    Action, DatabaseErrorKind, DatabaseState, Event, Migrations, RunError, RunFault,
};
use rusqlite::Connection;

use super::{chain, rows, scratch, setting, single};

/// Enough pages that one of them can be spared.
const LARGE: &str = "
    CREATE TABLE large (id INTEGER PRIMARY KEY, text);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO large SELECT i, 'some text that takes room, number ' || i FROM n;
";

const REWRITE: &str = "CREATE TABLE a (x); UPDATE large SET text = text || '!';";

fn kind(error: &RunError) -> DatabaseErrorKind {
    match &*error.fault {
        RunFault::Database { error, .. } | RunFault::Statement { error, .. } => error.kind,
        fault => panic!("{fault}"),
    }
}

type Damage = fn(&mut Vec<u8>);

#[test]
fn damaged_files_are_told_and_left_alone() {
    let corrupt = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8192].fill(0xA5);
    };
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2 / 4096 * 4096);
    let text = |bytes: &mut Vec<u8>| *bytes = b"This is a letter, no database.\n".repeat(200);
    let header = |bytes: &mut Vec<u8>| bytes[0] = b's';
    let damages: [(Damage, _); 4] = [
        (corrupt, DatabaseErrorKind::Corrupt),
        (cut, DatabaseErrorKind::Corrupt),
        (text, DatabaseErrorKind::NotADatabase),
        (header, DatabaseErrorKind::NotADatabase),
    ];
    for (damage, expected) in damages {
        let scratch = scratch(LARGE);
        let mut bytes = std::fs::read(scratch.path()).unwrap();
        damage(&mut bytes);
        std::fs::write(scratch.path(), &bytes).unwrap();
        let mut connection = Connection::open(scratch.path()).unwrap();
        let error = single(REWRITE)
            .upgrade(&mut connection, "heads")
            .unwrap_err();
        assert_eq!(kind(&error), expected, "{error}");
        assert_eq!(error.state, DatabaseState::Unchanged, "{error}");
        drop(connection);
        assert!(std::fs::read(scratch.path()).unwrap() == bytes, "{error}");
    }
}

#[test]
fn random_damage_is_survived() {
    let sound = scratch(LARGE);
    let sound = std::fs::read(sound.path()).unwrap();
    let mut seed: usize = 7;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    let mut failed = 0;
    for round in 0..60 {
        let scratch = scratch("");
        let mut bytes = sound.clone();
        for _ in 0..=round / 4 {
            let at = random(bytes.len());
            bytes[at] = u8::try_from(random(256)).unwrap();
        }
        std::fs::write(scratch.path(), &bytes).unwrap();
        let mut connection = Connection::open(scratch.path()).unwrap();
        let outcome = single(REWRITE).upgrade(&mut connection, "heads");
        assert!(connection.is_autocommit());
        drop(connection);
        if let Err(error) = outcome {
            failed += 1;
            assert_eq!(error.state, DatabaseState::Unchanged, "{error}");
            assert!(std::fs::read(scratch.path()).unwrap() == bytes, "{error}");
        }
    }
    assert!(failed > 0);
}

fn impatient(statements: &str) -> Migrations {
    single(statements).lock_timeout(Duration::from_millis(20))
}

#[test]
fn a_database_that_somebody_else_locks_is_left_alone() {
    for (lock, action) in [
        ("BEGIN EXCLUSIVE", Action::FindVersionTable),
        ("BEGIN IMMEDIATE", Action::Begin),
        ("BEGIN; SELECT * FROM large LIMIT 1", Action::Commit),
    ] {
        let scratch = scratch(LARGE);
        let before = scratch.dump();
        let (mut connection, other) = (scratch.file(), scratch.file());
        other.execute_batch(lock).unwrap();
        connection.busy_timeout(Duration::from_millis(321)).unwrap();
        let error = impatient(REWRITE)
            .upgrade(&mut connection, "heads")
            .unwrap_err();
        let RunFault::Database {
            action: at,
            error: why,
        } = &*error.fault
        else {
            panic!("{error}");
        };
        assert_eq!((*at, why.kind), (action, DatabaseErrorKind::Busy), "{lock}");
        assert_eq!(error.state, DatabaseState::Unchanged, "{lock}");
        assert_eq!(setting(&connection, "busy_timeout"), "321");
        assert!(connection.is_autocommit(), "{lock}");
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(scratch.dump(), before, "{lock}");
    }
}

#[test]
fn a_statement_outside_of_transactions_waits_as_long_as_the_rest() {
    let scratch = scratch(LARGE);
    let other = scratch.file();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let other = Mutex::new(Some(other));
    let migrations = chain(&["-- alembic: upgrade no-transaction\nVACUUM;"]);
    let migrations = migrations.observe(move |event| {
        if let Event::Waiting { .. } = event {
            other.lock().unwrap().take();
        }
    });
    migrations.upgrade(&mut scratch.file(), "heads").unwrap();
    assert_eq!(migrations.current(&mut scratch.file()).unwrap(), ["r1"]);
}

#[test]
fn a_lock_that_is_released_in_time_only_delays() {
    for lock in [
        "BEGIN EXCLUSIVE",
        "BEGIN IMMEDIATE",
        "BEGIN; SELECT * FROM large LIMIT 1",
    ] {
        let scratch = scratch(LARGE);
        let (mut connection, other) = (scratch.file(), scratch.file());
        other.execute_batch(lock).unwrap();
        let other = Mutex::new(Some(other));
        let migrations = single(REWRITE).observe(move |event| {
            if let Event::Waiting { .. } = event {
                other.lock().unwrap().take();
            }
        });
        migrations.upgrade(&mut connection, "heads").unwrap();
        assert_eq!(
            migrations.current(&mut connection).unwrap(),
            ["r1"],
            "{lock}"
        );
    }
}

#[test]
fn a_shared_cache_is_waited_for_and_told_of_once_a_second() {
    let open = || Connection::open("file:shared_cache?mode=memory&cache=shared").unwrap();
    let (mut connection, other) = (open(), open());
    other
        .execute_batch("CREATE TABLE t (x); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
        .unwrap();
    let told = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&told);
    let migrations = single("CREATE TABLE a (x);")
        .lock_timeout(Duration::from_millis(1200))
        .observe(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
    let error = migrations.upgrade(&mut connection, "heads").unwrap_err();
    assert_eq!(kind(&error), DatabaseErrorKind::Busy);
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

#[test]
fn a_transaction_of_the_caller_is_not_touched() {
    for begin in ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT mine"] {
        let scratch = scratch("CREATE TABLE mine (x);");
        let mut connection = scratch.file();
        connection.execute_batch(begin).unwrap();
        connection
            .execute_batch("INSERT INTO mine VALUES (1)")
            .unwrap();
        for enforced in ["0", "1"] {
            // Without effect within a transaction.
            connection
                .pragma_update(None, "foreign_keys", enforced)
                .unwrap();
            let migrations = single("CREATE TABLE a (x);");
            let error = migrations.upgrade(&mut connection, "heads").unwrap_err();
            assert_eq!(
                error.to_string(),
                "cannot begin a transaction: cannot start a transaction within a transaction; \
                 the database is as it was before"
            );
            migrations.ensure_version(&mut connection).unwrap_err();
            assert!(migrations.current(&mut connection).unwrap().is_empty());
            assert!(!connection.is_autocommit());
        }
        assert_eq!(rows(&connection, "SELECT x FROM mine"), "1\n");
        connection.execute_batch("END").unwrap();
        assert!(scratch.dump().contains("mine:\n1\n"));
    }
}
#[test]
fn a_connection_that_keeps_no_journal_is_refused() {
    let scratch = scratch("CREATE TABLE data (x NOT NULL); INSERT INTO data VALUES (1), (2), (3);");
    let migrations = chain(&[
        "-- alembic: upgrade no-transaction\nPRAGMA journal_mode = OFF;",
        "-- alembic: upgrade\nUPDATE data SET x = x + 10; INSERT INTO data VALUES (NULL);",
    ]);
    let error = migrations
        .upgrade(&mut scratch.file(), "heads")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot begin a transaction: the connection's journal_mode is OFF, so that a failure could \
         not be undone; revision r1 is done in part: its first statement stays, and the next run \
         goes on with statement 2"
    );
    assert_eq!(scratch.rows("SELECT sum(x) FROM data"), "6\n");
}
