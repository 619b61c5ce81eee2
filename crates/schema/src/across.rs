//! Compares what two engines have of one crate: the same tables, columns and keys, whatever they call
//! the types.
//!
//! Each engine's schema becomes a set of [`Feature`]s, so that all there is to say is which of them one
//! engine has and the other one does not.

mod definition;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use alembic_sql::Dialect;

use crate::engine::room;
use crate::filter::is_like;
use crate::model::{
    Column, Constraint, ConstraintKind, Definition, Object, ObjectId, ObjectKind, Schema, Table,
};

pub use definition::Referral;

/// What a table has on one of two engines only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disagreement {
    /// What it is.
    pub feature: Feature,
    /// The engine that has it.
    pub only_on: Dialect,
}

/// What a table has, in words that engines share; names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    /// The table.
    pub table: String,
    /// What it has.
    pub kind: FeatureKind,
}

/// The kinds of features.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeatureKind {
    /// The table itself.
    Table,
    /// A column.
    Column(String),
    /// The refusal of NULL in a column.
    NotNull(String),
    /// A primary key with these columns.
    PrimaryKey(Vec<String>),
    /// The value that an INSERT without this column of the primary key gets.
    KeyValue(String),
    /// Columns whose values are unique together, by a constraint or by an index.
    Unique(Vec<String>),
    /// A unique index with expressions, on some rows, or with an order of its own, by its name.
    UniqueIndex(String),
    /// A foreign key with these columns.
    ForeignKey(Vec<String>, Referral),
}

/// Returns what the tables of two engines have differently.
///
/// Types, defaults, checks, indexes that are not unique, and everything that is not a table are not
/// compared; nor are virtual tables and partitions, which one engine alone can have.
#[must_use]
pub fn across(one: &Schema, other: &Schema) -> Vec<Disagreement> {
    let features = [one, other].map(features);
    let only = |at: usize| {
        let schema = [one, other][at];
        let (own, others) = (&features[at], &features[1 - at]);
        let alone: BTreeSet<&Feature> = own.difference(others).collect();
        let told = alone
            .iter()
            .filter(|feature| !is_implied(feature, own, others))
            .map(|feature| Disagreement {
                feature: (*feature).clone(),
                only_on: schema.dialect,
            });
        told.collect::<Vec<_>>()
    };
    let mut found = only(0);
    found.extend(only(1));
    found.sort();
    found
}

/// Returns whether a feature is missing on the other engine because of another one that is.
fn is_implied(feature: &Feature, own: &BTreeSet<Feature>, others: &BTreeSet<Feature>) -> bool {
    let of_table = |kind: FeatureKind| Feature {
        table: feature.table.clone(),
        kind,
    };
    let is_missing = |kind: FeatureKind| !others.contains(&of_table(kind));
    if feature.kind == FeatureKind::Table {
        return false;
    }
    if is_missing(FeatureKind::Table) {
        return true;
    }
    let columns = feature.kind.columns();
    let mut columns = columns.iter().cloned().map(FeatureKind::Column);
    match feature.kind {
        FeatureKind::Table | FeatureKind::Column(_) => false,
        // The key itself is another one.
        FeatureKind::KeyValue(_) => {
            let is_key = |other: &&Feature| {
                other.table == feature.table && matches!(other.kind, FeatureKind::PrimaryKey(_))
            };
            own.iter().find(is_key) != others.iter().find(is_key)
        }
        FeatureKind::NotNull(_)
        | FeatureKind::PrimaryKey(_)
        | FeatureKind::Unique(_)
        | FeatureKind::UniqueIndex(_)
        | FeatureKind::ForeignKey(..) => columns.any(is_missing),
    }
}

/// Returns what the tables of a schema have.
fn features(schema: &Schema) -> BTreeSet<Feature> {
    let mut features = BTreeSet::new();
    for (name, (id, table)) in comparable(schema) {
        let mut add = |kind| {
            features.insert(Feature {
                table: name.clone(),
                kind,
            });
        };
        add(FeatureKind::Table);
        let key = primary_key(schema, id).unwrap_or_default();
        let numbered = (room(schema.dialect).numbered)(table).map(|name| lower(&name));
        for (id, column) in schema.columns(id) {
            let name = lower(&id.name);
            add(FeatureKind::Column(name.clone()));
            let is_key = key.contains(&name);
            // SQLite takes NULL in a key that is not a number, and nothing relies on that.
            if column.not_null || is_key {
                add(FeatureKind::NotNull(name.clone()));
            }
            if is_key && (numbered.as_ref() == Some(&name) || has_value(schema, id, column)) {
                add(FeatureKind::KeyValue(name));
            }
        }
        for (_, object) in schema.parts(id, ObjectKind::Constraint) {
            if let Definition::Constraint(constraint) = &object.definition {
                of_constraint(schema, constraint)
                    .into_iter()
                    .for_each(&mut add);
            }
        }
        for (index_id, object) in indexes(schema, id) {
            if let Definition::Index(index) = &object.definition
                && index.unique
            {
                let columns = definition::plain_columns(&index.definition, schema.dialect);
                add(match columns {
                    Some(columns) => FeatureKind::Unique(sorted(&columns)),
                    None => FeatureKind::UniqueIndex(lower(&index_id.name)),
                });
            }
        }
    }
    features
}

/// Returns the tables that another engine can have, too, by their names.
///
/// The schema of a table is part of its name only if two have the same one.
fn comparable(schema: &Schema) -> BTreeMap<String, (&ObjectId, &Table)> {
    let tables = schema.objects.iter().filter_map(|(id, object)| {
        let Definition::Table(table) = &object.definition else {
            return None;
        };
        (!table.is_virtual && table.partition.is_none()).then_some((id, &**table))
    });
    let mut tables: Vec<_> = tables.collect();
    tables.sort_by_key(|(id, _)| id.schema != "public");
    let mut named = BTreeMap::new();
    for (id, table) in tables {
        let name = match named.contains_key(&lower(&id.name)) {
            true => format!("{}.{}", id.schema, id.name),
            false => lower(&id.name),
        };
        named.insert(name, (id, table));
    }
    named
}

