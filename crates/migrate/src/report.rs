//! The parts of reports and events.

pub use alembic_run::{
    Action, Ensured, Expected, Holder, Inspection, LogAction, LogEntry, LogGap, LogReport,
    LogWriter, LoggedRevision, Notice, NoticeOrigin, OtherTool, Record, RowsCopied, RunStep,
    Severity, StampReport, Status, StepReport, UnfinishedRevision, Verification,
};
