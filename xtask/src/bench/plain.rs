//! The program that commands are compared with: it reads revision files, applies them with rusqlite
//! and records them, with no more care than that takes.

use std::path::PathBuf;

use clap::Args;
use rusqlite::{Connection, OptionalExtension};

use super::apply::{LOG, TABLES};
use crate::Result;

/// Arguments of the process that upgrades a database.
#[derive(Debug, Args)]
pub(crate) struct PlainUpgradeArgs {
    folder: PathBuf,
    database: PathBuf,
}

impl PlainUpgradeArgs {
    /// Reads all files. Where the version table does not name the last one, applies all of them in
    /// one transaction.
    pub(crate) fn run(&self) -> Result<()> {
        let mut paths = Vec::new();
        for entry in self.folder.read_dir()? {
            paths.push(entry?.path());
        }
        paths.sort();
        let mut texts = Vec::new();
        for path in &paths {
            texts.push(std::fs::read_to_string(path)?);
        }
        let last = texts.last().and_then(|text| id(text)).unwrap_or_default();
        let connection = Connection::open(&self.database)?;
        let table = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'";
        let exists: Option<i64> = connection
            .query_row(table, [], |row| row.get(0))
            .optional()?;
        if exists.is_some() {
            let query = "SELECT version_num FROM alembic_version";
            let found: String = connection.query_row(query, [], |row| row.get(0))?;
            return match found == last {
                true => Ok(()),
                false => Err(format!("the database is at {found}, not at {last}").into()),
            };
        }
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute_batch(TABLES)?;
        for text in &texts {
            connection.execute_batch(upgrade(text))?;
            let mut log = connection.prepare_cached(LOG)?;
            log.execute([id(text).unwrap_or_default(), text])?;
        }
        connection.execute("UPDATE alembic_version SET version_num = ?1", [last])?;
        Ok(connection.execute_batch("COMMIT")?)
    }
}

fn id(text: &str) -> Option<&str> {
    text.lines()
        .find_map(|line| line.strip_prefix("-- Revision ID: "))
}

/// Returns the section that upgrades.
fn upgrade(text: &str) -> &str {
    let (_, section) = text.split_once("-- alembic: upgrade\n").unwrap_or_default();
    let end = section.find("-- alembic: ").unwrap_or(section.len());
    &section[..end]
}

#[test]
fn the_upgrade_section_is_found() {
    let text = "-- Add a\n--\n-- Revision ID: 0a\n-- Revises:\n\n-- alembic: upgrade\nCREATE TABLE \
                a (b);\n\n-- alembic: downgrade\nDROP TABLE a;\n";
    assert_eq!(id(text), Some("0a"));
    assert_eq!(upgrade(text), "CREATE TABLE a (b);\n\n");
}
