//! How a command can end.

use std::process::ExitCode;

/// The exit codes of `cargo alembic`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done, or there was nothing to do.
    Success = 0,
    /// Something failed that has no code of its own: a file could not be written, an editor or a
    /// hook failed.
    Failure = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// `current --check-heads`: a database is not at its heads.
    NotAtHeads = 3,
    /// The workspace or its configuration is wrong.
    Configuration = 4,
    /// Revision files are not a sound history.
    History = 5,
    /// A revision expression names nothing or something ambiguous, or there is no way to its target.
    Revision = 6,
    /// A database cannot be opened, read, written or locked, or its version table is not one.
    Database = 7,
    /// A migration failed.
    Migration = 8,
}

impl Exit {
    /// Every exit code, and what it means.
    pub(crate) const ALL: [(Exit, &str); 9] = [
        (
            Exit::Success,
            "everything was done, or there was nothing to do",
        ),
        (
            Exit::Failure,
            "something failed that has no code of its own: a file could not be written, an editor \
             or a hook failed",
        ),
        (Exit::Usage, "the arguments are wrong"),
        (
            Exit::NotAtHeads,
            "`current --check-heads`: a database is not at its heads",
        ),
        (
            Exit::Configuration,
            "the workspace or its configuration is wrong",
        ),
        (Exit::History, "revision files are not a sound history"),
        (
            Exit::Revision,
            "an expression names nothing, or something ambiguous, or there is no way to its target",
        ),
        (
            Exit::Database,
            "a database cannot be opened, read, written or locked, or its version table is not one",
        ),
        (Exit::Migration, "a migration failed"),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
