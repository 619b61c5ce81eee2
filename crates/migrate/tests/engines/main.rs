//! The library on real databases, through every driver: files of SQLite, each in a folder of its
//! own, and databases of a PostgreSQL server that goes away with this process.
//!
//! What is beside this file runs on both and has equal results, but for what the databases say.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

mod described;
mod engine;
mod failures;
mod handover;
mod hostile;
mod postgres;
mod races;
mod reading;
mod revisions;
mod sqlite;
mod statements;
mod unfinished;
mod version_table;
