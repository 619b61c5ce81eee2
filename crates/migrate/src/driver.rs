//! What a database library has to do for runs to be carried out through it.

use alembic_history::Dialect;
use alembic_run::{Event, Run, RunError};

/// Is told how far runs are.
pub type Observer = dyn Fn(&Event) + Send + Sync;

/// A connection through which runs are carried out.
///
/// A synchronous library answers at once, an asynchronous one with a future: the same commands
/// serve both, and nothing of a run is decided here.
///
/// ```
/// use alembic_migrate::{
///     Dialect, Driver, History, Migrations, Observer, Reply, Request, Run, RunError, Turn,
/// };
///
/// /// A database that stays empty.
/// struct Empty;
///
/// impl<'d> Driver<'d> for Empty {
///     type Outcome<T: Send + 'd> = Result<T, RunError>;
///
///     fn dialect(&self) -> Dialect {
///         Dialect::Sqlite
///     }
///
///     fn drive<T: Send + 'd>(
///         self,
///         mut run: Run<'d, Result<T, RunError>>,
///         observer: &'d Observer,
///     ) -> Result<T, RunError> {
///         let mut reply = Reply::Nothing;
///         loop {
///             reply = match run.resume(reply) {
///                 Turn::Ask(Request::Execute(_)) => Reply::Changed(0),
///                 Turn::Ask(Request::Query(_)) => Reply::Rows(Vec::new()),
///                 Turn::Ask(Request::Event(event)) => {
///                     observer(&event);
///                     Reply::Nothing
///                 }
///                 Turn::Ask(Request::Pause(pause)) => {
///                     std::thread::sleep(pause);
///                     Reply::Nothing
///                 }
///                 Turn::Ask(Request::Batch(_) | Request::Aside(_)) => Reply::Nothing,
///                 Turn::Done(outcome) => return outcome,
///             };
///         }
///     }
/// }
///
/// let migrations = Migrations::new(History::default());
/// assert!(migrations.current(Empty)?.is_empty());
/// # Ok::<(), RunError>(())
/// ```
pub trait Driver<'d>: Sized {
    /// What a command returns: its outcome, or a future of it.
    type Outcome<T: Send + 'd>;

    /// Returns what the database speaks.
    fn dialect(&self) -> Dialect;

    /// Carries out `run` to its end.
    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Self::Outcome<T>;
}
