//! Tables stated by structs: what the derives add.
//!
//! ```
//! use alembic_migrate::models::Columns;
//! use alembic_migrate::{Dialect, Table};
//!
//! #[derive(Table)]
//! #[table(name = "users")]
//! struct User {
//!     #[column(identity)]
//!     id: i64,
//!     #[column(length = 255, unique)]
//!     email: String,
//! }
//!
//! assert_eq!(User::NAME, "users");
//! assert_eq!(User::COLUMNS.email, "email");
//! let sql = User::create_sql(Dialect::Sqlite)?;
//! assert_eq!(
//!     sql,
//!     "CREATE TABLE users (\n    \
//!          id INTEGER PRIMARY KEY,\n    \
//!          email VARCHAR(255) NOT NULL UNIQUE\n\
//!      );\n"
//! );
//! # Ok::<(), alembic_migrate::models::ModelError>(())
//! ```

pub use alembic_models::model;
pub use alembic_models::{ColumnType, Columns, ModelError, ModelFault, Table, create_sql};
