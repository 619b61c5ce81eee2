//! Checks a crate's migrations when it is built, and embeds them.
//!
//! In the crate's `build.rs`, `main` is one line:
//!
//! ```no_run
//! alembic_build::embed_migrations();
//! ```
//!
//! The build fails when the revisions are not one valid chain: all problems are shown at once, with
//! file, line and how to correct them. `alembic_migrate::include_migrations!()` then passes the
//! revisions to the program, which needs no files at run time.
//!
//! The configuration is that of the `cargo alembic` command, `[package.metadata.alembic]`. The
//! chain must be linear; `chain = "merged"` allows branches that are merged into a single head.

mod baseline;
mod embed;
mod lock;
mod manifest;
mod schema;
mod toml;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use alembic_history::{
    Code, Dialect, Fresh, History, HistorySettings, SchemaFiles, Settings, SettingsKey, SourceFile,
    StaleSchema, read_folder,
};

use manifest::{Manifest, Problem};
use schema::SchemaText;

/// Checks the migrations of the crate that is being built, and embeds them.
///
/// Problems are reported to cargo, which shows them and fails the build.
///
/// # Panics
///
/// Outside of a build script, and when the build's output folder cannot be written to.
pub fn embed_migrations() {
    let variable = |name: &str| {
        let value = std::env::var_os(name);
        PathBuf::from(value.unwrap_or_else(|| panic!("{name} is set for build scripts only")))
    };
    let crate_folder = variable("CARGO_MANIFEST_DIR");
    let out_folder = variable("OUT_DIR");
    let stdout = io::stdout().lock();
    if let Err(error) = run(&crate_folder, &out_folder, stdout) {
        panic!("cannot embed the migrations: {error}");
    }
}

/// Checks and embeds the migrations of one crate, with the instructions for cargo written to
/// `cargo`.
fn run(crate_folder: &Path, out_folder: &Path, mut cargo: impl Write) -> io::Result<()> {
    match check(crate_folder, &mut cargo)? {
        Ok(sound) => {
            let names = sound
                .iter()
                .filter_map(|sound| sound.history_name.as_deref());
            let names: Vec<&str> = names.collect();
            if !names.is_empty() {
                embed::write_choice(&names, out_folder)?;
            }
            sound
                .iter()
                .try_for_each(|sound| embed::write(sound, out_folder))
        }
        Err(problems) => {
            for problem in problems {
                for line in problem.to_string().lines() {
                    writeln!(cargo, "cargo::error={line}")?;
                }
            }
            Ok(())
        }
    }
}

/// The embedded data of a history.
struct CheckedMigrations {
    /// The name by which the history is known: that of the crate, unless it has several.
    package: String,
    /// The history's own name, if the crate has several.
    history_name: Option<String>,
    settings: Settings,
    /// The dialects whose target schema may be another one than the revisions make.
    replayed: Vec<Dialect>,
    history: History,
    /// The files of the target schema.
    schemas: Vec<SchemaText>,
    /// The files that create what is older than the revisions.
    bases: Vec<SchemaText>,
}

/// Reads and checks everything, after reporting to cargo the files that the result depends on.
fn check(
    crate_folder: &Path,
    cargo: &mut impl Write,
) -> io::Result<Result<Vec<CheckedMigrations>, Vec<Problem>>> {
    let mut manifest = Manifest::read(crate_folder);
    for path in manifest.paths() {
        writeln!(cargo, "cargo::rerun-if-changed={}", path.display())?;
    }
    let mut problems = std::mem::take(&mut manifest.problems);
    let mut checked = Vec::new();
    for own in &manifest.histories {
        match check_history(crate_folder, &manifest, own, cargo)? {
            Ok(sound) => checked.push(sound),
            Err(found) => problems.extend(found),
        }
    }
    Ok(match problems.is_empty() {
        true => Ok(checked),
        false => Err(problems),
    })
}

