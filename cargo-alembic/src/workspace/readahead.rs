//! Reads the revision files of crates, starting before cargo has listed the crates.

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use alembic_history::{History, Settings, SourceFile, split_full_name};
use alembic_migrate::history::read_folder;
use alembic_migrate::{Dialect, LoadError};

use super::dotenv::Dotenv;
use super::manifests::{Manifests, Others};

/// Reads the revision files of a crate; their SQL is checked for `dialects` only when needed.
fn read(folders: &[PathBuf], dialects: &[Dialect]) -> Result<History, LoadError> {
    let mut files: Vec<SourceFile> = Vec::new();
    let mut known: HashSet<PathBuf> = HashSet::new();
    let current = std::env::current_dir().unwrap_or_default();
    for folder in folders {
        // A folder named twice, or inside another one, holds its files once.
        for mut file in read_folder(folder).map_err(LoadError::Folder)? {
            if let Ok(below) = file.path.strip_prefix(&current) {
                file.path = below.to_owned();
            }
            if known.insert(file.path.clone()) {
                files.push(file);
            }
        }
    }
    History::read(files, dialects).map_err(LoadError::History)
}

/// The histories of crates; the ones that a command probably needs are read in the background.
#[derive(Debug)]
pub(super) struct Readahead {
    thread: RefCell<Option<JoinHandle<Vec<Guess>>>>,
    guesses: OnceCell<RefCell<Vec<Guess>>>,
}

/// A history that was read for a crate before cargo confirmed the crate.
#[derive(Debug)]
struct Guess {
    folders: Vec<PathBuf>,
    dialects: Vec<Dialect>,
    history: Result<History, LoadError>,
}

impl Readahead {
    /// Starts to read the histories of a manifest's crates: those named in `packages`, or all of
    /// them. `url` is the database that an argument names.
    pub(super) fn begin(
        manifest: Option<PathBuf>,
        packages: Vec<String>,
        url: Option<String>,
        dotenv: Dotenv,
    ) -> Self {
        let thread = manifest.and_then(|manifest| {
            let read = move || guesses(&manifest, &packages, url.as_deref(), dotenv);
            // If the thread cannot start, everything is read when it is needed.
            std::thread::Builder::new().spawn(read).ok()
        });
        Self {
            thread: RefCell::new(thread),
            guesses: OnceCell::new(),
        }
    }

    /// Returns the history of a crate whose revision files are in `folders`, reading it if
    /// necessary.
    pub(super) fn history(
        &self,
        folders: &[PathBuf],
        dialects: &[Dialect],
    ) -> Result<History, LoadError> {
        let mut guesses = self.guesses().borrow_mut();
        let found = guesses
            .iter()
            .position(|guess| guess.folders == folders && guess.dialects == dialects);
        match found {
            Some(index) => guesses.swap_remove(index).history,
            None => read(folders, dialects),
        }
    }

    /// Returns whether a folder is already known to hold revisions.
    pub(super) fn has_seen_revisions(&self, folder: &Path) -> bool {
        self.guesses().borrow().iter().any(|guess| {
            let holds = |history: &History| history.graph().nodes().next().is_some();
            guess.folders == [folder] && guess.history.as_ref().is_ok_and(holds)
        })
    }

    /// Waits for the background thread, and returns its guesses.
    fn guesses(&self) -> &RefCell<Vec<Guess>> {
        self.guesses.get_or_init(|| {
            let thread = self.thread.borrow_mut().take();
            let guesses = thread.and_then(|thread| thread.join().ok());
            RefCell::new(guesses.unwrap_or_default())
        })
    }
}

