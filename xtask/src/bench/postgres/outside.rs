//! Revisions outside of transactions, on a server whose commits wait for the disk.

use std::time::{Duration, Instant};

use alembic_history::Dialect;
use alembic_migrate::Migrations;
use alembic_tests::postgres::Server;
use sqlx::{AssertSqlSafe, PgPool, query, raw_sql};

use super::super::apply::statements;
use super::super::outside::{REVISIONS, ROUNDS, Recorded, project, rows};
use super::super::place::Place;
use super::super::rounds::{interleaved, timed};
use super::super::table::Table;
use super::pool;
use crate::Result;

/// The table of sqlx.
const TABLE: &str = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, \
     description TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), \
     success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)";

pub(in super::super) fn measure(place: &Place) -> Result<Table> {
    let server = Server::start_durable();
    let database = server.database();
    let folder = place.folder("outside-postgres")?;
    // What revisions leave transactions for, mostly.
    let project = project(&folder, |index| {
        format!("CREATE INDEX CONCURRENTLY account_{index} ON account (id)")
    })?;
    let migrations = Migrations::from_folder(&project.migrations, &[Dialect::Postgres])?;
    let revisions = statements(migrations.history(), Dialect::Postgres);
    let (runtime, pool) = pool(&database)?;
    let times = interleaved(
        ROUNDS,
        [
            &mut || runtime.block_on(bound(&pool, &revisions, Recorded::Nothing)),
            &mut || runtime.block_on(bound(&pool, &revisions, Recorded::AsBySqlx)),
            &mut || {
                runtime.block_on(clear(&pool))?;
                timed(|| Ok(runtime.block_on(migrations.upgrade(&pool, "heads"))?))
            },
        ],
    )?;
    // Before the server goes.
    runtime.block_on(pool.close());
    Ok(Table {
        title: format!(
            "PostgreSQL: apply {REVISIONS} revisions of CREATE INDEX CONCURRENTLY on {}",
            place.file_system()
        ),
        rows: rows("sqlx", times),
    })
}

async fn clear(pool: &PgPool) -> Result<()> {
    let clear =
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE account (id INTEGER)";
    raw_sql(clear).execute(pool).await?;
    Ok(())
}

/// What is possible: one connection, the same statements.
async fn bound(
    pool: &PgPool,
    revisions: &[(String, Vec<String>)],
    recorded: Recorded,
) -> Result<Duration> {
    clear(pool).await?;
    let mut connection = pool.acquire().await?;
    let start = Instant::now();
    if recorded == Recorded::AsBySqlx {
        raw_sql(TABLE).execute(&mut *connection).await?;
    }
    for (version, (id, statements)) in revisions.iter().enumerate() {
        let version = i64::try_from(version)?;
        for statement in statements {
            let sql = raw_sql(AssertSqlSafe(statement.as_str()));
            sql.execute(&mut *connection).await?;
        }
        if recorded == Recorded::AsBySqlx {
            let insert = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                          execution_time) VALUES ($1, $2, TRUE, $3, -1)";
            let insert = query(insert).bind(version).bind(id).bind(id.as_bytes());
            insert.execute(&mut *connection).await?;
            let update = "UPDATE _sqlx_migrations SET execution_time = $1 WHERE version = $2";
            let update = query(update).bind(1000_i64).bind(version);
            update.execute(&mut *connection).await?;
        }
    }
    Ok(start.elapsed())
}
