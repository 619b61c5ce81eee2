//! Runs without a database.

mod conversations;
mod ensure;
mod failures;
mod fake;