fn indexes<'s>(
    schema: &'s Schema,
    table: &'s ObjectId,
) -> impl Iterator<Item = (&'s ObjectId, &'s Object)> {
    let indexes = schema.objects.iter();
    indexes.filter(move |(id, object)| match &object.definition {
        Definition::Index(index) => id.schema == table.schema && index.table == table.name,
        _ => false,
    })
}

fn primary_key(schema: &Schema, table: &ObjectId) -> Option<Vec<String>> {
    let mut constraints = schema.parts(table, ObjectKind::Constraint);
    constraints.find_map(|(_, object)| match &object.definition {
        Definition::Constraint(constraint) if constraint.kind == ConstraintKind::PrimaryKey => {
            Some(constraint.columns.iter().map(|name| lower(name)).collect())
        }
        _ => None,
    })
}

/// Returns whether a column gets a value of its own where an INSERT has none.
fn has_value(schema: &Schema, id: &ObjectId, column: &Column) -> bool {
    let default = id.of_kind(ObjectKind::Default);
    column.default.is_some()
        || column.generated.is_some()
        || column.identity.is_some()
        || schema.objects.contains_key(&default)
}

fn of_constraint(schema: &Schema, constraint: &Constraint) -> Option<FeatureKind> {
    let columns = || sorted(&constraint.columns);
    match constraint.kind {
        ConstraintKind::PrimaryKey => Some(FeatureKind::PrimaryKey(columns())),
        ConstraintKind::Unique => Some(FeatureKind::Unique(columns())),
        ConstraintKind::ForeignKey => {
            let (schema_name, table) = constraint.references.as_ref()?;
            let id = ObjectId::new(ObjectKind::Table, schema_name.as_str(), table.as_str());
            let mut referral = Referral::read(&constraint.definition, schema.dialect);
            referral.table = lower(table);
            if referral.columns.is_empty() {
                referral.columns = primary_key(schema, &id).unwrap_or_default();
            }
            // In the order of their names, each with the column that it refers to.
            let columns = constraint.columns.iter().map(|name| lower(name));
            let mut pairs: Vec<_> = columns.zip(referral.columns).collect();
            pairs.sort();
            let (columns, referred) = pairs.into_iter().unzip();
            referral.columns = referred;
            Some(FeatureKind::ForeignKey(columns, referral))
        }
        ConstraintKind::Check
        | ConstraintKind::Exclude
        | ConstraintKind::NotNull
        | ConstraintKind::Trigger => None,
    }
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn sorted<N: AsRef<str>>(names: &[N]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| lower(name.as_ref())).collect();
    names.sort();
    names
}

impl FeatureKind {
    /// Returns the columns that it is about.
    fn columns(&self) -> &[String] {
        match self {
            Self::Table | Self::UniqueIndex(_) => &[],
            Self::Column(name) | Self::NotNull(name) | Self::KeyValue(name) => {
                std::slice::from_ref(name)
            }
            Self::PrimaryKey(columns) | Self::Unique(columns) | Self::ForeignKey(columns, _) => {
                columns
            }
        }
    }
}

impl Disagreement {
    /// Returns whether a pattern names it: that of its table, or of one of its columns as `table.column`,
    /// with `*` for any characters.
    #[must_use]
    pub fn is_named_by(&self, pattern: &str) -> bool {
        let Feature { table, kind } = &self.feature;
        let pattern = lower(pattern);
        let mut columns = kind.columns().iter();
        is_like(table, &pattern)
            || columns.any(|column| is_like(&format!("{table}.{column}"), &pattern))
    }

    /// Returns how a person makes the other engine number the rows, too, if that is what it does not do.
    #[must_use]
    pub fn how_to_number(&self) -> Option<String> {
        let FeatureKind::KeyValue(column) = &self.feature.kind else {
            return None;
        };
        let mut others = Dialect::ALL.iter();
        let other = others.find(|dialect| **dialect != self.only_on)?;
        let product = other.product();
        let how = (room(*other).how_to_number)(&self.feature.table, column);
        Some(format!(
            "if the database is to number the rows on {product}, too, {how}"
        ))
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "only {} {}", self.only_on.product(), self.feature)
    }
}

impl fmt::Display for Feature {
    /// Writes what an engine does that has it: `refuses NULL in column t.c`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = &self.table;
        match &self.kind {
            FeatureKind::Table => write!(f, "has table {table}"),
            FeatureKind::Column(name) => write!(f, "has column {table}.{name}"),
            FeatureKind::NotNull(name) => write!(f, "refuses NULL in column {table}.{name}"),
            FeatureKind::KeyValue(name) => {
                write!(
                    f,
                    "gives key {table}.{name} a value when an INSERT has none"
                )
            }
            FeatureKind::PrimaryKey(columns) => {
                write!(
                    f,
                    "has PRIMARY KEY ({}) on table {table}",
                    columns.join(", ")
                )
            }
            FeatureKind::Unique(columns) => {
                write!(f, "has UNIQUE ({}) on table {table}", columns.join(", "))
            }
            FeatureKind::UniqueIndex(name) => {
                write!(f, "has unique index {name} on table {table}")
            }
            FeatureKind::ForeignKey(columns, referral) => {
                let columns = columns.join(", ");
                write!(f, "has FOREIGN KEY ({columns}) {referral} on table {table}")
            }
        }
    }
}
