//! Revision files, their graph and their faults.

pub use alembic_history::{
    BranchLabel, Direction, Expression, Fault, Finding, FindingKind, GraphErrorKind, History,
    HistoryError, InvalidName, PlanError, Position, Related, RequirementError,
    RequirementErrorKind, ResolveError, RevisionId, SourceFile, Span, SplitErrorKind, SyntaxError,
    SyntaxErrorKind,
};
#[cfg(feature = "walkdir")]
pub use alembic_history::{FolderError, read_folder};
