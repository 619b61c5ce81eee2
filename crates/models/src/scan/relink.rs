//! Replaces the paths that structs name by the keys of what they mean.

use crate::model::{
    ColumnsModel, DataType, Link, Member, Rule, TableModel, Target, Text, TypeModel,
};
use crate::written::Wanted;

/// Calls a function with every path of a model, for it to replace.
pub(super) type Replace<'r> = dyn FnMut(&mut Text, Wanted) + 'r;

pub(super) fn table(model: &mut TableModel, replace: &mut Replace<'_>) {
    columns(&mut model.columns, replace);
}

pub(super) fn columns(model: &mut ColumnsModel, replace: &mut Replace<'_>) {
    for member in model.members.to_mut() {
        match member {
            Member::Column(column) => data_type(&mut column.data_type, replace),
            Member::Flatten { columns, .. } => link(columns, Wanted::Columns, replace),
        }
    }
    for constraint in model.constraints.to_mut() {
        match &mut constraint.rule {
            Rule::ForeignKey {
                target: Target::Struct { table, .. },
                ..
            } => link(table, Wanted::Table, replace),
            Rule::ForeignKey { .. }
            | Rule::PrimaryKey { .. }
            | Rule::Unique { .. }
            | Rule::Check { .. } => {}
        }
    }
}

pub(super) fn column_type(model: &mut TypeModel, replace: &mut Replace<'_>) {
    match model {
        TypeModel::Newtype(inner) => data_type(inner, replace),
        TypeModel::Enum(_) => {}
    }
}

fn data_type(stored: &mut DataType, replace: &mut Replace<'_>) {
    match stored {
        DataType::Sql(_) => {}
        DataType::Derived { of, .. } => link(of, Wanted::Type, replace),
    }
}

fn link<T>(link: &mut Link<T>, wanted: Wanted, replace: &mut Replace<'_>) {
    match link {
        Link::Path(path) => replace(path, wanted),
        Link::Model(_) => {}
    }
}
