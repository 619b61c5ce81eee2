//! The folder of another tool: where it is, which tool it belongs to, and its files.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use alembic_history::{Code, nearest, read_file};
use alembic_import::{Detection, Folder, FolderFile, Tool, detect, detect_below};
use walkdir::WalkDir;

use super::config::{read_config, unreadable};
use crate::output::{Cause, Diagnostic, Error, Hint, Result, Subcommand, Suggestion, display_path};

/// The name of Alembic in arguments: its revisions are no SQL, and are imported by running them.
pub(crate) const ALEMBIC: &str = "alembic";

/// Where tools usually keep their migrations, below a crate.
const USUAL_FOLDERS: [&str; 2] = ["migrations", "db/migrations"];

/// The tool and the folder that the arguments name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) tool: Option<Tool>,
    pub(crate) folder: Option<PathBuf>,
}

impl Source {
    /// Reads the arguments `[TOOL] [FOLDER]`: one alone is a folder, unless it is the name of a tool.
    pub(crate) fn read(first: Option<&str>, folder: Option<&Path>) -> Result<Self> {
        let folder = folder.map(Path::to_owned);
        let Some(first) = first else {
            return Ok(Self { tool: None, folder });
        };
        match (first.parse(), folder) {
            (Ok(tool), folder) => Ok(Self {
                tool: Some(tool),
                folder,
            }),
            (Err(_), None) if Path::new(first).is_dir() => Ok(Self {
                tool: None,
                folder: Some(first.into()),
            }),
            (Err(error), _) => {
                let near = nearest(first, names());
                let help = match near.first() {
                    Some(tool) => format!("did you mean `{tool}`?"),
                    None => format!("the tools are {}; a folder must exist", tools()),
                };
                Err(Diagnostic::new(Cause::Arguments, error.to_string())
                    .code(Code::UnknownTool)
                    .help(help)
                    .into())
            }
        }
    }

    /// Finds the folder of the tool, for a crate in `crate_folder`.
    pub(crate) fn find_folder(&self, crate_folder: &Path) -> Result<PathBuf> {
        let Some(named) = &self.folder else {
            if let Some(configured) = self.find_configured(crate_folder)? {
                return Ok(configured);
            }
            let mut usual = USUAL_FOLDERS.iter().map(|folder| crate_folder.join(folder));
            return usual.find(|folder| folder.is_dir()).ok_or_else(|| {
                let usual = USUAL_FOLDERS.join(" or ");
                no_folder(format!("the crate has no folder {usual}"))
            });
        };
        let current = std::env::current_dir().unwrap_or_default();
        let mut places = [current.join(named), crate_folder.join(named)].into_iter();
        let found = places.find(|folder| folder.is_dir());
        found.ok_or_else(|| no_folder(format!("there is no folder {}", named.display())))
    }

    /// Returns the folder that the configuration of a tool names.
    fn find_configured(&self, crate_folder: &Path) -> Result<Option<PathBuf>> {
        let tools = Tool::ALL.into_iter();
        for tool in tools.filter(|tool| self.tool.is_none_or(|named| named == *tool)) {
            let Some(folder) = read_config(tool, crate_folder)?.folder else {
                continue;
            };
            let path = crate_folder.join(&folder);
            if path.is_dir() {
                return Ok(Some(path));
            }
            let file = tool.config_file().unwrap_or_default();
            let title = format!("there is no folder {folder}, which {file} names");
            return Err(no_folder(title));
        }
        Ok(None)
    }

    /// Returns the tool that a folder belongs to.
    pub(crate) fn find_tool(&self, path: &Path, folder: &Folder) -> Result<Tool> {
        if let Some(tool) = self.tool {
            return Ok(tool);
        }
        let shown = display_path(path);
        let several = match detect(folder) {
            Detection::Tool(tool) => return Ok(tool),
            Detection::Several(several) => several,
            Detection::Nothing => {
                let title = format!("{shown} has no migrations of a tool that can be imported");
                let another = || format!("name another folder; the tools are {}", tools()).into();
                return Err(Diagnostic::new(Cause::Arguments, title)
                    .code(Code::UnknownTool)
                    .help(below(path, folder).unwrap_or_else(another))
                    .into());
            }
        };
        let names = several.iter().map(|(tool, _)| tool.to_string());
        let title = format!(
            "{shown} may belong to {}",
            names.collect::<Vec<_>>().join(" or ")
        );
        let mut diagnostic = Diagnostic::new(Cause::Arguments, title).code(Code::UnknownTool);
        for (tool, file) in &several {
            diagnostic = diagnostic.note(format!("{file} looks like a migration of {tool}"));
        }
        let tools = several.iter().map(|(tool, _)| *tool);
        let hint = commands("name the tool: ", tools.map(|tool| (tool, path.to_owned())));
        Err(diagnostic.help(hint).into())
    }
}

/// Returns what may be meant instead of the migrations of a tool in a folder that has none of it: another tool,
/// or folders below.
pub(super) fn elsewhere(tool: Tool, path: &Path, folder: &Folder) -> Option<Hint> {
    match detect(folder) {
        Detection::Tool(other) if other != tool => {
            let hint = format!("the files look like migrations of {other}: ");
            Some(commands(hint, [(other, path.to_owned())].into_iter()))
        }
        Detection::Nothing => below(path, folder),
        Detection::Tool(_) | Detection::Several(_) => None,
    }
}

/// Returns the imports of folders below one that has no migrations itself, if any of them has.
fn below(path: &Path, folder: &Folder) -> Option<Hint> {
    const SHOWN: usize = 4;
    let found = detect_below(folder).into_iter();
    let found = found.flat_map(|(below, tools)| {
        let place = path.join(below);
        tools.into_iter().map(move |tool| (tool, place.clone()))
    });
    let mut found = found.take(SHOWN).peekable();
    found.peek()?;
    Some(commands("folders below it have migrations: ", found))
}

/// Returns a hint that names the commands of imports.
fn commands(
    text: impl Into<Cow<'static, str>>,
    imports: impl Iterator<Item = (Tool, PathBuf)>,
) -> Hint {
    let hint = Hint::default().text(text);
    imports
        .enumerate()
        .fold(hint, |hint, (index, (tool, path))| {
            let hint = if index > 0 { hint.text(" or ") } else { hint };
            hint.command(
                Suggestion::new(Subcommand::Import)
                    .argument(tool.name())
                    .argument(display_path(&path)),
            )
        })
}

/// Returns the names of the tools.
pub(crate) fn tools() -> String {
    names().collect::<Vec<_>>().join(", ")
}

fn names() -> impl Iterator<Item = &'static str> {
    Tool::ALL.into_iter().map(Tool::name).chain([ALEMBIC])
}

fn no_folder(title: String) -> Error {
    Diagnostic::new(Cause::Arguments, title)
        .code(Code::UnknownTool)
        .help("name the folder of the migrations, as in `cargo alembic import sqlx db/migrations`")
        .into()
}

/// Reads the files of a folder and of those below it, without hidden ones, sorted by path.
pub(super) fn read_folder(path: &Path) -> Result<Folder> {
    let is_hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with('.');
    let entries = WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name()));
    let mut folder = Folder::default();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(path, error.into()))?;
        if !entry.file_type().is_file() {
            continue;
        }
        let below = entry.path().strip_prefix(path).unwrap_or(entry.path());
        let parts = below.iter().map(|part| part.to_string_lossy());
        let file = FolderFile {
            path: parts.collect::<Vec<_>>().join("/"),
            content: read_file(entry.path()).map_err(|error| unreadable(entry.path(), error))?,
        };
        folder.files.push(file);
    }
    Ok(folder)
}
