//! PostgreSQL: what its catalogs say, and the statements that change its objects.

mod cast;
mod comment;
mod create;
mod dependents;
mod drop;
mod facts;
mod name;
mod queries;
mod reflect;
mod rename;
mod sequence;
#[cfg(test)]
mod tests;
mod transition;

pub(crate) use create::create;
pub(crate) use dependents::{covers, must_go};
pub(crate) use drop::{drop, drops_with};
pub(crate) use queries::QUERIES;
pub(crate) use reflect::reflect;
pub(crate) use rename::renamed;
pub(crate) use transition::transition;