/// Reads and checks one history.
fn check_history(
    crate_folder: &Path,
    manifest: &Manifest,
    own: &HistorySettings,
    cargo: &mut impl Write,
) -> io::Result<Result<CheckedMigrations, Vec<Problem>>> {
    let settings = &own.settings;
    let package = own.full_name(&manifest.package);
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for name in &settings.migrations {
        let path = crate_folder.join(name);
        writeln!(cargo, "cargo::rerun-if-changed={}", path.display())?;
        match read_folder(&path) {
            Ok(found) => files.extend(found.into_iter().map(|file| SourceFile {
                path: path_in_crate(&file.path, &path, name),
                ..file
            })),
            Err(error) => problems.push(Problem {
                place: path_in_crate(&error.path, &path, name)
                    .display()
                    .to_string(),
                code: Code::UnreadableFolder,
                title: format!("cannot read the migrations: {}", error.reason()),
                note: None,
                help: format!(
                    "bring the folder back as it was, as from git; create it with `cargo alembic \
                     init -p {package}` if there are no revisions yet; or correct `migrations` \
                     under [package.metadata.alembic]"
                ),
            }),
        }
    }
    if files.is_empty() && problems.is_empty() && !settings.migrations.is_empty() {
        problems.push(Problem {
            place: settings.migrations.join(", "),
            code: Code::NoRevisions,
            title: "no revisions".to_owned(),
            note: None,
            help: format!(
                "write the first one with `cargo alembic revision -p {package}`, or declare \
                 `migrations = []` under [package.metadata.alembic] until there are any"
            ),
        });
    }
    let dialects = settings.dialects_for(None);
    let history = History::new(files, &dialects);
    let faults = match &history {
        Ok(history) => history.check_chain(settings.chain, &package),
        Err(error) => error.faults.clone(),
    };
    problems.extend(faults.iter().map(Problem::from));
    if let Ok(history) = &history {
        let faults = lock::check(crate_folder, settings, history, &package);
        problems.extend(faults.iter().map(Problem::from));
        let newer = history.all_newer_sql(settings.sqlite_version);
        for fault in history.empty_upgrades().iter().chain(&newer) {
            warn(&Problem::from(fault), cargo)?;
        }
        problems.extend(baseline::check(manifest, own, history));
    }
    let mut read = |key, files: &Option<SchemaFiles>| {
        let files = files.iter().flat_map(|files| files.by_file(&dialects));
        let mut texts = Vec::new();
        for (name, dialects) in files {
            let path = crate_folder.join(name);
            writeln!(cargo, "cargo::rerun-if-changed={}", path.display())?;
            match SchemaText::read(key, &path, name, dialects) {
                Ok(text) => {
                    for problem in text.newer_sql(settings.sqlite_version) {
                        warn(&problem, cargo)?;
                    }
                    texts.push(text);
                }
                Err(found) => problems.extend(found),
            }
        }
        io::Result::Ok(texts)
    };
    let bases = read(SettingsKey::Base, &settings.base)?;
    let schemas = read(SettingsKey::Schema, &settings.schema)?;
    let mut replayed = Vec::new();
    for schema in &schemas {
        let (Ok(history), Fresh::Create) = (&history, settings.fresh) else {
            continue;
        };
        let state = schema.state(history, &bases);
        if !state.is_trusted() {
            replayed.extend(&schema.dialects);
        }
        if let Some(problem) = schema.doubt(state, settings, &package) {
            match settings.stale_schema {
                StaleSchema::Warn => warn(&problem, cargo)?,
                StaleSchema::Error => problems.push(problem),
            }
        }
    }
    Ok(match history {
        Ok(history) if problems.is_empty() => Ok(CheckedMigrations {
            package,
            history_name: own.name.clone(),
            settings: settings.clone(),
            replayed,
            history,
            schemas,
            bases,
        }),
        _ => Err(problems),
    })
}

/// Reports a problem that does not fail the build.
fn warn(problem: &Problem, cargo: &mut impl Write) -> io::Result<()> {
    for line in problem.to_string().lines() {
        writeln!(cargo, "cargo::warning={line}")?;
    }
    Ok(())
}

/// Returns the path of a file as it is shown to people: the configured folder `name` instead of its
/// location `folder`, and the rest.
fn path_in_crate(path: &Path, folder: &Path, name: &str) -> PathBuf {
    let below = path.strip_prefix(folder).unwrap_or(path);
    // Joining an empty path would add a slash at the end.
    Path::new(name).join(below).components().collect()
}

#[cfg(test)]
mod tests;
