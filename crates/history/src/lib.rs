//! Reads a migration history, and decides everything that needs no database.

mod chain;
mod codes;
mod conflict;
mod crates;
mod digest;
mod expression;
mod file;
mod finding;
mod fingerprint;
#[cfg(feature = "folder")]
mod folder;
mod graph;
mod history;
mod id;
mod lock;
mod lock_finding;
mod parallel;
mod plan;
mod plan_error;
mod rebase;
mod resolve;
mod revision;
mod rows;
mod section_heading;
mod settings;
mod suggest;
mod version_table;

pub use alembic_sql::{Dialect, FileStatement, Position, Span, SplitErrorKind, UnknownDialect};
pub use codes::{Code, CodeChapter};
pub use conflict::merge_conflict;
pub use crates::{
    CrateHistory, Requirement, RequirementError, RequirementErrorKind, in_dependency_order,
};
pub use digest::{Digest, NotADigest, fnv_1a};
pub use expression::{Expression, Range, Symbol, SyntaxError, SyntaxErrorKind};
pub use file::{Body, Header, Named, NewRevision, Reversal, RevisionFile, Section};
pub use finding::{Finding, FindingKind, WaysToOneHead};
pub use fingerprint::{TargetAuthor, TargetState};
#[cfg(feature = "folder")]
pub use folder::{FolderError, read_file, read_folder, read_text};
pub use graph::{Graph, GraphError, GraphErrorKind, Node, NodeSet};
pub use history::{
    Fault, History, HistoryError, HistoryFile, Related, SourceFile, is_revision_file, rows_file,
};
pub use id::{BranchLabel, InvalidName, MAX_ID_LENGTH, RevisionId, join};
pub use lock::{Lock, LockFile, LockedRevision};
pub use lock_finding::{LockDifference, LockError, LockErrorKind, LockFinding};
pub use plan::{Direction, Plan, StampPlan, Step};
pub use plan_error::PlanError;
pub use rebase::{Rebase, RebaseError};
pub use resolve::ResolveError;
pub use revision::Revision;
pub use rows::{RowChange, Rows, Versions};
pub use settings::{
    Chain, DEFAULT_FILE_TEMPLATE, DEFAULT_FOLDER, Edited, EntitySources, Fresh, Histories,
    HistorySettings, Key as SettingsKey, KeyDocumentation, ModelSources, SchemaFiles,
    Scope as SettingsScope, Settings, SettingsFault, SettingsFaultKind, StaleSchema,
    Table as SettingsTable, TransactionMode, Value as SettingsValue, check_history_name, full_name,
    split_full_name,
};
pub use suggest::nearest;
pub use version_table::{InvalidTableName, VersionTable};
