//! Writes new revision files, once everything about them has been validated.

use std::path::{Path, PathBuf};

use alembic_history::{
    BranchLabel, Code, History, InvalidName, NewRevision, Node, RevisionFile, RevisionId, Settings,
    SourceFile,
};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::context::Context;
use crate::explain;
use crate::hooks;
use crate::lock_file::CrateLock;
use crate::naming;
use crate::new_file::FileChanges;
use crate::output::json::{AnswerJson, NewRevisionJson};
use crate::output::{
    Answer, Cause, Diagnostic, Error, Layout, Response, Result, display_path, quote_for_shell,
};
use crate::workspace::{Access, Crate};

/// A new revision, as the command describes it.
pub(crate) struct RevisionDraft<'r> {
    pub(crate) owner: &'r Crate,
    pub(crate) message: String,
    pub(crate) id: Option<String>,
    pub(crate) follows: Vec<Node>,
    pub(crate) splice: bool,
    pub(crate) branch_labels: &'r [String],
    pub(crate) depends_on: Vec<String>,
    pub(crate) folder: Option<&'r Path>,
    pub(crate) statements: Statements,
}

/// What comes of the empty sections of a new file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Statements {
    /// Someone is about to write into them.
    ToBeWritten,
    /// They stay empty.
    None,
}

impl<'r> RevisionDraft<'r> {
    /// Writes the revision with empty sections, and reports its path.
    pub(crate) fn write(self, context: &Context) -> Result<Response> {
        let prepared = self.prepare(context)?;
        let (name, text) = (prepared.owner.name(), prepared.new.render());
        let json = AnswerJson::NewRevision(prepared.write(context, &text)?);
        let answer = Answer::new(name, json, String::new());
        Ok(Response::new(vec![answer], Layout::Plain))
    }

