//! Brings databases to the state that a crate's revision files describe, from an application.
//!
//! ```
//! use alembic_migrate::{Dialect, Migrations};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # std::fs::write(
//! #     folder.path().join("a.sql"),
//! #     "-- Add users\n-- Revision ID: a1b2\n-- Revises:\n\n\
//! #      -- alembic: upgrade\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n\
//! #      -- alembic: downgrade\nDROP TABLE users;\n",
//! # )?;
//! # let folder = folder.path();
//! let migrations = Migrations::from_folder(folder, &[Dialect::Sqlite])?;
//! let mut connection = rusqlite::Connection::open_in_memory()?;
//!
//! let report = migrations.upgrade(&mut connection, "heads")?;
//! assert_eq!(report.steps[0].message, "Add users");
//! assert_eq!(migrations.current(&mut connection)?.ids(), ["a1b2"]);
//!
//! migrations.downgrade(&mut connection, "-1")?;
//! assert!(migrations.current(&mut connection)?.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! On PostgreSQL, with the feature `sqlx-postgres`, the same commands take a pool of sqlx, and return
//! futures:
//!
//! ```no_run
//! # #[cfg(feature = "sqlx-postgres")]
//! async fn start(migrations: &alembic_migrate::Migrations) -> Result<(), Box<dyn std::error::Error>> {
//!     let pool = sqlx::PgPool::connect("postgres://app@localhost/shop").await?;
//!     let report = migrations.upgrade(&pool, "heads").await?;
//!     println!("{} revisions", report.steps.len());
//!     Ok(())
//! }
//! ```
//!
//! Each command is one transaction: after a failure, the database is as it was before. While it
//! runs, SQLite does not enforce foreign keys, so that a table can be rebuilt without losing the
//! rows that refer to it; before the commit, rows that would refer to missing rows are an error.

mod author;
pub mod driver;
#[doc(hidden)]
pub mod embedded;
#[cfg(feature = "walkdir")]
mod folder;
pub mod history;
mod migrations;
#[cfg(feature = "derive")]
pub mod models;
pub mod options;
#[cfg(any(feature = "sqlx-postgres", feature = "tokio-postgres"))]
mod postgres;
pub mod report;
#[cfg(feature = "rusqlite")]
mod rusqlite;
pub mod schema;
#[cfg(feature = "sqlx-postgres")]
mod sqlx_postgres;
#[cfg(feature = "tokio-postgres")]
mod tokio_postgres;

pub use alembic_history::{Dialect, Versions};
#[cfg(feature = "derive")]
pub use alembic_macros::{ColumnType, Columns, Table};
#[cfg(feature = "derive")]
pub use alembic_models::{ColumnType, Columns, Table};
pub use alembic_run::{
    DatabaseState, EnsureReport, Event, FailureKind, Outcome, Report, RunError, Scenario,
};
#[cfg(feature = "walkdir")]
pub use folder::LoadError;
pub use migrations::{Migrations, ensure_all_ready, ensure_database_ready};
#[cfg(feature = "tokio-postgres")]
pub use tokio_postgres::{ClientNotices, NoticingClient};
