//! Reads a crate's configuration from its manifest, and formats problems for cargo.

use std::fmt;
use std::path::{Path, PathBuf};

use alembic_history::{
    Code, Fault, HistorySettings, Position, Settings, SettingsFault, SettingsFaultKind,
    SettingsKey, SettingsScope, SettingsTable, SettingsValue,
};

use crate::toml::Table;

/// The configuration in a crate's manifest and that of its workspace.
pub(crate) struct Manifest {
    /// The crate's name.
    pub(crate) package: String,
    /// The manifests that were read: the workspace's, and the crate's.
    sources: Vec<Source>,
    /// The settings of each history that decide what is checked.
    pub(crate) histories: Vec<HistorySettings>,
    /// The problems in the configuration.
    pub(crate) problems: Vec<Problem>,
}

/// A problem that fails the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file, and the line and column if they are known.
    pub(crate) place: String,
    pub(crate) code: Code,
    pub(crate) title: String,
    /// A related place.
    pub(crate) note: Option<String>,
    pub(crate) help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            code,
            title,
            note,
            help,
        } = self;
        write!(f, "[{code}] {title}\n  --> {place}")?;
        if let Some(note) = note {
            write!(f, "\n  = note: {note}")?;
        }
        write!(f, "\n  = help: {help}")
    }
}

impl From<&Fault> for Problem {
    fn from(fault: &Fault) -> Self {
        let kind = &fault.finding.kind;
        let note = fault.related.as_ref().map(|related| {
            let position = Position::of(&related.text, related.span.start);
            format!("{}: {}:{position}", related.label, related.path.display())
        });
        Self {
            place: format!("{}:{}", fault.path.display(), fault.position()),
            code: kind.code(),
            title: kind.to_string(),
            note,
            help: kind.help(),
        }
    }
}

/// A manifest that holds a `metadata.alembic` table, or could.
struct Source {
    path: PathBuf,
    text: String,
    document: Result<Table, Problem>,
    scope: SettingsScope,
}

impl Source {
    fn read(path: PathBuf, scope: SettingsScope) -> Option<Self> {
        let text = std::fs::read_to_string(&path).ok()?;
        let document = Table::parse(&text).map_err(|error| Problem {
            place: format!("{}:{}", path.display(), Position::of(&text, error.offset)),
            code: Code::UnreadableManifest,
            title: "cannot read the configuration of the migrations".to_owned(),
            note: None,
            help: "write it as a table [package.metadata.alembic]".to_owned(),
        });
        Some(Self {
            path,
            text,
            document,
            scope,
        })
    }

    /// Returns the table at `path`.
    fn table(&self, path: &[&str]) -> Option<&Table> {
        self.document.as_ref().ok()?.table(path)
    }

    /// Returns the table of the configuration.
    fn configuration(&self) -> Option<&Table> {
        self.table(&[self.scope.as_str(), "metadata", "alembic"])
    }

    /// Returns the text, or the texts of the list, that a key of the table at `path` holds.
    fn texts(&self, path: &[&str], key: &str) -> Vec<String> {
        let values = self.table(path).map(Table::values);
        let mut values = values.unwrap_or_default().into_iter();
        let found = match values.find(|(name, _)| name == key) {
            Some((_, SettingsValue::List(list))) => list,
            Some((_, value)) => vec![value],
            None => Vec::new(),
        };
        let text = |value| match value {
            SettingsValue::Text(text) => Some(text),
            SettingsValue::Number(_)
            | SettingsValue::Flag(_)
            | SettingsValue::List(_)
            | SettingsValue::Table(_)
            | SettingsValue::Other => None,
        };
        found.into_iter().filter_map(text).collect()
    }

    /// Returns the line that sets a key of the configuration, or of one of its tables, by its place in it.
    fn place(&self, key: &str) -> Option<String> {
        let configuration = self.configuration()?;
        let of_table = || {
            let mut tables: Vec<&str> = key.split('.').collect();
            let key = tables.pop()?;
            configuration.table(&tables)?.offset(key)
        };
        let offset = configuration.offset(key).or_else(of_table)?;
        let line = Position::of(&self.text, offset).line;
        Some(format!("{}:{line}", self.path.display()))
    }
}

impl Manifest {
    /// Reads the manifest of the crate in `folder`, and that of its workspace, whose faults are those
    /// of its author.
    pub(crate) fn read(folder: &Path) -> Self {
        let package = Source::read(folder.join("Cargo.toml"), SettingsScope::Package);
        let workspace = match is_copy(folder) {
            true => None,
            false => workspace_of(folder, package.as_ref()),
        };
        let sources: Vec<Source> = workspace.into_iter().chain(package).collect();
        let name = sources
            .last()
            .and_then(|source| source.texts(&["package"], "name").pop());
        let (histories, problems) = histories(&sources);
        Self {
            package: name.unwrap_or_default(),
            sources,
            histories,
            problems,
        }
    }

