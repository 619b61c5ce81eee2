//! Reads the migrations of other tools: their folders as revisions, and their tables as what a database
//! has applied.
//!
//! It opens no file and no database: folders and tables come in as values, and revisions and findings go
//! out.

mod applied;
mod checksum;
mod config;
mod detect;
mod finding;
mod folder;
mod mapping;
mod migration;
mod observed;
mod origin;
mod own_table;
mod recorded;
mod revision;
mod script;
#[cfg(test)]
mod tests;
mod tool;
mod tools;

pub use applied::{Applied, AppliedMigration};
pub use checksum::Checksum;
pub use config::{ConfigFault, ConfigFaultKind, ToolConfig};
pub use detect::{Detection, detect, detect_below};
pub use finding::{Finding, FindingKind, Weight};
pub use folder::{Folder, FolderFile};
pub use mapping::{Mapping, MappingError, Mismatch, map};
pub use migration::Key;
pub use observed::{Observed, ObservedMigration, observed};
pub use origin::Origin;
pub use recorded::{Event, RecordedRevision, Recording, import_recorded};
pub use revision::{Imported, ImportedRevision, import};
pub use tool::{Tool, ToolColumn, UnknownTool};
