//! The outline of a `CREATE TABLE` as SQLite stores it: where its columns and constraints are.

mod reader;

use crate::Span;

/// The outline of a table's definition in SQLite's grammar. All spans count from the start of the
/// text that it was read from, and begin and end at tokens.
///
/// # Examples
///
/// ```
/// use alembic_sql::{ColumnConstraintKind, TableOutline};
///
/// let sql = "CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE /* as shown */ NOT NULL)";
/// let outline = TableOutline::read(sql).unwrap();
/// let name = &outline.columns[1];
/// assert_eq!(name.name, "name");
/// assert_eq!(name.type_span.unwrap().text(sql), "TEXT");
/// assert_eq!(name.constraints[1].kind, ColumnConstraintKind::NotNull);
/// assert_eq!(name.constraints[1].span.text(sql), "NOT NULL");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOutline {
    /// The last part of the table's name.
    pub name: Span,
    /// The columns; there is at least one.
    pub columns: Vec<ColumnOutline>,
    /// The constraints of the table, which follow the columns.
    pub constraints: Vec<ConstraintOutline>,
    /// Whether rows are stored by their primary key.
    pub without_rowid: bool,
    /// Whether values must be of their column's type.
    pub strict: bool,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnOutline {
    /// The name, without quotes.
    pub name: String,
    /// The name as it is written.
    pub name_span: Span,
    /// The type, if there is one.
    pub type_span: Option<Span>,
    /// The constraints, in this order.
    pub constraints: Vec<ColumnConstraint>,
    /// The column with its constraints.
    pub span: Span,
    /// The comma before it.
    pub separator: Option<Span>,
}

/// A constraint of a column, or another of the clauses that follow its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnConstraint {
    /// The name, without quotes.
    pub name: Option<ConstraintName>,
    /// What it says.
    pub kind: ColumnConstraintKind,
    /// The constraint with its name.
    pub span: Span,
}

/// The name of a constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintName {
    /// The name, without quotes.
    pub name: String,
    /// The name as it is written.
    pub span: Span,
}

/// What a constraint of a column says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnConstraintKind {
    /// `NULL`.
    Null,
    /// `NOT NULL`.
    NotNull,
    /// `PRIMARY KEY`.
    PrimaryKey {
        /// Whether it says `DESC`.
        descending: bool,
        /// Whether it says `AUTOINCREMENT`.
        autoincrement: bool,
    },
    /// `UNIQUE`.
    Unique,
    /// `CHECK`.
    Check {
        /// The expression, without the parentheses.
        expression: Span,
    },
    /// `DEFAULT`.
    Default {
        /// The value, with the parentheses of an expression.
        value: Span,
    },
    /// `COLLATE`.
    Collate {
        /// The collation, without quotes.
        collation: String,
    },
    /// `REFERENCES`, with what says when it is checked.
    References(Reference),
    /// `DEFERRABLE` that does not follow its reference.
    Deferral,
    /// `AS`, or `GENERATED ALWAYS AS`.
    Generated {
        /// The expression, without the parentheses.
        expression: Span,
        /// Whether it is stored.
        stored: bool,
    },
    /// A name that no constraint follows.
    Nothing,
}

/// A reference to the columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The table, without quotes.
    pub table: String,
    /// Its columns, without quotes; none stand for its primary key.
    pub columns: Vec<String>,
}

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintOutline {
    /// The name, without quotes.
    pub name: Option<ConstraintName>,
    /// What it says.
    pub kind: TableConstraintKind,
    /// The constraint with its name.
    pub span: Span,
    /// The comma before it, which may be left out after another constraint.
    pub separator: Option<Span>,
}

/// What a constraint of a table says; names are without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableConstraintKind {
    /// `PRIMARY KEY`.
    PrimaryKey {
        /// The columns.
        columns: Vec<String>,
        /// The collation that each of them is compared by, where it is not the column's own.
        collations: Vec<Option<String>>,
        /// Whether it says `AUTOINCREMENT`.
        autoincrement: bool,
    },
    /// `UNIQUE`.
    Unique {
        /// The columns.
        columns: Vec<String>,
        /// The collation that each of them is compared by, where it is not the column's own.
        collations: Vec<Option<String>>,
    },
    /// `CHECK`.
    Check {
        /// The expression, without the parentheses.
        expression: Span,
    },
    /// `FOREIGN KEY`.
    ForeignKey {
        /// The columns.
        columns: Vec<String>,
        /// What they refer to.
        reference: Reference,
    },
    /// A name that no constraint follows.
    Nothing,
}

impl TableOutline {
    /// Reads a `CREATE TABLE` statement that lists its columns; returns `None` for any other text.
    #[must_use]
    pub fn read(sql: &str) -> Option<Self> {
        reader::read_table(sql)
    }

    /// Returns a column by its name without quotes, in any case.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnOutline> {
        let mut columns = self.columns.iter();
        columns.find(|column| column.name.eq_ignore_ascii_case(name))
    }
}

impl ColumnOutline {
    /// Reads the definition of a column, as it follows `ADD COLUMN`; returns `None` for any other
    /// text.
    #[must_use]
    pub fn read(sql: &str) -> Option<Self> {
        reader::read_column(sql)
    }

    /// Returns whether the values are computed.
    #[must_use]
    pub fn is_generated(&self) -> bool {
        self.constraints
            .iter()
            .any(|constraint| matches!(constraint.kind, ColumnConstraintKind::Generated { .. }))
    }
}

impl ConstraintOutline {
    /// Reads a constraint of a table, as it follows `ADD`; returns `None` for any other text.
    #[must_use]
    pub fn read(sql: &str) -> Option<Self> {
        reader::read_constraint(sql)
    }
}
