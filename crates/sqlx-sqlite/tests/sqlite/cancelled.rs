//! Futures that are dropped before they are ready, wherever they stand.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use alembic_migrate::options::{Purge, TransactionMode};
use alembic_migrate::{Migrations, RunError};
use alembic_sqlx_sqlite::Sqlx;
use alembic_suite::Command::{self, Downgrade, Ensure, EnsureVersion, Stamp, Upgrade};
use alembic_suite::answer::text;
use alembic_suite::sqlite::File;
use alembic_suite::{Content, Database};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{SqliteConnection, SqlitePool, query_scalar, raw_sql};

use crate::drivers::{chain, check_free, pool};

/// What is there before; among it a trigger with which SQLite itself ends a transaction.
const BEFORE: &str = "
    CREATE TABLE author (id INTEGER PRIMARY KEY);
    CREATE TABLE book (author_id INTEGER REFERENCES author ON DELETE CASCADE);
    INSERT INTO author VALUES (1), (2);
    INSERT INTO book VALUES (1), (1), (2);
    CREATE TRIGGER guarded BEFORE DELETE ON book BEGIN SELECT RAISE(ROLLBACK, 'guarded'); END;
";

const REVISIONS: [&str; 3] = [
    "-- alembic: upgrade\nCREATE TABLE a (x); INSERT INTO a VALUES (1), (2) RETURNING x;
     CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = x; DELETE FROM a WHERE x = 9; END;
-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade
     CREATE TABLE author_new (id INTEGER PRIMARY KEY, name TEXT);
     INSERT INTO author_new SELECT id, 'somebody' FROM author;
     DROP TABLE author; ALTER TABLE author_new RENAME TO author;
-- alembic: downgrade\nALTER TABLE author DROP COLUMN name;",
    "-- alembic: upgrade\nCREATE TABLE c (x);\n-- alembic: downgrade\nDROP TABLE c;",
];

fn migrations() -> Migrations {
    chain(&REVISIONS)
}

/// How a run ends before its time.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// How often it is polled.
    polls: usize,
    /// Whether what it has asked for last is done by then, and nobody has heard of it.
    late: bool,
}

impl Cut {
    /// Polls a future so often; returns nothing unless it was ready by then.
    async fn cut<T>(self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut polls = 0;
        let outcome = poll_fn(|context| {
            if polls == self.polls {
                return Poll::Ready(None);
            }
            polls += 1;
            future.as_mut().poll(context).map(Some)
        });
        let outcome = outcome.await;
        if outcome.is_none() && self.late {
            std::thread::sleep(Duration::from_micros(500));
        }
        outcome
    }
}

/// Carries out a command on `$database`, and leaves out its report.
macro_rules! carry_out {
    ($command:expr, $migrations:expr, $database:expr) => {
        match $command {
            Command::Upgrade(target) => $migrations.upgrade($database, target).await.map(drop),
            Command::Downgrade(target) => $migrations.downgrade($database, target).await.map(drop),
            Command::Revert(revision) => $migrations.revert($database, revision).await.map(drop),
            Command::Stamp(targets, purge) => {
                $migrations.stamp($database, targets, purge).await.map(drop)
            }
            Command::Current => $migrations.current($database).await.map(drop),
            Command::Status => $migrations.status($database).await.map(drop),
            Command::EnsureVersion => $migrations.ensure_version($database).await.map(drop),
            Command::Ensure => $migrations.ensure($database).await.map(drop),
        }
    };
}

async fn on_pool(
    command: Command,
    migrations: &Migrations,
    pool: &SqlitePool,
) -> Result<(), RunError> {
    carry_out!(command, migrations, Sqlx(pool))
}

async fn on_connection(
    command: Command,
    migrations: &Migrations,
    connection: &mut SqliteConnection,
) -> Result<(), RunError> {
    carry_out!(command, migrations, Sqlx(connection))
}

/// Cuts a command short in all places, and checks that everything is as before or as after, and
/// that another attempt comes to the same as one without disturbance. Returns how many places
/// there are.
async fn check(
    before: &File,
    migrations: &Migrations,
    command: Command,
    allowed: &[&File],
) -> usize {
    let clean = before.copy();
    let connection = &mut clean.open();
    command.run(migrations, connection).unwrap();
    let clean = clean.content();
    let mut allowed: Vec<Content> = allowed.iter().map(|scratch| scratch.content()).collect();
    allowed.extend([before.content(), clean.clone()]);
    let mut places = 0;
    for late in [false, true] {
        for pooled in [false, true] {
            for polls in 0.. {
                let cut = Cut { polls, late };
                let context = format!("{command:?}, {cut:?}, pooled: {pooled}");
                let scratch = before.copy();
                let pool = pool(&scratch.path(), 1);
                let outcome = if pooled {
                    cut.cut(on_pool(command, migrations, &pool)).await
                } else {
                    let mut connection = pool.acquire().await.unwrap();
                    let run = on_connection(command, migrations, &mut connection);
                    let outcome = cut.cut(run).await;
                    check_free(&mut connection, &context).await;
                    outcome
                };
                let mut connection = pool.acquire().await.unwrap();
                check_free(&mut connection, &context).await;
                drop(connection);
                let content = scratch.content();
                assert!(allowed.contains(&content), "{context}: {content:?}");
                let again = on_pool(command, migrations, &pool).await;
                again.unwrap_or_else(|error| panic!("{context}: {error}"));
                check_free(&mut pool.acquire().await.unwrap(), &context).await;
                pool.close().await;
                assert_eq!(scratch.content(), clean, "{context}");
                if let Some(outcome) = outcome {
                    outcome.unwrap_or_else(|error| panic!("{context}: {error}"));
                    break;
                }
                places += 1;
            }
        }
    }
    places
}

