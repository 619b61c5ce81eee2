//! Runs the migrations of a project one at a time, by its own program, and observes what they execute.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use alembic_history::Code;
use alembic_import::{Observed, ObservedMigration, Tool, observed};

use super::project::Project;
use crate::database::scratch::Scratch;
use crate::import::program::{Observation, cells, connection_help, tables};
use crate::import::recorded::{RecordTable, Recorded, Recorder};
use crate::import::report::ToolName;
use crate::output::{Cause, Diagnostic, Error, Result, display_path, quote_for_sql};
use crate::replay::Replay;
use crate::url::DatabaseUrl;

/// Runs the program of a project.
pub(super) struct ProgramRecorder {
    pub(super) project: Project,
    pub(super) program: PathBuf,
}

/// A run of the program.
struct Step {
    observed: Vec<Observed>,
    /// What it failed with, if it did.
    failed: Option<String>,
}

impl Recorder for ProgramRecorder {
    fn tool(&self) -> ToolName {
        ToolName::of(Tool::SeaOrm)
    }

    fn folder(&self) -> &Path {
        &self.project.folder
    }

    fn shown(&self) -> String {
        self.project.shown()
    }

    fn record(&self, replay: &Replay<'_>) -> Result<Recorded> {
        let dialect = replay.engine.dialect();
        let scratch = replay.prepared_for_programs()?;
        let table = self.table(&scratch)?;
        let mut migrations = self.record_upgrades(&scratch, &table)?;
        self.record_downgrades(replay, &table, &mut migrations)?;
        Ok(Recorded {
            recording: observed(Tool::SeaOrm, &table, dialect, &migrations),
            scratch,
            per_revision: dialect.needs_commits(),
            table: RecordTable::OfTool(table),
        })
    }

    fn revert(&self, scratch: &Scratch, ids: &[&str]) -> Result<()> {
        let count = ids.len().to_string();
        let step = self.step(scratch, &["down", "-n", &count])?;
        step.failed.map_or(Ok(()), |why| Err(self.unusable(&why)))
    }
}

impl ProgramRecorder {
    /// Asks the program for its status, which makes it create its table; returns that one. A program that uses
    /// another database than it was given is found out by it, before it migrates anything.
    fn table(&self, scratch: &Scratch) -> Result<String> {
        let before = tables(scratch)?;
        let step = self.step(scratch, &["status"])?;
        let after = tables(scratch)?;
        let mut new = after.into_iter().filter(|table| !before.contains(table));
        let found = new.next();
        match (found, step.failed) {
            (_, Some(why)) => Err(self.unconnected(&why, scratch)),
            (None, None) => Err(self.foreign()),
            (Some(_), None) if step.observed.is_empty() => Err(self.unobserved()),
            (Some(table), None) => Ok(table),
        }
    }

    /// Applies the migrations one at a time.
    fn record_upgrades(&self, scratch: &Scratch, table: &str) -> Result<Vec<ObservedMigration>> {
        let mut migrations: Vec<ObservedMigration> = Vec::new();
        loop {
            let before = versions(scratch, table)?;
            let step = self.step(scratch, &["up", "-n", "1"])?;
            if let Some(why) = step.failed {
                return Err(self.failed(migrations.last(), &why));
            }
            let after = versions(scratch, table)?;
            let mut new = after
                .into_iter()
                .filter(|version| !before.contains(version));
            match (new.next(), new.next()) {
                (None, _) if migrations.is_empty() => return Err(self.no_migrations()),
                (None, _) => return Ok(migrations),
                (Some(version), None) => migrations.push(ObservedMigration {
                    version,
                    upgrade: step.observed,
                    ..ObservedMigration::default()
                }),
                (Some(_), Some(_)) => {
                    let why = "it applies several migrations where it is asked for one";
                    return Err(self.unusable(why));
                }
            }
        }
    }

    /// Reverts the migrations one at a time, from the last one down; below one that cannot be reverted, in another
    /// database.
    fn record_downgrades(
        &self,
        replay: &Replay<'_>,
        table: &str,
        migrations: &mut [ObservedMigration],
    ) -> Result<()> {
        let mut reached: Option<Scratch> = None;
        for (index, migration) in migrations.iter_mut().enumerate().rev() {
            let scratch = match reached.take() {
                Some(scratch) => scratch,
                None => self.database_at(replay, index + 1)?,
            };
            let step = self.step(&scratch, &["down", "-n", "1"])?;
            let is_left = versions(&scratch, table)?.contains(&migration.version);
            migration.failed = match step.failed {
                None if is_left => Some("it is still applied after that".to_owned()),
                failed => failed,
            };
            if migration.failed.is_none() {
                migration.downgrade = step.observed;
                reached = Some(scratch);
            }
        }
        Ok(())
    }

