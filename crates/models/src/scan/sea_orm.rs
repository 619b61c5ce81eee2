//! Reads the entities of sea-orm as what they state about tables.

mod arguments;
mod chain;
mod default;
mod entity;
mod expanded;
mod names;
mod relation;
mod types;
mod value;

use syn::Path;

pub(super) use entity::read_entity;
pub(super) use expanded::{Parts, read_expanded, trait_of};
pub(super) use names::name_all;
pub(super) use relation::{Relations, read_relation_impl, read_relations, remove_impossible};
pub(super) use types::{is_integer, stored_alias};
pub(super) use value::{read_active_enum, read_json, read_value_type};

/// The name of the struct that stands for an entity, and that the derive adds.
pub(super) const ENTITY: &str = "Entity";

/// The traits by which an entity says what it is, where it is written out.
pub(super) const TRAITS: [&str; 4] = [
    "ColumnTrait",
    "EntityName",
    "PrimaryKeyTrait",
    RELATION_TRAIT,
];

pub(super) const RELATION_TRAIT: &str = "RelationTrait";

/// What is known of the types that a struct names.
pub(super) trait Scope {
    /// Returns what a path means if the sources declare it.
    fn declared(&self, path: &Path) -> Option<Declared>;
}

/// A type that the sources declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// It is stored as an integer.
    Integer,
    /// It is stored as something else, or it is not known how.
    Other,
}
