//! Writes the migrations of another tool as revisions: all of them or none, into a folder of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alembic_history::{Code, DEFAULT_FOLDER, Dialect, History, Lock, SettingsScope, SourceFile};
use alembic_import::{Finding, FindingKind, Imported, ImportedRevision, Tool, Weight, import};
use jiff::Zoned;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use toml_edit::{Table, value};

use super::Source;
use super::source::read_folder;
use crate::context::Context;
use crate::explain;
use crate::manifest::{DatabaseSetting, Manifest, configured_url, new_table};
use crate::new_file::FileChanges;
use crate::new_revision::{create_date, now};
use crate::output::json::{AnswerJson, FindingJson, ImportJson, ImportedJson};
use crate::output::{
    Answer, Cause, Diagnostic, Error, Hint, Layout, Response, Result, Subcommand, Suggestion,
    display_path,
};
use crate::workspace::{Configuration, from_toml, holds_revisions};

/// The folder for revisions, if the crate is not configured and `migrations` is the other tool's.
const NEW_FOLDER: &str = "revisions";

/// An import of a folder, as the arguments ask for it.
pub(crate) struct FolderImport {
    pub(crate) source: Source,
    /// The folder to write to, relative to the crate.
    pub(crate) into: Option<PathBuf>,
    pub(crate) dialect: Option<Dialect>,
    pub(crate) url: Option<String>,
    pub(crate) dry_run: bool,
}

/// The crate that gets the revisions, and where they go.
struct Place {
    name: String,
    manifest: Manifest,
    configuration: Configuration,
    dialect: Dialect,
    /// The folder to write to, relative to the crate.
    into: PathBuf,
    /// The keys of the configuration to set.
    keys: Table,
}

/// A revision file to write.
struct NewFile {
    path: PathBuf,
    text: String,
}

