//! Migrations that are embedded in a program.

use std::path::PathBuf;

use alembic_history::{Dialect, Edited, Fresh, History, SourceFile, TransactionMode, VersionTable};

use crate::Migrations;

/// Files of SQL: the dialect of each, its path, and where its text begins and ends.
type SchemaTexts = &'static [(Dialect, &'static str, usize, usize)];

/// The data that a build script embeds; [`include_migrations!`](crate::include_migrations) turns it
/// into [`Migrations`].
///
/// Only code that a build script has generated calls this.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    package: &'static str,
    /// All texts, one after the other.
    texts: &'static str,
    files: &'static [(&'static str, usize, usize)],
    schemas: SchemaTexts,
    bases: SchemaTexts,
    dialects: &'static [Dialect],
    digests: &'static [(Dialect, &'static [u64])],
    version_table: Option<&'static str>,
    version_table_schema: Option<&'static str>,
    log: bool,
    edited: Edited,
    transaction: TransactionMode,
    baseline: &'static str,
    fresh: Fresh,
    replayed: &'static [Dialect],
}

impl Embedded {
    /// Creates the data from the crate's name, all texts, one after the other, and the revision
    /// files: their paths, and where each text begins and ends.
    #[must_use]
    pub const fn new(
        package: &'static str,
        texts: &'static str,
        files: &'static [(&'static str, usize, usize)],
    ) -> Self {
        Self {
            package,
            texts,
            files,
            schemas: &[],
            bases: &[],
            dialects: &[Dialect::Sqlite],
            digests: &[],
            version_table: None,
            version_table_schema: None,
            log: true,
            edited: Edited::Refuse,
            transaction: TransactionMode::Run,
            baseline: "base",
            fresh: Fresh::Create,
            replayed: &[],
        }
    }

    /// Sets the target schema of each dialect: its path, and where its text begins and ends.
    #[must_use]
    pub const fn schemas(mut self, schemas: SchemaTexts) -> Self {
        self.schemas = schemas;
        self
    }

    /// Sets what is older than the revisions on each dialect: its path, and where its text begins and
    /// ends.
    #[must_use]
    pub const fn bases(mut self, bases: SchemaTexts) -> Self {
        self.bases = bases;
        self
    }

    /// Sets the version table's name.
    #[must_use]
    pub const fn version_table(mut self, name: &'static str) -> Self {
        self.version_table = Some(name);
        self
    }

    /// Sets the dialects for which the build script has checked the revisions; SQLite by default.
    #[must_use]
    pub const fn dialects(mut self, dialects: &'static [Dialect]) -> Self {
        self.dialects = dialects;
        self
    }

    /// Sets the digests of what the revisions do on each dialect, in the order of the files.
    #[must_use]
    pub const fn digests(mut self, digests: &'static [(Dialect, &'static [u64])]) -> Self {
        self.digests = digests;
        self
    }

    /// Sets the schema that holds the version table.
    #[must_use]
    pub const fn version_table_schema(mut self, schema: &'static str) -> Self {
        self.version_table_schema = Some(schema);
        self
    }

    /// Sets whether a log of what was applied is kept.
    #[must_use]
    pub const fn log(mut self, keep: bool) -> Self {
        self.log = keep;
        self
    }

    /// Sets the treatment of applied revisions whose content is another now.
    #[must_use]
    pub const fn edited(mut self, edited: Edited) -> Self {
        self.edited = edited;
        self
    }

    /// Sets how much one transaction covers.
    #[must_use]
    pub const fn transaction(mut self, mode: TransactionMode) -> Self {
        self.transaction = mode;
        self
    }

    /// Sets the revision at which a database without a version table is assumed to be.
    #[must_use]
    pub const fn baseline(mut self, revision: &'static str) -> Self {
        self.baseline = revision;
        self
    }

    /// Sets how an empty database gets its schema.
    #[must_use]
    pub const fn fresh(mut self, fresh: Fresh) -> Self {
        self.fresh = fresh;
        self
    }

    /// Sets the dialects whose target schema may be another one than the revisions make: an empty database
    /// is not created from it.
    #[must_use]
    pub const fn replayed(mut self, dialects: &'static [Dialect]) -> Self {
        self.replayed = dialects;
        self
    }

    /// Loads the migrations.
    ///
    /// # Panics
    ///
    /// When the revisions are not a valid history, which the build script has checked.
    #[must_use]
    pub fn load(&self) -> Migrations {
        let text = |start: usize, end: usize| &self.texts[start..end];
        let files = self.files.iter().map(|(path, start, end)| SourceFile {
            path: PathBuf::from(path),
            content: Ok(text(*start, *end).as_bytes().to_vec()),
        });
        let history = match History::new(files, &[]) {
            Ok(history) => history.checked_before(self.dialects),
            Err(error) => panic!("the build script let this pass: {error}"),
        };
        let digests = self.digests.iter();
        let history = digests.fold(history, |history, (dialect, digests)| {
            history.with_digests(*dialect, digests)
        });
        let mut version_table = VersionTable::default();
        if let Some(name) = self.version_table {
            name.clone_into(&mut version_table.name);
        }
        version_table.schema = self.version_table_schema.map(ToOwned::to_owned);
        let migrations = Migrations::new(history)
            .package(self.package)
            .version_table(version_table)
            .keep_log(self.log)
            .edited(self.edited)
            .transaction(self.transaction)
            .baseline(self.baseline)
            .fresh(self.fresh);
        let replayed = self.replayed.iter();
        let migrations = replayed.fold(migrations, |migrations, dialect| {
            migrations.fresh_for(*dialect, Fresh::Replay)
        });
        let schemas = self.schemas.iter();
        let migrations = schemas.fold(migrations, |migrations, (dialect, path, start, end)| {
            migrations.schema_for(*dialect, *path, text(*start, *end))
        });
        let bases = self.bases.iter();
        bases.fold(migrations, |migrations, (dialect, path, start, end)| {
            migrations.base_for(*dialect, *path, text(*start, *end))
        })
    }
}

