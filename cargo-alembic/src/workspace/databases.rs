//! Finds the databases of crates, and refuses crates that would share a version table.

use alembic_history::Code;
use alembic_migrate::Dialect;

use super::dotenv::DotenvValue;
use super::{Configuration, Crate, Workspace};
use crate::database::Database;
use crate::output::{Cause, Diagnostic, Error, Result, display_path};
use crate::url::{DatabaseUrl, RedactedUrl, UrlError, UrlPlace};

impl Configuration {
    /// Finds the database of the crate, or fails if none is configured.
    pub(crate) fn database(&self, argument: Option<&str>) -> Result<Database> {
        match self.find_database(argument)? {
            Some(database) => Ok(database),
            None => Err(self.no_database()),
        }
    }

    /// Finds the database of the crate.
    pub(crate) fn find_database(&self, argument: Option<&str>) -> Result<Option<Database>> {
        let Some((text, place)) = self.find_url(argument)? else {
            return Ok(None);
        };
        let url = DatabaseUrl::parse(&text, &place);
        let url = url.map_err(|error| self.invalid_url(&text, &place, error))?;
        self.check_schema(url.dialect())?;
        Ok(Some(self.database_at(url, &place)))
    }

    /// Finds the URL of the crate's database, and where it is written. An argument takes precedence
    /// over the environment, the environment over `.env`, and that over the configuration.
    pub(crate) fn find_url(&self, argument: Option<&str>) -> Result<Option<(String, UrlPlace)>> {
        let variable = &self.settings.url_env;
        let from_env = self.url_from_environment()?;
        if let Some(url) = argument {
            return Ok(Some((url.to_owned(), UrlPlace::Argument)));
        }
        let configured = || {
            let url = self.settings.url.as_ref()?;
            Some((url.clone(), self.configured_place()))
        };
        match from_env {
            // An empty variable leaves out what `.env` says, too.
            Some(url) if url.is_empty() => Ok(configured()),
            Some(url) => Ok(Some((url, UrlPlace::Environment(variable.clone())))),
            None => {
                let found = self.dotenv.find(&self.folder, variable)?;
                let found = found.map(|DotenvValue { value, path }| {
                    let (variable, path) = (variable.clone(), display_path(&path));
                    (value, UrlPlace::Dotenv { variable, path })
                });
                Ok(found.or_else(configured))
            }
        }
    }

    /// Reads a database URL from the environment.
    fn url_from_environment(&self) -> Result<Option<String>> {
        let variable = &self.settings.url_env;
        match std::env::var(variable) {
            Ok(url) => Ok(Some(url)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                let title = format!(
                    "invalid database URL in the environment variable {variable}: it is not UTF-8"
                );
                Err(Diagnostic::new(Cause::Configuration, title)
                    .code(Code::InvalidUrl)
                    .note(format!("for crate `{}`", self.name))
                    .into())
            }
        }
    }

    /// Returns the place of `url` in the configuration.
    fn configured_place(&self) -> UrlPlace {
        UrlPlace::Manifest(self.manifest_folder(self.settings.url_scope).to_owned())
    }

    fn invalid_url(&self, text: &str, place: &UrlPlace, error: UrlError) -> Error {
        let shown = RedactedUrl::new(text);
        let title = format!("invalid database URL `{shown}`: {error}");
        let is_cut_short = matches!(error, UrlError::Postgres(_)) && shown.hides;
        let diagnostic = Diagnostic::new(Cause::Url(error), title)
            .code(Code::InvalidUrl)
            .note(format!("it comes from {place}, for crate `{}`", self.name));
        let diagnostic = match is_cut_short {
            true => diagnostic.help(
                "in a user name or a password, write `@`, `:`, `/`, `?`, `#`, `&` and `%` as `%40`, \
                 `%3A`, `%2F`, `%3F`, `%23`, `%26` and `%25`",
            ),
            false => diagnostic,
        };
        diagnostic.into()
    }

    /// Explains how to configure a database.
    fn no_database(&self) -> Error {
        let name = &self.name;
        let variable = &self.settings.url_env;
        let help = if self.settings.dialects_for(None) == [Dialect::Postgres] {
            format!(
                "set the environment variable {variable}, as in \
                 `{variable}=postgres://<user>:<password>@<host>/{name}`"
            )
        } else if self.folder.join("Cargo.toml").exists() {
            format!(
                "set `url = \"sqlite://{name}.db\"` under [package.metadata.alembic] in its \
                 Cargo.toml, or the environment variable {variable}, or that variable in `.env`"
            )
        } else {
            format!("name it with `--url`, or in the environment variable {variable}")
        };
        let title = format!("no database is configured for crate `{name}`");
        Diagnostic::new(Cause::Configuration, title)
            .help(help)
            .into()
    }

    /// Refuses a schema for the version table on an engine without schemas.
    pub(crate) fn check_schema(&self, dialect: Dialect) -> Result<()> {
        match self.version_table(dialect).schema {
            Some(schema) if !dialect.has_schemas() && schema != "main" => {
                let title = format!("SQLite has no schema `{schema}`");
                Err(Diagnostic::new(Cause::Configuration, title)
                    .code(Code::InvalidConfigurationValue)
                    .note(format!(
                        "it is `version-table-schema` of crate `{}`",
                        self.name
                    ))
                    .help("remove the key, or set it to `main`")
                    .into())
            }
            _ => Ok(()),
        }
    }