    /// Validates everything about the revision but its sections.
    pub(crate) fn prepare(self, context: &Context) -> Result<PreparedRevision<'r>> {
        let settings = &self.owner.configuration.settings;
        self.check_heads()?;
        let date = now(settings.timezone.as_deref())?;
        let new = self.declare(context, &date)?;
        check_message(&new.render(), &new)?;
        Ok(PreparedRevision {
            path: self.path(&new, &date)?,
            owner: self.owner,
            new,
            statements: self.statements,
        })
    }

    /// Refuses to start a branch without `--splice`.
    fn check_heads(&self) -> Result<()> {
        let graph = self.owner.graph();
        match self.follows.iter().find(|node| !graph.is_head(**node)) {
            Some(node) if !self.splice => {
                let title = format!("revision {} is not a head revision", graph[*node].id);
                Err(Diagnostic::new(Cause::Revision, title)
                    .help("to start a new branch there, add `--splice`")
                    .into())
            }
            _ => Ok(()),
        }
    }

    fn declare(&self, context: &Context, date: &Zoned) -> Result<NewRevision> {
        let graph = self.owner.graph();
        let invalid = |what: &str, option: &str, name: &str, why: InvalidName| -> Error {
            let title = format!("invalid {what} '{name}': {why}");
            let offered = RevisionId::like(name).map_or(String::new(), |id| {
                format!(", as in `{option} {}`", quote_for_shell(id.as_str()))
            });
            Diagnostic::new(Cause::Arguments, title)
                .help(format!("use letters, digits and `_`{offered}"))
                .into()
        };
        let id = match &self.id {
            Some(id) => id.clone(),
            None => naming::random_id().map_err(|error| {
                let title = format!("cannot generate a random id: {error}");
                Diagnostic::new(Cause::Random(error), title)
                    .help("choose the id yourself with `--rev-id`")
            })?,
        };
        let id = RevisionId::for_new_revision(&id)
            .map_err(|why| invalid("revision id", "--rev-id", &id, why))?;
        if let Some(taken) = graph.named(id.as_str()) {
            let path = &self.owner.history().file(taken).path;
            let title = format!("the revision id {id} is already taken");
            return Err(Diagnostic::new(Cause::History, title)
                .code(Code::DuplicateId)
                .note(format!("by {}", path.display()))
                .help("choose another one with `--rev-id`; nothing was written")
                .into());
        }
        let labels = self.branch_labels.iter().map(|label| {
            BranchLabel::new(label)
                .map_err(|why| invalid("branch label", "--branch-label", label, why))
        });
        let mut depends_on = Vec::new();
        for name in &self.depends_on {
            if self.names_another_crate(name) {
                self.check_other_crate(context, name)?;
                depends_on.push(name.clone());
                continue;
            }
            let expression = self.owner.parse(name)?;
            let nodes = self.owner.resolve(&expression, None)?;
            if nodes.is_empty() {
                let title = format!("`--depends-on {name}` names no revision");
                return Err(Diagnostic::new(Cause::Arguments, title)
                    .help("name a revision or a label")
                    .into());
            }
            for node in nodes {
                // A label stays a label, so that the dependency follows it.
                let declared = &graph[node].branch_labels;
                let is_label = declared.iter().any(|label| label.as_str() == name);
                let resolved = if is_label {
                    name.clone()
                } else {
                    graph[node].id.to_string()
                };
                depends_on.push(resolved);
            }
        }
        Ok(NewRevision {
            message: self.message.clone(),
            id,
            revises: graph.ids(&self.follows),
            create_date: create_date(date),
            branch_labels: labels.collect::<Result<_>>()?,
            depends_on,
        })
    }

    /// Returns whether a dependency has the form `crate@revision` rather than `label@revision`.
    /// Returns the names of the other crates that the revision depends on.
    pub(crate) fn other_crates(&self) -> impl Iterator<Item = &str> {
        let names = self.depends_on.iter();
        let names = names.filter(|name| self.names_another_crate(name));
        names.filter_map(|name| name.split_once('@').map(|(package, _)| package))
    }

    fn names_another_crate(&self, name: &str) -> bool {
        let branch = name.split_once('@').map(|(branch, _)| branch);
        branch.is_some_and(|branch| self.owner.graph().named(branch).is_none())
    }

    /// Refuses a dependency on a revision that does not exist in another crate.
    fn check_other_crate(&self, context: &Context, name: &str) -> Result<()> {
        let (package, revision) = name.split_once('@').unwrap_or((name, ""));
        let workspace = context.workspace()?;
        let other = match workspace.find_crate(package)? {
            Some(other) if package != self.owner.name() => {
                Some(workspace.read(other, &Access::default())?)
            }
            _ => None,
        };
        if other.is_some_and(|other| other.graph().named(revision).is_some()) {
            return Ok(());
        }
        let title = format!("`--depends-on {name}` names no revision of another crate");
        Err(Diagnostic::new(Cause::Arguments, title)
            .help("write an id or label of this crate, or `<crate>@<revision>` with a full id")
            .into())
    }

    fn path(&self, new: &NewRevision, date: &Zoned) -> Result<PathBuf> {
        let settings = &self.owner.configuration.settings;
        let message = new.message.lines().next().unwrap_or_default();
        file_path(settings, &self.folder()?, &new.id, message, date)
    }

    /// Returns the folder to write to: the one asked for, or the one that holds the revision's
    /// parent.
    fn folder(&self) -> Result<PathBuf> {
        let configuration = &self.owner.configuration;
        let folders = configuration.folders();
        let known = || {
            let folders: Vec<String> = folders.iter().map(|folder| display_path(folder)).collect();
            format!(
                "the folders of `{}` are {}",
                configuration.name,
                folders.join(", ")
            )
        };
        if let Some(asked) = self.folder {
            let current = std::env::current_dir().unwrap_or_default();
            let candidates = [current.join(asked), configuration.folder.join(asked)];
            let found = folders.iter().find(|folder| candidates.contains(folder));
            return found.cloned().ok_or_else(|| {
                let title = format!(
                    "{} is not a migrations folder of the crate",
                    asked.display()
                );
                Diagnostic::new(Cause::Arguments, title)
                    .note(known())
                    .help("add it to `migrations` under [package.metadata.alembic] in Cargo.toml")
                    .into()
            });
        }
        match folders.as_slice() {
            [] => {
                let title = format!("`migrations` of `{}` is an empty list", configuration.name);
                return Err(Diagnostic::new(Cause::Configuration, title)
                    .help(
                        "name the folder of the revisions under [package.metadata.alembic] in \
                         Cargo.toml, or leave `migrations` out",
                    )
                    .into());
            }
            [folder] => return Ok(folder.clone()),
            [_, ..] => {}
        }
        let current = std::env::current_dir().unwrap_or_default();
        let beside = self.follows.first().and_then(|node| {
            let path = current.join(&self.owner.history().file(*node).path);
            folders.iter().find(|folder| path.starts_with(folder))
        });
        beside.cloned().ok_or_else(|| {
            Diagnostic::new(Cause::Arguments, "several folders could hold the revision")
                .note(known())
                .help("choose one with `--version-path`")
                .into()
        })
    }
}

