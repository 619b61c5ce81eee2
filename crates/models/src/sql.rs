//! Writes tables as DDL.

mod default;
mod postgres;
mod sqlite;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use alembic_sql::{Dialect, literal, quote};

use crate::fault::{ModelError, ModelFault};
use crate::link::{Known, LinkedColumn, LinkedTable, Stored, link};
use crate::model::{Each, Engines, EnumModel, Identity, TableModel, Text};
use crate::order::{Address, address, creation_order};

/// What differs between the engines; each has a file named after it.
struct Rules {
    /// Returns the text that is for the engine.
    text: fn(&Each) -> Option<&Text>,
    /// Returns whether the engine has something.
    exists: fn(Engines) -> bool,
    /// Returns the name of a column's type.
    type_name: fn(&TableModel, &LinkedColumn<'_>) -> Option<String>,
    /// Returns what makes the primary key number the rows.
    identity: fn(Identity) -> &'static str,
    /// Returns a default as it is written.
    default: fn(&str) -> String,
    /// Whether tables have schemas.
    has_schemas: bool,
    /// Whether enums are types.
    has_enums: bool,
    /// Whether constraints are added to tables that exist, and tables referred to have to exist.
    adds_constraints: bool,
    /// Whether the index of a key is a relation by the name of the key.
    names_keys: bool,
    /// Whether tables and columns have comments.
    has_comments: bool,
    /// Whether indexes have methods and columns that they only store, and unique ones can take
    /// NULLs as equal.
    has_methods: bool,
    /// Whether unique constraints and primary keys can be deferred.
    defers_unique: bool,
    /// Returns what is written after the columns.
    options: fn(&TableModel) -> String,
}

fn rules(dialect: Dialect) -> &'static Rules {
    match dialect {
        Dialect::Sqlite => &sqlite::RULES,
        Dialect::Postgres => &postgres::RULES,
    }
}

/// Returns the statements that create tables, in their order: schemas, types, and each table with
/// its indexes and comments.
pub(crate) fn create_sql(
    tables: &[&TableModel],
    known: &dyn Known,
    dialect: Dialect,
) -> Result<String, Vec<ModelError>> {
    let mut linked = Vec::new();
    let mut errors = Vec::new();
    for model in tables {
        match link(model, known) {
            Ok(table) => linked.push(table),
            Err(faults) => errors.push(error(model, faults)),
        }
    }
    let rules = rules(dialect);
    errors.extend(doubled(&linked, rules));
    errors.extend(contradicting(&linked, rules));
    let order = creation_order(&linked);
    let mut paragraphs = Vec::new();
    paragraphs.extend(schemas(&linked, rules));
    paragraphs.extend(types(&linked, rules));
    let mut created = BTreeSet::new();
    let every: BTreeSet<_> = linked.iter().map(address).collect();
    let mut late = Vec::new();
    for place in order {
        let table = &linked[place];
        created.insert(address(table));
        // A key to a table that comes later is added at the end.
        let is_later = |target: Address<'_>| every.contains(&target) && !created.contains(&target);
        match table::create(table, dialect, &is_later) {
            Ok(statements) => {
                paragraphs.push(statements.create);
                late.extend(statements.late);
            }
            Err(faults) => errors.push(error(table.model, faults)),
        }
    }
    if !late.is_empty() {
        paragraphs.push(late.concat());
    }
    match errors.is_empty() {
        true => Ok(paragraphs.join("\n")),
        false => Err(errors),
    }
}

fn error(model: &TableModel, faults: Vec<ModelFault>) -> ModelError {
    ModelError {
        schema: model.schema.as_ref().map(ToString::to_string),
        table: model.name.to_string(),
        faults,
    }
}

