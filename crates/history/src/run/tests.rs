//! Runs without a database.

#![expect(
    clippy::result_large_err,
    reason = "how large an error is does not matter to a test"
)]

mod conversations;
mod failures;
mod fake;
