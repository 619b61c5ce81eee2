//! `cargo xtask compatibility`: has cargo resolve which versions of other libraries work with ours.
//!
//! Each row is an application that depends on one of our libraries and on others. Each application
//! is a package in a temporary folder, which cargo either resolves to some versions or refuses. There
//! must be a row for the newest version of each of the others, as cargo finds it.

mod page;
mod rows;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use clap::Args;
use tempfile::TempDir;

use crate::{Result, cargo};
use rows::{Library, Row, TABLES, Table};

/// Arguments of `cargo xtask compatibility`.
#[derive(Debug, Args)]
pub(crate) struct CompatibilityArgs {
    /// Fail when the tables of docs/compatibility.md are out of date
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Write the tables of docs/compatibility.md
    #[arg(long)]
    write: bool,
    /// Also compile the applications that have code for it: takes many minutes
    #[arg(long)]
    build: bool,
}

impl CompatibilityArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let start = Instant::now();
        let mut faults = find_new_versions()?;
        for table in &TABLES {
            println!("\ntogether with {}:", table.name);
            for row in table.rows {
                let application = Application::new(table, row)?;
                let found = application.resolve(table.watched)?;
                println!("{:60}{}", row.list_others(), show(table, &found));
                if found != row.resolution.versions() {
                    let expected = show(table, &row.resolution.versions());
                    let what = format!("{}, together with {}", row.list_others(), table.name);
                    faults.push(format!("{what}: expected {expected}"));
                } else if let (true, Some(code)) = (self.build, row.code) {
                    application.build(code)?;
                }
            }
        }
        println!("\nresolved in {:.0} s", start.elapsed().as_secs_f64());
        if !faults.is_empty() {
            let rows = "xtask/src/compatibility/rows.rs";
            return Err(
                format!("not as expected in {rows}:\n    {}", faults.join("\n    ")).into(),
            );
        }
        match (self.check, self.write) {
            (true, _) => page::check(),
            (_, true) => page::write(),
            _ => Ok(()),
        }
    }
}

/// Returns a fault for each library whose newest version has no row.
fn find_new_versions() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    println!("\nnewest versions:");
    for (name, known) in rows::libraries() {
        let line = format!("{name} = {{ version = \"*\", default-features = false }}\n");
        let found = Application::of(&line)?.resolve(name)?;
        for newest in found.into_iter().flatten() {
            println!("{name:60}{newest}");
            if !has_version(&known, &newest) {
                faults.push(format!("{name} {newest} is published, and no row has it"));
            }
        }
    }
    Ok(faults)
}

/// Returns whether one of some versions belongs to a release: to a major and a minor number.
fn has_version(versions: &BTreeSet<&str>, release: &str) -> bool {
    let mut versions = versions.iter();
    versions.any(|version| {
        let patch = version.strip_prefix(release);
        patch.is_some_and(|patch| patch.is_empty() || patch.starts_with('.'))
    })
}

/// Says which versions of the watched library cargo found.
fn show(table: &Table, found: &Option<Vec<String>>) -> String {
    match found {
        Some(versions) => format!("{} {}", table.watched, versions.join(" and ")),
        None => "conflict".to_owned(),
    }
}

/// A package in a temporary folder.
struct Application {
    folder: TempDir,
}

impl Application {
    /// Creates an application that depends on one of our libraries.
    fn new(table: &Table, row: &Row) -> Result<Self> {
        let ours = table.ours.iter().map(|(name, rest)| {
            let folder = name.trim_start_matches("alembic-");
            let path = cargo::root().join("crates").join(folder);
            format!(
                "{name} = {{ path = {:?}{rest} }}\n",
                path.display().to_string()
            )
        });
        let others = row.others.iter().map(Library::line);
        Self::of(&ours.chain(others).collect::<String>())
    }

    /// Creates an application with these lines of dependencies.
    fn of(dependencies: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let manifest = format!(
            "[package]\nname = \"application\"\nedition = \"2024\"\nrust-version = \"{}\"\n\n\
             [dependencies]\n{dependencies}\n[workspace]\n",
            env!("CARGO_PKG_RUST_VERSION")
        );
        std::fs::write(folder.path().join("Cargo.toml"), manifest)?;
        std::fs::create_dir(folder.path().join("src"))?;
        let application = Self { folder };
        application.program("")?;
        Ok(application)
    }

    fn program(&self, code: &str) -> Result<()> {
        Ok(std::fs::write(self.folder.path().join("src/lib.rs"), code)?)
    }

    fn cargo(&self) -> Command {
        let mut command = Command::new(cargo::cargo());
        command.current_dir(self.folder.path());
        command
    }

    /// Has cargo choose versions, and returns those of one library; `None` where two versions of
    /// SQLite's bindings would be needed.
    fn resolve(&self, watched: &str) -> Result<Option<Vec<String>>> {
        let output = self.cargo().arg("generate-lockfile").output()?;
        if output.status.success() {
            let lockfile = self.folder.path().join("Cargo.lock");
            return Ok(Some(versions(&std::fs::read_to_string(lockfile)?, watched)));
        }
        let message = String::from_utf8_lossy(&output.stderr);
        if message.contains("links to the native library `sqlite3`") {
            return Ok(None);
        }
        Err(
            format!("cargo fails for a reason other than two versions of SQLite:\n{message}")
                .into(),
        )
    }

    /// Compiles the package with `code`, which uses our library and the others.
    fn build(&self, code: &str) -> Result<()> {
        self.program(code)?;
        let target = cargo::target()?.join("compatibility");
        let mut check = self.cargo();
        check.args(["check", "--quiet", "--locked"]);
        cargo::run(check.env("CARGO_TARGET_DIR", target))
    }
}

/// Returns the versions of a package in a lockfile: major and minor number, without duplicates.
fn versions(lockfile: &str, package: &str) -> Vec<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lockfile.lines();
    let mut found = BTreeSet::new();
    while lines.any(|line| line == name) {
        let version = lines.next().and_then(|line| line.split('"').nth(1));
        let mut parts = version.unwrap_or_default().split('.');
        let (major, minor) = (parts.next(), parts.next());
        found.insert(format!("{}.{}", major.unwrap_or("?"), minor.unwrap_or("?")));
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests;