/// Finds tables and indexes of different structs that have one name.
fn doubled(tables: &[LinkedTable<'_>], rules: &Rules) -> Vec<ModelError> {
    let mut errors = Vec::new();
    let mut relations: BTreeMap<(Option<&str>, String), &str> = BTreeMap::new();
    for table in tables {
        let schema = table.model.schema.as_deref().filter(|_| rules.has_schemas);
        let indexes = table.indexes.iter();
        let indexes = indexes.filter(|one| (rules.exists)(one.index.engines));
        let indexes = indexes.map(|one| &one.name);
        let keys = table.constraints.iter();
        let keys = keys.filter(|one| rules.names_keys && one.rule.is_key());
        let keys = keys.filter_map(|one| one.name.as_ref());
        let names = std::iter::once(&table.model.name)
            .chain(indexes)
            .chain(keys);
        let mut faults = Vec::new();
        for name in names {
            let key = (schema, name.to_ascii_lowercase());
            if let Some(other) = relations.insert(key, &table.model.name)
                && (other != table.model.name || *name == table.model.name)
            {
                let text = format!("table `{other}` already has something called `{name}`");
                faults.push(ModelFault::new(text).with_help("give one of them another `name`"));
            }
        }
        if !faults.is_empty() {
            errors.push(error(table.model, faults));
        }
    }
    errors
}

/// Finds types of enums that have one name and different values, or the name of a table.
fn contradicting(tables: &[LinkedTable<'_>], rules: &Rules) -> Vec<ModelError> {
    let mut errors = Vec::new();
    let mut known: BTreeMap<Address<'_>, Option<&EnumModel>> = BTreeMap::new();
    if rules.has_enums {
        known.extend(tables.iter().map(|table| (address(table), None)));
    }
    for table in tables.iter().filter(|_| rules.has_enums) {
        for linked in &table.columns {
            let Some((model, name)) = native(linked) else {
                continue;
            };
            let key = (model.schema.as_deref(), name);
            let other = known.entry(key).or_insert(Some(model));
            if other.is_none_or(|other| other != model) {
                let what = if other.is_some() { "enum" } else { "table" };
                let text = format!("the type `{name}` has the name of another {what}");
                let fault = ModelFault::new(text).with_help("name it: `native = \"...\"`");
                errors.push(error(table.model, vec![fault.at(&linked.column.field)]));
            }
        }
    }
    errors
}

fn schemas(tables: &[LinkedTable<'_>], rules: &Rules) -> Option<String> {
    let of_tables = tables.iter().map(|table| table.model.schema.as_deref());
    let of_types = enums(tables).map(|model| model.schema.as_deref());
    let names: BTreeSet<&str> = of_tables.chain(of_types).flatten().collect();
    let names = names.iter().filter(|_| rules.has_schemas);
    let statements: String = names
        .map(|name| format!("CREATE SCHEMA IF NOT EXISTS {};\n", quote(name)))
        .collect();
    (!statements.is_empty()).then_some(statements)
}

fn enums<'t, 'k>(tables: &'t [LinkedTable<'k>]) -> impl Iterator<Item = &'k EnumModel> + 't {
    let columns = tables.iter().flat_map(|table| &table.columns);
    columns.filter_map(|column| Some(native(column)?.0))
}

/// Returns the enum whose type a column has, and the name of that type, on engines that have enums.
fn native<'k>(column: &LinkedColumn<'k>) -> Option<(&'k EnumModel, &'k str)> {
    match column.stored {
        Stored::Enum(model) if column.stated.postgres.is_none() => {
            Some((model, model.native.as_deref()?))
        }
        Stored::Enum(_) | Stored::Sql(_) => None,
    }
}

/// Returns the statements that create the types of enums.
fn types(tables: &[LinkedTable<'_>], rules: &Rules) -> Option<String> {
    if !rules.has_enums {
        return None;
    }
    let mut statements = BTreeSet::new();
    for model in enums(tables) {
        let name = qualified(model.schema.as_deref(), model.native.as_deref()?);
        let values: Vec<String> = model.values.iter().map(|value| literal(value)).collect();
        statements.insert(format!(
            "CREATE TYPE {name} AS ENUM ({});\n",
            values.join(", ")
        ));
    }
    let statements: String = statements.into_iter().collect();
    (!statements.is_empty()).then_some(statements)
}

/// Returns the name of an object with its schema.
fn qualified(schema: Option<&str>, name: &str) -> String {
    match schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(name)),
        None => quote(name),
    }
}
