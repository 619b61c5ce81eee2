//! `cargo alembic init`

use std::path::{Path, PathBuf};

use alembic_history::{Code, DEFAULT_FOLDER, Dialect, Lock, SettingsScope, split_full_name};
use clap::Args;
use toml_edit::{Table, value};

use crate::context::Context;
use crate::database::Database;
use crate::ignored_database;
use crate::lock_file::CrateLock;
use crate::manifest::{DatabaseSetting, Manifest, configured_url, new_table, unwritable};
use crate::new_file::{create, replace};
use crate::output::json::{AnswerJson, InitJson};
use crate::output::{
    Answer, Cause, Diagnostic, Hint, Layout, Response, Result, Subcommand, Suggestion, display_path,
};
use crate::url::UrlPlace;
use crate::workspace::{Configuration, from_toml};

/// Arguments of `cargo alembic init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder for revision files, relative to the crate [default: migrations]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The database to configure; a relative path is relative to the current folder [default:
    /// sqlite://<crate>.db in the crate, unless DATABASE_URL or the workspace names one]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The version table to configure [default: alembic_version, or <crate>_version in a database
    /// that another crate has]
    #[arg(long, value_name = "TABLE")]
    version_table: Option<String>,
}

const README: &str = "\
Revision files, one for each change to the database, written in SQL.

Create one with `cargo alembic revision -m \"what it does\"`, apply the pending ones with
`cargo alembic upgrade`, and see which ones are applied with `cargo alembic current`.

`alembic.lock` records what each revision follows and does. Commit it together with the files, after
`cargo alembic lock`.
";

impl InitArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let (manifest, name) = context.package_to_init()?;
        let manifest = Manifest::read(manifest, &name)?;
        let crate_folder = manifest.path.parent().unwrap_or(Path::new(".")).to_owned();
        let crate_folder = crate_folder.as_path();
        if manifest.is_configured() {
            return self.create_folders(context, &name);
        }
        let (package, history) = split_full_name(&name);
        let relative = self.folder.unwrap_or_else(|| match history {
            Some(history) => Path::new(DEFAULT_FOLDER).join(history),
            None => DEFAULT_FOLDER.into(),
        });
        let folder = crate_folder.join(&relative);
        let occupied = folder
            .read_dir()
            .is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            let title = format!("{} already exists and is not empty", display_path(&folder));
            return Err(Diagnostic::new(Cause::Configuration, title)
                .help("choose another folder, or remove this one")
                .into());
        }
        let configure_crate = |table: &Table| {
            let keys = from_toml(SettingsScope::Package, table);
            context
                .workspace()?
                .configuration(&name, crate_folder, keys)
        };
        let setting = match self.url {
            Some(url) => configured_url(url, crate_folder)?,
            None => {
                // Another URL in the manifest would never be used, or hide that one.
                let bare = new_table(&relative, &DatabaseSetting::Dialect(Dialect::Sqlite));
                let elsewhere = configure_crate(&bare)?.find_url(None)?;
                match elsewhere.and_then(|(url, _)| Dialect::of_url(&url)) {
                    Some(dialect) => DatabaseSetting::Dialect(dialect),
                    None => {
                        DatabaseSetting::Url(format!("sqlite://{}.db", history.unwrap_or(package)))
                    }
                }
            }
        };
        let mut table = new_table(&relative, &setting);
        let workspace = context.workspace()?;
        if let Some(version_table) = &self.version_table {
            table["version-table"] = value(version_table);
        } else if let Some(other) = workspace.sharing_crate(&configure_crate(&table)?)? {
            let version_table = format!("{}_version", name.replace(['-', '/'], "_"));
            table["version-table"] = value(&version_table);
            let what = format_args!(
                "{name} shares its database with {other}, so its version table is {version_table}"
            );
            context.shell.status("Note", what);
        }
        if let Some(other) = workspace.sharing_crate(&configure_crate(&table)?)? {
            let title = format!("crates `{other}` and `{name}` would use the same version table");
            return Err(Diagnostic::new(Cause::Arguments, title)
                .code(Code::SharedVersionTable)
                .help("choose another one with `--version-table <table>`")
                .into());
        }
        let configuration = configure_crate(&table)?;
        let database = configuration.database(None)?;
        let path = manifest.path.clone();
        let configured = manifest.configured(table);
        create(&folder.join("README.md"), README)?;
        create(&folder.join(Lock::FILE_NAME), &Lock::default().render())?;
        context.shell.status("Created", display_path(&folder));
        replace(&path, &configured).map_err(|error| unwritable(&path, error))?;
        context.shell.status("Configured", display_path(&path));
        if let (DatabaseSetting::Url(_), Some(file)) = (&setting, database.file()) {
            let ignored = crate_folder.join(".gitignore");
            if ignored_database::ignore(crate_folder, file)? {
                let what = format_args!("{} in {}", display_path(file), display_path(&ignored));
                context.shell.status("Ignored", what);
            }
        }
        context
            .shell
            .status("Database", described(&configuration, &database)?);
        let next = Suggestion::new(Subcommand::Revision).argument("-m \"what it does\"");
        let next = Hint::default().command(next).render(&context.call);
        context.shell.status("Next", next);
        let json = AnswerJson::Init(InitJson {
            folder: display_path(&folder),
            manifest: display_path(&path),
            database: database.url.to_string(),
        });
        let answer = Answer::new(&name, json, String::new());
        Ok(Response::new(vec![answer], Layout::Plain))
    }

    /// Creates the missing folders of a crate that is already configured.
    fn create_folders(self, context: &Context, name: &str) -> Result<Response> {
        let configuration = context.workspace()?.find_crate(name)?;
        let folders = configuration.as_ref().map(Configuration::folders);
        let folders = folders.unwrap_or_default();
        let missing: Vec<PathBuf> = folders
            .into_iter()
            .filter(|folder| !folder.exists())
            .collect();
        let is_configured =
            self.url.is_some() || self.folder.is_some() || self.version_table.is_some();
        if missing.is_empty() || is_configured {
            let title = format!("crate `{name}` is already configured");
            return Err(Diagnostic::new(Cause::Configuration, title)
                .help("change its configuration in Cargo.toml, under [package.metadata.alembic]")
                .into());
        }
        for folder in missing {
            create(&folder.join("README.md"), README)?;
            let lock = configuration.as_ref().and_then(CrateLock::read);
            if let Some(lock) = lock.filter(|lock| lock.path.parent() == Some(&folder)) {
                create(&lock.path, &Lock::default().render())?;
            }
            context.shell.status("Created", display_path(&folder));
        }
        Ok(Response::SILENT)
    }
}

/// Describes the database that commands will use, and where its URL is written, if that is not in the
/// crate's own manifest.
fn described(configuration: &Configuration, database: &Database) -> Result<String> {
    let place = configuration.find_url(None)?.map(|(_, place)| place);
    let own = configuration.configured_database();
    let url = &database.url;
    let settings = &configuration.settings;
    Ok(match (place, own) {
        (Some(place @ (UrlPlace::Environment(_) | UrlPlace::Dotenv { .. })), Some(own)) => {
            format!("{url}, from {place}; without it, {}", own.url)
        }
        (Some(place @ (UrlPlace::Environment(_) | UrlPlace::Dotenv { .. })), None) => {
            format!("{url}, from {place}; the manifest names none")
        }
        _ if settings.url_scope == SettingsScope::Workspace => {
            format!("{url}, from [workspace.metadata.alembic]")
        }
        _ => url.to_string(),
    })
}
