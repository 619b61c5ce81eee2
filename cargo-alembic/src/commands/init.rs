//! `cargo alembic init`

use std::io::Write;
use std::path::{Path, PathBuf};

use alembic_history::{DEFAULT_FOLDER, Dialect, Settings};
use clap::Args;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::context::{Context, shown};
use crate::diagnostic::{Diagnostic, Result};
use crate::exit::Exit;
use crate::json::{self, Format, InitJson};
use crate::new_revision::write_new;
use crate::url::{DatabaseUrl, Redacted};

/// Arguments of `cargo alembic init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder for the revision files, relative to the crate; `migrations` unless given
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The database to configure; `sqlite://<crate>.db` unless given
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

const README: &str = "\
Revision files: one for each change to the database, in SQL.

Write a new one with `cargo alembic revision -m \"what it does\"`, apply what is new with
`cargo alembic upgrade`, and see where the database is with `cargo alembic current`.
";

impl InitArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let (manifest, name) = context.package_to_init()?;
        let crate_folder = manifest.parent().unwrap_or(Path::new("."));
        let failed = |why: &dyn std::fmt::Display| {
            Diagnostic::new(format!("cannot change {}: {why}", shown(&manifest)))
                .exit(Exit::Failure)
        };
        let text = std::fs::read_to_string(&manifest).map_err(|error| failed(&error))?;
        let document: DocumentMut = text.parse().map_err(|error| failed(&error))?;
        let package = document.get("package").and_then(Item::as_table_like);
        let metadata = package.and_then(|package| package.get("metadata"));
        if metadata.is_some_and(|metadata| !metadata.is_table_like()) {
            return Err(failed(&"`package.metadata` is not a table"));
        }
        if is_configured(&document) {
            return self.create_folders(context, &name);
        }
        let relative = self.folder.unwrap_or_else(|| DEFAULT_FOLDER.into());
        let folder = crate_folder.join(&relative);
        let occupied = folder
            .read_dir()
            .is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            return Err(Diagnostic::new(format!(
                "{} already exists and is not empty",
                shown(&folder)
            ))
            .help("name another folder, or remove this one")
            .exit(Exit::Configuration));
        }
        let database = match self.url {
            Some(url) => configured_url(url, crate_folder)?,
            None if speaks_postgres() => Configured::Dialect(Dialect::Postgres),
            None => Configured::Url(format!("sqlite://{name}.db")),
        };
        let configured = configure(document, &text, &relative, &database);
        write_new(&folder.join("README.md"), README)?;
        context.shell.status("Created", shown(&folder));
        replace(&manifest, &configured).map_err(|error| failed(&error))?;
        context.shell.status("Configured", shown(&manifest));
        let next = "`cargo alembic revision -m \"what it does\"`";
        context.shell.status("Next", next);
        if context.format == Format::Json {
            let json = InitJson {
                folder: shown(&folder),
                manifest: shown(&manifest),
            };
            json::write(vec![(name, json)])?;
        }
        Ok(Exit::Success)
    }

    /// Creates the folders of a crate that is configured already, where they are missing.
    fn create_folders(self, context: &Context, name: &str) -> Result<Exit> {
        let configured = || {
            Diagnostic::new(format!("crate `{name}` has its configuration already"))
                .help("change it in its Cargo.toml, below [package.metadata.alembic]")
                .exit(Exit::Configuration)
        };
        let member = context.member_named(name)?;
        let folders = member.map(|member| member.folders()).unwrap_or_default();
        let missing: Vec<PathBuf> = folders
            .into_iter()
            .filter(|folder| !folder.exists())
            .collect();
        if missing.is_empty() || self.url.is_some() || self.folder.is_some() {
            return Err(configured());
        }
        for folder in missing {
            write_new(&folder.join("README.md"), README)?;
            context.shell.status("Created", shown(&folder));
        }
        Ok(Exit::Success)
    }
}

/// What the configuration says about the database.
enum Configured {
    /// Which one it is.
    Url(String),
    /// What it speaks; where it is, the environment says.
    Dialect(Dialect),
}

/// Returns whether the environment names a PostgreSQL database, which then need not be configured.
fn speaks_postgres() -> bool {
    let url = std::env::var(Settings::default().url_env);
    url.is_ok_and(|url| Dialect::of_url(&url) == Some(Dialect::Postgres))
}

/// Looks whether a URL can be configured: a password must not get into a manifest.
fn configured_url(url: String, crate_folder: &Path) -> Result<Configured> {
    let shown = Redacted::new(&url);
    let invalid = |why: &dyn std::fmt::Display| {
        Diagnostic::new(format!("invalid database URL `{shown}`: {why}"))
    };
    if let Err(error) = DatabaseUrl::parse(&url, crate_folder) {
        return Err(invalid(&error).exit(Exit::Usage));
    }
    if shown.hides {
        return Err(invalid(&"its password would be written to Cargo.toml")
            .help(
                "leave the password out: it is taken from PGPASSWORD or ~/.pgpass, or from \
                     the whole URL in the environment variable DATABASE_URL",
            )
            .exit(Exit::Usage));
    }
    Ok(Configured::Url(url))
}

fn is_configured(manifest: &DocumentMut) -> bool {
    let metadata = manifest
        .get("package")
        .and_then(|package| package.get("metadata"));
    metadata.is_some_and(|metadata| metadata.get("alembic").is_some())
}

/// Adds the configuration to a manifest that has none, and leaves everything else as it is.
fn configure(
    mut document: DocumentMut,
    manifest: &str,
    folder: &Path,
    database: &Configured,
) -> String {
    let package = document["package"].or_insert(Item::Table(Table::new()));
    if package.get("metadata").is_none() {
        let mut metadata = Table::new();
        metadata.set_implicit(true);
        package["metadata"] = Item::Table(metadata);
    }
    let mut alembic = Table::new();
    match database {
        Configured::Url(url) => alembic["url"] = value(url),
        Configured::Dialect(dialect) => {
            let dialects: toml_edit::Array = [dialect.name()].into_iter().collect();
            alembic["dialects"] = value(dialects);
        }
    }
    if folder != Path::new(DEFAULT_FOLDER) {
        alembic["migrations"] = value(folder.display().to_string());
    }
    package["metadata"]["alembic"] = Item::Table(alembic);
    let configured = document.to_string();
    // What reads TOML makes one kind of line ends of both.
    if manifest.contains("\r\n") && !configured.contains('\r') {
        return configured.replace('\n', "\r\n");
    }
    configured
}

/// Writes a file anew, whole or not at all.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    let permissions = std::fs::metadata(path)?.permissions();
    file.as_file().set_permissions(permissions)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
