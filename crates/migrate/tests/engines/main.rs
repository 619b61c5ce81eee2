//! The library on real databases, through every driver: files of SQLite, each in a folder of its
//! own, and databases of a PostgreSQL server that goes away with this process.
//!
//! The scenarios that all drivers pass are those of `alembic-suite`; the rest is here.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

mod postgres;
mod rusqlite;

mod pool {
    alembic_suite::driver_suite!(crate::postgres::Pool: outside, pool);
}

mod options {
    alembic_suite::driver_suite!(crate::postgres::Options: outside);
}

mod connection {
    alembic_suite::driver_suite!(crate::postgres::Connection: connection);
}

mod tokio_postgres {
    alembic_suite::driver_suite!(crate::postgres::TokioPostgres: connection);
}
