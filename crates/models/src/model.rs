//! What a struct states about its table, as values that can stand in a `static`.

use std::borrow::Cow;

/// A text that is compiled in or was read.
pub type Text = Cow<'static, str>;

/// A list that is compiled in or was read.
pub type List<T> = Cow<'static, [T]>;

/// Another struct that a struct names.
#[derive(Clone, Debug)]
pub enum Link<T: 'static> {
    /// The path as the source writes it, or once it is resolved, from the name of its crate on.
    Path(Text),
    /// What was compiled from that path. A function, because tables may refer to each other.
    Model(fn() -> &'static T),
}

/// A text of SQL for each engine; none where the engine has no such thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Each {
    /// The text for SQLite.
    pub sqlite: Option<Text>,
    /// The text for PostgreSQL.
    pub postgres: Option<Text>,
}

/// A table.
#[derive(Clone, Debug)]
pub struct TableModel {
    /// The name of the table.
    pub name: Text,
    /// The schema that the table is in, on engines that have schemas.
    pub schema: Option<Text>,
    /// The name that the table had before.
    pub renamed_from: Option<Text>,
    /// The comment on the table, on engines that have comments.
    pub comment: Option<Text>,
    /// Whether SQLite refuses values of other types.
    pub strict: bool,
    /// Whether SQLite stores the table by its primary key.
    pub without_rowid: bool,
    /// The columns, and what holds for them.
    pub columns: ColumnsModel,
}

/// The columns of a struct, and what holds for them.
#[derive(Clone, Debug)]
pub struct ColumnsModel {
    /// How constraints and indexes without names are called.
    pub naming: Option<Naming>,
    /// The columns, in the order of the fields.
    pub members: List<Member>,
    /// The constraints.
    pub constraints: List<Constraint>,
    /// The indexes.
    pub indexes: List<Index>,
}

/// What one field stands for.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a `static` has no boxes")]
pub enum Member {
    /// A column.
    Column(Column),
    /// The columns of another struct.
    Flatten {
        /// The field of the struct.
        field: Text,
        /// The other struct.
        columns: Link<ColumnsModel>,
    },
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The field of the struct.
    pub field: Text,
    /// The name of the column.
    pub name: Text,
    /// The name that the column had before.
    pub renamed_from: Option<Text>,
    /// The type of its values.
    pub data_type: DataType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether and how the database numbers the rows.
    pub identity: Option<Identity>,
    /// The value of rows that give none.
    pub default: Each,
    /// The expression that the column always has the value of.
    pub generated: Option<Generated>,
    /// The collation.
    pub collation: Each,
    /// The comment on the column, on engines that have comments.
    pub comment: Option<Text>,
}

/// The type of a column's values.
#[derive(Clone, Debug)]
pub enum DataType {
    /// The name of a type.
    Sql(Each),
    /// A type with a derive of its own.
    Derived {
        /// What its derive says.
        of: Link<TypeModel>,
        /// Whether the values are arrays of that type, on engines that have arrays.
        is_array: bool,
        /// The name of the type in its place, on the engines that have one.
        stated: Each,
    },
}

/// What `derive(ColumnType)` says of a type.
#[derive(Clone, Debug)]
pub enum TypeModel {
    /// A newtype is stored as the type in it.
    Newtype(DataType),
    /// The names of an enum's variants are stored as text.
    Enum(EnumModel),
}

/// The variants of an enum, as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumModel {
    /// The names of the variants.
    pub values: List<Text>,
    /// The name of the type, where the engine has enums and one is wanted.
    pub native: Option<Text>,
    /// The schema of that type.
    pub schema: Option<Text>,
    /// Whether a check refuses other values, where the engine has no enums.
    pub is_checked: bool,
}

/// How a database numbers rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Rows may bring a number.
    ByDefault,
    /// Rows may not bring a number, on engines that can forbid it.
    Always,
}

/// The expression of a generated column.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The expression.
    pub expression: Each,
    /// Whether the value is stored, or computed when it is read.
    pub stored: bool,
}

/// A constraint.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// Its name, if the struct gives one.
    pub name: Option<Text>,
    /// What it demands.
    pub rule: Rule,
}

