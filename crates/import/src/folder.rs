//! The files of a folder of migrations.

use alembic_sql::Position;

/// A file in a folder of migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFile {
    /// Its path below the folder, with `/` between its parts.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// The files of a folder, and of the folders below it, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// The files.
    pub files: Vec<FolderFile>,
}

impl FolderFile {
    /// Returns the name of the file, without the folders that hold it.
    pub(crate) fn name(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or(self.path.as_str(), |(_, name)| name)
    }

    /// Returns whether the file lies in the folder itself, and not below it.
    pub(crate) fn is_at_top(&self) -> bool {
        !self.path.contains('/')
    }

    /// Returns the text of the file; `None` if it is not UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.content).ok()
    }
}

/// Returns the number of the line at an offset, from 1.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    Position::of(text, offset).line
}
