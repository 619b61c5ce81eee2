//! Database URLs, as sqlx writes them.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use alembic_history::nearest;
use alembic_migrate::Dialect;
use percent_encoding::percent_decode_str;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use url::Url;

/// A database that a URL names.
#[derive(Clone, Debug)]
pub(crate) enum DatabaseUrl {
    Sqlite(SqliteUrl),
    Postgres(PostgresUrl),
}

/// A PostgreSQL database.
#[derive(Clone, Debug)]
pub(crate) struct PostgresUrl {
    pub(crate) options: Box<PgConnectOptions>,
    /// The text, without its password.
    text: String,
}

/// A SQLite database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqliteUrl {
    pub(crate) location: Location,
    /// Whether the URL allows only reading, with `?mode=ro`.
    pub(crate) read_only: bool,
    /// Whether a missing file may be created; not with `?mode=rw` or `?mode=ro`.
    pub(crate) create: bool,
    text: String,
}

/// Where a SQLite database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    Memory,
    File(PathBuf),
}

/// Why a text is not the URL of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UrlError {
    /// There is no `scheme:`.
    NoScheme,
    /// No driver for this scheme is built in.
    UnknownScheme(String),
    /// The URL names no file.
    NoPath,
    /// The path is not UTF-8 once it is decoded.
    NotUtf8,
    /// A parameter that is not known, or has a value that it cannot have.
    Parameter(String),
    /// What sqlx says of a PostgreSQL URL.
    Postgres(String),
    /// A parameter of a PostgreSQL URL that is not known, and the known one that may be meant.
    PostgresParameter {
        name: String,
        meant: Option<&'static str>,
    },
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlError::NoScheme => {
                f.write_str("a database URL begins with `sqlite:` or `postgres:`")
            }
            UrlError::UnknownScheme(scheme) => write!(
                f,
                "there is no driver for `{scheme}:`; a database URL begins with `sqlite:` or \
                 `postgres:`"
            ),
            UrlError::NoPath => f.write_str("the URL names no file"),
            UrlError::NotUtf8 => f.write_str("the path is not UTF-8"),
            UrlError::Parameter(parameter) => {
                write!(
                    f,
                    "unknown parameter `{parameter}`; `mode=ro|rw|rwc|memory` is known"
                )
            }
            UrlError::Postgres(why) => f.write_str(why),
            UrlError::PostgresParameter { name, meant } => {
                write!(f, "unknown parameter `{name}`; ")?;
                match meant {
                    Some(meant) => write!(f, "did you mean `{meant}`?"),
                    None => f.write_str("`sslmode`, `host` and `options` are among those known"),
                }
            }
        }
    }
}

impl DatabaseUrl {
    /// Reads a URL; a relative path is taken from `base`.
    pub(crate) fn parse(text: &str, base: &Path) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(UrlError::NoScheme)?;
        match scheme {
            "sqlite" => SqliteUrl::parse(text, rest, base).map(DatabaseUrl::Sqlite),
            "postgres" | "postgresql" if !rest.starts_with("//") => Err(UrlError::Postgres(
                "the URL of a server begins with `postgres://`".to_owned(),
            )),
            "postgres" | "postgresql" => PostgresUrl::parse(text).map(DatabaseUrl::Postgres),
            _ if scheme.contains(['/', '\\', '.']) => Err(UrlError::NoScheme),
            scheme => Err(UrlError::UnknownScheme(scheme.to_owned())),
        }
    }
}

impl DatabaseUrl {
    /// Returns what the database speaks.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            DatabaseUrl::Sqlite(_) => Dialect::Sqlite,
            DatabaseUrl::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// The parameters of a PostgreSQL URL: those that sqlx reads, and at the end those that it passes
/// over, but other programs may want in the same URL.
///
/// `options[...]` is known, too. sqlx passes over everything else as well, be it a misspelt `sslmode`.
const PARAMETERS: [&str; 25] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "target_session_attrs",
];

/// The `application_name` that the server lists, where the URL gives none.
const APPLICATION: &str = "cargo-alembic";

