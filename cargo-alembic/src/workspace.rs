//! The crates of a workspace that have migrations: finds them, reads their configuration, and
//! selects the ones that a command is for.

mod configuration;
mod crates;
mod databases;
mod dotenv;
mod evidence;
mod expressions;
mod manifests;
mod packages;
mod readahead;
mod requirements;
mod selection;
mod sources;

use std::path::{Path, PathBuf};

use alembic_history::{
    Code, FindingKind, History, ModelSources, Position, SchemaFiles, SettingsKey, Span,
    TargetAuthor, merge_conflict, read_text,
};
use alembic_migrate::{Dialect, Migrations};
use alembic_run::{Schema as SchemaFile, SchemaRole};
use alembic_sql::SqlText;
use cargo_metadata::{Metadata, Package};

use crate::args::GlobalArgs;
use crate::output::{Cause, Diagnostic, Error, Hint, Result, Subcommand, Suggestion, display_path};
pub(crate) use configuration::{Configuration, from_toml};
pub(crate) use crates::{Access, Crate, Histories, TargetFile, answers_one_by_one};
pub(crate) use dotenv::Dotenv;
pub(crate) use expressions::{crates_matching, crates_to_move};
use readahead::Readahead;
pub(crate) use requirements::{CrateOrder, PlannedRows, access_to, check_dependents};
pub(crate) use selection::holds_revisions;
pub(crate) use sources::{CrateSources, ModelPlan};

/// The packages of a workspace, each after those that it depends on.
#[derive(Debug)]
pub(crate) struct Workspace {
    packages: Vec<Package>,
    root: PathBuf,
    /// The manifest in the root.
    root_manifest: PathBuf,
    metadata: serde_json::Value,
    /// The manifest given to the command, or else the nearest one.
    manifest: Option<PathBuf>,
    readahead: Readahead,
    dotenv: Dotenv,
    /// The migrations of the one crate of an application, which has no files.
    embedded: Option<Migrations>,
}

impl Workspace {
    /// Asks cargo for the workspace, and meanwhile reads the revision files that the command will
    /// probably need; `url` is the database that an argument names.
    pub(crate) fn find(args: &GlobalArgs, url: Option<&str>) -> Result<Self> {
        let current = std::env::current_dir().ok();
        let nearest = current.as_deref().and_then(nearest_manifest);
        let guess = match (&args.manifest_path, &current) {
            (Some(manifest), Some(current)) => Some(current.join(manifest)),
            _ => nearest.clone(),
        };
        let dotenv = args.dotenv();
        let url = url.map(ToOwned::to_owned);
        let read_ahead = guess.clone().filter(|_| args.migrations.is_none());
        let readahead = Readahead::begin(read_ahead, args.package.clone(), url, dotenv);
        let metadata = match &args.migrations {
            Some(folder) => packages::of_revisions(folder)?,
            None => packages::metadata(args.manifest_path.as_deref(), guess.as_deref())?,
        };
        let manifest = match &args.manifest_path {
            Some(manifest) => manifest.canonicalize().ok(),
            None => nearest,
        };
        Ok(Self::new(metadata, manifest, readahead, dotenv))
    }

    /// Finds the workspace as far as the manifests show it, without asking cargo.
    pub(crate) fn from_manifests(args: &GlobalArgs) -> Option<Self> {
        let current = std::env::current_dir().ok()?;
        let manifest = match &args.manifest_path {
            Some(manifest) => Some(current.join(manifest)),
            None => nearest_manifest(&current),
        };
        let metadata = match &args.migrations {
            Some(folder) => packages::of_revisions(folder).ok()?,
            None => packages::of_manifests(manifest.as_deref()?)?,
        };
        let dotenv = args.dotenv();
        let readahead = Readahead::begin(None, Vec::new(), None, dotenv);
        Some(Self::new(metadata, manifest, readahead, dotenv))
    }

    /// Returns the workspace of an application that holds the migrations of one crate.
    pub(crate) fn of_application(migrations: &Migrations) -> Result<Self> {
        let table = migrations.versions_table();
        let dialects = migrations.history().dialects().iter();
        let mut settings = serde_json::json!({
            "version-table": table.name,
            "dialects": dialects.map(|dialect| dialect.name()).collect::<Vec<_>>(),
            "lock": false,
        });
        if let Some(schema) = &table.schema {
            settings["version-table-schema"] = schema.as_str().into();
        }
        let metadata = packages::of_application(migrations.package_name(), &settings)?;
        let dotenv = Dotenv::Ignore;
        let readahead = Readahead::begin(None, Vec::new(), None, dotenv);
        let mut workspace = Self::new(metadata, None, readahead, dotenv);
        workspace.embedded = Some(migrations.clone());
        Ok(workspace)
    }

