//! A crate that has migrations.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use alembic_history::{
    Code, Dialect, Expression, Graph, History, Node, ResolveError, Settings, SourceFile,
    VersionTable, nearest,
};
use alembic_migrate::{Migrations, read_folder};
use cargo_metadata::Package;

use crate::context::shown;
use crate::database::Database;
use crate::diagnostic::{Diagnostic, Error, Result};
use crate::exit::Exit;
use crate::explain;

/// A crate that has migrations, and its configuration.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// The crate's folder.
    pub(crate) folder: PathBuf,
    pub(crate) settings: Settings,
}

/// A crate with its migrations read.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) member: Member,
    /// What its revisions are written for.
    pub(crate) dialects: Vec<Dialect>,
    pub(crate) migrations: Migrations,
}

impl Member {
    pub(crate) fn new(package: &Package, settings: Settings) -> Self {
        let manifest = package.manifest_path.as_std_path();
        Self {
            name: package.name.to_string(),
            folder: manifest.parent().unwrap_or(manifest).to_owned(),
            settings,
        }
    }

    /// Returns the folders of the crate's revision files.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let folders = self.settings.migrations.iter();
        folders.map(|folder| self.folder.join(folder)).collect()
    }

    /// Returns the crate's version table in a database that speaks `dialect`.
    pub(crate) fn version_table(&self, dialect: Dialect) -> VersionTable {
        let dialects = self.settings.dialects.as_deref().unwrap_or_default();
        self.settings.version_table.on(dialect, dialects)
    }

    /// Reads the revision files of the crate, for the database that `url` or its environment names.
    pub(crate) fn load(self, url: Option<&str>) -> Result<Loaded> {
        let from_env = std::env::var(&self.settings.url_env).ok();
        let dialects = self.settings.dialects_for(url.or(from_env.as_deref()));
        let history = self.history(&dialects)?;
        let mut migrations = Migrations::new(history)
            .package(self.name.as_str())
            .version_table(self.settings.version_table.clone())
            .transaction(self.settings.transaction)
            .baseline(self.settings.baseline.as_str())
            .fresh(self.settings.fresh);
        if let Some((path, text)) = self.schema()? {
            migrations = migrations.schema(path, text);
        }
        Ok(Loaded {
            member: self,
            dialects,
            migrations,
        })
    }

    /// Reads the file that creates the target schema, where one is configured.
    fn schema(&self) -> Result<Option<(PathBuf, String)>> {
        let Some(schema) = &self.settings.schema else {
            return Ok(None);
        };
        let path = self.folder.join(schema);
        let shown_path = PathBuf::from(shown(&path));
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let path = shown_path.display();
            Diagnostic::new(format!("cannot read the target schema {path}: {error}"))
                .code(Code::UnreadableSchema)
                .note(format!(
                    "it is `schema` in the configuration of `{}`",
                    self.name
                ))
                .exit(Exit::Configuration)
        })?;
        Ok(Some((shown_path, text)))
    }

    fn history(&self, dialects: &[Dialect]) -> Result<History> {
        let mut files: Vec<SourceFile> = Vec::new();
        let mut known: HashSet<PathBuf> = HashSet::new();
        let current = std::env::current_dir().unwrap_or_default();
        for folder in self.folders() {
            let found = read_folder(&folder).map_err(|error| {
                let path = shown(&error.path);
                let fault = Diagnostic::new(format!(
                    "cannot read the migrations of `{}`: {path}: {}",
                    self.name, error.source
                ))
                .code(Code::UnreadableFolder);
                let fault = if error.source.kind() == std::io::ErrorKind::NotFound {
                    fault.help(format!(
                        "create the folder with `cargo alembic init -p {}`",
                        self.name
                    ))
                } else {
                    fault.help("make the folder readable")
                };
                fault.exit(Exit::Configuration)
            })?;
            // A folder named twice, or inside another one, holds its files once.
            for mut file in found {
                if let Ok(below) = file.path.strip_prefix(&current) {
                    file.path = below.to_owned();
                }
                if known.insert(file.path.clone()) {
                    files.push(file);
                }
            }
        }
        History::new(files, dialects).map_err(|error| explain::history(&error))
    }
}

