//! Runs without a database.

mod conversations;
mod ensure;
mod failures;
mod fake;
mod postgres;
mod record;
mod revisions;
mod said;
mod truth;
mod unfinished;