    /// Creates a database in which the first migrations are applied.
    fn database_at(&self, replay: &Replay<'_>, count: usize) -> Result<Scratch> {
        let scratch = replay.prepared_for_programs()?;
        let step = self.step(&scratch, &["up", "-n", &count.to_string()])?;
        match step.failed {
            Some(why) => Err(self.unusable(&why)),
            None => Ok(scratch),
        }
    }

    /// Runs the program on a database.
    fn step(&self, scratch: &Scratch, arguments: &[&str]) -> Result<Step> {
        let mut command = Command::new(&self.program);
        command.args(arguments).stdin(Stdio::null());
        let observation = Observation::start(scratch, &mut command)?;
        let output = command.output();
        let observed = observation.finish()?;
        let output = output.map_err(|error| self.unusable(&error.to_string()))?;
        let failed = (!output.status.success()).then(|| reason(&output, scratch));
        Ok(Step { observed, failed })
    }

    fn fault(&self, code: Code, title: String) -> Diagnostic {
        Diagnostic::new(Cause::Program, title)
            .code(code)
            .note("nothing was written; only scratch databases were migrated")
    }

    fn unusable(&self, why: &str) -> Error {
        let title = format!(
            "the migrations of {} cannot be run one by one: {why}",
            self.shown()
        );
        let help =
            "`sea-orm-cli migrate up -n 1` on an empty database shows whether sea-orm itself can";
        self.fault(Code::MigrationProgram, title).help(help).into()
    }

    fn unconnected(&self, why: &str, scratch: &Scratch) -> Error {
        let title = format!(
            "the program {} cannot use the scratch database: {why}",
            display_path(&self.program)
        );
        let help = connection_help(scratch);
        self.fault(Code::MigrationProgram, title).help(help).into()
    }

    fn foreign(&self) -> Error {
        let title = format!(
            "the program {} opens another database than the one that DATABASE_URL names",
            display_path(&self.program)
        );
        Diagnostic::new(Cause::Program, title)
            .code(Code::MigrationProgram)
            .note("nothing was written; the program was asked for `status`, and for nothing else")
            .help("have it take the URL that `cli::run_cli` hands to it")
            .into()
    }

    fn unobserved(&self) -> Error {
        let title = format!(
            "the program {} does not report what it executes: its SQLite is not compiled with it",
            display_path(&self.program)
        );
        let help = "build sqlx with its own SQLite (`sqlx-sqlite`, and not `sqlite-unbundled`)";
        self.fault(Code::MigrationProgram, title).help(help).into()
    }

    fn failed(&self, last: Option<&ObservedMigration>, why: &str) -> Error {
        let which = match last {
            Some(last) => format!("the migration after {}", last.version),
            None => "the first migration".to_owned(),
        };
        let title = format!("{which} failed on an empty database: {why}");
        self.fault(Code::NotImported, title)
            .help(
                "`sea-orm-cli migrate up` on an empty database shows whether sea-orm itself can; if the \
                 migrations need tables that none of them creates, name the SQL that does with `base` under \
                 [package.metadata.alembic]",
            )
            .into()
    }

    fn no_migrations(&self) -> Error {
        let title = format!("the sea-orm project {} has no migrations", self.shown());
        self.fault(Code::NotImported, title)
            .help("begin with `cargo alembic init` and `cargo alembic revision`")
            .into()
    }
}

/// Returns what a program said last, without the password of the database.
fn reason(output: &Output, scratch: &Scratch) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let mut lines = said.lines().map(str::trim);
    let is_reason = |line: &&str| !line.is_empty() && !line.starts_with("note: ");
    let last = lines.rfind(is_reason);
    let reason = last.map_or_else(|| output.status.to_string(), ToOwned::to_owned);
    let password = match &scratch.database.url {
        DatabaseUrl::Postgres(url) => url.password(),
        DatabaseUrl::Sqlite(_) => None,
    };
    match password.filter(|password| !password.is_empty()) {
        Some(password) => reason.replace(&password, "***"),
        None => reason,
    }
}

/// Returns the versions that are applied.
fn versions(scratch: &Scratch, table: &str) -> Result<Vec<String>> {
    let table = quote_for_sql(table);
    cells(
        scratch,
        &format!("SELECT version FROM {table} ORDER BY version"),
    )
}
