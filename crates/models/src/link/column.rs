//! Finds how the values of columns are stored.

use std::borrow::Cow;

use alembic_sql::{literal, quote};

use super::{Known, LinkedColumn, LinkedConstraint, LinkedRule, Stored, follow};
use crate::fault::ModelFault;
use crate::model::{Column, DataType, Each, TypeModel};
use crate::naming::{NameKind, Names};

/// Finds how the values of a column are stored.
pub(super) fn link<'k>(
    column: &'k Column,
    known: &'k dyn Known,
) -> Result<LinkedColumn<'k>, ModelFault> {
    link_type(column, &column.data_type, known, 0)
}

/// Does so for a column whose type is `data_type`, or is stored as that.
fn link_type<'k>(
    column: &'k Column,
    data_type: &'k DataType,
    known: &'k dyn Known,
    depth: usize,
) -> Result<LinkedColumn<'k>, ModelFault> {
    const DEEPEST: usize = 32;
    let as_it_is = |stored| LinkedColumn {
        column,
        stored,
        is_array: false,
        stated: Each::default(),
    };
    match data_type {
        DataType::Sql(each) => Ok(as_it_is(Stored::Sql(each))),
        DataType::Derived { .. } if depth > DEEPEST => {
            Err(ModelFault::new("a type is stored as itself"))
        }
        DataType::Derived {
            of,
            is_array,
            stated,
        } => {
            let mut linked = match follow(of, |path| known.data_type(path))? {
                TypeModel::Newtype(inner) => link_type(column, inner, known, depth + 1)?,
                TypeModel::Enum(model) => as_it_is(Stored::Enum(model)),
            };
            if *is_array {
                linked.stated = array_of(linked.stated, linked.is_array);
                linked.is_array = true;
            }
            linked.stated = Each {
                sqlite: stated.sqlite.clone().or(linked.stated.sqlite),
                postgres: stated.postgres.clone().or(linked.stated.postgres),
            };
            Ok(linked)
        }
    }
}

/// Returns the types of arrays of what has a type: those of arrays are the same with more dimensions.
fn array_of(element: Each, is_array: bool) -> Each {
    let postgres = element.postgres.map(|name| match is_array {
        true => name,
        false => format!("{name}[]").into(),
    });
    Each {
        sqlite: None,
        postgres,
    }
}

/// Returns the check that a column holds nothing but texts of an enum, where its type allows others.
pub(super) fn check_of_enum<'k>(
    linked: &LinkedColumn<'k>,
    names: &Names<'_>,
) -> Option<Result<LinkedConstraint<'k>, ModelFault>> {
    let Stored::Enum(model) = linked.stored else {
        return None;
    };
    let name = &*linked.column.name;
    let values: Vec<String> = model.values.iter().map(|value| literal(value)).collect();
    let values = values.join(", ");
    let one = format!("{} IN ({values})", quote(name));
    let all = format!("{} <@ ARRAY[{values}]", quote(name));
    let is_open = model.native.is_none() && linked.stated.postgres.is_none();
    let expression = Each {
        sqlite: (!linked.is_array && linked.stated.sqlite.is_none()).then(|| one.clone().into()),
        postgres: is_open.then(|| if linked.is_array { all } else { one }.into()),
    };
    if !model.is_checked || expression == Each::default() {
        return None;
    }
    let constraint = names.constraint(NameKind::Check, &[name], "");
    Some(constraint.map(|constraint| LinkedConstraint {
        name: constraint,
        rule: LinkedRule::Check {
            column: Some(name),
            expression: Cow::Owned(expression),
        },
    }))
}
