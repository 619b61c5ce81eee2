//! The options of [`Migrations`](crate::Migrations).

pub use alembic_history::{Fresh, TransactionMode, VersionTable};
pub use alembic_run::{Ahead, Interruption, Purge};
