//! What constraints and indexes of entities are called.

use super::relation::column_name;
use crate::model::{Part, Rule, TableModel, Text};
use crate::naming::LONGEST_NAME;

/// Gives the names that sea-orm gives to what has none, as PostgreSQL keeps them: it cuts long ones.
pub(in crate::scan) fn name_all(table: &mut TableModel) {
    let given = |kind: &str, fields: &[&Text]| -> Text {
        let columns = fields.iter().map(|field| column_name(table, field));
        let columns: Vec<&str> = columns.collect();
        format!("{kind}-{}-{}", table.name, columns.join("_")).into()
    };
    let constraints = table.columns.constraints.iter().map(|constraint| {
        let own = || match &constraint.rule {
            Rule::ForeignKey { fields, .. } => {
                let fields: Vec<&Text> = fields.iter().collect();
                Some(given("fk", &fields))
            }
            // The engine names them.
            Rule::PrimaryKey { .. } | Rule::Unique { .. } | Rule::Check { .. } => None,
        };
        constraint.name.clone().or_else(own).map(kept)
    });
    let indexes = table.columns.indexes.iter().map(|index| {
        let fields = index.parts.iter().filter_map(|part| match part {
            Part::Field(field) => Some(field),
            Part::Sql(_) => None,
        });
        let fields: Vec<&Text> = fields.collect();
        let own = || given("idx", &fields);
        kept(index.name.clone().unwrap_or_else(own))
    });
    let (constraints, indexes): (Vec<_>, Vec<_>) = (constraints.collect(), indexes.collect());
    let columns = &mut table.columns;
    for (constraint, name) in columns.constraints.to_mut().iter_mut().zip(constraints) {
        constraint.name = name;
    }
    for (index, name) in columns.indexes.to_mut().iter_mut().zip(indexes) {
        index.name = Some(name);
    }
}

/// Returns what PostgreSQL keeps of a name.
fn kept(name: Text) -> Text {
    match name.floor_char_boundary(LONGEST_NAME) {
        end if end < name.len() => name[..end].to_owned().into(),
        _ => name,
    }
}
