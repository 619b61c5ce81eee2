//! The scenarios that every driver must pass, as functions that are generic over the driver.
//!
//! A crate with a driver implements [`Subject`], [`Handle`] and, for an engine that has no
//! [`Database`] here, that as well; [`driver_suite!`] then makes a test of each scenario:
//!
//! ```text
//! mod pool {
//!     alembic_suite::driver_suite!(crate::drivers::Pool: outside, pool);
//! }
//! ```
//!
//! What the scenarios read from the library's reports and errors is in [`answer`], so that a change
//! of those types is made there.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]
#![expect(
    missing_docs,
    reason = "the name of a scenario says what it checks, and becomes the name of the test"
)]

pub mod answer;
mod command;
mod comparison;
pub mod revisions;
mod sql;
mod subject;
mod suite;

pub mod described;
pub mod failures;
pub mod handover;
pub mod hostile;
pub mod log;
pub mod races;
pub mod reading;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod statements;
pub mod transactions;
pub mod unfinished;
pub mod unwinding;
pub mod verified;
pub mod version_table;

pub use command::Command;
pub use log::{LOG, check_log};
pub use subject::{Content, Database, Handle, PoolSubject, Share, Subject, Trace};
