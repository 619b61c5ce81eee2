//! The parts of reports and events.

pub use alembic_run::{
    Action, Ensured, Holder, RunStep, StampReport, Status, StepReport, UnfinishedRevision,
};
