//! The driver on real databases, each in a folder of its own.
//!
//! The scenarios that all drivers pass are those of `alembic-suite`, with results that are equal to
//! those of the driver for rusqlite; what concerns futures and sqlx alone is here.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

mod cancelled;
mod drivers;
mod imported;
mod locks;
mod models;
mod tasks;
mod transactions;

mod pool {
    alembic_suite::driver_suite!(crate::drivers::Pool: outside, connection, pool, sqlite, reference);
}

mod connection {
    alembic_suite::driver_suite!(crate::drivers::Connection: outside, connection, sqlite, reference);
}
