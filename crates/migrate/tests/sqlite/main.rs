//! The library on real SQLite databases, each in a folder of its own.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
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
