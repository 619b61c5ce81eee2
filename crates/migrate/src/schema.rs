//! The schema of a database as data, and how two of them differ.

pub use alembic_schema::{
    Attribute, Change, Column, Constraint, ConstraintKind, Cost, Definition, DiffError,
    DiffOptions, Disagreement, Domain, Extension, Feature, FeatureKind, Generated, Hazard,
    Identity, Index, Object, ObjectId, ObjectKind, ObjectName, Referral, Routine, Schema, Sequence,
    SharedName, Statement, Table, Verb, View, across, diff,
};
