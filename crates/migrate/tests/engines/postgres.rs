//! What only PostgreSQL has: connections that end, locks that are waited for, and its own ways to
//! fail.

mod across;
mod cancelled;
mod constraints;
mod database;
mod described;
mod drivers;
mod dump;
mod enums;
mod locked;
#[cfg(unix)]
mod lost;
mod messages;
mod noticed;
mod notified;
mod outside;
mod planted;
#[cfg(unix)]
mod pooled;
#[cfg(unix)]
mod proxy;
mod refused;
mod retried;
mod scene;
mod schemas;
mod sessions;
#[cfg(unix)]
mod silent;
mod tokio_postgres;

use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_migrate::{Dialect, Migrations};
use alembic_suite::{Database, revisions};

use drivers::{Open, POSTGRES, Scratch, Via, block_on, in_transaction, options};

pub(crate) use drivers::{Connection, Options, Pool};
pub(crate) use tokio_postgres::TokioPostgres;

fn chain<S: AsRef<str>>(sections: &[S]) -> Migrations {
    revisions::chain(Dialect::Postgres, sections)
}

fn single(statements: &str) -> Migrations {
    revisions::single(Dialect::Postgres, statements)
}

/// Waits until something holds.
#[track_caller]
fn wait_until(holds: impl Fn() -> bool, what: &str) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        sleep(Duration::from_millis(2));
    }
}

/// Waits until nobody is connected to the database but who looks, and the connections that wait in
/// a pool: the server has noticed then that the others are gone.
#[track_caller]
fn wait_until_alone(scratch: &Scratch, database: &Open) {
    let kept = match database {
        Open::Pool(pool) => pool.size() as usize,
        Open::Options(_) => 0,
        Open::Connection(_) => 1,
    };
    let others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    wait_until(
        || scratch.rows(others).lines().count() <= kept,
        "somebody else is connected",
    );
}

/// Lists the advisory locks of the database.
fn locks(scratch: &Scratch) -> String {
    scratch.rows(
        "SELECT pid, mode, granted FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
}
