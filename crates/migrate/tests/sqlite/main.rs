//! The library on real SQLite databases, each in a folder of its own.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]
#![expect(
    clippy::result_large_err,
    reason = "how large an error is does not matter to a test"
)]

mod broken_files;
mod dump;
mod failures;
mod foreign_keys;
mod handover;
mod hostile;
mod races;
mod reading;
mod scratch;
mod statements;
mod version_table;
