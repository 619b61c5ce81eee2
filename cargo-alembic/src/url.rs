//! Database URLs, in sqlx's syntax.

mod parameters;
mod place;
mod postgres;
mod redacted;
mod sqlalchemy;
mod sqlite;

use std::fmt;
use std::path::Path;

use alembic_migrate::Dialect;

pub(crate) use place::UrlPlace;
pub(crate) use postgres::{PostgresUrl, UserSource};
pub(crate) use redacted::RedactedUrl;
pub(crate) use sqlite::{SqliteTarget, SqliteUrl, real_path};

/// A database that a URL names.
#[derive(Clone, Debug)]
pub(crate) enum DatabaseUrl {
    Sqlite(SqliteUrl),
    Postgres(PostgresUrl),
}

/// Why a text is not a database URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UrlError {
    /// There is no `scheme:`; the URL of the file, if the text looks like the path of one.
    NoScheme { meant: Option<String> },
    /// This scheme has no built-in driver.
    UnknownScheme(String),
    /// It is written as for SQLAlchemy; carries the right URL, without a password.
    Sqlalchemy(String),
    /// The URL names no file.
    NoPath,
    /// The path begins with `~`, which only a shell knows.
    Home,
    /// The decoded path is not UTF-8.
    NotUtf8,
    /// An unknown parameter, or one with an invalid value.
    Parameter(String),
    /// sqlx's error for a PostgreSQL URL.
    Postgres(String),
    /// An unknown parameter of a PostgreSQL URL, and the known one that may be meant.
    PostgresParameter {
        name: String,
        meant: Option<&'static str>,
    },
}

impl std::error::Error for UrlError {}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlError::NoScheme { meant } => {
                f.write_str("a database URL begins with `sqlite:` or `postgres:`")?;
                match meant {
                    Some(meant) => write!(f, "; did you mean `{meant}`?"),
                    None => Ok(()),
                }
            }
            UrlError::UnknownScheme(scheme) => write!(
                f,
                "no driver for `{scheme}:`; a database URL begins with `sqlite:` or \
                 `postgres:`"
            ),
            UrlError::Sqlalchemy(right) => {
                write!(f, "this is SQLAlchemy's form; write `{right}`")
            }
            UrlError::NoPath => f.write_str("the URL names no file"),
            UrlError::Home => f.write_str(
                "`~` is not the home folder in a URL; write its path, or `sqlite://$HOME/...` in a \
                 shell",
            ),
            UrlError::NotUtf8 => f.write_str("the path is not UTF-8"),
            UrlError::Parameter(parameter) => {
                write!(
                    f,
                    "unknown parameter `{parameter}`; only `mode=ro|rw|rwc|memory` is supported"
                )
            }
            UrlError::Postgres(why) => f.write_str(why),
            UrlError::PostgresParameter { name, meant } => {
                write!(f, "unknown parameter `{name}`; ")?;
                match meant {
                    Some(meant) => write!(f, "did you mean `{meant}`?"),
                    None => f.write_str("known ones include `sslmode`, `host` and `options`"),
                }
            }
        }
    }
}

impl DatabaseUrl {
    /// Parses a URL that is written at `place`.
    pub(crate) fn parse(text: &str, place: &UrlPlace) -> Result<Self, UrlError> {
        let no_scheme = || UrlError::NoScheme {
            meant: is_like_a_file(text).then(|| format!("sqlite://{text}")),
        };
        let (scheme, rest) = text.split_once(':').ok_or_else(no_scheme)?;
        let foreign = match scheme {
            "sqlite" => sqlalchemy::relative(rest),
            scheme => sqlalchemy::without_driver(scheme, rest),
        };
        if let Some(right) = foreign {
            return Err(UrlError::Sqlalchemy(right));
        }
        match scheme {
            "sqlite" => SqliteUrl::parse(text, rest, place).map(DatabaseUrl::Sqlite),
            "postgres" | "postgresql" if !rest.starts_with("//") => Err(UrlError::Postgres(
                "the URL of a server begins with `postgres://`".to_owned(),
            )),
            "postgres" | "postgresql" => PostgresUrl::parse(text).map(DatabaseUrl::Postgres),
            _ if scheme.contains(['/', '\\', '.']) => Err(no_scheme()),
            scheme => Err(UrlError::UnknownScheme(scheme.to_owned())),
        }
    }
}

/// Returns whether a text looks like the path of a database file, and not like anything with a password.
fn is_like_a_file(text: &str) -> bool {
    let extension = Path::new(text).extension();
    let is_usual = extension.is_some_and(|extension| {
        let mut usual = ["db", "db3", "sqlite", "sqlite3"].iter();
        usual.any(|usual| extension.eq_ignore_ascii_case(usual))
    });
    let is_plain = !text.contains(['@', '=', '?', '%', '#', ' ', '~', '$']);
    is_usual && is_plain && !text.ends_with(['/', '\\'])
}

