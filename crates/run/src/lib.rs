//! Carries out plans on databases, through whatever library a driver uses, and writes them as scripts.
//!
//! A [`Run`] never touches a database itself. It decides which requests to make, in which order,
//! and what the replies mean; a driver executes statements and queries. A synchronous library
//! implements [`Connection`], an asynchronous one [`AsyncConnection`]:
//!
//! ```
//! use alembic_history::{Dialect, History};
//! use alembic_run::{Connection, DatabaseError, Execute, Query, Row, Runner};
//!
//! /// A database that stays empty.
//! struct Empty;
//!
//! impl Connection for Empty {
//!     fn execute(&mut self, _statement: &Execute<'_>) -> Result<u64, DatabaseError> {
//!         Ok(0)
//!     }
//!
//!     fn query(&mut self, _query: &Query) -> Result<Vec<Row>, DatabaseError> {
//!         Ok(Vec::new())
//!     }
//! }
//!
//! let history = History::default();
//! let run = Runner::new(&history, Dialect::Sqlite).upgrade("heads");
//! let report = run.drive(&mut Empty, &|_event| {}).unwrap();
//! assert!(report.steps.is_empty());
//! ```
//!
//! This crate is internal to `alembic-migrate`: its exports follow the needs of that crate and of
//! the command line.

mod action;
mod alter;
mod base;
mod batch;
mod broken;
mod commands;
mod dangling;
mod database_error;
mod describe;
mod engine;
mod ensure;
mod error;
mod event;
mod exchange;
mod failure;
mod inspect;
mod ledger;
mod link;
mod log;
mod notice;
mod other_objects;
mod other_tools;
mod outside;
mod pieces;
mod policy;
mod progress;
mod refusal;
mod refused_request;
mod rehearsed;
mod report;
mod request;
mod runner;
mod schema;
mod script;
mod session;
mod session_changes;
mod soundness;
mod state;
mod steps;
mod tables;
mod target;
mod tool_table;
mod undo;
mod verify;
mod versions;

pub use action::Action;
pub use alter::AlterFault;
pub use broken::BrokenObject;
pub use dangling::{ForeignKey, Violation};
pub use database_error::{DatabaseError, DatabaseErrorKind};
pub use engine::sqlite_error;
pub use ensure::ensure_all;
pub use error::{FailureKind, RunError};
pub use event::{Event, Executed, Holder, Lost, Rebuilt, RowsCopied, RunStep};
pub use exchange::{AsyncConnection, Connection, Observer, Run};
pub use failure::{Failure, StatementLocation, StatementScope, Unacceptable};
pub use log::{Author, LogAction, LogEntry, LogGap, LogReport, LogWriter, LoggedRevision, Record};
pub use notice::{Notice, NoticeOrigin, Severity};
pub use other_tools::other_tool_tables;
pub use policy::{Interruption, Missing, Purge};
pub use rehearsed::Rehearsed;
pub use report::{
    EnsureReport, Ensured, Expected, Inspection, OtherTool, Outcome, Report, Scenario, StampReport,
    Status, StepReport, UnfinishedRevision, Verification,
};
pub use request::{Batch, Effect, Execute, Query, Row, Watch};
pub use runner::{DEFAULT_LOCK_TIMEOUT, Runner};
pub use script::{Obstacle, ScriptError};
pub use state::DatabaseState;
pub use target::{Ahead, Schema, SchemaRole, Target};
pub use tool_table::{TakeOver, ToolColumn, ToolRecord, ToolTable};
pub use undo::Undo;

#[cfg(test)]
mod tests;
