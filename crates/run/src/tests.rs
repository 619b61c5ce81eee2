//! Runs without a database.

mod conversations;
mod dangling;
mod ensure;
mod failures;
mod fake;
mod ledger;
mod lock;
mod log;
mod other_tools;
mod postgres;
mod retries;
mod revisions;
mod rows;
mod rows_of_sections;
mod splits;
mod sql;
mod truth;
mod unfinished;
mod versions;
