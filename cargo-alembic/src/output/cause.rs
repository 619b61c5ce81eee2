//! What went wrong, as data: errors of the libraries, and the command line's own kinds of error.

use std::error::Error;
use std::io;
use std::rc::Rc;

use alembic_history::{PlanError, ResolveError, SettingsFault};
use alembic_migrate::RunError;
use alembic_migrate::driver::DatabaseError;
use alembic_run::{ScriptError, StatementLocation};

use crate::url::UrlError;

/// The cause of a diagnostic.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The arguments are wrong, or do not fit together.
    Arguments,
    /// The workspace does not have what the command needs.
    Workspace,
    /// Cargo cannot read the workspace.
    Cargo(cargo_metadata::Error),
    /// A crate's configuration cannot be used.
    Configuration,
    /// A key in a crate's configuration is wrong.
    Settings(SettingsFault),
    /// The URL of a database is wrong.
    Url(UrlError),
    /// A crate's files cannot be read.
    Unreadable(io::Error),
    /// A file, or the answer, cannot be written.
    Unwritable(io::Error),
    /// A manifest cannot be edited as it stands.
    Manifest,
    /// A program that the user configured failed, such as an editor.
    Program,
    /// The system cannot supply random numbers.
    Random(getrandom::Error),
    /// Revision files are invalid, or do not fit together.
    History,
    /// The command cannot work with the revisions it was given.
    Revision,
    /// An expression cannot be resolved.
    Expression(Box<ResolveError>),
    /// There is no plan from the rows of the version table to a target.
    Plan(Box<PlanError>),
    /// The system cannot provide what a database needs: its folder, or a runtime.
    System(io::Error),
    /// SQLite failed, outside of a run.
    Sqlite(rusqlite::Error),
    /// A database server failed, outside of a run.
    Server(sqlx::Error),
    /// A run failed.
    Run(Rc<RunError>),
    /// A script cannot be written.
    Script(Rc<ScriptError>),
    /// A check of `cargo alembic test` failed.
    Check,
    /// A check of `cargo alembic test` failed, for this reason.
    CheckCausedBy(Box<Cause>),
}

impl Cause {
    /// Returns the database's own code for what went wrong, if it gave one.
    pub(crate) fn database_code(&self) -> Option<String> {
        match self {
            Cause::Sqlite(error) => {
                // Several variants of rusqlite's error hold it, and not every version has all of
                // them.
                let sqlite = error.source()?.downcast_ref::<rusqlite::ffi::Error>()?;
                Some(sqlite.extended_code.to_string())
            }
            Cause::Server(error) => {
                let code = error.as_database_error().and_then(|error| error.code());
                code.map(Into::into)
            }
            Cause::Run(error) => {
                let code = error.database_error().and_then(DatabaseError::code);
                code.map(ToOwned::to_owned)
            }
            Cause::CheckCausedBy(cause) => cause.database_code(),
            Cause::Arguments
            | Cause::Workspace
            | Cause::Cargo(_)
            | Cause::Configuration
            | Cause::Settings(_)
            | Cause::Url(_)
            | Cause::Unreadable(_)
            | Cause::Unwritable(_)
            | Cause::Manifest
            | Cause::Program
            | Cause::Random(_)
            | Cause::History
            | Cause::Revision
            | Cause::Expression(_)
            | Cause::Plan(_)
            | Cause::System(_)
            | Cause::Script(_)
            | Cause::Check => None,
        }
    }

    /// Returns the location of the statement that failed or is in doubt, if there is one.
    pub(crate) fn location(&self) -> Option<&StatementLocation> {
        match self {
            Cause::Run(error) => error.failure().location(),
            Cause::CheckCausedBy(cause) => cause.location(),
            _ => None,
        }
    }

    /// Returns the library error behind the cause, if any.
    pub(crate) fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Cause::Cargo(error) => Some(error),
            Cause::Settings(error) => Some(error),
            Cause::Url(error) => Some(error),
            Cause::Unreadable(error) | Cause::Unwritable(error) | Cause::System(error) => {
                Some(error)
            }
            Cause::Random(error) => Some(error),
            Cause::Expression(error) => Some(&**error),
            Cause::Plan(error) => Some(&**error),
            Cause::Sqlite(error) => Some(error),
            Cause::Server(error) => Some(error),
            Cause::Run(error) => Some(&**error),
            Cause::Script(error) => Some(&**error),
            Cause::CheckCausedBy(cause) => cause.source(),
            Cause::Arguments
            | Cause::Workspace
            | Cause::Configuration
            | Cause::Manifest
            | Cause::Program
            | Cause::History
            | Cause::Revision
            | Cause::Check => None,
        }
    }
}