impl PostgresUrl {
    fn parse(text: &str) -> Result<Self, UrlError> {
        let options: PgConnectOptions = text.parse().map_err(|error: sqlx::Error| {
            UrlError::Postgres(
                error
                    .source()
                    .map_or_else(|| error.to_string(), ToString::to_string),
            )
        })?;
        check_parameters(text)?;
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name(APPLICATION),
        };
        Ok(Self {
            // What a revision runs is no news, and may be long.
            options: Box::new(options.disable_statement_logging()),
            text: Redacted::new(text).to_string(),
        })
    }

    /// Names another database of the same server.
    pub(crate) fn beside(&self, name: &str) -> Self {
        Self {
            options: Box::new(PgConnectOptions::clone(&self.options).database(name)),
            text: format!("{name} on {}", self.text),
        }
    }

    /// Returns the name of the database: that of the user, unless it is given.
    pub(crate) fn database(&self) -> &str {
        let given = self.options.get_database();
        given.unwrap_or_else(|| self.options.get_username())
    }
}

/// Refuses a parameter of a PostgreSQL URL that is not known.
fn check_parameters(text: &str) -> Result<(), UrlError> {
    let (_, query) = text.split_once('?').unwrap_or_default();
    let query = query.split('#').next().unwrap_or_default();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.split('=').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy();
        if !PARAMETERS.contains(&&*name) && !name.starts_with("options[") {
            return Err(UrlError::PostgresParameter {
                meant: nearest(&name, PARAMETERS).first().copied(),
                name: name.into_owned(),
            });
        }
    }
    Ok(())
}

impl SqliteUrl {
    pub(crate) fn in_memory() -> Self {
        Self {
            location: Location::Memory,
            read_only: false,
            create: true,
            text: "sqlite::memory:".to_owned(),
        }
    }

    fn parse(text: &str, rest: &str, base: &Path) -> Result<Self, UrlError> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self {
            location: Location::Memory,
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
        url.location = Location::File(base.join(path.as_ref()));
        Ok(url)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(url) => f.write_str(&url.text),
            DatabaseUrl::Postgres(url) => f.write_str(&url.text),
        }
    }
}

/// A URL as it may be shown: without its password, nor anything that could be part of one.
#[derive(Clone, Debug)]
pub(crate) struct Redacted {
    text: String,
    /// Whether something is left out.
    pub(crate) hides: bool,
}

impl Redacted {
    pub(crate) fn new(text: &str) -> Self {
        if text.starts_with("sqlite:") {
            return Self {
                text: text.to_owned(),
                hides: false,
            };
        }
        let shown = without_password(text);
        Self {
            hides: shown.as_deref() != Some(text),
            text: shown.unwrap_or_else(|| match text.split_once("://") {
                Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                    format!("{scheme}://...")
                }
                _ => "...".to_owned(),
            }),
        }
    }
}

/// Replaces the password of a URL; nothing where it cannot be told for sure where that is.
fn without_password(text: &str) -> Option<String> {
    let mut url = match Url::parse(text) {
        Ok(url) if url.has_authority() => url,
        // As `app.db`, which is no URL.
        _ => return (!text.contains(['@', '=', ' '])).then(|| text.to_owned()),
    };
    let query = url.query().map(|query| {
        let shown = query
            .split('&')
            .map(|parameter| match parameter.split_once('=') {
                Some((name, _)) if is_secret(name) => format!("{name}=***"),
                _ => parameter.to_owned(),
            });
        shown.collect::<Vec<_>>().join("&")
    });
    // An unencoded character in a password would have ended it early.
    let rest = [url.path(), query.as_deref().unwrap_or_default()];
    if url.fragment().is_some() || rest.iter().any(|part| part.contains('@')) {
        return None;
    }
    if url.password().is_none() && query.as_deref() == url.query() {
        return Some(text.to_owned());
    }
    if url.password().is_some() {
        url.set_password(Some("***")).ok()?;
    }
    url.set_query(query.as_deref());
    Some(url.into())
}

