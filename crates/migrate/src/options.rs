//! The options of [`Migrations`](crate::Migrations).

pub use alembic_history::{Edited, Fresh, TransactionMode, VersionTable};
pub use alembic_run::{Ahead, Author, Interruption, Missing, Purge};
