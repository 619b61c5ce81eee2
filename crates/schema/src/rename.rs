//! Finds what may have been renamed, and writes the statements that rename.

use std::collections::BTreeSet;
use std::fmt;

use alembic_sql::quote;

use crate::engine::room;
use crate::model::{Definition, ObjectId, ObjectKind, ObjectName, Schema, SharedName};

/// A table or a column, and its other name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rename {
    /// The table or column.
    pub object: ObjectId,
    /// The same by its other name; a table may be in another schema then.
    pub renamed: ObjectId,
}

/// A rename that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenameError {
    /// It does not have the form `old=new`.
    Form,
    /// The schema has no table and no column of this name.
    Unknown(String),
    /// There are several.
    Ambiguous(String, Vec<ObjectId>),
    /// Something else has the new name before the revision.
    Taken(String),
    /// The table would move to a schema that is not there yet.
    NoSchema(String),
}

impl Rename {
    /// Reads `table=table` or `table.column=column`, by the names in a schema.
    ///
    /// # Errors
    ///
    /// Another form, or an object that the schema does not have.
    pub fn parse(text: &str, schema: &Schema) -> Result<Self, RenameError> {
        let (old, new) = text.split_once('=').ok_or(RenameError::Form)?;
        let (old, new) = (old.trim(), new.trim());
        if old.is_empty() || new.is_empty() {
            return Err(RenameError::Form);
        }
        let object = find(old, schema)?;
        // The new name may be written as the old one is, with its table or schema.
        let place = old.strip_suffix(object.name.as_str()).unwrap_or_default();
        let name = new.strip_prefix(place).unwrap_or(new);
        let has_schemas = object.kind == ObjectKind::Table && !object.schema.is_empty();
        Ok(match name.split_once('.') {
            Some((schema, name)) if has_schemas => Self {
                renamed: ObjectId::new(ObjectKind::Table, schema, name),
                object,
            },
            _ => Self::within(object, name),
        })
    }

    /// Gives a table or column another name where it is.
    pub fn within(object: ObjectId, name: impl Into<SharedName>) -> Self {
        let renamed = ObjectId::from(ObjectName {
            name: name.into(),
            ..(*object).clone()
        });
        Self { object, renamed }
    }

    /// Returns the statements that rename.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        let table = qualified(&table(&self.object));
        let (old, new) = (&self.object, &self.renamed);
        let name = quote(&new.name);
        if old.kind == ObjectKind::Column {
            let old = quote(&old.name);
            return vec![format!("ALTER TABLE {table} RENAME COLUMN {old} TO {name}")];
        }
        let mut statements = Vec::new();
        if old.name != new.name {
            statements.push(format!("ALTER TABLE {table} RENAME TO {name}"));
        }
        if old.schema != new.schema {
            let moved = ObjectId::new(ObjectKind::Table, &old.schema, &new.name);
            let (moved, schema) = (qualified(&moved), quote(&new.schema));
            statements.push(format!("ALTER TABLE {moved} SET SCHEMA {schema}"));
        }
        statements
    }

    /// Returns the rename that takes this one back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            object: self.renamed.clone(),
            renamed: self.object.clone(),
        }
    }

    /// Returns the new name, with the schema if that is another one.
    #[must_use]
    pub fn new_name(&self) -> String {
        let new = &self.renamed;
        match self.object.schema == new.schema {
            true => new.name.to_string(),
            false => format!("{}.{}", new.schema, new.name),
        }
    }
}

/// Finds a table or a column by its name, as [`plain_name`] writes it.
///
/// # Errors
///
/// None, or several.
pub fn find(name: &str, schema: &Schema) -> Result<ObjectId, RenameError> {
    let ids = schema.objects.keys();
    let found = ids.filter(|id| is_renamable(id) && plain_name(id) == name);
    let found: Vec<ObjectId> = found.cloned().collect();
    match found.as_slice() {
        [] => Err(RenameError::Unknown(name.to_owned())),
        [one] => Ok(one.clone()),
        _ => Err(RenameError::Ambiguous(name.to_owned(), found)),
    }
}

