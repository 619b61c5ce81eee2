//! Finds the tool that a folder of migrations belongs to.

use crate::tools::{dbmate, diesel, flyway, goose, refinery, sqlx};
use crate::{Folder, Tool};

/// The tools that a folder may belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detection {
    /// This one.
    Tool(Tool),
    /// None that is known.
    Nothing,
    /// Several: each with the first file that speaks for it.
    Several(Vec<(Tool, String)>),
}

/// Finds the tool that a folder belongs to, by the names of its files and the lines that only one tool
/// understands.
#[must_use]
pub fn detect(folder: &Folder) -> Detection {
    let mut found: Vec<(Tool, String)> = Vec::new();
    for tool in Tool::ALL {
        let mut files = folder.files.iter();
        let speaks = |file: &&crate::FolderFile| match tool {
            Tool::Sqlx => sqlx::is_only_ours(file),
            Tool::Diesel => diesel::is_ours(file),
            Tool::Refinery => refinery::is_only_ours(file),
            Tool::Dbmate => dbmate::is_ours(file),
            Tool::Goose => goose::is_ours(file),
            Tool::Flyway => flyway::is_only_ours(file),
        };
        if let Some(file) = files.find(speaks) {
            found.push((tool, file.path.clone()));
        }
    }
    if found.is_empty() {
        // Both take these names.
        let mut files = folder.files.iter();
        if let Some(file) = files.find(|file| flyway::is_versioned(file)) {
            let path = &file.path;
            found.extend([Tool::Refinery, Tool::Flyway].map(|tool| (tool, path.clone())));
        }
    }
    match found.as_slice() {
        [] => Detection::Nothing,
        [(tool, _)] => Detection::Tool(*tool),
        _ => Detection::Several(found),
    }
}
