//! Migrations that a program holds in itself.

use std::path::PathBuf;

use alembic_history::{Fresh, History, SourceFile, VersionTable};

use crate::{Migrations, TransactionMode};

/// What a build script embeds; [`include_migrations!`](crate::include_migrations) makes
/// [`Migrations`] of it.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// The crate's name.
    pub package: &'static str,
    /// All texts, one after the other.
    pub texts: &'static str,
    /// The revision files: their paths, and where each text begins and ends.
    pub files: &'static [(&'static str, usize, usize)],
    /// The target schema: its path, and where its text begins and ends.
    pub schema: Option<(&'static str, usize, usize)>,
    /// The version table's name.
    pub version_table: &'static str,
    /// The version table's schema.
    pub version_table_schema: Option<&'static str>,
    /// How much goes into one transaction.
    pub transaction: TransactionMode,
    /// The revision at which a database without a version table is taken to be.
    pub baseline: &'static str,
    /// How an empty database comes to its schema.
    pub fresh: Fresh,
}

impl Embedded {
    /// Relates the revisions to each other.
    ///
    /// # Panics
    ///
    /// When the revisions are not a sound history: the build script has checked that they are.
    #[must_use]
    pub fn load(&self) -> Migrations {
        let text = |start: usize, end: usize| &self.texts[start..end];
        let files = self.files.iter().map(|(path, start, end)| SourceFile {
            path: PathBuf::from(path),
            content: Ok(text(*start, *end).as_bytes().to_vec()),
        });
        let history = match History::new(files, &[]) {
            Ok(history) => history,
            Err(error) => panic!("the build script let this pass: {error}"),
        };
        let migrations = Migrations::new(history)
            .package(self.package)
            .version_table(VersionTable {
                name: self.version_table.to_owned(),
                schema: self.version_table_schema.map(ToOwned::to_owned),
            })
            .transaction(self.transaction)
            .baseline(self.baseline)
            .fresh(self.fresh);
        match self.schema {
            Some((path, start, end)) => migrations.schema(path, text(start, end)),
            None => migrations,
        }
    }
}

/// Gives the migrations that the crate's build script has embedded, as `&'static Migrations`.
///
/// The build script calls `alembic_build::embed_migrations()`; nothing is read at run time.
///
/// ```text
/// let migrations = alembic_migrate::include_migrations!();
/// alembic_migrate::ensure_database_ready(&mut connection, migrations)?;
/// ```
#[macro_export]
macro_rules! include_migrations {
    () => {{
        static MIGRATIONS: ::std::sync::LazyLock<$crate::Migrations> =
            ::std::sync::LazyLock::new(|| {
                let embedded: $crate::Embedded =
                    include!(concat!(env!("OUT_DIR"), "/alembic_migrations.rs"));
                embedded.load()
            });
        &*MIGRATIONS
    }};
}