/// Reads the histories of a manifest's crates: those named in `packages`, or all of them.
///
/// Errors are left to the caller that needs the history.
fn guesses(manifest: &Path, packages: &[String], url: Option<&str>, dotenv: Dotenv) -> Vec<Guess> {
    let Some(crates) = crates(manifest, packages) else {
        return Vec::new();
    };
    let guesses = crates.into_iter().map(|(folder, settings)| {
        let variable = &settings.url_env;
        let from_env = std::env::var(variable).ok().or_else(|| {
            let found = dotenv.find(&folder, variable).ok().flatten();
            found.map(|found| found.value)
        });
        let dialects = settings.dialects_for(url.or(from_env.as_deref()));
        let folders = settings.migrations.iter();
        let folders: Vec<PathBuf> = folders.map(|name| folder.join(name)).collect();
        let history = read(&folders, &dialects);
        Guess {
            folders,
            dialects,
            history,
        }
    });
    guesses.collect()
}

/// Returns the folders and settings of crates, as far as the manifests alone show them.
fn crates(manifest: &Path, packages: &[String]) -> Option<Vec<(PathBuf, Settings)>> {
    let others = match packages.is_empty() {
        true => Others::Leave,
        false => Others::Read,
    };
    let manifests = Manifests::read(manifest, others).ok()?;
    let crates = manifests.packages().filter_map(|package| {
        let name = package.name().unwrap_or_default();
        let is_named = |named: &String| {
            let (package, _) = split_full_name(named);
            package == name
        };
        if !packages.is_empty() && !packages.iter().any(is_named) {
            return None;
        }
        let tables = [manifests.settings(), package.settings()];
        let tables: Vec<_> = tables.into_iter().flatten().collect();
        let histories = Settings::read_histories(&tables).ok()?.into_iter();
        let chosen = histories.filter(move |history| {
            let is_named = |named: &String| {
                split_full_name(named).1.is_none() || *named == history.full_name(name)
            };
            packages.is_empty() || packages.iter().any(is_named)
        });
        Some(chosen.map(|history| (package.folder.clone(), history.settings)))
    });
    Some(crates.flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_guessed_from_manifests() {
        let folder = tempfile::tempdir().unwrap();
        let path = |path: &str| folder.path().join(path);
        let write = |name: &str, text: &str| {
            std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            std::fs::write(path(name), text).unwrap();
        };
        let package = |name: &str, alembic: &str| {
            format!("[package]\nname = \"{name}\"\n[package.metadata.alembic]\n{alembic}")
        };
        let root = "[workspace]\nmembers = [\"app\", \"crates/*\", \"gone\"]\n\
                    [workspace.metadata.alembic]\ntimezone = \"UTC\"\n";
        write("Cargo.toml", root);
        write("app/Cargo.toml", &package("app", "migrations = \"sql\""));
        write(
            "crates/a/Cargo.toml",
            &package("a", "migrations = [\"x\", \"y\"]"),
        );
        write("crates/b/Cargo.toml", &package("b", "unknown = 1"));
        let check = |manifest: &str, packages: &[&str], expected: &[(&str, &[&str])]| {
            let packages: Vec<String> = packages.iter().map(ToString::to_string).collect();
            let crates = crates(&path(manifest), &packages).unwrap();
            let mut found: Vec<_> = crates
                .into_iter()
                .map(|(folder, settings)| (folder, settings.migrations))
                .collect();
            found.sort();
            let expected = expected.iter().map(|(folder, migrations)| {
                let migrations: Vec<String> = migrations.iter().map(ToString::to_string).collect();
                (path(folder), migrations)
            });
            assert_eq!(
                found,
                expected.collect::<Vec<_>>(),
                "{manifest} {packages:?}"
            );
        };
        let app = ("app", ["sql"].as_slice());
        let a = ("crates/a", ["x", "y"].as_slice());
        check("Cargo.toml", &[], &[app, a]);
        check("Cargo.toml", &["a"], &[a]);
        check("app/Cargo.toml", &[], &[app]);
        check("app/Cargo.toml", &["app", "a"], &[app, a]);
        check("crates/b/Cargo.toml", &[], &[]);
        // Nothing is guessed of a workspace that the command is going to refuse.
        write("crates/c/Cargo.toml", "[package");
        assert_eq!(crates(&path("Cargo.toml"), &["a".to_owned()]), None);
    }
}
