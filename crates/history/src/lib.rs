//! Everything about a migration history that can be decided without a database.

mod chain;
mod crates;
mod dialect;
mod digest;
mod expression;
mod file;
mod finding;
mod graph;
mod history;
mod id;
mod plan;
mod resolve;
mod revision;
mod rows;
pub mod run;
mod script;
mod section_heading;
mod settings;
mod span;
pub mod sql;
mod suggest;
mod version_table;

pub use crates::{
    CrateHistory, Requirement, RequirementError, RequirementErrorKind, in_dependency_order,
};
pub use dialect::{Dialect, UnknownDialect};
pub use expression::{Expression, Range, Symbol, SyntaxError, SyntaxErrorKind};
pub use file::{Body, FileStatement, Header, Named, NewRevision, Reversal, RevisionFile, Section};
pub use finding::{Finding, FindingKind};
pub use graph::{Graph, GraphError, GraphErrorKind, Node, NodeSet};
pub use history::{
    Fault, History, HistoryError, HistoryFile, Related, SourceFile, is_revision_file, rows_file,
};
pub use id::{BranchLabel, InvalidName, MAX_ID_LENGTH, RevisionId};
pub use plan::{Direction, Plan, PlanError, StampPlan, Step};
pub use resolve::ResolveError;
pub use revision::Revision;
pub use rows::RowChange;
pub use script::ScriptError;
pub use settings::{
    Chain, DEFAULT_FILE_TEMPLATE, DEFAULT_FOLDER, Fresh, Settings, SettingsFault,
    SettingsFaultKind, Table as SettingsTable, Value as SettingsValue,
};
pub use span::{Position, Span};
pub use suggest::nearest;
pub use version_table::VersionTable;
