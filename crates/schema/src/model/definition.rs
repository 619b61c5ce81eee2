//! What objects are, in the words of their database.
//!
//! Texts are what the database gives back, so that two of them are equal when it reads them alike.

use std::collections::BTreeMap;

use super::SharedName;

/// What an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    /// A schema of PostgreSQL.
    Schema,
    /// An extension.
    Extension(Extension),
    /// The labels of an enum, in their order.
    Enum(Vec<String>),
    /// The attributes of a composite type, in their order.
    Composite(Vec<Attribute>),
    /// A domain.
    Domain(Box<Domain>),
    /// A sequence.
    Sequence(Box<Sequence>),
    /// A table.
    Table(Box<Table>),
    /// A column.
    Column(Box<Column>),
    /// The expression of a column's default (PostgreSQL).
    Default(String),
    /// The table and column that a sequence is dropped with.
    SequenceOwner(SharedName, SharedName),
    /// A constraint.
    Constraint(Box<Constraint>),
    /// An index.
    Index(Box<Index>),
    /// A view, materialized or not.
    View(Box<View>),
    /// A function, procedure or aggregate.
    Routine(Box<Routine>),
    /// A trigger or rule (PostgreSQL).
    Trigger(Trigger),
    /// Extended statistics (PostgreSQL).
    Statistics(Statistics),
    /// Text search, operators and casts: the statements that create one.
    Statements(Vec<String>),
    /// Anything else: the statement that creates it.
    Statement(String),
}

/// An extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The schema that holds its objects.
    pub schema: String,
    /// Its version, which is not compared.
    pub version: String,
    /// Whether it can be moved to another schema.
    pub relocatable: bool,
    /// The comment that it is created with, which is not compared.
    pub usual_comment: Option<String>,
}

/// An attribute of a composite type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name.
    pub name: String,
    /// The type.
    pub data_type: String,
    /// The collation, if it is not the type's own.
    pub collation: Option<String>,
    /// The comment on it.
    pub comment: Option<String>,
}

/// A domain; its constraints are objects of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The type under it.
    pub data_type: String,
    /// The collation, if it is not the type's own.
    pub collation: Option<String>,
    /// The expression of the default.
    pub default: Option<String>,
    /// Whether NULL is refused.
    pub not_null: bool,
}

/// A sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// The type of its values.
    pub data_type: String,
    /// The first value.
    pub start: String,
    /// The step.
    pub increment: String,
    /// The lowest value.
    pub min: String,
    /// The highest value.
    pub max: String,
    /// How many values a session takes at once.
    pub cache: String,
    /// Whether it begins again at its end.
    pub cycle: bool,
    /// Whether it is written to the log of the server.
    pub unlogged: bool,
}

/// A table; its columns, constraints and indexes are objects of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The whole statement that creates it, where the database keeps it (SQLite).
    pub sql: Option<String>,
    /// What follows the columns: `STRICT`, `WITHOUT ROWID` (SQLite).
    pub options: Vec<String>,
    /// The partition that it is (PostgreSQL).
    pub partition: Option<Box<Partition>>,
    /// The tables that it inherits from, with their schemas (PostgreSQL).
    pub parents: Vec<(SharedName, SharedName)>,
    /// How its rows are put into partitions (PostgreSQL).
    pub partition_key: Option<String>,
    /// The storage parameters, as `name=value` (PostgreSQL).
    pub storage: Vec<String>,
    /// The access method, unless it is `heap` (PostgreSQL).
    pub access_method: Option<String>,
    /// The composite type that says what its columns are (PostgreSQL).
    pub of_type: Option<String>,
    /// Whether it is not written to the log of the server (PostgreSQL).
    pub unlogged: bool,
    /// Whether row-level security is enabled, and forced (PostgreSQL).
    pub row_security: (bool, bool),
    /// How rows are told apart in logical replication, unless by the primary key (PostgreSQL).
    pub replica_identity: Option<String>,
    /// Whether it is a virtual table (SQLite).
    pub is_virtual: bool,
}

/// The place of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The schema and name of the partitioned table.
    pub table: (SharedName, SharedName),
    /// Which of its rows the partition holds.
    pub bound: String,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its place among the columns of the table, which is not compared.
    pub position: usize,
    /// The type, with its arguments; empty if it has none (SQLite).
    pub data_type: String,
    /// The collation, if it is not the type's own.
    pub collation: Option<String>,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// The expression of the default (SQLite; on PostgreSQL it is an object of its own, because what it
    /// calls may have to be replaced while the column stays).
    pub default: Option<String>,
    /// The expression that computes the values.
    pub generated: Option<Generated>,
    /// How the database numbers the rows (PostgreSQL).
    pub identity: Option<Box<Identity>>,
    /// What else the engine says of it: storage, compression, statistics target, conflict clauses.
    pub options: Vec<String>,
    /// Whether it comes from a parent table (PostgreSQL).
    pub inherited: bool,
    /// The whole definition, where the database keeps it (SQLite).
    pub sql: Option<String>,
}