fn at(revision: &str) -> File {
    let scratch = File::new(BEFORE);
    migrations().upgrade(&mut scratch.open(), revision).unwrap();
    scratch
}

#[tokio::test]
async fn a_command_in_one_transaction_happens_or_does_not() {
    let migrations = migrations();
    let schema = "CREATE TABLE a (x); CREATE TABLE c (x);";
    let fresh = self::migrations().schema("schema.sql", schema);
    for (before, migrations, command) in [
        (File::new(BEFORE), &migrations, Upgrade("heads")),
        (at("r3"), &migrations, Downgrade("base")),
        (at("r2"), &migrations, Stamp(&["r1"], Purge::Yes)),
        (File::new(BEFORE), &migrations, EnsureVersion),
        (File::new(""), &fresh, Ensure),
        (at("r1"), &migrations, Ensure),
    ] {
        let places = check(&before, migrations, command, &[]).await;
        // Fewer on a busy machine: what is answered before it is asked for is no place to be cut.
        assert!(places > 10, "{command:?}: {places}");
    }
}

#[tokio::test]
async fn a_command_with_a_transaction_per_revision_stops_at_one() {
    let migrations = migrations().transaction(TransactionMode::Revision);
    let (one, two) = (at("r1"), at("r2"));
    let before = File::new(BEFORE);
    check(&before, &migrations, Upgrade("heads"), &[&one, &two]).await;
}

#[tokio::test]
async fn a_command_that_fails_is_cut_short_too() {
    for failing in [
        "DELETE FROM book",
        "SELECT no_such_column",
        "INSERT INTO a VALUES (:x)",
    ] {
        let failing = format!("-- alembic: upgrade\nCREATE TABLE d (x); {failing};");
        let migrations = chain(&[REVISIONS[0], &failing]);
        let mut heard = BTreeSet::new();
        for late in [false, true] {
            for pooled in [false, true] {
                for polls in 0.. {
                    let cut = Cut { polls, late };
                    let context = format!("{failing}, {cut:?}, pooled: {pooled}");
                    let scratch = File::new(BEFORE);
                    let before = scratch.content();
                    let pool = pool(&scratch.path(), 1);
                    let outcome = if pooled {
                        cut.cut(migrations.upgrade(Sqlx(&pool), "heads")).await
                    } else {
                        let mut connection = pool.acquire().await.unwrap();
                        cut.cut(migrations.upgrade(Sqlx(&mut *connection), "heads"))
                            .await
                    };
                    check_free(&mut pool.acquire().await.unwrap(), &context).await;
                    pool.close().await;
                    assert_eq!(scratch.content(), before, "{context}");
                    if let Some(outcome) = outcome {
                        heard.insert(text(&outcome.unwrap_err()));
                        break;
                    }
                }
            }
        }
        assert_eq!(heard.len(), 1, "{heard:?}");
    }
}

#[tokio::test]
async fn a_run_that_waits_for_a_lock_is_cut_short() {
    for pooled in [false, true] {
        let scratch = File::new(BEFORE);
        let pool = pool(&scratch.path(), 1);
        drop(pool.acquire().await.unwrap());
        let other = scratch.open();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let migrations = migrations();
        let limit = Duration::from_millis(50);
        let outcome = if pooled {
            tokio::time::timeout(limit, migrations.upgrade(Sqlx(&pool), "heads")).await
        } else {
            let mut connection = pool.acquire().await.unwrap();
            tokio::time::timeout(limit, migrations.upgrade(Sqlx(&mut *connection), "heads")).await
        };
        outcome.unwrap_err();
        // SQLite waits yet, and would go on if it got the lock.
        other.execute_batch("ROLLBACK").unwrap();
        check_free(&mut pool.acquire().await.unwrap(), "").await;
        assert!(!scratch.content().unwrap().contains("alembic_version"));
        migrations.upgrade(Sqlx(&pool), "heads").await.unwrap();
    }
}

#[tokio::test]
async fn a_database_in_memory_survives() {
    // A pool closes a connection that nobody waits for any longer while it tests it.
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = pool.test_before_acquire(false);
    let pool = pool.connect("sqlite::memory:").await.unwrap();
    raw_sql(BEFORE).execute(&pool).await.unwrap();
    let migrations = migrations();
    for polls in 0.. {
        let cut = Cut {
            polls,
            late: polls % 2 == 0,
        };
        let done = cut.cut(migrations.upgrade(Sqlx(&pool), "heads")).await;
        let count: i64 = query_scalar("SELECT count(*) FROM book")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(count, 3);
        if done.is_some() {
            break;
        }
        migrations.downgrade(Sqlx(&pool), "base").await.unwrap();
    }
    assert_eq!(migrations.current(Sqlx(&pool)).await.unwrap().ids(), ["r3"]);
}
