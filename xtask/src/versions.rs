//! `cargo xtask postgres-versions`: what depends on the version of a PostgreSQL server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::cargo::{self, run};
use crate::{Result, servers};

/// Arguments of `cargo xtask postgres-versions`.
#[derive(Debug, Args)]
pub(crate) struct VersionsArgs {
    /// Only these major versions
    versions: Vec<u32>,
    /// Only the tests whose names contain one of these, instead of all that need a server
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// The servers, by their major versions: versions of npm's `@embedded-postgres/<platform>`.
const SERVERS: [(u32, &str); 6] = [
    (13, "13.23.0-beta.16"),
    (14, "14.23.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (18, "18.4.0-beta.17"),
];

/// The tests of the library on a server: what only PostgreSQL has, and the scenarios of each driver.
const ENGINES: [&str; 5] = [
    "postgres::",
    "pool::",
    "options::",
    "connection::",
    "tokio_postgres::",
];

/// Tests that need more of a server than its programs: a `pg_dump` of its version.
const SKIPPED: [&str; 1] = ["postgres::dump::"];

/// Tests of the command whose outcome is up to the server.
const COMMANDS: [&str; 2] = ["planted", "test_on_servers"];

impl VersionsArgs {
    pub(crate) fn run(&self) -> Result<()> {
        servers::provide()?;
        let asked = |version: &u32| self.versions.is_empty() || self.versions.contains(version);
        let chosen: Vec<_> = SERVERS
            .iter()
            .filter(|(version, _)| asked(version))
            .collect();
        if chosen.is_empty() {
            let known = SERVERS.map(|(version, _)| version.to_string());
            return Err(format!("known versions are {}", known.join(", ")).into());
        }
        let mut outcomes = BTreeMap::new();
        for (version, package) in chosen {
            let programs = install(*version, package)?;
            eprintln!("==> PostgreSQL {version}");
            let engines = [
                "-p",
                "alembic-migrate",
                "--all-features",
                "--test",
                "engines",
            ];
            let commands = ["-p", "alembic-tests", "--test", "cli"];
            // One version that fails does not hide what the others do.
            let tested = [
                self.test(&programs, &engines, &ENGINES),
                self.test(&programs, &commands, &COMMANDS),
            ];
            let failed = tested.iter().filter(|tested| tested.is_err()).count();
            outcomes.insert(version, failed);
        }
        for (version, failed) in &outcomes {
            let outcome = if *failed == 0 { "passed" } else { "FAILED" };
            println!("PostgreSQL {version}: {outcome}");
        }
        match outcomes.values().all(|failed| *failed == 0) {
            true => Ok(()),
            false => Err("not every version passes".into()),
        }
    }

    /// Runs tests with the server whose programs are in a folder.
    fn test(&self, programs: &Path, tests: &[&str], names: &[&str]) -> Result<()> {
        let begin = ["test", "--locked", "--no-fail-fast"].into_iter();
        let mut command = cargo::command(begin.chain(tests.iter().copied()));
        command.env("PG_BINDIR", programs).arg("--");
        match self.only.as_slice() {
            [] => command.args(names),
            only => command.args(only),
        };
        for skipped in SKIPPED {
            command.args(["--skip", skipped]);
        }
        run(&mut command)
    }
}

/// Installs a server below the target folder, unless it is there; returns the folder of its programs.
fn install(version: u32, package: &str) -> Result<PathBuf> {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "aarch64") => "darwin-arm64",
        ("macos", "x86_64") => "darwin-x64",
        (os, arch) => return Err(format!("there are no servers for {os} on {arch}").into()),
    };
    let name = format!("@embedded-postgres/{platform}");
    let folder = cargo::target()?.join("postgres").join(version.to_string());
    let programs = folder.join("node_modules").join(&name).join("native/bin");
    if !programs.join("pg_dump").exists() {
        std::fs::create_dir_all(&folder)?;
        let install = [
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
        ];
        run(Command::new("npm")
            .args(install)
            .arg(&folder)
            .arg(format!("{name}@{package}")))?;
        // The package has the server alone; the tests take its clients from the same folder.
        for client in ["psql", "pg_dump"] {
            let system = servers::find(client).ok_or_else(|| format!("there is no {client}"))?;
            let wrapper = programs.join(client);
            std::fs::write(
                &wrapper,
                format!("#!/bin/sh\nexec {} \"$@\"\n", system.display()),
            )?;
            run(Command::new("chmod").arg("755").arg(&wrapper))?;
        }
    }
    Ok(programs)
}
