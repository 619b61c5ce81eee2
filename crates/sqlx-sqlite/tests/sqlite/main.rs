//! The driver on real databases, each in a folder of its own, compared with the driver for
//! rusqlite.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

mod both;
mod cancelled;
mod crowds;
mod dump;
mod locks;
mod same;
mod scratch;
mod transactions;
mod workspace;
