//! Puts revisions on top of others: in their files, and in a database that has applied them.

mod applied;
mod files;

pub(crate) use applied::AppliedRevisions;
pub(crate) use files::RebasedFiles;