    fn new(
        metadata: Metadata,
        manifest: Option<PathBuf>,
        readahead: Readahead,
        dotenv: Dotenv,
    ) -> Self {
        let root = metadata.workspace_root.into_std_path_buf();
        Self {
            root_manifest: root.join("Cargo.toml"),
            root,
            metadata: metadata.workspace_metadata,
            packages: packages::in_dependency_order(metadata.packages),
            manifest,
            readahead,
            dotenv,
            embedded: None,
        }
    }

    /// Returns the names of all packages, in dependency order.
    pub(crate) fn package_names(&self) -> Vec<String> {
        let packages = self.packages.iter();
        packages.map(|package| package.name.to_string()).collect()
    }

    /// Reads the history of a crate, if its files form one.
    pub(crate) fn history(&self, configuration: &Configuration) -> Option<History> {
        let dialects = configuration.settings.dialects_for(None);
        let history = self.readahead.history(&configuration.folders(), &dialects);
        history.ok()
    }

    /// Reads the migrations of a crate.
    pub(crate) fn read(&self, configuration: Configuration, access: &Access) -> Result<Crate> {
        if let Some(migrations) = &self.embedded {
            let dialects = migrations.history().dialects().to_vec();
            let migrations = migrations.clone().lock_timeout(access.lock_timeout);
            return Ok(Crate::new(configuration, dialects, migrations, access));
        }
        let dialects = self.dialects(&configuration, access);
        let history = self.readahead.history(&configuration.folders(), &dialects);
        let history = history.map_err(|error| configuration.explain(error))?;
        self.with_history(configuration, dialects, history, access)
    }

    /// Returns the dialects that the revisions of a crate are written for.
    fn dialects(&self, configuration: &Configuration, access: &Access) -> Vec<Dialect> {
        let argument = access.url.as_deref();
        // What is wrong with it is an error of those who need the database.
        let found = configuration.find_url(argument).ok().flatten();
        let url = found.as_ref().map(|(url, _)| url.as_str());
        configuration.settings.dialects_for(argument.or(url))
    }

    /// Returns a crate with these migrations, whatever its files are.
    pub(crate) fn with_history(
        &self,
        configuration: Configuration,
        dialects: Vec<Dialect>,
        history: History,
        access: &Access,
    ) -> Result<Crate> {
        let Configuration { name, settings, .. } = &configuration;
        let mut migrations = Migrations::new(history)
            .package(name.as_str())
            .version_table(settings.version_table.clone())
            .keep_log(settings.log)
            .edited(settings.edited)
            .transaction(settings.transaction)
            .baseline(settings.baseline.as_str())
            .fresh(settings.fresh)
            .lock_timeout(access.lock_timeout);
        // Where structs state the target, the file is made of the revisions, and those come first.
        let may_lack =
            access.target == TargetFile::Optional || settings.models != ModelSources::None;
        for dialect in &dialects {
            let is_written_later = may_lack && configuration.awaits_target(*dialect);
            if !is_written_later && let Some(file) = configuration.target(*dialect)? {
                migrations = migrations.schema_for(*dialect, file.path, file.text.as_str());
            }
            if let Some(file) = configuration.base(*dialect)? {
                migrations = migrations.base_for(*dialect, file.path, file.text.as_str());
            }
        }
        let settings = &configuration.settings;
        let plan = ModelPlan::find(&self.packages, &configuration.folder, settings)?;
        Ok(Crate::new(configuration, dialects, migrations, access).stated_by(plan))
    }

