//! Runs without a database.

mod conversations;
mod ensure;
mod failures;
mod fake;
mod lock;
mod postgres;
mod record;
mod retries;
mod revisions;
mod said;
mod splits;
mod truth;
mod unfinished;