    /// Returns the paths of the manifests that were read.
    pub(crate) fn paths(&self) -> Vec<&Path> {
        let paths = self.sources.iter().map(|source| source.path.as_path());
        let mut paths: Vec<&Path> = paths.collect();
        // A crate can be the root of its workspace.
        paths.dedup();
        paths
    }

    /// Returns the place that sets a key for a history.
    pub(crate) fn place(&self, history: Option<&str>, key: SettingsKey) -> String {
        let own = history.map(|history| format!("{}.{history}.{key}", SettingsKey::Histories));
        let mut keys = own.into_iter().chain([key.to_string()]);
        let place = keys.find_map(|key| {
            let mut places = self.sources.iter().rev();
            places.find_map(|source| source.place(&key))
        });
        place.unwrap_or_else(|| "Cargo.toml".to_owned())
    }
}

/// The keys that decide what is checked.
const NEEDED: [SettingsKey; 5] = [
    SettingsKey::Migrations,
    SettingsKey::Dialects,
    SettingsKey::Chain,
    SettingsKey::Schema,
    SettingsKey::Baseline,
];

fn histories(sources: &[Source]) -> (Vec<HistorySettings>, Vec<Problem>) {
    let broken = sources
        .iter()
        .filter_map(|source| source.document.as_ref().err());
    let broken: Vec<Problem> = broken.cloned().collect();
    if !broken.is_empty() {
        return (Vec::new(), broken);
    }
    let with_table = sources.iter().filter_map(|source| {
        let entries = source.configuration()?.values();
        let scope = source.scope;
        Some((source, SettingsTable { scope, entries }))
    });
    let (places, mut tables): (Vec<&Source>, Vec<SettingsTable>) = with_table.unzip();
    let faults = match Settings::read_histories(&tables) {
        Ok(histories) => return (histories, Vec::new()),
        Err(faults) => faults,
    };
    let problem = |fault: &SettingsFault| Problem {
        place: places[fault.table].place(&fault.key).unwrap_or_default(),
        code: fault.code(),
        title: fault.to_string(),
        note: None,
        help: fault.help(),
    };
    let problems = faults.iter().map(problem).collect();
    let hides = |fault: &SettingsFault| {
        let key = match fault.kind {
            SettingsFaultKind::UnknownKey(meant) => meant,
            SettingsFaultKind::Value(_) => SettingsKey::named(&fault.key),
            SettingsFaultKind::OfPackage(key) => Some(key),
            SettingsFaultKind::ImpliedDialect(_) => Some(SettingsKey::Dialects),
        };
        let is_of_history = fault.key.starts_with(SettingsKey::Histories.as_str());
        is_of_history || key.is_some_and(|key| NEEDED.contains(&key))
    };
    if faults.iter().any(hides) {
        return (Vec::new(), problems);
    }
    for fault in &faults {
        tables[fault.table]
            .entries
            .retain(|(key, _)| *key != fault.key);
    }
    (
        Settings::read_histories(&tables).unwrap_or_default(),
        problems,
    )
}

/// Returns whether cargo has unpacked, vendored or checked out a crate, so that its author is not
/// the one who builds it.
pub(crate) fn is_copy(folder: &Path) -> bool {
    let mut marks = ["Cargo.toml.orig", ".cargo-checksum.json"].into_iter();
    let mut above = folder.ancestors();
    marks.any(|mark| folder.join(mark).exists())
        || above.any(|folder| folder.join(".cargo-ok").exists())
}

/// Finds the manifest of the workspace that a crate belongs to, as cargo does: its own, the one
/// that it names, or the next one in a parent folder that does not exclude it.
fn workspace_of(folder: &Path, package: Option<&Source>) -> Option<Source> {
    if package.is_some_and(|package| package.table(&["workspace"]).is_some()) {
        return Source::read(folder.join("Cargo.toml"), SettingsScope::Workspace);
    }
    if let Some(root) = package.and_then(|package| package.texts(&["package"], "workspace").pop()) {
        return Source::read(
            folder.join(root).join("Cargo.toml"),
            SettingsScope::Workspace,
        );
    }
    let mut above = folder.ancestors().skip(1).filter_map(|above| {
        let source = Source::read(above.join("Cargo.toml"), SettingsScope::Workspace)?;
        let below = |key| {
            let paths = source.texts(&["workspace"], key).into_iter();
            paths
                .map(|path| above.join(path))
                .any(|path| folder.starts_with(path))
        };
        let belongs =
            source.table(&["workspace"]).is_some() && (below("members") || !below("exclude"));
        belongs.then_some(source)
    });
    above.next()
}
