//! The resolutions that are expected of cargo, row by row.

use std::collections::{BTreeMap, BTreeSet};

/// One of our libraries, and applications that use it together with others.
pub(super) struct Table {
    /// The library, as the heading of the page names it.
    pub(super) name: &'static str,
    /// The dependencies on our libraries: the name, and what follows the path.
    pub(super) ours: &'static [(&'static str, &'static str)],
    /// The library whose version depends on the application's other dependencies.
    pub(super) watched: &'static str,
    pub(super) rows: &'static [Row],
}

/// An application.
pub(super) struct Row {
    /// Its dependencies other than ours.
    pub(super) others: &'static [Library],
    pub(super) resolution: Resolution,
    /// Code that uses the libraries, for the rows that can be compiled.
    pub(super) code: Option<&'static str>,
}

/// How cargo resolves an application.
pub(super) enum Resolution {
    /// It chooses these versions of the watched library.
    Versions(&'static [&'static str]),
    /// Two versions of SQLite would be needed.
    Conflict,
}

/// A dependency on a library that is not ours.
pub(super) struct Library {
    name: &'static str,
    version: &'static str,
    features: Features,
}

#[derive(Clone, Copy)]
enum Features {
    Default,
    More(&'static [&'static str]),
    Only(&'static [&'static str]),
}

/// `name = "version"`
const fn plain(name: &'static str, version: &'static str) -> Library {
    Library {
        name,
        version,
        features: Features::Default,
    }
}

/// `name = { version = "version", features = [..] }`
const fn with(
    name: &'static str,
    version: &'static str,
    features: &'static [&'static str],
) -> Library {
    Library {
        name,
        version,
        features: Features::More(features),
    }
}

/// `name = { version = "version", default-features = false, features = [..] }`
const fn only(
    name: &'static str,
    version: &'static str,
    features: &'static [&'static str],
) -> Library {
    Library {
        name,
        version,
        features: Features::Only(features),
    }
}

const fn row(others: &'static [Library], versions: &'static [&'static str]) -> Row {
    Row {
        others,
        resolution: Resolution::Versions(versions),
        code: None,
    }
}

const fn built(
    others: &'static [Library],
    versions: &'static [&'static str],
    code: &'static str,
) -> Row {
    Row {
        others,
        resolution: Resolution::Versions(versions),
        code: Some(code),
    }
}

const fn conflict(others: &'static [Library]) -> Row {
    Row {
        others,
        resolution: Resolution::Conflict,
        code: None,
    }
}

impl Resolution {
    /// Returns the versions of the watched library; `None` for a conflict.
    pub(super) fn versions(&self) -> Option<Vec<String>> {
        match self {
            Self::Versions(versions) => Some(versions.iter().map(ToString::to_string).collect()),
            Self::Conflict => None,
        }
    }
}

/// Returns the libraries of all rows, each with its versions there.
pub(super) fn libraries() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut libraries = BTreeMap::<_, BTreeSet<_>>::new();
    let rows = TABLES.iter().flat_map(|table| table.rows);
    for Library { name, version, .. } in rows.flat_map(|row| row.others) {
        libraries.entry(*name).or_default().insert(*version);
    }
    libraries
}

impl Row {
    /// Lists the dependencies other than ours.
    pub(super) fn list_others(&self) -> String {
        let names: Vec<_> = self.others.iter().map(Library::shown).collect();
        match names.as_slice() {
            [] => "nothing".to_owned(),
            names => names.join(", "),
        }
    }
}

impl Library {
    fn shown(&self) -> String {
        let Self { name, version, .. } = self;
        let list = |features: &[&str]| {
            let features = features.iter().map(|feature| format!("`{feature}`"));
            features.collect::<Vec<_>>().join(" and ")
        };
        match self.features {
            Features::Default => format!("{name} {version}"),
            Features::More(features) => format!("{name} {version} with {}", list(features)),
            Features::Only(features) => format!("{name} {version} with only {}", list(features)),
        }
    }

