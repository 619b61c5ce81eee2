//! Finds the tool that a folder of migrations belongs to.

use std::collections::BTreeSet;

use crate::tools::{dbmate, diesel, flyway, goose, refinery, sea_orm, sqlx};
use crate::{Folder, FolderFile, Tool};

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
        let speaks = |file: &&FolderFile| match tool {
            Tool::Sqlx => sqlx::is_only_ours(file),
            Tool::Diesel => diesel::is_ours(file),
            Tool::Refinery => refinery::is_only_ours(file),
            Tool::Dbmate => dbmate::is_ours(file),
            Tool::Goose => goose::is_ours(file),
            Tool::Flyway => flyway::is_only_ours(file),
            Tool::SeaOrm => sea_orm::is_ours(file),
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

/// Finds the folders below a folder that belong to tools, each with the tools that it may belong to; of folders
/// inside of each other, the outer ones.
#[must_use]
pub fn detect_below(folder: &Folder) -> Vec<(String, Vec<Tool>)> {
    let ends = |file: &FolderFile| -> Vec<String> {
        let ends = file.path.match_indices('/');
        ends.map(|(end, _)| file.path[..end].to_owned()).collect()
    };
    // A folder comes before those inside of it.
    let below: BTreeSet<String> = folder.files.iter().flat_map(ends).collect();
    let mut found: Vec<(String, Vec<Tool>)> = Vec::new();
    for path in below {
        let start = format!("{path}/");
        let mut outer = found.iter();
        if outer.any(|(outer, _)| start.starts_with(&format!("{outer}/"))) {
            continue;
        }
        let inside = folder.files.iter().filter_map(|file| {
            let path = file.path.strip_prefix(&start)?.to_owned();
            let content = file.content.clone();
            Some(FolderFile { path, content })
        });
        let inside = Folder {
            files: inside.collect(),
        };
        match detect(&inside) {
            Detection::Tool(tool) => found.push((path, vec![tool])),
            Detection::Several(several) => {
                found.push((path, several.into_iter().map(|(tool, _)| tool).collect()));
            }
            Detection::Nothing => {}
        }
    }
    found
}
