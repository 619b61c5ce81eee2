//! Imports from other migration tools: their folders, and the databases that they manage.

mod files;
mod source;
mod take_over;

pub(crate) use files::FolderImport;
pub(crate) use source::{Source, tools};
pub(crate) use take_over::TakeOverRequest;
