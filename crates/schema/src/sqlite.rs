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
mod full_text;
mod keys;
mod mention;
mod names;
mod native;
mod partial;
mod rebuild;
mod reflect;
mod render;
mod rows;
#[cfg(test)]
mod tests;
mod transition;

use crate::comparison::Moves;
use crate::model::ObjectKind as Kind;
use crate::room::Room;

pub use catalog::{Catalog, Object, ObjectKind};
pub use dangling::{Compilation, DanglingKey, Offered, compilations, dangling_keys};
pub use error::{AlterError, Dependent};
pub use native::{is_foreign, is_native_everywhere, is_ours};
pub use rebuild::{Alteration, Explanation, Portions, Rebuild, Step, StepTask, plan};
pub use rows::{Check, Loss};

/// What SQLite says to the questions about schemas.
pub(crate) static ROOM: Room = Room {
    queries: reflect::QUERIES,
    reflect: reflect::reflect,
    aligned: aligned::aligned,
    folded: str::to_ascii_lowercase,
    fits: partial::fits,
    settled: partial::settled,
    moves: |from, to| Moves::none(from, to),
    lasting: |_, _| Vec::new(),
    is_part: |id| matches!(id.kind, Kind::Column | Kind::Constraint),
    transition: transition::transition,
    must_go: render::must_go,
    loses_its_key: keys::loses_its_key,
    covers: render::covers,
    create: render::create,
    drops_with: render::drops_with,
    drop: render::drop,
    // It renames nothing but tables and columns.
    renamed: |_, _, _| None,
    polish: |_, _, _| {},
    numbered: keys::numbered,
    how_to_number: keys::how_to_number,
};
