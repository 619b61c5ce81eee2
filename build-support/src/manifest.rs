//! Reads a crate's configuration from its manifest, and problems in a shape that cargo can show.

use std::fmt;
use std::path::{Path, PathBuf};

use alembic_history::{Fault, Position, Settings, SettingsTable};

use crate::toml::Table;

/// What a crate's manifest, and that of its workspace, say about migrations.
pub(crate) struct Manifest {
    /// The crate's name.
    pub(crate) package: String,
    /// The manifests that were read.
    pub(crate) paths: Vec<PathBuf>,
    /// The crate's folder.
    pub(crate) folder: PathBuf,
    pub(crate) settings: Result<Settings, Vec<Problem>>,
}

/// Something that fails the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file, and the line and column where that is known.
    pub(crate) place: String,
    pub(crate) code: &'static str,
    pub(crate) title: String,
    pub(crate) help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            code,
            title,
            help,
        } = self;
        write!(f, "[{code}] {title}\n  --> {place}\n  = help: {help}")
    }
}

impl From<&Fault> for Problem {
    fn from(fault: &Fault) -> Self {
        let kind = &fault.finding.kind;
        Self {
            place: format!("{}:{}", fault.path.display(), fault.position()),
            code: kind.code(),
            title: kind.to_string(),
            help: kind.help(),
        }
    }
}

/// A manifest that holds a `metadata.alembic` table, or could.
struct Source {
    path: PathBuf,
    text: String,
    document: Result<Table, Problem>,
    /// `package` or `workspace`.
    owner: &'static str,
}

impl Source {
    fn read(path: PathBuf, owner: &'static str) -> Option<Self> {
        let text = std::fs::read_to_string(&path).ok()?;
        let document = Table::parse(&text).map_err(|error| Problem {
            place: format!("{}:{}", path.display(), Position::of(&text, error.offset)),
            code: "unreadable-manifest",
            title: "cannot read the configuration of the migrations".to_owned(),
            help: "write it as a table [package.metadata.alembic]".to_owned(),
        });
        Some(Self {
            path,
            text,
            document,
            owner,
        })
    }

    fn table(&self) -> Option<SettingsTable> {
        let document = self.document.as_ref().ok()?;
        let table = document.table(&[self.owner, "metadata", "alembic"])?;
        Some(table.values())
    }

    /// Returns the line that begins with a key, as well as it can be told.
    fn place(&self, key: &str) -> String {
        let header = format!("[{}.metadata.alembic]", self.owner);
        let mut lines = self
            .text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()));
        let found = lines
            .find(|(_, line)| line.starts_with(&header))
            .and_then(|_| lines.find(|(_, line)| line.starts_with(key)));
        match found {
            Some((line, _)) => format!("{}:{line}", self.path.display()),
            None => self.path.display().to_string(),
        }
    }
}

impl Manifest {
    /// Reads the manifest of the crate in `folder`, and that of its workspace.
    pub(crate) fn read(folder: &Path) -> Self {
        let package = Source::read(folder.join("Cargo.toml"), "package");
        let workspace = workspace_of(folder, package.as_ref());
        let sources: Vec<Source> = workspace.into_iter().chain(package).collect();
        let name = sources.last().and_then(|source| {
            let package = source.document.as_ref().ok()?.table(&["package"])?;
            let mut values = package.values().into_iter();
            values.find_map(|(key, value)| match value {
                alembic_history::SettingsValue::Text(name) if key == "name" => Some(name),
                _ => None,
            })
        });
        Self {
            package: name.unwrap_or_default(),
            paths: sources.iter().map(|source| source.path.clone()).collect(),
            folder: folder.to_owned(),
            settings: settings(&sources),
        }
    }
}

fn settings(sources: &[Source]) -> Result<Settings, Vec<Problem>> {
    let broken = sources
        .iter()
        .filter_map(|source| source.document.as_ref().err());
    let broken: Vec<Problem> = broken.cloned().collect();
    if !broken.is_empty() {
        return Err(broken);
    }
    let with_table: Vec<(&Source, SettingsTable)> = sources
        .iter()
        .filter_map(|source| Some((source, source.table()?)))
        .collect();
    let tables: Vec<SettingsTable> = with_table.iter().map(|(_, table)| table.clone()).collect();
    Settings::read(&tables).map_err(|faults| {
        let problem = |fault: &alembic_history::SettingsFault| Problem {
            place: with_table[fault.table].0.place(&fault.key),
            code: fault.code(),
            title: fault.to_string(),
            help: fault.help(),
        };
        faults.iter().map(problem).collect()
    })
}

/// Finds the manifest of the workspace that a crate belongs to: its own, or one above.
fn workspace_of(folder: &Path, package: Option<&Source>) -> Option<Source> {
    let is_root = |source: &Source| {
        let document = source.document.as_ref().ok();
        document.is_some_and(|document| document.table(&["workspace"]).is_some())
    };
    if package.is_some_and(is_root) {
        return Source::read(folder.join("Cargo.toml"), "workspace");
    }
    let mut above = folder
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("Cargo.toml"));
    above.find_map(|path| Source::read(path, "workspace").filter(is_root))
}
