//! The table of configuration keys: their names, their settings and their documentation.

use std::fmt;

use super::kind::Kind;
use super::{Settings, Value};

/// Generates [`Key`] from a table of keys. The doc comment of a key is its row in
/// docs/configuration.md; the setting's type decides how a value is read, and [`Settings::default`]
/// is its default.
macro_rules! keys {
    ($($(#[doc = $line:literal])+ $name:ident = $text:literal => $($setting:ident).+,)+) => {
        /// A key of `[package.metadata.alembic]`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Key {
            $($(#[doc = $line])+ $name,)+
        }

        impl Key {
            /// Every key, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the name of the key in a manifest.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// Sets the setting of the key, or returns what is wrong with the value.
            pub(super) fn set(self, settings: &mut Settings, value: &Value) -> Result<(), String> {
                match self {
                    $(Self::$name => settings.$($setting).+ = Kind::read(value)?,)+
                }
                Ok(())
            }

            /// Returns the rows of docs/configuration.md.
            // Inlined, so that only a program that calls it compiles the texts; build scripts do
            // not.
            #[inline]
            #[must_use]
            pub fn documentation() -> Vec<KeyDocumentation> {
                let defaults = Settings::default();
                vec![$({
                    let default = &defaults.$($setting).+;
                    let comment = concat!($($line, "\n"),+);
                    KeyDocumentation::new(Self::$name, default, comment)
                },)+]
            }
        }
    };
}

keys! {
    /// The URL of the database.
    Url = "url" => url,

    /// The environment variable that holds the URL of the database; it takes precedence over
    /// `url`.
    UrlEnv = "url-env" => url_env,

    /// The URL of any database of the PostgreSQL server on which `test` and the commands that compare
    /// schemas create temporary databases, if it is not the server of `url`. That database is left
    /// untouched.
    ScratchUrl = "scratch-url" => scratch_url,

    /// The extensions of SQLite that the command loads into its connections: a path is relative to
    /// the manifest that sets it, and a name without a `/` is that of a library of the system, such
    /// as `mod_spatialite`. An application opens its connection itself, and loads its extensions
    /// before it passes the connection on.
    SqliteExtensions = "sqlite-extensions" => sqlite_extensions,

    /// The folder of the revision files, or several folders, relative to the crate. An empty list
    /// says that there are none yet; otherwise, a build fails if it finds no revisions.
    Migrations = "migrations" => migrations,

    /// The histories of a crate that has several, each of its own or for an engine of its own. Each is a
    /// table by its name, `[package.metadata.alembic.histories.NAME]`, with keys of this table; what it
    /// does not set is as in this table. See [several histories](#several-histories).
    Histories = "histories" => histories,

    /// The dialects that the revisions are written for; the SQL is checked for each. Unless set,
    /// it is the dialect of the database's URL, or SQLite.
    Dialects = "dialects" => dialects,

    /// The oldest SQLite that runs the revisions. SQL that needs a newer one is a warning of builds,
    /// `cargo alembic test` and the commands that run it.
    SqliteVersion = "sqlite-version" => sqlite_version,

    /// The shape of history that a build and `cargo alembic test` require: `linear`, or `merged`,
    /// which allows branches that are merged into one head.
    Chain = "chain" => chain,

    /// Whether the file `alembic.lock` in the first folder of the revisions records what each of them
    /// follows and does. Builds, `cargo alembic test`, `upgrade` and `ensure` then refuse files that
    /// differ from it. `cargo alembic init` turns it on.
    Lock = "lock" => lock,

    /// The table that records which revisions a database is at.
    VersionTable = "version-table" => version_table.name,

    /// The schema of the version table, on PostgreSQL.
    VersionTableSchema = "version-table-schema" => version_table.schema,

    /// Whether a table next to the version table records what was applied, when and by whom. With
    /// `false`, none is created, and nothing is compared with one that exists; it is still written to,
    /// so that it does not become false. Drop the table to be rid of it.
    Log = "log" => log,

    /// What happens when an applied revision has another content than before: `refuse` to change
    /// the database, or `warn`.
    Edited = "edited" => edited,

    /// What one transaction covers: the whole `run`, or each `revision`.
    Transaction = "transaction" => transaction,

    /// A file of SQL that creates the whole target schema, for empty databases at start-up; relative to
    /// the crate. It is one file for all dialects, or one for each, as in `{ sqlite =
    /// "schema.sqlite.sql", postgres = "schema.postgres.sql" }`.
    Schema = "schema" => schema,

    /// What states how the schema should be: with `true`, the structs with `derive(Table)` in the sources
    /// of the crate, and the files of SQL in its folder `schema`; or files and folders. With `{ sea-orm =
    /// true }`, it is the entities of sea-orm, in all sources of the crate or in those that are named in
    /// place of `true`; what they cannot state stays as the revisions make it. Commands compare
    /// the revisions with it. `schema` then names what `cargo alembic dump --write` writes for empty
    /// databases.
    Models = "models" => models,

    /// The features of the crate with which its structs are read, besides its default ones: they decide
    /// `#[cfg(feature = "...")]`.
    ModelFeatures = "model-features" => model_features,

    /// The file in which diesel's `table!` declares the tables, such as `src/schema.rs`; relative to the
    /// crate. `verify` compares it with the database, and `upgrade` and `downgrade` keep it in step.
    DieselSchema = "diesel-schema" => diesel_schema,

    /// What a build does when the file that `schema` names is not known to create what the revisions make,
    /// because `cargo alembic dump --write` has not compared them, or one of them was changed since: `warn`,
    /// or fail with an `error`. An empty database is created from such a file only if nothing was ever
    /// recorded in it; otherwise, it gets its schema from the revisions.
    StaleSchema = "stale-schema" => stale_schema,

    /// A file of SQL that creates what databases hold that are older than the first revision, or one for
    /// each dialect, as in `schema`; relative to the crate. Commands that replay the revisions run it before the first one, and so
    /// does whatever applies them to an empty database, which is told by the tables that the file creates.
    Base = "base" => base,

    /// The costs of the changes that `revision --autogenerate` writes; it stops at others. They are
    /// `additive`, `widening` (nothing is taken away, and no row is read), `rebuild` (all rows of a
    /// table are read or written), `may-fail` (on some rows) and `destructive` (data is lost).
    Allow = "allow" => allow,

    /// The objects that comparisons of schemas look at; all of them, if the list is empty. Each is the
    /// name of a table or view, with `*` for any characters, as in `shop_*`; `schema:NAME`; or
    /// `kind:KIND`, as in `kind:view`. What belongs to a table goes with it.
    Include = "include" => include,

    /// The objects that comparisons of schemas do not look at, written as in `include`.
    Exclude = "exclude" => exclude,

    /// What SQLite and PostgreSQL may have differently, although `cargo alembic test` compares the tables
    /// of a crate that is written for both: the name of a table, or of a column as `documents.search`,
    /// with `*` for any characters.
    EngineSpecific = "engine-specific" => engine_specific,

    /// The revision at which a database with tables but without a version table is assumed to be.
    Baseline = "baseline" => baseline,

    /// How an empty database gets its schema: `create` runs the file that `schema` names, `replay`
    /// runs the revisions.
    Fresh = "fresh" => fresh,

    /// The names of new files, without `.sql`. `{epoch}` and `{second}` may be used, too.
    FileTemplate = "file-template" => file_template,

    /// The maximum length of a slug, in characters.
    TruncateSlugLength = "truncate-slug-length" => truncate_slug_length,

    /// The time zone of the dates in new revisions, which is UTC unless set.
    Timezone = "timezone" => timezone,

    /// Commands to run on each new file, such as `[["sqlfluff", "fix", "{path}"]]`. Without
    /// `{path}`, the path is the last argument.
    PostWriteHooks = "post-write-hooks" => post_write_hooks,

    /// Commands to run in the crate's folder after `upgrade` or `downgrade` has changed its database,
    /// such as `[["cargo", "sqlx", "prepare"]]`.
    PostRunHooks = "post-run-hooks" => post_run_hooks,
}

impl Key {
    /// Returns the key with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut keys = Self::ALL.iter().copied();
        keys.find(|key| key.as_str() == name)
    }

    /// Returns whether a workspace can set the key for all of its crates: none of these changes what
    /// a build embeds.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        match self {
            Self::Url
            | Self::UrlEnv
            | Self::ScratchUrl
            | Self::SqliteExtensions
            | Self::SqliteVersion
            | Self::FileTemplate
            | Self::TruncateSlugLength
            | Self::Timezone
            | Self::PostWriteHooks
            | Self::PostRunHooks
            | Self::Allow
            | Self::Include
            | Self::Exclude
            | Self::EngineSpecific => true,
            Self::Migrations
            | Self::Histories
            | Self::Dialects
            | Self::Chain
            | Self::Lock
            | Self::VersionTable
            | Self::VersionTableSchema
            | Self::Log
            | Self::Edited
            | Self::Transaction
            | Self::Schema
            | Self::Models
            | Self::ModelFeatures
            | Self::DieselSchema
            | Self::StaleSchema
            | Self::Base
            | Self::Baseline
            | Self::Fresh => false,
        }
    }

    /// Returns the names of all keys.
    pub(super) fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|key| key.as_str()).collect()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row of docs/configuration.md.
#[derive(Debug)]
pub struct KeyDocumentation {
    /// The key.
    pub key: Key,
    /// A description of its values, as Markdown.
    pub value: String,
    /// The default, as written in a manifest; empty if the key has none.
    pub default: String,
    /// The text of its doc comment.
    pub comment: &'static str,
}

impl KeyDocumentation {
    #[inline]
    fn new<T: Kind>(key: Key, default: &T, comment: &'static str) -> Self {
        Self {
            key,
            value: T::description(),
            default: default.in_manifest(),
            comment,
        }
    }
}
