//! Runs without a database.

mod conversations;
mod fake;
mod log;
mod revisions;
mod truth;
mod failures;
mod lock;
mod unfinished;