/// What a constraint demands. Columns are named by their fields.
#[derive(Clone, Debug)]
pub enum Rule {
    /// The columns tell the rows apart.
    PrimaryKey {
        /// The fields.
        fields: List<Text>,
    },
    /// No two rows are alike in the columns.
    Unique {
        /// The fields.
        fields: List<Text>,
        /// Whether NULLs are alike, on engines that can tell.
        nulls_not_distinct: bool,
        /// When it is checked.
        timing: Timing,
    },
    /// An expression holds.
    Check {
        /// The field that it stands on.
        field: Option<Text>,
        /// The expression.
        expression: Each,
    },
    /// The columns refer to a row.
    ForeignKey {
        /// The fields.
        fields: List<Text>,
        /// The table and columns that they refer to.
        target: Target,
        /// What happens to the row when the other one is deleted.
        on_delete: Option<Action>,
        /// What happens to the row when the key of the other one changes.
        on_update: Option<Action>,
        /// When it is checked.
        timing: Timing,
    },
}

/// What a foreign key refers to.
#[derive(Clone, Debug)]
pub enum Target {
    /// The table of a struct.
    Struct {
        /// The struct.
        table: Link<TableModel>,
        /// Its fields; none are its primary key.
        fields: List<Text>,
    },
    /// A table by its name.
    Named {
        /// The schema, on engines that have schemas.
        schema: Option<Text>,
        /// The table.
        table: Text,
        /// The columns; none are its primary key.
        columns: List<Text>,
    },
}

/// What a foreign key does to the rows that refer to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `NO ACTION`
    NoAction,
    /// `RESTRICT`
    Restrict,
    /// `CASCADE`
    Cascade,
    /// `SET NULL`
    SetNull,
    /// `SET DEFAULT`
    SetDefault,
}

/// When a constraint is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timing {
    /// After each statement.
    #[default]
    Immediate,
    /// After each statement, unless the transaction defers it.
    Deferrable,
    /// At the end of the transaction.
    Deferred,
}

/// An index.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its name, if the struct gives one.
    pub name: Option<Text>,
    /// Whether no two rows may be alike in what is indexed.
    pub unique: bool,
    /// Whether NULLs are alike in a unique index, on engines that can tell.
    pub nulls_not_distinct: bool,
    /// What is indexed.
    pub parts: List<Part>,
    /// The fields whose columns are stored in the index, on engines that can.
    pub include: List<Text>,
    /// The kind of index, on engines that have several.
    pub method: Option<Text>,
    /// The condition for rows to be in the index.
    pub condition: Each,
    /// The engines that have the index.
    pub engines: Engines,
}

/// A part of what an index is on.
#[derive(Clone, Debug)]
pub enum Part {
    /// The column of a field.
    Field(Text),
    /// An expression, or a column with an order.
    Sql(Text),
}

/// The engines on which something exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engines {
    /// Whether it exists on SQLite.
    pub sqlite: bool,
    /// Whether it exists on PostgreSQL.
    pub postgres: bool,
}

/// How constraints and indexes without names are called: templates with `{table}`, `{column}` (the
/// first one), `{columns}` and `{referenced}`.
///
/// Without a template, an engine names a constraint itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// The names of primary keys.
    pub primary_key: Option<Text>,
    /// The names of unique constraints.
    pub unique: Option<Text>,
    /// The names of checks.
    pub check: Option<Text>,
    /// The names of foreign keys.
    pub foreign_key: Option<Text>,
    /// The names of indexes.
    pub index: Text,
}

impl Naming {
    /// PostgreSQL's own names: `users_email_key`, `users_email_idx`.
    pub const POSTGRES: Self = Self {
        primary_key: None,
        unique: None,
        check: None,
        foreign_key: None,
        index: Cow::Borrowed("{table}_{columns}_idx"),
    };

    /// The names that SQLAlchemy's documentation recommends: `uq_users_email`, `ix_users_email`.
    pub const SQLALCHEMY: Self = Self {
        primary_key: Some(Cow::Borrowed("pk_{table}")),
        unique: Some(Cow::Borrowed("uq_{table}_{column}")),
        check: Some(Cow::Borrowed("ck_{table}_{column}")),
        foreign_key: Some(Cow::Borrowed("fk_{table}_{column}_{referenced}")),
        index: Cow::Borrowed("ix_{table}_{column}"),
    };
}

#[doc(hidden)]
pub use std::borrow::Cow::Borrowed;