/// Tells whether a parameter, as a URL has it, may hold a password; what is not known may.
fn is_secret(name: &str) -> bool {
    let name = percent_decode_str(name).decode_utf8_lossy();
    let is_known = PARAMETERS.contains(&&*name) || name.starts_with("options[");
    name == "password" || !is_known
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_sqlx_writes_them() {
        let base = Path::new("/crate");
        let file = |path: &str| Ok(Location::File(PathBuf::from(path)));
        for (url, expected) in [
            ("sqlite://app.db", file("/crate/app.db")),
            ("sqlite:app.db", file("/crate/app.db")),
            ("sqlite://data/app.db", file("/crate/data/app.db")),
            ("sqlite:///var/app.db", file("/var/app.db")),
            ("sqlite://a%20b.db?mode=rwc", file("/crate/a b.db")),
            ("sqlite::memory:", Ok(Location::Memory)),
            ("sqlite://:memory:", Ok(Location::Memory)),
            ("sqlite://x?mode=memory", Ok(Location::Memory)),
            ("sqlite://", Err(UrlError::NoPath)),
            (
                "sqlite://a.db?cache=x",
                Err(UrlError::Parameter("cache=x".into())),
            ),
            ("app.db", Err(UrlError::NoScheme)),
            ("./a:b.db", Err(UrlError::NoScheme)),
            ("mysql://h/d", Err(UrlError::UnknownScheme("mysql".into()))),
        ] {
            let parsed = DatabaseUrl::parse(url, base);
            let location = parsed.map(|parsed| match parsed {
                DatabaseUrl::Sqlite(url) => url.location,
                DatabaseUrl::Postgres(_) => panic!("{url} is SQLite's"),
            });
            assert_eq!(location, expected, "{url}");
        }
    }

    #[test]
    fn parameters_of_servers() {
        for (url, expected) in [
            ("postgres://h/d", Ok(())),
            ("postgresql://h/d?sslmode=disable&options=-ca%3Db", Ok(())),
            ("postgres:///d?host=/tmp&user=u#x", Ok(())),
            ("postgres://h/d?options%5Bsearch_path%5D=a", Ok(())),
            ("postgres://h/d?channel_binding=require", Ok(())),
            ("postgres://h/d?sslmod=require", Err(Some("sslmode"))),
            ("postgres://h/d?schema=audit", Err(None)),
        ] {
            let parsed = DatabaseUrl::parse(url, Path::new("/crate"));
            let parsed = parsed.map(drop).map_err(|error| match error {
                UrlError::PostgresParameter { meant, .. } => meant,
                error => panic!("{url}: {error}"),
            });
            assert_eq!(parsed, expected, "{url}");
        }
        let error = DatabaseUrl::parse("postgres:h/d", Path::new("/crate"));
        assert!(matches!(error, Err(UrlError::Postgres(_))));
    }

    #[test]
    fn passwords_are_never_shown() {
        for (url, shown) in [
            ("postgres://u:secret@h/d", "postgres://u:***@h/d"),
            ("postgres://u:se@cret@h:5/d", "postgres://u:***@h:5/d"),
            ("postgres://u:@h/d", "postgres://u:@h/d"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://h/d", "postgres://h/d"),
            ("postgres:///d?host=/tmp", "postgres:///d?host=/tmp"),
            (
                "postgres://h/d?password=secret&user=u",
                "postgres://h/d?password=***&user=u",
            ),
            (
                "postgres://u:x@h:5/d?user=u&password=s@cret",
                "postgres://u:***@h:5/d?user=u&password=***",
            ),
            (
                "postgres://h/d?p%61ssword=secret",
                "postgres://h/d?p%61ssword=***",
            ),
            (
                "postgres://h/d?passwrod=secret",
                "postgres://h/d?passwrod=***",
            ),
            ("mysql://u:secret@h/d", "mysql://u:***@h/d"),
            // Nobody can tell where these begin or end.
            ("postgres://u:se/cr@et@h/d", "postgres://..."),
            ("postgres://u:12/cret@h/d", "postgres://..."),
            ("postgres://u:12#cret@h/d", "postgres://..."),
            ("postgres://u:12?cret@h/d", "postgres://..."),
            ("postgres://u:secret@h:port/d", "postgres://..."),
            ("postgres:u:secret@h/d", "..."),
            ("u:secret@h/d", "..."),
            ("host=h user=u password=secret", "..."),
            ("data/app.db", "data/app.db"),
            ("sqlite://a@b.db", "sqlite://a@b.db"),
            ("sqlite:a:b@c.db", "sqlite:a:b@c.db"),
            ("sqlite:///a:b@c.db", "sqlite:///a:b@c.db"),
        ] {
            let redacted = Redacted::new(url);
            assert_eq!(redacted.to_string(), shown);
            assert_eq!(redacted.hides, shown != url, "{url}");
        }
    }
}