impl DatabaseUrl {
    /// Returns the database's dialect.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            DatabaseUrl::Sqlite(_) => Dialect::Sqlite,
            DatabaseUrl::Postgres(_) => Dialect::Postgres,
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(url) => f.write_str(url.text()),
            DatabaseUrl::Postgres(url) => f.write_str(url.text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn urls_are_read_as_sqlx_writes_them() {
        let base = UrlPlace::Manifest("/crate".into());
        let file = |path: &str| Ok(SqliteTarget::File(PathBuf::from(path)));
        let no_scheme = |meant: Option<&str>| {
            Err(UrlError::NoScheme {
                meant: meant.map(ToOwned::to_owned),
            })
        };
        for (url, expected) in [
            ("sqlite://app.db", file("/crate/app.db")),
            ("sqlite:app.db", file("/crate/app.db")),
            ("sqlite://data/app.db", file("/crate/data/app.db")),
            ("sqlite:///var/app.db", file("/var/app.db")),
            ("sqlite://a%20b.db?mode=rwc", file("/crate/a b.db")),
            ("sqlite:////var/app.db", file("/var/app.db")),
            ("sqlite::memory:", Ok(SqliteTarget::Memory)),
            ("sqlite://:memory:", Ok(SqliteTarget::Memory)),
            ("sqlite://x?mode=memory", Ok(SqliteTarget::Memory)),
            ("sqlite://", Err(UrlError::NoPath)),
            (
                "sqlite://a.db?cache=x",
                Err(UrlError::Parameter("cache=x".into())),
            ),
            ("app.db", no_scheme(Some("sqlite://app.db"))),
            ("./a:b.db", no_scheme(Some("sqlite://./a:b.db"))),
            (
                "../data/App.SQLite3",
                no_scheme(Some("sqlite://../data/App.SQLite3")),
            ),
            ("app", no_scheme(None)),
            ("secret@host.db", no_scheme(None)),
            ("~/app.db", no_scheme(None)),
            ("$HOME/app.db", no_scheme(None)),
            ("data.db/", no_scheme(None)),
            ("mysql://h/d", Err(UrlError::UnknownScheme("mysql".into()))),
            ("sqlite://~/app.db", Err(UrlError::Home)),
            ("sqlite:~/app.db", Err(UrlError::Home)),
            ("sqlite:///~/app.db", Err(UrlError::Home)),
            ("sqlite://~", Err(UrlError::Home)),
            ("sqlite://a~b.db", file("/crate/a~b.db")),
        ] {
            let parsed = DatabaseUrl::parse(url, &base);
            let target = parsed.map(|parsed| match parsed {
                DatabaseUrl::Sqlite(url) => url.target,
                DatabaseUrl::Postgres(_) => panic!("{url} is SQLite's"),
            });
            assert_eq!(target, expected, "{url}");
        }
    }

    #[test]
    fn urls_of_sqlalchemy_are_refused_with_the_right_one() {
        let place = UrlPlace::Manifest("/crate".into());
        for (url, right) in [
            ("sqlite:///./app.db", "sqlite://app.db"),
            ("sqlite:///../app.db", "sqlite://../app.db"),
            ("sqlite+aiosqlite:///app.db", "sqlite://app.db"),
            ("sqlite+aiosqlite:///./app.db", "sqlite://app.db"),
            ("sqlite+pysqlite:////var/app.db", "sqlite:///var/app.db"),
            ("sqlite+aiosqlite://x.db", "sqlite://x.db"),
            ("sqlite+aiosqlite://", "sqlite::memory:"),
            ("sqlite+aiosqlite:///:memory:", "sqlite::memory:"),
            ("sqlite+pysqlcipher://:secret@/app.db", "sqlite://<path>"),
            ("postgresql+psycopg://h/d", "postgresql://h/d"),
            (
                "postgresql+asyncpg://u:secret@h:5/d",
                "postgresql://u:***@h:5/d",
            ),
            ("postgres+psycopg2://u:se/cret@h/d", "postgres://..."),
        ] {
            let error = DatabaseUrl::parse(url, &place).unwrap_err();
            assert_eq!(error, UrlError::Sqlalchemy(right.to_owned()), "{url}");
        }
    }

    #[test]
    fn parameters_of_servers() {
        for (url, expected) in [
            ("postgres://h/d", Ok(())),
            ("postgresql://h/d?sslmode=disable&options=-ca%3Db", Ok(())),
            ("postgres:///d?host=/tmp&user=u", Ok(())),
            ("postgres://h/d?options%5Bsearch_path%5D=a", Ok(())),
            ("postgres://h/d?channel_binding=require", Ok(())),
            ("postgres://h/d?sslmod=require", Err(Some("sslmode"))),
            ("postgres://h/d?schema=audit", Err(None)),
        ] {
            let parsed = DatabaseUrl::parse(url, &UrlPlace::Argument);
            let parsed = parsed.map(drop).map_err(|error| match error {
                UrlError::PostgresParameter { meant, .. } => meant,
                error => panic!("{url}: {error}"),
            });
            assert_eq!(parsed, expected, "{url}");
        }
        for url in [
            "postgres:h/d",
            "postgres://u:12?cret@h/d",
            "postgres://u:1@2#cret@h/d",
            "postgres:///d?host=/tmp&user=u#cret",
            "postgres://u:12?c&ret@h/d",
            "postgres://h/d?password=12&secret=1",
            "postgres://h/d?user=u&password=12&ret",
        ] {
            let error = DatabaseUrl::parse(url, &UrlPlace::Argument).unwrap_err();
            assert!(matches!(error, UrlError::Postgres(_)), "{url}");
            assert!(!error.to_string().contains("ret"), "{url}: {error}");
        }
    }
}
