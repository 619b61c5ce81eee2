//! Runs without a database.

mod conversations;
mod ensure;
mod failures;
mod fake;
mod lock;
mod log;
mod postgres;
mod retries;
mod revisions;
mod truth;
mod unfinished;