impl FolderImport {
    /// Reads the folder, writes the revisions unless the run is dry, and reports both.
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let (manifest, name) = context.package_to_init()?;
        let manifest = Manifest::read(manifest, &name)?;
        let crate_folder = manifest.path.parent().unwrap_or(Path::new("."));
        let from = self.source.find_folder(crate_folder)?;
        let folder = read_folder(&from)?;
        let tool = self.source.find_tool(&from, &folder)?;
        let place = self.place(context, name, manifest, &from, tool)?;
        let today = now(place.configuration.settings.timezone.as_deref())?;
        let date = |version: &str| create_date(&date_of(version).unwrap_or_else(|| today.clone()));
        let imported = import(tool, &folder, place.dialect, date);
        check(&imported, &from, tool)?;
        let target = place.configuration.folder.join(&place.into);
        let files: Vec<NewFile> = imported
            .revisions
            .iter()
            .map(|revision| NewFile {
                path: target.join(format!("{}.sql", revision.file_stem())),
                text: revision.render(),
            })
            .collect();
        let answer = answer(&place, tool, &from, &imported, &files, self.dry_run);
        if !self.dry_run {
            place.write(context, &files)?;
            let next = Suggestion::for_crate(Subcommand::Import, &answer.name)
                .argument("--database")
                .elsewhere();
            let next = Hint::default().command(next).render(&context.call);
            context.shell.status(
                "Next",
                format_args!("{next} for each database that {tool} manages"),
            );
        }
        Ok(Response::new(vec![answer], Layout::Plain))
    }

    /// Finds out where the revisions go, and what the configuration becomes.
    fn place(
        &self,
        context: &Context,
        name: String,
        manifest: Manifest,
        from: &Path,
        tool: Tool,
    ) -> Result<Place> {
        let crate_folder = manifest.path.parent().unwrap_or(Path::new(".")).to_owned();
        let is_configured = manifest.is_configured();
        let workspace = context.workspace()?;
        let configured = match is_configured {
            true => workspace.find_crate(&name)?,
            false => None,
        };
        let folders = configured
            .as_ref()
            .map(Configuration::folders)
            .unwrap_or_default();
        let own = folders.first().filter(|folder| real(folder) != real(from));
        let usual = crate_folder.join(DEFAULT_FOLDER);
        let mut holding = folders.iter().chain([&usual]);
        if let Some(holding) = holding.find(|folder| holds_revisions(folder)) {
            return Err(occupied(holding, &name));
        }
        let into = match (&self.into, own) {
            (Some(into), _) => into.clone(),
            (None, Some(own)) => own.strip_prefix(&crate_folder).unwrap_or(own).to_owned(),
            (None, None) => NEW_FOLDER.into(),
        };
        let target = crate_folder.join(&into);
        if !is_free(&target) {
            return Err(occupied(&target, &name));
        }
        let mut keys = Table::new();
        let (configuration, dialect) = match configured {
            Some(mut configuration) => {
                let dialect = self.dialect_of(&configuration)?;
                let settings = &mut configuration.settings;
                let shown = into.display().to_string();
                if settings.migrations != [shown.clone()] {
                    keys["migrations"] = value(&shown);
                    settings.migrations = vec![shown];
                }
                (configuration, dialect)
            }
            None => {
                let configure = |table: &Table| {
                    let keys = from_toml(SettingsScope::Package, table);
                    workspace.configuration(&name, &crate_folder, keys)
                };
                let setting = match (&self.url, self.dialect) {
                    (Some(url), _) => configured_url(url.clone(), &crate_folder)?,
                    (None, dialect) => {
                        // Another URL in the manifest would hide the one of the environment.
                        let any = DatabaseSetting::Dialect(Dialect::ALL[0]);
                        let bare = configure(&new_table(&into, &any))?;
                        let found = dialect.map_or_else(|| self.dialect_of(&bare), Ok);
                        DatabaseSetting::Dialect(found?)
                    }
                };
                keys = new_table(&into, &setting);
                let configuration = configure(&keys)?;
                let dialect = match &setting {
                    DatabaseSetting::Dialect(dialect) => *dialect,
                    DatabaseSetting::Url(_) => self.dialect_of(&configuration)?,
                };
                (configuration, dialect)
            }
        };
        // As all of these tools do.
        keys["transaction"] = value("revision");
        // A database that is taken over keeps the table, and no revision has to make it.
        let mut excluded = configuration.settings.exclude.clone();
        let table = tool.default_table().to_owned();
        if !excluded.contains(&table) {
            excluded.push(table);
        }
        keys["exclude"] = value(excluded.into_iter().collect::<toml_edit::Array>());
        Ok(Place {
            name,
            manifest,
            configuration,
            dialect,
            into,
            keys,
        })
    }

    /// Returns the dialect of the migrations: the one that is named, or that of the database.
    fn dialect_of(&self, configuration: &Configuration) -> Result<Dialect> {
        if let Some(dialect) = self.dialect {
            return Ok(dialect);
        }
        if let Some((url, _)) = configuration.find_url(self.url.as_deref())?
            && let Some(dialect) = Dialect::of_url(&url)
        {
            return Ok(dialect);
        }
        match configuration.settings.dialects.as_deref() {
            Some([dialect]) if configuration.settings.url.is_some() => Ok(*dialect),
            _ => Err(Diagnostic::new(
                Cause::Arguments,
                "the dialect of the migrations is not known",
            )
            .help(
                "name it with `--dialect sqlite` or `--dialect postgres`, or name the database with \
                 `--url`",
            )
            .into()),
        }
    }
}

