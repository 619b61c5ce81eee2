//! What [`Migrations`](crate::Migrations) can be told to do otherwise.

pub use alembic_history::{Fresh, TransactionMode, VersionTable};
pub use alembic_run::{Ahead, Interruption, Purge};