/// How the values of a column are computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The expression.
    pub expression: String,
    /// Whether the values are stored.
    pub stored: bool,
}

/// How the database numbers the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whether a statement may not give a value of its own.
    pub always: bool,
    /// The name of the sequence.
    pub name: SharedName,
    /// The sequence.
    pub sequence: Sequence,
}

/// A constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// What it demands.
    pub kind: ConstraintKind,
    /// Whether its name was chosen by a person; SQLite has constraints without a name, and gives them
    /// none.
    pub is_named: bool,
    /// The constraint without its name, as the database writes it.
    pub definition: String,
    /// The columns.
    pub columns: Vec<SharedName>,
    /// The schema and name of the table that a foreign key refers to.
    pub references: Option<(SharedName, SharedName)>,
    /// Whether all rows are known to fulfil it; false for `NOT VALID`.
    pub validated: bool,
    /// Whether it comes from a parent table (PostgreSQL).
    pub inherited: bool,
    /// The index of a partitioned table that its index belongs to, unless that is a constraint's
    /// (PostgreSQL).
    pub index_parent: Option<SharedName>,
    /// The storage parameters of its index, such as `fillfactor=70` (PostgreSQL).
    pub storage: Vec<String>,
    /// The comment on its index, which can have one of its own (PostgreSQL).
    pub index_comment: Option<String>,
    /// What its index is used for besides (PostgreSQL).
    pub uses: Vec<IndexUse>,
}

/// What a constraint demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConstraintKind {
    /// `PRIMARY KEY`.
    PrimaryKey,
    /// `UNIQUE`.
    Unique,
    /// `CHECK`.
    Check,
    /// `EXCLUDE`.
    Exclude,
    /// `NOT NULL` with a name.
    NotNull,
    /// `FOREIGN KEY`.
    ForeignKey,
    /// A trigger that can be deferred.
    Trigger,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The statement that creates it.
    pub sql: String,
    /// The statement from the table on, without the name: what two indexes have in common that differ in
    /// their names only.
    pub definition: String,
    /// The table.
    pub table: SharedName,
    /// Whether it is unique.
    pub unique: bool,
    /// The index of a partitioned table that it belongs to (PostgreSQL).
    pub parent: Option<SharedName>,
    /// Whether the server can use it; one that was built concurrently and failed is invalid.
    pub valid: bool,
    /// What it is used for besides (PostgreSQL).
    pub uses: Vec<IndexUse>,
    /// The numbers of expressions and how much of them is looked at for statistics (PostgreSQL).
    pub statistics: Vec<(String, String)>,
}

/// What a table uses one of its indexes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexUse {
    /// The order in which `CLUSTER` puts its rows.
    Cluster,
    /// Telling its rows apart in logical replication.
    ReplicaIdentity,
}

/// A view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The query; on SQLite, the whole statement.
    pub query: String,
    /// The names and types of the columns, in their order (PostgreSQL).
    pub columns: Vec<(String, String)>,
    /// What `WITH (...)` says.
    pub options: Vec<String>,
    /// Whether a materialized view has been filled.
    pub is_filled: bool,
    /// The comments on its columns (PostgreSQL).
    pub column_comments: BTreeMap<String, String>,
}

/// A function, procedure or aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routine {
    /// The name, without the arguments.
    pub name: String,
    /// `FUNCTION`, `PROCEDURE` or `AGGREGATE`.
    pub kind: String,
    /// The statement that creates it, with `OR REPLACE` where there is such a form.
    pub sql: String,
    /// What a replacement must have in common: the types that it returns, the names and defaults of the
    /// arguments.
    pub signature: String,
    /// The arguments as a statement that drops it writes them.
    pub arguments: String,
    /// The body, where the server does not say what it needs.
    pub body: Option<String>,
}

/// A trigger or rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The statement that creates it.
    pub sql: String,
    /// When it fires.
    pub firing: Firing,
}

/// When a trigger or rule fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Firing {
    /// Unless the session replays what another server did.
    #[default]
    Origin,
    /// Only if the session replays what another server did.
    Replica,
    /// In every session.
    Always,
    /// Never.
    Disabled,
}

/// Extended statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// The statement that creates them.
    pub sql: String,
    /// How much of the rows is looked at, unless the server decides.
    pub target: Option<String>,
}
