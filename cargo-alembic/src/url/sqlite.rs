//! SQLite URLs.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::{UrlError, UrlPlace};
use crate::output::below_current;

/// What a path has encoded in a URL.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#');

/// A SQLite database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqliteUrl {
    pub(crate) target: SqliteTarget,
    /// Whether the URL allows reading only, with `?mode=ro`.
    pub(crate) read_only: bool,
    /// Whether a missing file may be created; false with `?mode=rw` or `?mode=ro`.
    pub(crate) create: bool,
    /// Whether the file's folder may be created: its path is relative, in a manifest. Any other path
    /// may be mistyped.
    pub(crate) create_folder: bool,
    /// Whether the path is written as a relative one.
    is_relative: bool,
    /// The URL that `--url` takes for the file, from the current folder.
    text: String,
}

/// Where a SQLite database is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SqliteTarget {
    Memory,
    File(PathBuf),
}

impl SqliteUrl {
    pub(crate) fn in_memory() -> Self {
        Self {
            target: SqliteTarget::Memory,
            read_only: false,
            create: true,
            create_folder: false,
            is_relative: false,
            text: "sqlite::memory:".to_owned(),
        }
    }

    /// Returns the URL of a file that may be created.
    pub(crate) fn of_file(path: PathBuf) -> Self {
        Self {
            text: written(&path.display().to_string(), ""),
            target: SqliteTarget::File(path),
            ..Self::in_memory()
        }
    }

    /// Returns the URL as displayed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the URL that a manifest in `folder` has for the same file, if the path is relative.
    pub(crate) fn in_manifest(&self, folder: &Path) -> Option<String> {
        match &self.target {
            SqliteTarget::File(path) if self.is_relative => {
                let (_, query) = self.text.split_once('?').unwrap_or_default();
                Some(match relative(path, folder) {
                    Some(path) => written(&path, query),
                    None => written(&path.display().to_string(), query),
                })
            }
            SqliteTarget::File(_) | SqliteTarget::Memory => None,
        }
    }

    pub(super) fn parse(text: &str, rest: &str, place: &UrlPlace) -> Result<Self, UrlError> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self {
            target: SqliteTarget::Memory,
            read_only: false,
            create: true,
            create_folder: false,
            is_relative: false,
            text: text.to_owned(),
        };
        let mut memory = path == ":memory:";
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter {
                "mode=rwc" => {}
                "mode=rw" => url.create = false,
                "mode=ro" => {
                    url.read_only = true;
                    url.create = false;
                }
                "mode=memory" => memory = true,
                unknown => return Err(UrlError::Parameter(unknown.to_owned())),
            }
        }
        if memory {
            return Ok(url);
        }
        if path.is_empty() {
            return Err(UrlError::NoPath);
        }
        let path = percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| UrlError::NotUtf8)?;
        let path = Path::new(path.as_ref());
        let below_root = path.strip_prefix("/").unwrap_or(path);
        if below_root.components().next() == Some(Component::Normal("~".as_ref())) {
            return Err(UrlError::Home);
        }
        url.is_relative = path.is_relative();
        url.create_folder = url.is_relative && matches!(place, UrlPlace::Manifest(_));
        let path = resolved(&place.base().join(path));
        url.text = shown(&path, query);
        url.target = SqliteTarget::File(path);
        Ok(url)
    }
}

/// Resolves the `..` in a path: it depends on symbolic links.
fn resolved(path: &Path) -> PathBuf {
    let has_parents = path
        .components()
        .any(|component| component == Component::ParentDir);
    match has_parents {
        true => real_path(path),
        false => path.components().collect(),
    }
}

/// Resolves symbolic links and dots in the part of the path that exists.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real_path(parent).join(name),
        _ => path.to_owned(),
    }
}

/// Returns the path that leads from a folder to a file, with symbolic links resolved; `None` if there
/// is none, as from one drive of Windows to another.
fn relative(path: &Path, folder: &Path) -> Option<String> {
    let (path, folder) = (real_path(path), real_path(folder));
    let (path, folder): (Vec<_>, Vec<_>) =
        (path.components().collect(), folder.components().collect());
    let pairs = path.iter().zip(&folder);
    let shared = pairs.take_while(|(own, other)| own == other).count();
    let up = folder[shared..].iter().map(|_| "..".into());
    let down = path[shared..].iter();
    let down = down.map(|component| component.as_os_str().to_string_lossy());
    (shared > 0).then(|| up.chain(down).collect::<Vec<Cow<'_, str>>>().join("/"))
}

/// Returns the URL of a file as `--url` takes it, relative to the current folder if it is inside it.
fn shown(path: &Path, query: &str) -> String {
    written(&below_current(path).display().to_string(), query)
}

/// Returns the URL with a path.
fn written(path: &str, query: &str) -> String {
    let path = utf8_percent_encode(path, ENCODED);
    match query {
        "" => format!("sqlite://{path}"),
        query => format!("sqlite://{path}?{query}"),
    }
}