    /// Returns its line in a manifest.
    pub(super) fn line(&self) -> String {
        let Self { name, version, .. } = self;
        let (defaults, features) = match self.features {
            Features::Default => (true, &[][..]),
            Features::More(features) => (true, features),
            Features::Only(features) => (false, features),
        };
        let mut features = features.to_vec();
        if ["sqlx", "sea-orm"].contains(name) {
            features.push("runtime-tokio");
        }
        format!(
            "{name} = {{ version = \"~{version}\", default-features = {defaults}, \
             features = {features:?} }}\n"
        )
    }
}

const RUSQLITE: &str = "
    pub fn up(connection: &mut rusqlite::Connection, migrations: &alembic_migrate::Migrations) {
        let _ = migrations.upgrade(connection, \"heads\");
    }";

const POOL: &str = "
    pub async fn up(pool: &sqlx::PgPool, migrations: &alembic_migrate::Migrations) {
        let _ = migrations.upgrade(pool, \"heads\").await;
    }";

const SEA_ORM_POOL: &str = "
    pub async fn up(
        connection: &sea_orm::DatabaseConnection,
        migrations: &alembic_migrate::Migrations,
    ) {
        let pool = connection.get_postgres_connection_pool();
        let _ = migrations.upgrade(pool, \"heads\").await;
    }";

const SQLITE_POOL: &str = "
    pub async fn up(pool: &sqlx::SqlitePool, migrations: &alembic_migrate::Migrations) {
        let _ = migrations.upgrade(alembic_sqlx_sqlite::Sqlx(pool), \"heads\").await;
    }";

const SEA_ORM_SQLITE_POOL: &str = "
    pub async fn up(
        connection: &sea_orm::DatabaseConnection,
        migrations: &alembic_migrate::Migrations,
    ) {
        let pool = alembic_sqlx_sqlite::Sqlx(connection.get_sqlite_connection_pool());
        let _ = migrations.upgrade(pool, \"heads\").await;
    }";

pub(super) const TABLES: [Table; 3] = [
    Table {
        name: "`alembic-migrate` for rusqlite",
        ours: &[("alembic-migrate", ", features = [\"rusqlite-bundled\"]")],
        watched: "rusqlite",
        rows: &[
            row(&[], &["0.43"]),
            built(&[plain("rusqlite", "0.32")], &["0.32"], RUSQLITE),
            built(&[plain("rusqlite", "0.33")], &["0.33"], RUSQLITE),
            built(&[plain("rusqlite", "0.34")], &["0.34"], RUSQLITE),
            built(&[plain("rusqlite", "0.35")], &["0.35"], RUSQLITE),
            built(&[plain("rusqlite", "0.36")], &["0.36"], RUSQLITE),
            built(&[plain("rusqlite", "0.37")], &["0.37"], RUSQLITE),
            built(&[plain("rusqlite", "0.38")], &["0.38"], RUSQLITE),
            built(&[plain("rusqlite", "0.39")], &["0.39"], RUSQLITE),
            built(&[plain("rusqlite", "0.40")], &["0.40"], RUSQLITE),
            built(&[plain("rusqlite", "0.41")], &["0.41"], RUSQLITE),
            row(&[plain("rusqlite", "0.42")], &["0.42", "0.43"]),
            built(&[plain("rusqlite", "0.43")], &["0.43"], RUSQLITE),
            row(&[plain("sqlx", "0.8.6")], &["0.32"]),
            row(&[only("sqlx", "0.8.6", &["postgres"])], &["0.43"]),
            row(&[only("sqlx", "0.8.6", &["sqlite"])], &["0.32"]),
            conflict(&[
                only("sqlx", "0.8.6", &["sqlite"]),
                plain("rusqlite", "0.33"),
            ]),
            row(&[plain("sqlx", "0.9")], &["0.39"]),
            row(&[only("sqlx", "0.9", &["postgres"])], &["0.43"]),
            row(&[only("sqlx", "0.9", &["postgres", "macros"])], &["0.39"]),
            built(
                &[only("sqlx", "0.9", &["sqlite"]), plain("rusqlite", "0.39")],
                &["0.39"],
                RUSQLITE,
            ),
            conflict(&[only("sqlx", "0.9", &["sqlite"]), plain("rusqlite", "0.40")]),
            conflict(&[
                only("sqlx", "0.9", &["postgres", "macros"]),
                plain("rusqlite", "0.40"),
            ]),
            row(&[with("sea-orm", "1.1", &["sqlx-sqlite"])], &["0.32"]),
            row(&[with("sea-orm", "1.1", &["sqlx-postgres"])], &["0.32"]),
            row(&[only("sea-orm", "1.1", &["sqlx-postgres"])], &["0.43"]),
            row(&[with("sea-orm", "2.0", &["sqlx-sqlite"])], &["0.39"]),
            row(&[with("sea-orm", "2.0", &["sqlx-postgres"])], &["0.39"]),
            row(&[only("sea-orm", "2.0", &["sqlx-postgres"])], &["0.43"]),
            row(&[with("diesel", "2.2", &["sqlite"])], &["0.37"]),
            row(&[with("diesel", "2.3", &["sqlite"])], &["0.40"]),
            conflict(&[
                with("diesel", "2.3", &["sqlite"]),
                plain("rusqlite", "0.41"),
            ]),
        ],
    },
    Table {
        name: "`alembic-migrate` for PostgreSQL",
        ours: &[(
            "alembic-migrate",
            ", default-features = false, features = [\"sqlx-postgres\"]",
        )],
        watched: "sqlx",
        rows: &[
            built(&[with("sqlx", "0.9", &["postgres"])], &["0.9"], POOL),
            row(&[only("sqlx", "0.9", &["postgres"])], &["0.9"]),
            row(&[with("sqlx", "0.8.6", &["postgres"])], &["0.8", "0.9"]),
            row(&[with("sqlx", "0.8.6", &["sqlite"])], &["0.8", "0.9"]),
            built(
                &[with("sea-orm", "2.0", &["sqlx-postgres"])],
                &["0.9"],
                SEA_ORM_POOL,
            ),
            row(
                &[with("sea-orm", "1.1", &["sqlx-postgres"])],
                &["0.8", "0.9"],
            ),
            row(&[with("diesel", "2.3", &["postgres", "sqlite"])], &["0.9"]),
            row(&[plain("rusqlite", "0.43")], &["0.9"]),
            conflict(&[
                with("sqlx", "0.9", &["postgres"]),
                plain("rusqlite", "0.43"),
            ]),
        ],
    },
    Table {
        name: "`alembic-sqlx-sqlite`",
        ours: &[
            ("alembic-migrate", ", default-features = false"),
            ("alembic-sqlx-sqlite", ""),
        ],
        watched: "sqlx",
        rows: &[
            built(&[with("sqlx", "0.9", &["sqlite"])], &["0.9"], SQLITE_POOL),
            row(&[with("sqlx", "0.9", &["sqlite", "postgres"])], &["0.9"]),
            row(&[with("sqlx", "0.8.6", &["sqlite"])], &["0.8", "0.9"]),
            built(
                &[with("sea-orm", "2.0", &["sqlx-sqlite"])],
                &["0.9"],
                SEA_ORM_SQLITE_POOL,
            ),
            row(&[with("sea-orm", "1.1", &["sqlx-sqlite"])], &["0.8", "0.9"]),
            row(&[with("diesel", "2.2", &["sqlite"])], &["0.9"]),
            row(&[with("diesel", "2.3", &["sqlite"])], &["0.9"]),
            row(&[plain("rusqlite", "0.39")], &["0.9"]),
            conflict(&[plain("rusqlite", "0.40")]),
        ],
    },
];
