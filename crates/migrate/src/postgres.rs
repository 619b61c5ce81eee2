//! What the drivers for PostgreSQL have in common: errors of the server, and messages of several
//! statements.

mod error;
mod message;

pub(crate) use error::{Aftermath, Description, ServerError, UNEXPECTED_ANSWER};
pub(crate) use message::{SEPARATOR, second_statement, to_statement};