impl Place {
    /// Writes the revisions, the lock file and the configuration, or none of them.
    fn write(self, context: &Context, files: &[NewFile]) -> Result<()> {
        let settings = &self.configuration.settings;
        let sources = files.iter().map(|file| SourceFile {
            path: display_path(&file.path).into(),
            content: Ok(file.text.as_bytes().to_vec()),
        });
        let dialects = settings.dialects_for(None);
        let history = History::new(sources, &dialects);
        let history = history.map_err(|error| explain::history(&error, &self.name))?;
        let target = self.configuration.folder.join(&self.into);
        let mut changes = FileChanges::default();
        for file in files {
            changes.create(&file.path, &file.text)?;
        }
        let is_configured = self.manifest.is_configured();
        if settings.lock || !is_configured {
            let lock = Lock::of(&history, &dialects);
            changes.write(&target.join(Lock::FILE_NAME), &lock.render())?;
        }
        let manifest = self.manifest.path.clone();
        let configured = match is_configured {
            true => self.manifest.with_keys(&self.keys),
            false => self.manifest.configured(self.keys),
        };
        changes.replace(&manifest, &configured)?;
        changes.commit()?;
        context.shell.status("Created", display_path(&target));
        context.shell.status("Configured", display_path(&manifest));
        Ok(())
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Returns whether a folder does not exist, or holds nothing but what `init` writes.
fn is_free(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else {
        return !folder.exists();
    };
    let ours = ["README.md", Lock::FILE_NAME];
    let mut names = entries.flatten().map(|entry| entry.file_name());
    names.all(|name| ours.iter().any(|own| name == *own))
}

fn occupied(folder: &Path, name: &str) -> Error {
    let title = format!("{} already exists and is not empty", display_path(folder));
    Diagnostic::new(Cause::Configuration, title)
        .note(format!("crate `{name}`; nothing was written"))
        .help(
            "choose another folder with `--into`, or remove this one if it is of an earlier import",
        )
        .into()
}

/// Returns the date that the digits of a version are.
fn date_of(version: &str) -> Option<Zoned> {
    let digits = version.bytes().all(|byte| byte.is_ascii_digit());
    let time = match (digits, version.len()) {
        (true, 14) => DateTime::strptime("%Y%m%d%H%M%S", version).ok()?,
        (true, 12) => DateTime::strptime("%Y%m%d%H%M", version).ok()?,
        (true, 8) => Date::strptime("%Y%m%d", version)
            .ok()?
            .to_datetime(jiff::civil::Time::MIN),
        _ => return None,
    };
    time.to_zoned(TimeZone::UTC).ok()
}

/// Fails with everything that keeps the folder from being imported.
fn check(imported: &Imported, from: &Path, tool: Tool) -> Result<()> {
    let mut errors: Vec<Diagnostic> = imported
        .findings_of(Weight::Error)
        .map(|finding| {
            let place = match finding.path.as_str() {
                "" => from.to_owned(),
                path => from.join(path),
            };
            let line = finding
                .line
                .map_or(String::new(), |line| format!(":{line}"));
            let title = format!("{}{line}: {}", display_path(&place), finding.kind);
            let diagnostic = Diagnostic::new(Cause::History, title).code(Code::NotImported);
            match finding.kind.help() {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        })
        .collect();
    match errors.pop() {
        None => Ok(()),
        Some(last) => {
            let last = last.note(format!("nothing of {tool}'s migrations was imported"));
            errors.push(last);
            Err(errors.into())
        }
    }
}

fn answer(
    place: &Place,
    tool: Tool,
    from: &Path,
    imported: &Imported,
    files: &[NewFile],
    dry_run: bool,
) -> Answer {
    let into = place.configuration.folder.join(&place.into);
    let (from, into) = (display_path(from), display_path(&into));
    let count = imported.revisions.len();
    let revisions = if count == 1 { "revision" } else { "revisions" };
    let would = if dry_run { "would be " } else { "" };
    let mut text = format!("{count} {revisions} {would}imported from {tool}: {from} -> {into}\n");
    for (heading, weight) in [("changed", Weight::Change), ("look at", Weight::Look)] {
        let lines = lines(imported.findings_of(weight));
        if !lines.is_empty() {
            text.push_str(&format!("{heading}:\n{lines}"));
        }
    }
    let revision = |(revision, file): (&ImportedRevision, &NewFile)| ImportedJson {
        id: revision.new.id.to_string(),
        version: revision.origin.key.to_string(),
        file: revision.origin.file.clone(),
        path: display_path(&file.path),
    };
    let json = ImportJson {
        tool: tool.name().to_owned(),
        from,
        into,
        written: !dry_run,
        revisions: imported.revisions.iter().zip(files).map(revision).collect(),
        changes: finding_json(imported.findings_of(Weight::Change)),
        findings: finding_json(imported.findings_of(Weight::Look)),
    };
    Answer::new(&place.name, AnswerJson::Import(json), text)
}

/// Returns a line for each finding, and one for many files of which the same is to be said.
fn lines<'f>(findings: impl Iterator<Item = &'f Finding>) -> String {
    const MANY: usize = 4;
    let findings: Vec<&Finding> = findings.collect();
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for finding in &findings {
        let message = finding.kind.to_string();
        places.entry(message).or_default().push(&finding.path);
    }
    let mut text = String::new();
    for finding in findings {
        let message = finding.kind.to_string();
        let alike = places.get(&message).map_or(0, Vec::len);
        if alike < MANY {
            text.push_str(&format!("  {finding}\n"));
        } else if let Some(paths) = places.remove(&message) {
            let last = paths.last().unwrap_or(&"");
            text.push_str(&format!(
                "  {alike} files, from {} to {last}: {message}\n",
                paths[0]
            ));
        }
    }
    text
}

fn finding_json<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<FindingJson> {
    let findings = findings.map(|Finding { path, line, kind }: &Finding| FindingJson {
        path: Some(path.clone()).filter(|path| !path.is_empty()),
        line: *line,
        message: FindingKind::to_string(kind),
    });
    findings.collect()
}
