//! The interface that a database library provides to carry out runs.

pub use alembic_run::{
    AsyncConnection, Batch, Connection, DatabaseError, DatabaseErrorKind, Effect, Execute, Notice,
    Observer, Query, Row, Run, Severity, Undo, Watch, sqlite_error,
};

use crate::{Dialect, RunError};

/// A database on which the commands of [`Migrations`](crate::Migrations) are carried out.
///
/// A synchronous library implements [`Connection`] and carries runs out with [`Run::drive`]; an
/// asynchronous one implements [`AsyncConnection`] and uses [`Run::drive_async`]. The same commands
/// serve both, and a driver decides nothing about a run.
///
/// ```
/// use alembic_migrate::driver::{
///     Connection, DatabaseError, Driver, Execute, Observer, Query, Row, Run,
/// };
/// use alembic_migrate::history::History;
/// use alembic_migrate::{Dialect, Migrations, RunError};
///
/// /// A database that stays empty.
/// struct Empty;
///
/// impl Connection for Empty {
///     fn execute(&mut self, _statement: &Execute<'_>) -> Result<u64, DatabaseError> {
///         Ok(0)
///     }
///
///     fn query(&mut self, _query: &Query) -> Result<Vec<Row>, DatabaseError> {
///         Ok(Vec::new())
///     }
/// }
///
/// impl<'d> Driver<'d> for Empty {
///     type Output<T: Send + 'd> = Result<T, RunError>;
///
///     fn dialect(&self) -> Dialect {
///         Dialect::Sqlite
///     }
///
///     fn drive<T: Send + 'd>(
///         mut self,
///         run: Run<'d, Result<T, RunError>>,
///         observer: &'d Observer,
///     ) -> Result<T, RunError> {
///         run.drive(&mut self, observer)
///     }
/// }
///
/// let migrations = Migrations::new(History::default());
/// assert!(migrations.current(Empty)?.is_empty());
/// # Ok::<(), RunError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "migrations cannot be run on `{Self}`",
    label = "not a database that a driver of `alembic-migrate` knows",
    note = "drivers: `&mut rusqlite::Connection` (feature `rusqlite`), `&sqlx::PgPool`, \
            `&PgConnectOptions` and `&mut PgConnection` (feature `sqlx-postgres`), \
            `&mut tokio_postgres::Client` (feature `tokio-postgres`)",
    note = "the library must be the one that `alembic-migrate` was built with: see `cargo tree -d`"
)]
pub trait Driver<'d>: Sized {
    /// The return type of a command: its result, or a future of it.
    type Output<T: Send + 'd>;

    /// Returns the dialect of the database.
    fn dialect(&self) -> Dialect;

    /// Returns the database as errors name it, without a password: its file, or `host:port/name`; `None`
    /// if the connection does not say.
    fn name(&self) -> Option<String> {
        None
    }

    /// Carries out `run` to its end.
    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Self::Output<T>;
}
