//! What a database library has to do for runs to be carried out through it.

use alembic_history::Dialect;
use alembic_history::run::{Event, Run, RunError};

/// Is told how far runs are.
pub type Observer = dyn Fn(&Event) + Send + Sync;

/// A connection through which runs are carried out.
///
/// A synchronous library answers at once, an asynchronous one with a future: the same commands
/// serve both, and nothing of a run is decided here.
pub trait Driver<'d>: Sized {
    /// What the database speaks.
    const DIALECT: Dialect;

    /// What a command returns: its outcome, or a future of it.
    type Outcome<T: Send + 'd>;

    /// Carries out `run` to its end.
    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Self::Outcome<T>;
}
