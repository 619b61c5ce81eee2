//! Tables with everything that their structs take from others.

use std::borrow::Cow;

use crate::model::{Action, Column, Each, EnumModel, Index, TableModel, Text, Timing};

/// A table with everything that its struct takes from others.
pub(crate) struct LinkedTable<'k> {
    pub(crate) model: &'k TableModel,
    pub(crate) columns: Vec<LinkedColumn<'k>>,
    pub(crate) constraints: Vec<LinkedConstraint<'k>>,
    pub(crate) indexes: Vec<LinkedIndex<'k>>,
}

pub(crate) struct LinkedColumn<'k> {
    pub(crate) column: &'k Column,
    pub(crate) stored: Stored<'k>,
    /// Whether the values are arrays of what is stored.
    pub(crate) is_array: bool,
    /// The names of types in place of what is stored.
    pub(crate) stated: Each,
}

/// How the values of a column are stored.
#[derive(Clone, Copy)]
pub(crate) enum Stored<'k> {
    Sql(&'k Each),
    Enum(&'k EnumModel),
}

impl LinkedColumn<'_> {
    /// Returns whether all values are integers.
    pub(super) fn is_integer(&self) -> bool {
        const INTEGERS: [&str; 7] = [
            "BIGINT", "INT", "INT2", "INT4", "INT8", "INTEGER", "SMALLINT",
        ];
        match self.stored {
            Stored::Sql(each) => {
                let name = self.stated.postgres.as_ref().or(each.postgres.as_ref());
                !self.is_array
                    && name
                        .is_none_or(|name| INTEGERS.contains(&name.to_ascii_uppercase().as_str()))
            }
            Stored::Enum(_) => false,
        }
    }
}

pub(crate) struct LinkedConstraint<'k> {
    pub(crate) name: Option<Text>,
    pub(crate) rule: LinkedRule<'k>,
}

/// A [`Rule`] with the names of columns.
pub(crate) enum LinkedRule<'k> {
    PrimaryKey(Vec<&'k str>),
    Unique {
        columns: Vec<&'k str>,
        nulls_not_distinct: bool,
        timing: Timing,
    },
    Check {
        column: Option<&'k str>,
        expression: Cow<'k, Each>,
    },
    ForeignKey {
        columns: Vec<&'k str>,
        target: LinkedTarget<'k>,
        on_delete: Option<Action>,
        on_update: Option<Action>,
        timing: Timing,
    },
}

impl LinkedRule<'_> {
    /// Returns whether an index upholds it.
    pub(crate) fn is_key(&self) -> bool {
        match self {
            Self::PrimaryKey(_) | Self::Unique { .. } => true,
            Self::Check { .. } | Self::ForeignKey { .. } => false,
        }
    }
}

#[derive(Clone)]
pub(crate) struct LinkedTarget<'k> {
    pub(crate) schema: Option<&'k str>,
    pub(crate) table: &'k str,
    pub(crate) columns: Vec<&'k str>,
}

pub(crate) struct LinkedIndex<'k> {
    pub(crate) name: Text,
    pub(crate) index: &'k Index,
    /// The parts as SQL.
    pub(crate) parts: Vec<String>,
    pub(crate) include: Vec<&'k str>,
}