/// A new revision whose header and path are validated.
pub(crate) struct PreparedRevision<'r> {
    pub(crate) owner: &'r Crate,
    pub(crate) new: NewRevision,
    path: PathBuf,
    statements: Statements,
}

impl PreparedRevision<'_> {
    /// Returns the path that the file will have, as it is shown.
    pub(crate) fn shown_path(&self) -> String {
        display_path(&self.path)
    }

    /// Returns the history of the crate with the revision.
    pub(crate) fn history(&self, text: &str) -> Result<History> {
        let source = SourceFile {
            path: PathBuf::from(display_path(&self.path)),
            content: Ok(text.as_bytes().to_vec()),
        };
        let history = self.owner.history().with(source);
        history.map_err(|error| explain::history(&error, self.owner.name()))
    }

    /// Writes the revision, and reports its path.
    pub(crate) fn write(self, context: &Context, text: &str) -> Result<NewRevisionJson> {
        let history = self.history(text)?;
        let Self {
            owner, new, path, ..
        } = self;
        let mut files = FileChanges::default();
        files.create(&path, text)?;
        let lock = CrateLock::read(&owner.configuration);
        if let Some(lock) = &lock {
            let current = lock.current(&history);
            let before = lock.both_sides(&current)?;
            let locked = match self.statements {
                Statements::ToBeWritten => before.with_new(&current, &new.id),
                Statements::None => before.with(&current, std::slice::from_ref(&new.id)),
            };
            files.replace(&lock.path, &locked.render())?;
        }
        files.commit()?;
        context.shell.status("Created", display_path(&path));
        if let Some(lock) = lock.filter(CrateLock::has_conflict) {
            context.shell.status("Resolved", display_path(&lock.path));
        }
        hooks::after_write(&owner.configuration.settings.post_write_hooks, &path)?;
        Ok(NewRevisionJson {
            id: new.id.to_string(),
            path: display_path(&path),
        })
    }
}

/// Returns the path of a revision in a folder, as the template names it.
pub(crate) fn file_path(
    settings: &Settings,
    folder: &Path,
    id: &RevisionId,
    message: &str,
    date: &Zoned,
) -> Result<PathBuf> {
    let slug = naming::slug(message, settings.truncate_slug_length);
    let name = naming::file_name(&settings.file_template, id.as_str(), &slug, date);
    let name = name.map_err(|error| {
        let template = &settings.file_template;
        let title = format!("invalid `file-template` \"{template}\": {error}");
        Diagnostic::new(Cause::Configuration, title)
    })?;
    Ok(folder.join(name + ".sql"))
}

/// Returns a date as headers have it.
pub(crate) fn create_date(date: &Zoned) -> String {
    date.strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
}

/// Returns the current time in the configured zone, or the one that `SOURCE_DATE_EPOCH` fixes.
pub(crate) fn now(timezone: Option<&str>) -> Result<Zoned> {
    let zone = match timezone {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|error| {
            let title = format!("can't locate timezone '{name}': {error}");
            Diagnostic::new(Cause::Configuration, title)
                .help("use a name such as \"Europe/Paris\" or \"UTC\"")
        })?,
    };
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok();
    let fixed = fixed.and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok());
    Ok(fixed.unwrap_or_else(Timestamp::now).to_zoned(zone))
}

/// Refuses a message that the file's parser would not read back as written.
fn check_message(text: &str, new: &NewRevision) -> Result<()> {
    let (file, findings) = RevisionFile::parse(text, &[]);
    let same = file.is_some_and(|file| {
        file.header.doc == new.doc() && file.header.id.name == new.id && file.sections.len() == 2
    });
    if same && findings.is_empty() {
        return Ok(());
    }
    let title = "this message would be read as part of the header";
    let mut diagnostic = Diagnostic::new(Cause::Arguments, title);
    for finding in findings {
        diagnostic = diagnostic.note(finding.kind.to_string());
    }
    Err(diagnostic
        .help("do not start a line with `Revision ID:`, `Revises:` or `alembic:`")
        .into())
}
