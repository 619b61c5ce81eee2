//! Transactions that sqlx has begun.

use alembic_migrate::report::Action;
use alembic_migrate::{DatabaseState, Migrations};
use alembic_sqlx_sqlite::Sqlx;
use alembic_suite::Database;
use alembic_suite::answer::{action, rows, state};
use alembic_suite::sqlite::File;
use sqlx::{Connection, SqliteConnection, query_scalar, raw_sql};

use crate::drivers::{check_free, pool, single};

const MINE: &str = "CREATE TABLE mine (x); INSERT INTO mine VALUES (1);";

async fn execute(connection: &mut SqliteConnection, sql: &'static str) {
    raw_sql(sql).execute(connection).await.unwrap();
}

/// Runs what needs a transaction on a connection that has one.
async fn check_refused(migrations: &Migrations, connection: &mut SqliteConnection) {
    execute(connection, "INSERT INTO mine VALUES (2)").await;
    let current = migrations.current(Sqlx(&mut *connection)).await;
    assert!(rows(&current.unwrap()).is_empty());
    let error = migrations.upgrade(Sqlx(&mut *connection), "heads").await;
    let error = error.unwrap_err();
    assert_eq!(action(&error), Some(Action::Begin));
    assert_eq!(*state(&error), DatabaseState::Unchanged);
    execute(connection, "INSERT INTO mine VALUES (3)").await;
}

#[tokio::test]
async fn a_transaction_of_sqlx_stays_as_it_is() {
    for (commits, expected) in [(true, 3_i64), (false, 1)] {
        let scratch = File::new(MINE);
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
        assert_eq!(count, expected);

        check_free(&mut connection, "").await;
        migrations
            .upgrade(Sqlx(&mut *connection), "heads")
            .await
            .unwrap();
    }
}
