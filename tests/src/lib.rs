//! The harness of the integration tests: projects in temporary folders, the real binary with a
//! cleared environment, what a user sees of it as text for snapshots, and servers that go away.
//!
//! ```no_run
//! use alembic_tests::{Project, revision};
//!
//! let project = Project::with_crate("shop");
//! project.add(revision("a1").upgrade("CREATE TABLE users (id INTEGER PRIMARY KEY)"));
//! let upgraded = project.run("upgrade");
//! assert_eq!(upgraded.status, 0, "{upgraded}");
//! assert_eq!(project.database("shop.db").versions(), ["a1"]);
//! ```

mod binary;
mod database;
mod graph;
mod keeper;
mod log;
mod numbers;
mod outcome;
mod pgbouncer;
pub mod postgres;
mod programs;
mod project;
mod repository;
mod revision;
mod settled;
mod tree;
mod words;

pub use binary::{binary, cargo, target_folder};
pub use database::{Database, fill};
pub use graph::graph;
pub use log::LOG;
pub use numbers::Numbers;
pub use outcome::Outcome;
pub use pgbouncer::PgBouncer;
pub use project::{EPOCH, Place, Project, fixtures};
pub use repository::Origin;
pub use revision::{RevisionText, revision};
pub use settled::settled;
pub use tree::Tree;
