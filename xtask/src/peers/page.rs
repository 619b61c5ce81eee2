//! The table of docs/sqlite.md.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use super::attempt::{Failure, Record};
use super::survey::{CHECKS, Outcome};
use crate::{Result, cargo};

const PAGE: &str = "docs/sqlite.md";
const BEGIN: &str = "<!-- peers -->\n";
const END: &str = "<!-- /peers -->\n";

/// Writes down what all tools have done.
pub(super) fn render(records: &[Record]) -> String {
    let mut table = String::new();
    let mut row = |what: &str, cell: &dyn Fn(&Record) -> String| {
        let cells: Vec<String> = records.iter().map(cell).collect();
        let _ = writeln!(table, "| {what} | {} |", cells.join(" | "));
    };
    row("", &|record| record.name.clone());
    row("---", &|_| "---".to_owned());
    row("takes the whole table", &|record| match record.whole {
        None => "yes".to_owned(),
        Some(_) => "**no**".to_owned(),
    });
    for (index, check) in CHECKS.iter().enumerate() {
        row(check.what, &|record| {
            let cell = match record.outcomes[index] {
                Outcome::Kept => "kept",
                Outcome::Lost => "**lost**",
                Outcome::LeftOut => "fails",
            };
            cell.to_owned()
        });
    }
    row("left behind by a change that fails", &|record| {
        record.failure.show()
    });
    let mut notes = String::new();
    for record in records {
        if let Some(error) = &record.whole {
            let _ = writeln!(
                notes,
                "- {} fails on the whole table: `{error}`. It was tried without {}.",
                record.name,
                record.left_out.join(", ")
            );
        }
        if let Some(error) = &record.failure.again {
            let _ = writeln!(
                notes,
                "- {} fails again after the row that the change failed for is mended: `{error}`.",
                record.name
            );
        }
    }
    format!("{table}\n{notes}")
}

impl Failure {
    fn show(&self) -> String {
        let names: Vec<_> = self
            .leftovers
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        match names.as_slice() {
            [] => "nothing".to_owned(),
            names => format!("**{}**", names.join(", ")),
        }
    }
}

/// Fails when the page has another table.
pub(super) fn check(table: &str) -> Result<()> {
    let page = fs::read_to_string(path())?;
    match page == updated(&page, table)? {
        true => Ok(()),
        false => {
            let write = "cargo xtask peers --write";
            Err(format!("the table of {PAGE} is out of date: `{write}` writes it").into())
        }
    }
}

/// Writes the table into the page.
pub(super) fn write(table: &str) -> Result<()> {
    let page = fs::read_to_string(path())?;
    Ok(fs::write(path(), updated(&page, table)?)?)
}

fn path() -> PathBuf {
    cargo::root().join(PAGE)
}

fn updated(page: &str, table: &str) -> Result<String> {
    let page = page.replace("\r\n", "\n");
    let parts = page.split_once(BEGIN);
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{PAGE} lacks the marks {BEGIN}{END}"))?;
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}
