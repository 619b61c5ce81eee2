//! The exit codes, and which one follows from what went wrong.

use std::process::ExitCode;

use alembic_migrate::driver::DatabaseErrorKind;
use alembic_migrate::report::Action;
use alembic_run::Failure;
use alembic_run::ScriptError;

use super::{Cause, Error};

/// The exit codes of `cargo alembic`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done, or there was nothing to do.
    Success = 0,
    /// Any other failure: a file could not be written, or an editor or a hook failed.
    Failure = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// `status`, `current --check-heads`: a database is not at its heads.
    NotAtHeads = 3,
    /// The workspace or its configuration is wrong.
    Configuration = 4,
    /// The revision files do not form a valid history.
    History = 5,
    /// A revision expression is unknown or ambiguous, or its target cannot be reached.
    Revision = 6,
    /// A database cannot be opened, read, written or locked, or its version table is malformed.
    Database = 7,
    /// A migration failed.
    Migration = 8,
    /// `check` or `verify`: the schemas differ.
    SchemasDiffer = 9,
}

impl Exit {
    /// Every exit code, and what it means.
    pub(crate) const ALL: [(Exit, &str); 10] = [
        (
            Exit::Success,
            "everything was done, or there was nothing to do",
        ),
        (
            Exit::Failure,
            "any other failure: a file could not be written, or an editor or a hook failed",
        ),
        (Exit::Usage, "the arguments are wrong"),
        (
            Exit::NotAtHeads,
            "`status`, `current --check-heads`: a database is not at its heads",
        ),
        (
            Exit::Configuration,
            "the workspace or its configuration is wrong",
        ),
        (
            Exit::History,
            "the revision files do not form a valid history",
        ),
        (
            Exit::Revision,
            "an expression is unknown or ambiguous, or its target cannot be reached",
        ),
        (
            Exit::Database,
            "a database cannot be opened, read, written or locked, or its version table is \
             malformed",
        ),
        (Exit::Migration, "a migration failed"),
        (
            Exit::SchemasDiffer,
            "`check`: the revisions do not make the target schema; `verify`: a database does not have the \
             schema that its revisions make",
        ),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl From<&Error> for Exit {
    /// Returns the exit code of the first thing that is wrong.
    fn from(error: &Error) -> Self {
        let first = error.diagnostics.first();
        first.map_or(Exit::Failure, |diagnostic| (&diagnostic.cause).into())
    }
}

impl From<&Cause> for Exit {
    fn from(cause: &Cause) -> Self {
        match cause {
            Cause::Unwritable(_) | Cause::Manifest | Cause::Program | Cause::Random(_) => {
                Exit::Failure
            }
            Cause::Arguments => Exit::Usage,
            Cause::Workspace
            | Cause::Cargo(_)
            | Cause::Configuration
            | Cause::Settings(_)
            | Cause::Url(_)
            | Cause::Unreadable(_) => Exit::Configuration,
            Cause::History => Exit::History,
            Cause::Revision | Cause::Expression(_) | Cause::Plan(_) => Exit::Revision,
            Cause::System(_) | Cause::Sqlite(_) | Cause::Server(_) => Exit::Database,
            Cause::Run(error) => exit_of_failure(error.failure()),
            Cause::Script(error) => exit_of_script_error(error),
            Cause::Check | Cause::CheckCausedBy(_) => Exit::Migration,
        }
    }
}

fn exit_of_failure(failure: &Failure) -> Exit {
    match failure {
        Failure::Plan(_)
        | Failure::UnknownRows { .. }
        | Failure::Hidden { .. }
        | Failure::Edited { .. }
        | Failure::Removed { .. }
        | Failure::NothingToAccept { .. }
        | Failure::NoLog { .. }
        | Failure::UntrustedLog { .. }
        | Failure::WayBackMoved { .. } => Exit::Revision,
        Failure::History(_) | Failure::Requirements(_) => Exit::History,
        Failure::SharedVersionTable { .. }
        | Failure::InvalidVersionTable { .. }
        | Failure::UncheckedDialect { .. } => Exit::Configuration,
        Failure::ManagedByAnotherTool { .. }
        | Failure::NoSchema
        | Failure::MalformedVersionTable { .. }
        | Failure::IdTooLong { .. }
        | Failure::NoSecondConnection { .. } => Exit::Database,
        Failure::Statement { error, .. } if error.kind() != DatabaseErrorKind::Other => {
            Exit::Database
        }
        // The check at the end of a transaction is about what its revisions did.
        Failure::Database {
            action: Action::Commit,
            error,
        } if error.kind() == DatabaseErrorKind::Other => Exit::Migration,
        Failure::Database { .. } => Exit::Database,
        Failure::Statement { .. }
        | Failure::Alter { .. }
        | Failure::Schema { .. }
        | Failure::Irreversible { .. }
        | Failure::RowCount { .. }
        | Failure::RowsMoved { .. }
        | Failure::LogRowCount { .. }
        | Failure::ForeignKeys { .. }
        | Failure::ForeignKeyMismatch { .. }
        | Failure::Broken { .. }
        | Failure::NotTakenBack { .. }
        | Failure::NotEmpty { .. }
        | Failure::Drift(_)
        | Failure::Unfinished { .. }
        | Failure::Interrupted { .. }
        | Failure::ChangedMeanwhile { .. }
        | Failure::InvalidIndex { .. } => Exit::Migration,
    }
}

fn exit_of_script_error(error: &ScriptError) -> Exit {
    match error {
        ScriptError::Failure(failure) => exit_of_failure(failure),
        ScriptError::NoStart { .. }
        | ScriptError::OpenRange { .. }
        | ScriptError::SeveralStarts => Exit::Revision,
        // Any reason that the library adds will be in the revisions.
        _ => Exit::Migration,
    }
}