    /// Reads the migrations of several crates, and reports the errors of all of them.
    pub(crate) fn read_all(
        &self,
        configurations: Vec<Configuration>,
        access: &Access,
    ) -> Result<Vec<Crate>> {
        let mut crates = Vec::new();
        let mut failed = None;
        for configuration in configurations {
            let name = configuration.name.clone();
            match self.read(configuration, access) {
                Ok(read) => crates.push(read),
                Err(error) => Error::add(&mut failed, error.about(&name)),
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(crates),
        }
    }
}

/// Returns the manifest in a folder, or in the nearest one that holds it.
fn nearest_manifest(folder: &Path) -> Option<PathBuf> {
    let mut manifests = folder.ancestors().map(|folder| folder.join("Cargo.toml"));
    manifests.find(|manifest| manifest.is_file())
}

impl Configuration {
    /// Reads the file that creates the target schema on a dialect, if one is configured.
    pub(crate) fn target(&self, dialect: Dialect) -> Result<Option<SchemaFile>> {
        self.read_schema(SchemaRole::Target, self.settings.schema.as_ref(), dialect)
    }

    /// Returns whether the command writes the file that is configured for the target schema before anybody
    /// can read it: it does not exist, or holds the two sides of a merge of what the command wrote.
    pub(crate) fn awaits_target(&self, dialect: Dialect) -> bool {
        let schema = self.settings.schema.as_ref();
        let file = schema.and_then(|files| files.of(dialect));
        file.is_some_and(|name| {
            let path = self.folder.join(name);
            let is_merged = |text: String| {
                merge_conflict(&text).is_some() && TargetAuthor::of(&text) == TargetAuthor::Command
            };
            !path.exists() || read_text(&path).is_ok_and(is_merged)
        })
    }

    /// Reads the file that creates what is older than the revisions, if one is configured.
    pub(crate) fn base(&self, dialect: Dialect) -> Result<Option<SchemaFile>> {
        self.read_schema(SchemaRole::Base, self.settings.base.as_ref(), dialect)
    }

    /// Reads the files that create what is older than the revisions, each once.
    pub(crate) fn bases(&self, dialects: &[Dialect]) -> Result<Vec<SchemaFile>> {
        let mut bases: Vec<SchemaFile> = Vec::new();
        for dialect in dialects {
            let base = self.base(*dialect)?;
            let is_new = |base: &SchemaFile| bases.iter().all(|known| known.path != base.path);
            bases.extend(base.filter(is_new));
        }
        Ok(bases)
    }

    fn read_schema(
        &self,
        role: SchemaRole,
        files: Option<&SchemaFiles>,
        dialect: Dialect,
    ) -> Result<Option<SchemaFile>> {
        let Some(name) = files.and_then(|files| files.of(dialect)) else {
            return Ok(None);
        };
        let path = self.folder.join(name);
        let shown_path = PathBuf::from(display_path(&path));
        match read_text(&path) {
            Ok(text) if let Some(marker) = merge_conflict(&text) => Err(conflicting_schema(
                role,
                &self.name,
                &shown_path,
                (&text, marker),
            )),
            Ok(text) => Ok(Some(SchemaFile {
                role,
                path: shown_path,
                text: SqlText::new(text),
            })),
            Err(error) => Err(unreadable_schema(role, &self.name, &shown_path, error)),
        }
    }
}

fn conflicting_schema(
    role: SchemaRole,
    name: &str,
    path: &Path,
    (text, marker): (&str, Span),
) -> Error {
    let position = Position::of(text, marker.start);
    let kind = FindingKind::MergeConflict;
    let title = format!("{}:{position}: {kind} in the {role}", path.display());
    let fault = Diagnostic::new(Cause::History, title).code(kind.code());
    match (role, TargetAuthor::of(text)) {
        (SchemaRole::Target, TargetAuthor::Command) => {
            let dump = Suggestion::for_crate(Subcommand::Dump, name).argument("--write");
            fault.help(Hint::from("write it anew with ").command(dump))
        }
        (SchemaRole::Target | SchemaRole::Base, _) => fault.help(
            "make one text of the two sides, and delete the lines that begin with `<<<<<<<`, `|||||||`, \
             `=======` and `>>>>>>>`",
        ),
    }
    .into()
}

fn unreadable_schema(role: SchemaRole, name: &str, path: &Path, error: std::io::Error) -> Error {
    let key = match role {
        SchemaRole::Target => SettingsKey::Schema,
        SchemaRole::Base => SettingsKey::Base,
    };
    let title = format!("cannot read the {role} {}: {error}", path.display());
    Diagnostic::new(Cause::Unreadable(error), title)
        .code(Code::UnreadableSchema)
        .note(format!("it is `{key}` in the configuration of `{name}`"))
        .into()
}
