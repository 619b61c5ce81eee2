//! What a tool makes of the table, and of a row that stands in its way.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::survey::{CHECKS, Outcome};
use super::tool::{Tool, fixture};
use crate::Result;

/// The parts of the table that can be left out.
const PARTS: [&str; 5] = [
    "a view",
    "a trigger of another table",
    "generated columns",
    "an expression index",
    "a collated index",
];

/// What a tool has done.
pub(super) struct Record {
    pub(super) name: String,
    /// Why it fails on the whole table.
    pub(super) whole: Option<String>,
    /// The parts without which it succeeds.
    pub(super) left_out: Vec<&'static str>,
    /// What came of each check, in the order of the checks.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) failure: Failure,
}

/// What a change leaves that fails because of a row.
pub(super) struct Failure {
    /// The objects that it leaves.
    pub(super) leftovers: Vec<String>,
    /// Why it fails again after the row is mended.
    pub(super) again: Option<String>,
}

impl Record {
    pub(super) fn take(tool: &Tool, folder: &Path) -> Result<Self> {
        let database = Database(folder.join("attempt.db"));
        let mut left_out = Vec::new();
        let whole = database.attempt(tool, &left_out)?;
        if whole.is_some() {
            left_out = PARTS.to_vec();
            if let Some(error) = database.attempt(tool, &left_out)? {
                return Err(format!("{} fails without any part: {error}", tool.name).into());
            }
            for part in PARTS {
                let fewer: Vec<_> = left_out
                    .iter()
                    .copied()
                    .filter(|other| *other != part)
                    .collect();
                if database.attempt(tool, &fewer)?.is_none() {
                    left_out = fewer;
                }
            }
            database.attempt(tool, &left_out)?;
        }
        let connection = database.open()?;
        let outcomes = CHECKS
            .iter()
            .map(|check| check.outcome(&connection, &left_out));
        let outcomes = outcomes.collect::<Result<_>>()?;
        drop(connection);
        Ok(Self {
            name: tool.name.clone(),
            whole,
            outcomes,
            failure: database.fail(tool, &left_out)?,
            left_out,
        })
    }
}

/// The file that is tried on.
struct Database(PathBuf);

impl Database {
    fn open(&self) -> Result<Connection> {
        Ok(Connection::open(&self.0)?)
    }

    /// Creates the table without some parts.
    fn create(&self, left_out: &[&str]) -> Result<()> {
        if self.0.exists() {
            fs::remove_file(&self.0)?;
        }
        let text = fs::read_to_string(fixture("torture.sql"))?.replace("\r\n", "\n");
        let mut part = None;
        let mut kept = String::new();
        for line in text.split_inclusive('\n') {
            if let Some(name) = line.strip_prefix("-- part: ") {
                part = Some(name.trim_end());
            } else if line.starts_with("-- end") {
                part = None;
            } else if part.is_none_or(|part| !left_out.contains(&part)) {
                kept += line;
            }
        }
        Ok(self.open()?.execute_batch(&kept)?)
    }

    /// Creates the table and has it changed; returns the error.
    fn attempt(&self, tool: &Tool, left_out: &[&str]) -> Result<Option<String>> {
        self.create(left_out)?;
        tool.change(&self.0, left_out)
    }

    /// Has the table changed while a row stands in the way, and again after that.
    fn fail(&self, tool: &Tool, left_out: &[&str]) -> Result<Failure> {
        self.create(left_out)?;
        let before = self.names()?;
        self.open()?
            .execute_batch("UPDATE author SET note = NULL WHERE id = 2")?;
        if tool.change(&self.0, left_out)?.is_none() {
            return Err(format!("{} ignores a NULL", tool.name).into());
        }
        let mut leftovers = self.names()?;
        leftovers.retain(|name| !before.contains(name));
        self.open()?
            .execute_batch("UPDATE author SET note = 'b' WHERE id = 2")?;
        Ok(Failure {
            leftovers,
            again: tool.change(&self.0, left_out)?,
        })
    }

    /// Returns the names of all objects but those that a tool keeps its own accounts in.
    fn names(&self) -> Result<Vec<String>> {
        let connection = self.open()?;
        let names = "SELECT name FROM sqlite_master WHERE name NOT LIKE '%drizzle_migrations%' \
                     AND name NOT LIKE 'alembic_version%' ORDER BY name";
        let mut names = connection.prepare(names)?;
        let names = names.query_map([], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }
}
