//! Why a table is not changed.

use std::fmt;

use super::ObjectKind;

/// Why the actions of an `ALTER TABLE` are not carried out; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterError {
    /// There is no such table.
    NoTable {
        /// The table as the statement names it.
        table: String,
    },
    /// The statement names something that is not an ordinary table.
    NotATable {
        /// Its name.
        name: String,
        /// What it is: a view, a virtual table, or a table of SQLite itself.
        what: &'static str,
    },
    /// The stored definition of the table cannot be read.
    UnreadableTable {
        /// The table.
        table: String,
    },
    /// A definition in the statement cannot be read.
    UnreadableDefinition {
        /// The definition.
        definition: String,
    },
    /// There is no such column.
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// There is a column of this name.
    ColumnExists {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The column is the only one.
    LastColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// There is no such constraint.
    NoConstraint {
        /// The table.
        table: String,
        /// The constraint: its name, or what it says.
        constraint: String,
        /// The names that the constraints of the table answer to.
        known: Vec<String>,
    },
    /// Several constraints have this name.
    SeveralConstraints {
        /// The table.
        table: String,
        /// The constraint: its name, or what it says.
        constraint: String,
    },
    /// There is a constraint of this name.
    ConstraintExists {
        /// The table.
        table: String,
        /// The constraint.
        constraint: String,
    },
    /// The table has a primary key.
    HasPrimaryKey {
        /// The table.
        table: String,
    },
    /// The table stores its rows by the primary key.
    NeedsPrimaryKey {
        /// The table.
        table: String,
    },
    /// The column is part of the primary key.
    InPrimaryKey {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The column numbers the rows by itself because of its type.
    NumbersRows {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The type that was asked for.
        to: String,
    },
    /// The column is generated, so it has neither a default nor an expression for new values.
    Generated {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The expression for new values reads the table that it is for.
    ReadsItself {
        /// The table.
        table: String,
    },
    /// Nothing makes the columns unique that a foreign key refers to.
    NoKey {
        /// The table that it refers to.
        table: String,
        /// Its columns; none stand for a primary key.
        columns: Vec<String>,
    },
    /// A foreign key has more columns than it refers to, or fewer.
    KeyLength {
        /// The columns of the foreign key.
        columns: Vec<String>,
        /// What they refer to.
        parent_columns: Vec<String>,
    },
    /// Other objects need what would be dropped.
    Needed {
        /// What would be dropped.
        what: String,
        /// What needs it.
        by: Vec<Dependent>,
    },
    /// The statement says `CASCADE`.
    Cascade,
}

/// An object that needs another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dependent {
    /// A view, a trigger or an index.
    Object {
        /// Its kind.
        kind: ObjectKind,
        /// Its name.
        name: String,
    },
    /// A foreign key.
    ForeignKey {
        /// The table that it belongs to.
        table: String,
        /// Its columns.
        columns: Vec<String>,
    },
    /// A generated column.
    GeneratedColumn {
        /// The column.
        column: String,
    },
}

impl fmt::Display for Dependent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { kind, name } => write!(f, "{} `{name}`", kind.as_str()),
            Self::ForeignKey { table, columns } => {
                write!(f, "the foreign key `{table}` ({})", columns.join(", "))
            }
            Self::GeneratedColumn { column } => write!(f, "the generated column `{column}`"),
        }
    }
}

impl fmt::Display for AlterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTable { table } => write!(f, "there is no table `{table}`"),
            Self::NotATable { name, what } => write!(f, "`{name}` is {what}"),
            Self::UnreadableTable { table } => {
                write!(f, "the stored definition of `{table}` cannot be read")
            }
            Self::UnreadableDefinition { definition } => {
                write!(f, "SQLite has no such definition: {definition}")
            }
            Self::NoColumn { table, column } => {
                write!(f, "the table `{table}` has no column `{column}`")
            }
            Self::ColumnExists { table, column } => {
                write!(f, "the table `{table}` has a column `{column}` already")
            }
            Self::LastColumn { table, column } => {
                write!(f, "`{column}` is the only column of `{table}`")
            }
            Self::NoConstraint {
                table,
                constraint,
                known,
            } => {
                write!(f, "the table `{table}` has no constraint `{constraint}`")?;
                match known.as_slice() {
                    [] => f.write_str(", and no other"),
                    known => write!(f, "; it has `{}`", known.join("`, `")),
                }
            }
            Self::SeveralConstraints { table, constraint } => {
                write!(
                    f,
                    "the table `{table}` has several constraints `{constraint}`"
                )
            }
            Self::ConstraintExists { table, constraint } => {
                write!(
                    f,
                    "the table `{table}` has a constraint `{constraint}` already"
                )
            }
            Self::HasPrimaryKey { table } => {
                write!(f, "the table `{table}` has a primary key already")
            }
            Self::NeedsPrimaryKey { table } => write!(
                f,
                "the table `{table}` is WITHOUT ROWID, so it needs its primary key"
            ),
            Self::InPrimaryKey { table, column } => write!(
                f,
                "the column `{column}` is in the primary key of `{table}`"
            ),
            Self::NumbersRows { table, column, to } => write!(
                f,
                "the column `{column}` numbers the rows of `{table}` because its type is INTEGER, \
                 and would not as {to}"
            ),
            Self::Generated { table, column } => {
                write!(f, "the column `{column}` of `{table}` is generated")
            }
            Self::ReadsItself { table } => write!(
                f,
                "the expression after USING reads `{table}` itself, which holds no rows meanwhile"
            ),
            Self::NoKey { table, columns } if columns.is_empty() => {
                write!(f, "the table `{table}` has no primary key to refer to")
            }
            Self::NoKey { table, columns } => write!(
                f,
                "no primary key and no UNIQUE of `{table}` is on ({}), so no foreign key can \
                 refer to it",
                columns.join(", ")
            ),
            Self::KeyLength {
                columns,
                parent_columns,
            } => write!(
                f,
                "the foreign key ({}) refers to ({}), which has another number of columns",
                columns.join(", "),
                parent_columns.join(", ")
            ),
            Self::Needed { what, by } => {
                let by: Vec<String> = by.iter().map(ToString::to_string).collect();
                write!(f, "{what} is needed by {}", by.join(", "))
            }
            Self::Cascade => f.write_str(
                "CASCADE drops what nobody names; on SQLite, drop the dependent objects first",
            ),
        }
    }
}

impl std::error::Error for AlterError {}
