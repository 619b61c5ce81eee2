//! Runs without a database.

mod conversations;
mod failures;
mod fake;
