//! SQLite URLs.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::UrlError;

/// A SQLite database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqliteUrl {
    pub(crate) target: SqliteTarget,
    /// Whether the URL allows reading only, with `?mode=ro`.
    pub(crate) read_only: bool,
    /// Whether a missing file may be created; false with `?mode=rw` or `?mode=ro`.
    pub(crate) create: bool,
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
            text: "sqlite::memory:".to_owned(),
        }
    }

    /// Returns the URL as displayed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn parse(text: &str, rest: &str, base: &Path) -> Result<Self, UrlError> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self {
            target: SqliteTarget::Memory,
            read_only: false,
            create: true,
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
        url.target = SqliteTarget::File(base.join(path.as_ref()));
        Ok(url)
    }
}
