//! Schemas of databases: how they are read and compared, and how tables are changed without losing
//! anything.
//!
//! Everything here is pure: it reads what a catalog says, and returns the statements that change it.

mod across;
mod answers;
mod change;
mod comparison;
mod counting;
mod diff;
mod engine;
mod filter;
mod model;
mod not_compared;
mod partial;
mod postgres;
mod reflect;
mod rename;
mod render;
mod room;
mod sharing;
pub mod sqlite;

pub use across::{Disagreement, Feature, FeatureKind, Referral, across};
pub use answers::{ReflectError, Rows};
pub use change::{Change, Cost, Hazard, Statement, Verb};
pub use comparison::DiffOptions;
pub use counting::counting;
pub use diff::{DiffError, diff};
pub use filter::{Filter, FilterError};
pub use model::{
    Attribute, Column, Constraint, ConstraintKind, Definition, Domain, Extension, Firing,
    Generated, Identity, Index, IndexUse, Object, ObjectId, ObjectKind, ObjectName, Partition,
    Routine, Schema, Sequence, SharedName, Statistics, Table, Trigger, View,
};
pub use not_compared::not_compared;
pub use partial::{PartialSchema, types};
pub use reflect::{queries, reflect};
pub use rename::{Rename, RenameError, find, plain_name, rename_candidates};
pub use render::{Part, Way, script, sections, summary};
pub use sharing::{Shared, Sharing, merge, shared};