/// Returns the name of an object without its kind.
#[must_use]
pub fn plain_name(id: &ObjectId) -> String {
    let text = id.to_string();
    let prefix = format!("{} ", id.kind.as_str());
    text.strip_prefix(&prefix).unwrap_or(&text).to_owned()
}

fn is_renamable(id: &ObjectId) -> bool {
    matches!(id.kind, ObjectKind::Table | ObjectKind::Column)
}

/// Returns the table that a table or a column is in.
fn table(id: &ObjectId) -> ObjectId {
    match &id.parent {
        Some(parent) => ObjectId::new(ObjectKind::Table, id.schema.as_str(), parent),
        None => id.clone(),
    }
}

fn qualified(id: &ObjectId) -> String {
    match id.schema.as_str() {
        "" | "public" => quote(&id.name),
        schema => format!("{}.{}", quote(schema), quote(&id.name)),
    }
}

/// Returns what may have been renamed: a table of which another one has most columns, and a column
/// in whose table another one of its type is new.
#[must_use]
pub fn rename_candidates(from: &Schema, to: &Schema) -> Vec<Rename> {
    let mut candidates = Vec::new();
    for old in only_in(from, to) {
        for new in only_in(to, from) {
            let is_alike = match (old.kind, new.kind) {
                (ObjectKind::Table, ObjectKind::Table) => shares_columns((from, old), (to, new)),
                (ObjectKind::Column, ObjectKind::Column) => {
                    old.parent == new.parent && has_type((from, old), (to, new))
                }
                _ => false,
            };
            let is_near = match old.kind {
                ObjectKind::Table => old.schema == new.schema || old.name == new.name,
                _ => old.schema == new.schema,
            };
            if is_alike && is_near {
                candidates.push(Rename {
                    object: old.clone(),
                    renamed: new.clone(),
                });
            }
        }
    }
    candidates
}

/// Returns the tables that only one schema has, and the columns of tables that both have.
fn only_in<'s>(schema: &'s Schema, other: &'s Schema) -> impl Iterator<Item = &'s ObjectId> {
    schema.objects.keys().filter(|id| {
        is_renamable(id)
            && other.get(id).is_none()
            && (id.kind == ObjectKind::Table || other.get(&table(id)).is_some())
    })
}

fn shares_columns(old: (&Schema, &ObjectId), new: (&Schema, &ObjectId)) -> bool {
    let names = |(schema, table): (&Schema, &ObjectId)| -> BTreeSet<SharedName> {
        let columns = schema.columns(table).into_iter();
        columns.map(|(id, _)| id.name.clone()).collect()
    };
    let (old, new) = (names(old), names(new));
    let shared = old.intersection(&new).count();
    shared * 2 > old.len().max(new.len())
}

/// Returns whether a column could hold what another one holds.
fn has_type(old: (&Schema, &ObjectId), new: (&Schema, &ObjectId)) -> bool {
    let data_type = |(schema, id): (&Schema, &ObjectId)| match &schema.get(id)?.definition {
        Definition::Column(column) => Some(column.data_type.to_ascii_lowercase()),
        _ => None,
    };
    match (data_type(old), data_type(new)) {
        (Some(before), Some(after)) => (room(new.0.dialect).fits)(&after, &before, old.0),
        _ => false,
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", plain_name(&self.object), self.new_name())
    }
}

impl fmt::Display for RenameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("it is neither `table=table` nor `table.column=column`"),
            Self::Unknown(name) => write!(f, "there is no table and no column `{name}`"),
            Self::NoSchema(name) => write!(
                f,
                "there is no schema `{name}` before the revision: let an earlier one create it"
            ),
            Self::Taken(name) => write!(f, "there is another `{name}` before the revision"),
            Self::Ambiguous(name, found) => {
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                write!(f, "`{name}` is {}", found.join(" or "))
            }
        }
    }
}

impl std::error::Error for RenameError {}

#[cfg(test)]
mod tests;
