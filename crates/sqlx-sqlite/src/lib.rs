//! Applies the migrations of cargo-alembic through sqlx's own SQLite.
//!
//! [`Sqlx`] wraps a pool or a connection, and everything else is as with any database:
//!
//! ```
//! use alembic_migrate::{Dialect, Migrations, ensure_database_ready};
//! use alembic_sqlx_sqlite::Sqlx;
//! use sqlx::SqlitePool;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # std::fs::write(
//! #     folder.path().join("a.sql"),
//! #     "-- Add users\n-- Revision ID: a1b2\n-- Revises:\n\n\
//! #      -- alembic: upgrade\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n\
//! #      -- alembic: downgrade\nDROP TABLE users;\n",
//! # )?;
//! # let url = format!("sqlite://{}?mode=rwc", folder.path().join("app.db").display());
//! # let folder = folder.path();
//! let migrations = Migrations::from_folder(folder, &[Dialect::Sqlite])?;
//! let pool = SqlitePool::connect(&url).await?;
//! ensure_database_ready(Sqlx(&pool), &migrations).await?;
//!
//! let mut connection = pool.acquire().await?;
//! assert_eq!(migrations.current(Sqlx(&mut *connection)).await?.ids(), ["a1b2"]);
//! migrations.downgrade(Sqlx(&mut *connection), "-1").await?;
//! # Ok(())
//! # }
//! ```
//!
//! It gives the same guarantees and the same reports as the driver for rusqlite, with one
//! exception: sqlx does not pass on where SQLite finds an error, so only syntax errors are located
//! more exactly than by their statement.
//!
//! The future of a command can be dropped before it is ready, for example by a timeout: the open
//! transaction is then rolled back, and the connection's settings are restored, before anything
//! else runs on it.

mod connection;
mod error;
mod statement;

use std::future::Future;
use std::pin::Pin;

use alembic_migrate::driver::{Driver, Observer, Run};
use alembic_migrate::{Dialect, RunError};
use sqlx::{SqliteConnection, SqlitePool};

/// A database of sqlx, as a [`Driver`]: `Sqlx(&pool)`, or `Sqlx(&mut connection)`.
///
/// A command on a pool takes one connection of it.
#[derive(Clone, Copy, Debug)]
pub struct Sqlx<D>(pub D);

/// The output of a command: a future of its result.
type ResultFuture<'d, T> = Pin<Box<dyn Future<Output = Result<T, RunError>> + Send + 'd>>;

impl<'d> Driver<'d> for Sqlx<&'d SqlitePool> {
    type Output<T: Send + 'd> = ResultFuture<'d, T>;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn name(&self) -> Option<String> {
        let options = self.0.connect_options();
        let file = options.get_filename().display().to_string();
        // What sqlx calls a database in memory.
        Some(file).filter(|file| !file.starts_with("file:sqlx-in-memory"))
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> ResultFuture<'d, T> {
        Box::pin(async move {
            match self.0.acquire().await {
                Ok(mut connection) => connection::carry_out(&mut connection, run, observer).await,
                Err(error) => run.fail(error::database_error(error, ""), observer),
            }
        })
    }
}

impl<'d> Driver<'d> for Sqlx<&'d mut SqliteConnection> {
    type Output<T: Send + 'd> = ResultFuture<'d, T>;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> ResultFuture<'d, T> {
        Box::pin(connection::carry_out(self.0, run, observer))
    }
}