/// Returns the migrations that the crate's build script has embedded, as `&'static Migrations`.
///
/// The build script calls `alembic_build::embed_migrations()`; nothing is read at run time.
///
/// ```text
/// let migrations = alembic_migrate::include_migrations!();
/// alembic_migrate::ensure_database_ready(&mut connection, migrations)?;
/// ```
///
/// A crate with several histories names the one that it means:
///
/// ```text
/// let records = alembic_migrate::include_migrations!("records");
/// ```
#[macro_export]
macro_rules! include_migrations {
    (@file $($name:literal),+) => {{
        static MIGRATIONS: ::std::sync::LazyLock<$crate::Migrations> =
            ::std::sync::LazyLock::new(|| {
                let embedded: $crate::embedded::Embedded =
                    include!(concat!(
                        env!(
                            "OUT_DIR",
                            "this crate has no build script that embeds its migrations: write \
                             `fn main() { alembic_build::embed_migrations(); }` into build.rs, and add \
                             `alembic-build` to the build-dependencies"
                        ),
                        "/alembic_migrations",
                        $($name,)+
                        ".rs"
                    ));
                embedded.load()
            });
        &*MIGRATIONS
    }};
    () => {
        $crate::include_migrations!(@file "")
    };
    ($history:literal) => {
        $crate::include_migrations!(@file ".", $history)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_embedded_is_loaded() {
        const TEXTS: &str =
            "-- A\n-- Revision ID: a1\n-- Revises:\n-- alembic: upgrade\nSELECT 1;\n";
        const EMBEDDED: Embedded = Embedded::new("shop", TEXTS, &[("a.sql", 0, TEXTS.len())]);
        let plain = format!("{:?}", EMBEDDED.load());
        let default = EMBEDDED
            .version_table("alembic_version")
            .transaction(TransactionMode::Run)
            .baseline("base")
            .fresh(Fresh::Create);
        assert_eq!(format!("{:?}", default.load()), plain);
        let other = EMBEDDED
            .schemas(&[(Dialect::Postgres, "schema.sql", 0, 4)])
            .version_table("versions")
            .version_table_schema("audit")
            .dialects(&[Dialect::Postgres])
            .transaction(TransactionMode::Revision)
            .baseline("a1")
            .fresh(Fresh::Replay);
        assert_eq!(
            (
                other.schemas,
                other.version_table,
                other.version_table_schema
            ),
            (
                &[(Dialect::Postgres, "schema.sql", 0, 4)][..],
                Some("versions"),
                Some("audit")
            )
        );
        assert_eq!(other.dialects, [Dialect::Postgres]);
        let history = other.load().history().clone();
        assert!(history.is_checked_for(Dialect::Postgres));
        assert!(!history.is_checked_for(Dialect::Sqlite));
        assert_eq!(
            (other.transaction, other.baseline, other.fresh),
            (TransactionMode::Revision, "a1", Fresh::Replay)
        );
    }
}
