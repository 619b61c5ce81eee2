//! Keeps the tables of docs/compatibility.md in step with the rows.

use std::path::PathBuf;

use super::rows::{TABLES, Table};
use crate::{Result, cargo};

const PAGE: &str = "docs/compatibility.md";

/// Fails when the tables of the page differ from the rows.
pub(super) fn check() -> Result<()> {
    let page = std::fs::read_to_string(path())?;
    match page == updated(&page)? {
        true => Ok(()),
        false => {
            let write = "cargo xtask compatibility --write";
            Err(format!("the tables of {PAGE} are out of date: `{write}` writes them").into())
        }
    }
}

/// Writes the tables into the page.
pub(super) fn write() -> Result<()> {
    let page = std::fs::read_to_string(path())?;
    Ok(std::fs::write(path(), updated(&page)?)?)
}

fn path() -> PathBuf {
    cargo::root().join(PAGE)
}

/// Returns the page with each table replaced below the heading that names it.
fn updated(page: &str) -> Result<String> {
    let mut updated = page.replace("\r\n", "\n");
    for table in &TABLES {
        let heading = format!("\n## Together with {}\n", table.name);
        let section = updated.find(&heading).map(|at| at + heading.len());
        let section = section.ok_or_else(|| format!("{PAGE} lacks the heading{heading}"))?;
        let start = updated[section..].find("\n|").map(|at| section + at + 1);
        let start = start.ok_or_else(|| format!("{PAGE} lacks a table below{heading}"))?;
        let lines = updated[start..].split_inclusive('\n');
        let length: usize = lines
            .take_while(|line| line.starts_with('|'))
            .map(str::len)
            .sum();
        updated.replace_range(start..start + length, &rendered(table));
    }
    Ok(updated)
}

fn rendered(table: &Table) -> String {
    let mut lines = format!("| other dependencies | {} |\n|---|---|\n", table.watched);
    for row in table.rows {
        let versions = row.resolution.versions();
        let versions = versions.map_or_else(
            || "**conflict**".to_owned(),
            |versions| versions.join(" and "),
        );
        lines += &format!("| {} | {versions} |\n", row.list_others());
    }
    lines
}

#[test]
fn the_page_shows_the_rows() {
    check().unwrap();
}
