//! SQLite: changes of tables that its own `ALTER TABLE` lacks.
//!
//! [`plan`] takes the catalog and the actions of `ALTER TABLE` statements on one table, and returns
//! the statements that carry them out. The new definition is an edit of the stored text, so that
//! what nobody asked to change stays, to the byte.

mod aligned;
mod catalog;
mod dangling;
mod draft;
mod edit;
mod error;
mod facts;
mod keys;
mod mention;
mod names;
mod native;
mod rebuild;
mod reflect;
mod render;
mod rows;
#[cfg(test)]
mod tests;
mod transition;

pub(crate) use aligned::aligned;
pub(crate) use reflect::{QUERIES, reflect};
pub(crate) use render::{covers, create, drop, drops_with, must_go};
pub(crate) use transition::transition;

pub use catalog::{Catalog, Object, ObjectKind};
pub use dangling::{Compilation, DanglingKey, Offered, compilations, dangling_keys};
pub use error::{AlterError, Dependent};
pub use native::{is_foreign, is_native_everywhere, is_ours};
pub use rebuild::{Alteration, Explanation, Rebuild, Step, StepTask, plan};
pub use rows::{Check, Loss};