/// Reads the revision files of every crate; what is wrong in one does not hide the others.
///
/// `url` is the database that an argument names.
pub(crate) fn load_all(members: Vec<Member>, url: Option<&str>) -> Result<Vec<Loaded>> {
    let mut loaded = Vec::new();
    let mut failed = None;
    for member in members {
        match member.load(url) {
            Ok(member) => loaded.push(member),
            Err(error) => Error::add(&mut failed, error),
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(loaded),
    }
}

/// Finds the crates that every expression can be about: those that know the names in it.
///
/// A name that several crates know would be guessed at, so it is refused.
pub(crate) fn that_know<'l>(loaded: &'l [Loaded], expressions: &[&str]) -> Result<Vec<&'l Loaded>> {
    let mut chosen: Vec<&Loaded> = loaded.iter().collect();
    if loaded.len() < 2 {
        return Ok(chosen);
    }
    for text in expressions {
        let expression = loaded[0].parse(text)?;
        if !expression.has_name() {
            continue;
        }
        chosen.retain(|crate_| crate_.graph().knows(&expression));
        match chosen.as_slice() {
            [_] => {}
            [] if loaded
                .iter()
                .any(|crate_| crate_.graph().knows(&expression)) =>
            {
                let all = expressions.join("', '");
                return Err(Diagnostic::new(format!("no crate knows all of '{all}'"))
                    .help("run the command for one crate at a time, with `-p <crate>`")
                    .exit(Exit::Revision));
            }
            [] => {
                let names: Vec<&str> = loaded.iter().map(Loaded::name).collect();
                let near: Vec<String> = loaded
                    .iter()
                    .flat_map(|crate_| nearest(text, crate_.graph().names().map(|(name, _)| name)))
                    .map(|near| format!("`{near}`"))
                    .collect();
                let help = match near.as_slice() {
                    [] => "list revisions with `cargo alembic history`".to_owned(),
                    near => format!("did you mean {}?", near.join(" or ")),
                };
                return Err(Diagnostic::new(format!(
                    "can't locate revision identified by '{text}'"
                ))
                .note(format!("in none of the crates {}", names.join(", ")))
                .help(help)
                .exit(Exit::Revision));
            }
            several => {
                let names: Vec<&str> = several.iter().map(|crate_| crate_.name()).collect();
                return Err(Diagnostic::new(format!("several crates know '{text}'"))
                    .note(format!("they are {}", names.join(", ")))
                    .help("choose one with `-p <crate>`")
                    .exit(Exit::Revision));
            }
        }
    }
    Ok(chosen)
}

impl Loaded {
    /// Reads an expression.
    pub(crate) fn parse(&self, expression: &str) -> Result<Expression> {
        let parsed = expression.parse();
        parsed.map_err(|error| explain::resolve(&ResolveError::Syntax(error), self.name()))
    }

    pub(crate) fn name(&self) -> &str {
        &self.member.name
    }

    /// Returns whether a revision depends on one of another crate.
    pub(crate) fn has_requirements(&self) -> bool {
        let history = self.history();
        let mut nodes = self.graph().nodes();
        nodes.any(|node| history.file(node).requirements().next().is_some())
    }

    /// Returns whether one of the crate's revisions is in the file at `path`.
    pub(crate) fn has_file(&self, path: &Path) -> bool {
        let history = self.history();
        let mut nodes = self.graph().nodes();
        nodes.any(|node| history.file(node).path == path)
    }

    /// Returns whether a revision depends on one of the crate called so.
    pub(crate) fn requires(&self, package: &str) -> bool {
        let history = self.history();
        self.graph().nodes().any(|node| {
            let mut requirements = history.file(node).requirements();
            requirements.any(|requirement| requirement.package == package)
        })
    }

    pub(crate) fn history(&self) -> &History {
        self.migrations.history()
    }

    pub(crate) fn graph(&self) -> &Graph {
        self.history().graph()
    }

    /// Finds the revisions that `expression` names.
    pub(crate) fn resolve(
        &self,
        expression: &Expression,
        rows: Option<&[Node]>,
    ) -> Result<Vec<Node>> {
        let found = self.graph().resolve(expression, rows);
        found.map_err(|error| explain::resolve(&error, self.name()))
    }

    /// Finds the revisions that the rows of the version table in `database` name.
    pub(crate) fn rows(&self, rows: &[String], database: &Database) -> Result<Vec<Node>> {
        let found = self.graph().rows(rows);
        found.map_err(|error| explain::plan(&error, self, Some(database)))
    }
}
