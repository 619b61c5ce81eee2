//! Loads migrations from a folder at run time.

use std::fmt;
use std::path::Path;

use alembic_history::{Dialect, FolderError, History, HistoryError, read_folder};

use crate::Migrations;

impl Migrations {
    /// Reads the revision files in `folder` and the folders below it, checking their SQL for each
    /// of `dialects`.
    ///
    /// # Errors
    ///
    /// When the folder cannot be searched, and all faults in the files.
    pub fn from_folder(folder: impl AsRef<Path>, dialects: &[Dialect]) -> Result<Self, LoadError> {
        let files = read_folder(folder.as_ref()).map_err(LoadError::Folder)?;
        let history = History::new(files, dialects).map_err(LoadError::History)?;
        Ok(Self::new(history))
    }
}

/// The reason why migrations cannot be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The folder cannot be searched.
    Folder(FolderError),
    /// The files are not a valid history.
    History(HistoryError),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Folder(error) => error.fmt(f),
            LoadError::History(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LoadError::Folder(error) => error.source(),
            LoadError::History(error) => error.source(),
        }
    }
}
