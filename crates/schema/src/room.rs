//! What the engines decide about schemas and objects: each has a room that answers the same questions.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::answers::{ReflectError, Rows};
use crate::change::Change;
use crate::comparison::{Comparison, Fate, InPlace, Moves, Transition};
use crate::model::{Object, ObjectId, Schema, Table};

/// The answers of an engine.
pub(crate) struct Room {
    /// The queries that a schema is read by, each with its name.
    pub(crate) queries: &'static [(&'static str, &'static str)],
    /// Reads their answers.
    pub(crate) reflect: fn(&[Rows]) -> Result<Schema, ReflectError>,
    /// Returns the second schema with the names that the first one has for the same objects.
    pub(crate) aligned: for<'s> fn(&Schema, &'s Schema) -> Cow<'s, Schema>,
    /// Returns a name as it is compared with others.
    pub(crate) folded: fn(&str) -> String,
    /// Returns whether a column may keep its type, the second one, where the first is stated roughly, as
    /// the type of a program's values is.
    pub(crate) fits: fn(&str, &str, &Schema) -> bool,
    /// Returns the second schema once the texts of its objects say what became of their parts, which were
    /// those of the first one.
    pub(crate) settled: fn(&Schema, Schema) -> Schema,
    /// Returns the tables that leave others and join others, and the schemas in which they stand by
    /// themselves.
    pub(crate) moves: for<'s> fn(&'s Schema, &'s Schema) -> Moves<'s>,
    /// Returns the kind and the name of each difference that is left when the first schema has become the
    /// second one.
    pub(crate) lasting: fn(&Schema, &Schema) -> Vec<(&'static str, String)>,
    /// Returns whether the transition of its table looks after an object.
    pub(crate) is_part: fn(&ObjectId) -> bool,
    /// Returns how the object that both schemas have becomes that of the second one.
    pub(crate) transition: fn(&ObjectId, [&Object; 2], Comparison<'_>) -> Transition,
    /// Returns whether the first of two objects, which both schemas have, must be taken away because of
    /// what happens to the second one, which it needs.
    pub(crate) must_go: fn(&ObjectId, &ObjectId, Fate, Comparison<'_>) -> bool,
    /// Returns whether a table, whose foreign keys are those of the first schema, refers to a key of the second
    /// table that this does not have in the second schema.
    pub(crate) loses_its_key: fn(&ObjectId, &ObjectId, &Schema, &Schema) -> bool,
    /// Returns which of the objects that are created the creation of this one can include.
    pub(crate) covers: fn(&ObjectId, &BTreeSet<ObjectId>, Comparison<'_>) -> BTreeSet<ObjectId>,
    /// Returns the creation of an object of the second schema, and of what it covers.
    pub(crate) create: fn(&ObjectId, &BTreeSet<ObjectId>, Comparison<'_>) -> Change,
    /// Returns which of the objects that are dropped go along when this one is dropped.
    pub(crate) drops_with: fn(&ObjectId, &BTreeSet<ObjectId>, Comparison<'_>) -> BTreeSet<ObjectId>,
    /// Returns the drop of an object of the first schema.
    pub(crate) drop: fn(&ObjectId, Comparison<'_>) -> Change,
    /// Returns what gives an object another name, if two objects differ in little else and can be renamed.
    pub(crate) renamed: fn(&ObjectId, &ObjectId, Comparison<'_>) -> Option<InPlace>,
    /// Writes the statements that make the second schema of the first one as a person would.
    pub(crate) polish: fn(&mut [Change], &Schema, &Schema),
    /// Returns the column of a table that numbers the rows because of its type, without a word that says so.
    pub(crate) numbered: fn(&Table) -> Option<String>,
    /// Returns how a person makes the engine number the rows of a table by a column.
    pub(crate) how_to_number: fn(&str, &str) -> String,
}
