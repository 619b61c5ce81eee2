//! Where a project of Alembic is, and the Python that runs it.

use std::path::{Path, PathBuf};

use alembic_history::Code;

use crate::import::place::real;
use crate::output::{Cause, Diagnostic, Error, Result, display_path};

/// A project of Alembic.
#[derive(Debug)]
pub(super) struct Project {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// The file that configures it; without one, the folder itself holds `env.py`.
    pub(super) file: Option<PathBuf>,
}

/// The Python that a shell finds.
const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// The Python of a virtual environment, below its folder.
const IN_ENVIRONMENT: &str = if cfg!(windows) {
    "Scripts/python.exe"
} else {
    "bin/python"
};

impl Project {
    /// Finds the project that an argument names, or that lies next to the crate's manifest.
    pub(super) fn find(named: Option<&Path>, crate_folder: &Path) -> Result<Self> {
        let Some(named) = named else {
            return Self::in_folder(crate_folder).ok_or_else(|| no_project(crate_folder));
        };
        let current = std::env::current_dir().unwrap_or_default();
        let mut places = [current.join(named), crate_folder.join(named)].into_iter();
        let found = places.find_map(|path| match path.is_file() {
            true => Some(Self {
                folder: real(path.parent().unwrap_or(Path::new("."))),
                file: Some(real(&path)),
            }),
            false => Self::in_folder(&path),
        });
        found.ok_or_else(|| no_project(named))
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        let folder = real(folder);
        let (ini, toml) = (folder.join("alembic.ini"), folder.join("pyproject.toml"));
        let configures = |path: &PathBuf| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.contains("[tool.alembic")
        };
        let file = match () {
            () if ini.is_file() => Some(ini),
            () if configures(&toml) => Some(toml),
            () if folder.join("env.py").is_file() => None,
            () => return None,
        };
        Some(Self { folder, file })
    }

    /// Returns the project as it is displayed.
    pub(super) fn shown(&self) -> String {
        display_path(self.file.as_ref().unwrap_or(&self.folder))
    }

    /// Returns the Python that runs it: the one that is named, that of an environment in its folder, or the
    /// one that a shell finds.
    pub(super) fn python(&self, named: Option<PathBuf>) -> PathBuf {
        let environments = [".venv", "venv"].into_iter();
        let mut own = environments.map(|name| self.folder.join(name).join(IN_ENVIRONMENT));
        let own = || own.find(|python| python.is_file());
        named.or_else(own).unwrap_or_else(|| PYTHON.into())
    }
}

fn no_project(path: &Path) -> Error {
    let path = display_path(path);
    let title = format!("{path} has no project of Alembic");
    Diagnostic::new(Cause::Arguments, title)
        .code(Code::UnknownTool)
        .note("it would hold alembic.ini, pyproject.toml with [tool.alembic], or env.py")
        .help("name its folder, as in `cargo alembic import alembic path/to/project`")
        .into()
}
