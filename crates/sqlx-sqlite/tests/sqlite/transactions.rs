//! Connections that somebody else uses, too, and what they are set to.

use alembic_migrate::report::Action;
use alembic_migrate::{DatabaseState, Migrations};
use alembic_run::Failure;
use alembic_sqlx_sqlite::Sqlx;
use sqlx::{Connection, SqliteConnection, query_scalar, raw_sql};

use crate::both::{check_free, pool, settings, usual};
use crate::scratch::{Scratch, single};

const MINE: &str = "CREATE TABLE mine (x); INSERT INTO mine VALUES (1);";

async fn execute(connection: &mut SqliteConnection, sql: &'static str) {
    raw_sql(sql).execute(connection).await.unwrap();
}

/// Runs what needs a transaction on a connection that has one.
async fn check_refused(migrations: &Migrations, connection: &mut SqliteConnection) {
    execute(connection, "INSERT INTO mine VALUES (2)").await;
    let current = migrations.current(Sqlx(&mut *connection)).await;
    assert_eq!(current.unwrap(), <[String; 0]>::default());
    let error = migrations.upgrade(Sqlx(&mut *connection), "heads").await;
    let error = error.unwrap_err();
    let Failure::Database { action, error: why } = &*error.fault else {
        panic!("{error}");
    };
    assert_eq!(*action, Action::Begin);
    assert_eq!(
        why.to_string(),
        "cannot start a transaction within a transaction"
    );
    assert_eq!(error.state, DatabaseState::Unchanged);
    execute(connection, "INSERT INTO mine VALUES (3)").await;
}

#[tokio::test]
async fn a_transaction_of_the_application_stays_as_it_is() {
    for (commits, rows) in [(true, 3_i64), (false, 1)] {
        let scratch = Scratch::new(MINE);
        let pool = pool(&scratch.path(), 1);
        let migrations = single("CREATE TABLE t (x)");

        let mut transaction = pool.begin().await.unwrap();
        check_refused(&migrations, &mut transaction).await;
        let mut savepoint = transaction.begin().await.unwrap();
        check_refused(&migrations, &mut savepoint).await;
        savepoint.rollback().await.unwrap();
        match commits {
            true => transaction.commit().await.unwrap(),
            false => transaction.rollback().await.unwrap(),
        }
        let mut connection = pool.acquire().await.unwrap();
        let count = query_scalar("SELECT count(*) FROM mine");
        let count: i64 = count.fetch_one(&mut *connection).await.unwrap();
        assert_eq!(count, rows);

        // One that sqlx does not know of.
        execute(&mut connection, "BEGIN").await;
        check_refused(&migrations, &mut connection).await;
        execute(&mut connection, if commits { "COMMIT" } else { "ROLLBACK" }).await;
        let count = query_scalar("SELECT count(*) FROM mine");
        let count: i64 = count.fetch_one(&mut *connection).await.unwrap();
        assert_eq!(count, if commits { rows + 2 } else { rows });
        check_free(&mut connection, &usual(), "").await;
        migrations
            .upgrade(Sqlx(&mut *connection), "heads")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn settings_are_restored() {
    for enforced in ["0", "1"] {
        let scratch = Scratch::new(MINE);
        let pool = pool(&scratch.path(), 1);
        let mut connection = pool.acquire().await.unwrap();
        let set = match enforced {
            "0" => "PRAGMA foreign_keys = 0; PRAGMA busy_timeout = 321",
            _ => "PRAGMA foreign_keys = 1; PRAGMA busy_timeout = 321",
        };
        execute(&mut connection, set).await;
        let expected = (enforced.to_owned(), "321".to_owned());
        for statements in [
            "SELECT 1",
            "PRAGMA foreign_keys = 1; PRAGMA busy_timeout = 7; CREATE TABLE t (x)",
            "PRAGMA foreign_keys = 0; SELECT no_such_column",
            "INSERT OR ROLLBACK INTO mine SELECT abs(-9223372036854775808)",
        ] {
            let migrations = single(statements);
            let _ = migrations.upgrade(Sqlx(&mut *connection), "heads").await;
            assert_eq!(settings(&mut connection).await, expected, "{statements}");
            check_free(&mut connection, &expected, statements).await;
            let _ = migrations
                .stamp(
                    Sqlx(&mut *connection),
                    &["base"],
                    alembic_migrate::options::Purge::Yes,
                )
                .await;
            assert_eq!(settings(&mut connection).await, expected, "{statements}");
        }
    }
}
