//! PostgreSQL URLs.

use std::error::Error;

use alembic_history::nearest;
use percent_encoding::percent_decode_str;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use url::Url;

use super::parameters::{PARAMETERS, decoded, is_known, is_secret};
use super::{RedactedUrl, UrlError};

/// A PostgreSQL database.
#[derive(Clone, Debug)]
pub(crate) struct PostgresUrl {
    pub(crate) options: Box<PgConnectOptions>,
    /// Where the name of the user comes from.
    pub(crate) user: UserSource,
    /// The text, without its password.
    text: String,
}

/// Where the name of a user comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserSource {
    /// The URL.
    Url,
    /// The environment variable PGUSER.
    Environment,
    /// The operating system.
    System,
}

/// The `application_name` that the server lists if the URL gives none.
const APPLICATION: &str = "cargo-alembic";

impl PostgresUrl {
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        let options: PgConnectOptions = text.parse().map_err(|error: sqlx::Error| {
            UrlError::Postgres(
                error
                    .source()
                    .map_or_else(|| error.to_string(), ToString::to_string),
            )
        })?;
        if text.contains('#') {
            let why = "what follows a `#` would not be part of it";
            return Err(UrlError::Postgres(why.to_owned()));
        }
        check_parameters(text)?;
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name(APPLICATION),
        };
        Ok(Self {
            // Logging what a revision runs tells the user nothing new, and may be long. PgBouncer
            // refuses `extra_float_digits`, which sqlx asks for to read exact floats: we read none.
            options: Box::new(options.disable_statement_logging().extra_float_digits(None)),
            user: user_source(text),
            text: RedactedUrl::new(text).to_string(),
        })
    }

    /// Returns the URL as displayed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the URL of another database on the same server, with a search path, if one has to be set.
    pub(crate) fn sibling(&self, name: &str, search_path: Option<&str>) -> Self {
        let options = PgConnectOptions::clone(&self.options).database(name);
        let options = match search_path {
            None => options,
            Some(path) => options.options([("search_path", path)]),
        };
        Self {
            options: Box::new(options),
            user: self.user,
            text: format!("{name} on {}", self.text),
        }
    }

    /// Returns the password, if the URL or the environment has one.
    pub(crate) fn password(&self) -> Option<String> {
        // Of the options, only a URL tells it; a name or a host may not fit into one.
        let options = PgConnectOptions::clone(&self.options);
        let url = options.username("user").host("host").to_url_lossy();
        let password = percent_decode_str(url.password()?).decode_utf8_lossy();
        Some(password.into_owned())
    }

    /// Returns the name of the database, which defaults to the user's name.
    pub(crate) fn database(&self) -> &str {
        let given = self.options.get_database();
        given.unwrap_or_else(|| self.options.get_username())
    }
}

/// Returns where sqlx finds the name of the user of a URL.
fn user_source(text: &str) -> UserSource {
    let is_named = Url::parse(text).is_ok_and(|url| {
        !url.username().is_empty() || url.query_pairs().any(|(name, _)| name == "user")
    });
    match std::env::var("PGUSER") {
        _ if is_named => UserSource::Url,
        Ok(_) => UserSource::Environment,
        Err(_) => UserSource::System,
    }
}

/// Refuses unknown parameters of a PostgreSQL URL.
fn check_parameters(text: &str) -> Result<(), UrlError> {
    let (_, query) = text.split_once('?').unwrap_or_default();
    let query = query.split('#').next().unwrap_or_default();
    let mut follows_password = false;
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.split('=').next().unwrap_or_default();
        let name = decoded(name);
        if !is_known(&name) {
            if follows_password {
                // It may be the end of the password, after its `&`.
                let why =
                    "a `&` in the password is not encoded, or a parameter after it is unknown";
                return Err(UrlError::Postgres(why.to_owned()));
            }
            if query.contains('@') {
                // What looks like a parameter may be the end of a password, after its `?`.
                let why = "a `?` in the user name or the password is not encoded";
                return Err(UrlError::Postgres(why.to_owned()));
            }
            return Err(UrlError::PostgresParameter {
                meant: nearest(&name, PARAMETERS).first().copied(),
                name: name.into_owned(),
            });
        }
        follows_password |= is_secret(&name);
    }
    Ok(())
}