    /// Returns the database that the configuration itself names.
    pub(crate) fn configured_database(&self) -> Option<Database> {
        let url = self.settings.url.as_deref()?;
        let place = self.configured_place();
        let url = DatabaseUrl::parse(url, &place).ok()?;
        Some(self.database_at(url, &place))
    }

    /// Returns the database at a URL, as this crate opens it.
    fn database_at(&self, url: DatabaseUrl, place: &UrlPlace) -> Database {
        Database {
            url,
            dotenv: match place {
                UrlPlace::Dotenv { path, .. } => Some(path.clone()),
                UrlPlace::Argument | UrlPlace::Environment(_) | UrlPlace::Manifest(_) => None,
            },
            extensions: self.sqlite_extensions(),
        }
    }
}

impl Workspace {
    /// Returns the name of a crate that would use the same version table in the same database as a
    /// crate that is about to be configured: now, or once no environment variable names another one.
    pub(crate) fn sharing_crate(&self, new: &Configuration) -> Result<Option<String>> {
        let own = [new.find_database(None)?, new.configured_database()];
        // Errors in another crate's configuration do not concern this one.
        for other in self.all().unwrap_or_default() {
            let theirs = [
                other.find_database(None).unwrap_or_default(),
                other.configured_database(),
            ];
            let mut pairs = own.iter().zip(&theirs);
            let shares = pairs.any(|pair| match pair {
                (Some(database), Some(theirs)) => shares_table((new, database), (&other, theirs)),
                // The same variable will name a database.
                (None, None) => {
                    new.settings.url_env == other.settings.url_env
                        && new.settings.version_table == other.settings.version_table
                }
                (Some(_), None) | (None, Some(_)) => false,
            });
            if other.name != new.name && shares {
                return Ok(Some(other.name));
            }
        }
        Ok(None)
    }

    /// Finds the database of each crate, and refuses two that would share a version table.
    pub(crate) fn check_databases(&self, crates: &[Crate]) -> Result<()> {
        for (index, checked) in crates.iter().enumerate() {
            let database = checked.database()?;
            for other in &crates[..index] {
                let own = (&checked.configuration, database);
                if shares_table(own, (&other.configuration, other.database()?)) {
                    return Err(shared_table(&other.configuration, own));
                }
            }
        }
        // Errors in another crate's configuration do not concern this command.
        let all = self.all().unwrap_or_default();
        for checked in crates {
            check_configured(&all, &checked.configuration, checked.database()?)?;
        }
        Ok(())
    }
}

/// Refuses a crate if another one is configured to use the same version table in the same database,
/// even if the command is not for that one: each would take the other's rows for unknown revisions.
fn check_configured(
    all: &[Configuration],
    configuration: &Configuration,
    database: &Database,
) -> Result<()> {
    let Some(own) = configuration.configured_database() else {
        return Ok(());
    };
    if own.identity() != database.identity() {
        return Ok(());
    }
    for other in all.iter().filter(|other| other.name != configuration.name) {
        if let Some(theirs) = other.configured_database()
            && shares_table((configuration, &own), (other, &theirs))
        {
            return Err(shared_table(other, (configuration, database)));
        }
    }
    Ok(())
}

/// Returns whether two crates keep their rows in the same table of the same database.
fn shares_table(
    (own, database): (&Configuration, &Database),
    (other, theirs): (&Configuration, &Database),
) -> bool {
    let identity = database.identity();
    let dialect = database.dialect();
    if !own.is_for(dialect) || !other.is_for(dialect) {
        return false;
    }
    let (mut table, mut other) = (own.version_table(dialect), other.version_table(dialect));
    if identity.is_none() || identity != theirs.identity() {
        return false;
    }
    if table.is_ambiguous_with(&other) {
        // A database that cannot be asked is an error of the command itself.
        let default = database.default_schema();
        for table in [&mut table, &mut other] {
            table.schema = table.schema.take().or_else(|| default.clone());
        }
    }
    table.is_same(&other, dialect)
}

fn shared_table(other: &Configuration, (own, database): (&Configuration, &Database)) -> Error {
    let title = format!(
        "crates `{}` and `{}` use the same version table in the same database",
        other.name, own.name
    );
    let table = own.version_table(database.dialect()).quoted();
    let mut diagnostic = Diagnostic::new(Cause::Configuration, title)
        .code(Code::SharedVersionTable)
        .note(format!("the table is {table} in {}", database.url));
    let replaced = [other, own].into_iter().find_map(|configuration| {
        let configured = configuration.configured_database()?;
        let place = configuration.find_url(None).ok()??.1;
        let variable = match place {
            UrlPlace::Environment(variable) | UrlPlace::Dotenv { variable, .. } => variable,
            UrlPlace::Argument | UrlPlace::Manifest(_) => return None,
        };
        let is_replaced = configured.identity() != database.identity();
        is_replaced.then_some((configuration, configured, variable))
    });
    if let Some((configuration, configured, variable)) = replaced {
        let name = &configuration.name;
        diagnostic = diagnostic
            .note(format!(
                "{variable} takes the place of the `url` of crate `{name}`, which is {}",
                configured.url
            ))
            .help(format!(
                "if each has a database of its own, name another variable by the `url-env` of crate `{name}`"
            ));
    }
    diagnostic
        .help("give one of them another `version-table` under [package.metadata.alembic]")
        .into()
}
