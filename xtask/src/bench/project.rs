//! Cargo projects with many revisions.

use std::path::{Path, PathBuf};

use crate::Result;

/// How the revisions follow each other.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Each follows the one before.
    Line,
    /// Every tenth revision makes a branch, which the next one merges; some depend on earlier ones.
    Merges,
}

/// A Cargo project with a crate of the given number of revisions.
pub(super) struct Project {
    pub(super) folder: PathBuf,
    pub(super) migrations: PathBuf,
    /// Where the configuration has the database.
    pub(super) database: PathBuf,
}

impl Project {
    pub(super) fn create(folder: &Path, revisions: usize, shape: Shape) -> Result<Self> {
        Self::with(folder, revisions, shape, |index| {
            format!("{UPGRADE}{}", upgrade(index))
        })
    }

    /// Creates a workspace, and one as a member of it, next to a crate without revisions.
    pub(super) fn member(workspace: &Path, revisions: usize, shape: Shape) -> Result<Self> {
        let project = Self::create(&workspace.join("bench"), revisions, shape)?;
        std::fs::write(project.folder.join("Cargo.toml"), MANIFEST)?;
        let other = workspace.join("other");
        std::fs::create_dir_all(other.join("src"))?;
        std::fs::write(other.join("src").join("lib.rs"), "")?;
        let manifest = "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        std::fs::write(other.join("Cargo.toml"), manifest)?;
        let members = "[workspace]\nresolver = \"3\"\nmembers = [\"bench\", \"other\"]\n";
        std::fs::write(workspace.join("Cargo.toml"), members)?;
        Ok(project)
    }

    /// Creates one whose revisions have the sections for upgrades that `sections` returns.
    pub(super) fn with(
        folder: &Path,
        revisions: usize,
        shape: Shape,
        sections: impl Fn(usize) -> String,
    ) -> Result<Self> {
        let project = Self {
            folder: folder.to_owned(),
            migrations: folder.join("migrations"),
            database: folder.join("bench.db"),
        };
        std::fs::create_dir_all(folder.join("src"))?;
        std::fs::create_dir_all(&project.migrations)?;
        std::fs::write(folder.join("src").join("lib.rs"), "")?;
        let manifest = format!("{MANIFEST}\n[workspace]\n");
        std::fs::write(folder.join("Cargo.toml"), manifest)?;
        for index in 0..revisions {
            let file = project.migrations.join(file_name(index));
            std::fs::write(file, text(index, shape, &sections(index)))?;
        }
        Ok(project)
    }
}

/// The heading of an ordinary section.
pub(super) const UPGRADE: &str = "-- alembic: upgrade\n";

const MANIFEST: &str = r#"[package]
name = "bench"
version = "0.1.0"
edition = "2024"

[package.metadata.alembic]
url = "sqlite://bench.db"
"#;

fn id(index: usize) -> String {
    format!("{index:012x}")
}

/// Returns the name of a revision's file.
pub(super) fn file_name(index: usize) -> String {
    format!("20260101_0000_{}_create_table.sql", id(index))
}

/// Returns what a revision does: it makes a small table and an index.
pub(super) fn upgrade(index: usize) -> String {
    format!(
        "CREATE TABLE table_{index} (\n    \
             id INTEGER PRIMARY KEY,\n    \
             name VARCHAR(200) NOT NULL,\n    \
             amount NUMERIC(10, 2),\n    \
             created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\n\
         );\n\
         CREATE INDEX table_{index}_name_idx ON table_{index} (name);\n"
    )
}

/// Returns the text of a revision.
fn text(index: usize, shape: Shape, sections: &str) -> String {
    let before = |count: usize| index.checked_sub(count).map(id);
    let parents = match (shape, index % 10) {
        (Shape::Merges, 6) => vec![before(2)],
        (Shape::Merges, 7) => vec![before(1), before(2)],
        _ => vec![before(1)],
    };
    let parents: Vec<String> = parents.into_iter().flatten().collect();
    let depends_on = match (shape, index % 100) {
        (Shape::Merges, 50) => format!("\n-- Depends On: {}", id(index - 20)),
        _ => String::new(),
    };
    format!(
        "-- Create table {index}\n\
         --\n\
         -- Revision ID: {id}\n\
         -- Revises: {parents}\n\
         -- Create Date: 2026-01-01 00:00:00+00:00{depends_on}\n\
         \n\
         {sections}\
         \n\
         -- alembic: downgrade\n\
         DROP INDEX table_{index}_name_idx;\n\
         DROP TABLE table_{index};\n",
        id = id(index),
        parents = parents.join(", "),
    )
}
