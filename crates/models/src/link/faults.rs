//! What is wrong with a table as a whole.

use std::collections::BTreeSet;

use alembic_sql::literal;

use super::{LinkedColumn, LinkedRule, LinkedTable, Stored};
use crate::fault::ModelFault;
use crate::model::{EnumModel, Text};

/// Finds what no single struct of a table shows.
pub(super) fn faults_of(table: &LinkedTable<'_>) -> Vec<ModelFault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for LinkedColumn { column, .. } in &table.columns {
        if !seen.insert(column.name.to_ascii_lowercase()) {
            let text = format!("two fields are the column `{}`", column.name);
            faults.push(ModelFault::new(text).at(&column.field));
        }
    }
    if table.columns.is_empty() {
        faults.push(ModelFault::new("the table has no columns"));
    }
    let keys = table.constraints.iter().filter_map(|one| match &one.rule {
        LinkedRule::PrimaryKey(columns) => Some(columns),
        LinkedRule::Unique { .. } | LinkedRule::Check { .. } | LinkedRule::ForeignKey { .. } => {
            None
        }
    });
    let keys: Vec<&Vec<&str>> = keys.collect();
    if keys.len() > 1 {
        faults.push(
            ModelFault::new("the table has two primary keys")
                .with_help("name several columns in one key: `primary_key(a, b)` on the struct"),
        );
    }
    let key: &[&str] = keys.first().map_or(&[], |key| key.as_slice());
    for linked in &table.columns {
        let column = linked.column;
        let name = &*column.name;
        if column.identity.is_some() && !linked.is_integer() {
            faults.push(ModelFault::new("only integers number rows").at(&column.field));
        }
        if column.identity.is_some() && key != [name] {
            faults.push(
                ModelFault::new("rows are numbered only by the whole primary key")
                    .with_help("remove `identity`, or make the column the only one of the key")
                    .at(&column.field),
            );
        }
        if column.identity.is_some() && table.model.without_rowid {
            faults.push(
                ModelFault::new("a table without rowids does not number its rows")
                    .with_help("remove `identity` or `without_rowid`")
                    .at(&column.field),
            );
        }
        if column.nullable && key.contains(&name) {
            faults.push(
                ModelFault::new("a column of the primary key cannot be NULL")
                    .with_help("use the type without `Option`")
                    .at(&column.field),
            );
        }
    }
    faults.extend(table.columns.iter().filter_map(default_of_enum));
    if table.model.without_rowid && key.is_empty() {
        faults.push(ModelFault::new(
            "a table without rowids has to have a primary key",
        ));
    }
    let mut names = BTreeSet::new();
    let constraints = table.constraints.iter().filter_map(|one| one.name.as_ref());
    for name in constraints.chain(table.indexes.iter().map(|index| &index.name)) {
        if !names.insert(name) {
            let text = format!("two constraints or indexes of the table are called `{name}`");
            faults.push(ModelFault::new(text).with_help("give one of them another `name`"));
        }
    }
    faults
}

/// Finds a default that the type of its column refuses.
fn default_of_enum(linked: &LinkedColumn<'_>) -> Option<ModelFault> {
    let Stored::Enum(model) = linked.stored else {
        return None;
    };
    let is_refused = |text: &&Text| {
        let value = text_of(text);
        value.is_some_and(|value| !model.values.iter().any(|one| **one == *value))
    };
    let (default, stated) = (&linked.column.default, &linked.stated);
    let defaults = [
        (&default.sqlite, &stated.sqlite),
        (&default.postgres, &stated.postgres),
    ];
    let defaults = defaults.into_iter().filter(|(_, stated)| stated.is_none());
    let mut defaults = defaults.filter_map(|(default, _)| default.as_ref());
    if linked.is_array || !(model.is_checked || model.native.is_some()) {
        return None;
    }
    let default = defaults.find(is_refused)?;
    let text = format!("the default {default} is no value of its type");
    let fault = ModelFault::new(text).with_help(format!("write {}", values(model)));
    Some(fault.at(&linked.column.field))
}

/// Returns the text that a plain literal stands for.
fn text_of(literal: &str) -> Option<String> {
    let inner = literal.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    let rest = inner.replace("''", "");
    (!rest.contains('\'')).then(|| inner.replace("''", "'"))
}

/// Returns the values of an enum as a sentence lists them.
fn values(model: &EnumModel) -> String {
    let values = model.values.iter().map(|value| literal(value));
    values.collect::<Vec<_>>().join(" or ")
}
