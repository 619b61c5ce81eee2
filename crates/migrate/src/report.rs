//! The parts of reports and events.

pub use alembic_run::{
    Action, Ensured, Holder, LogAction, LogEntry, LoggedRevision, Record, RunStep, StampReport,
    Status, StepReport, UnfinishedRevision,
};
