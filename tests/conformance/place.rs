//! Databases for starters to meet at.

use std::fmt;
use std::sync::OnceLock;

use alembic_tests::postgres::{self, Server};
use alembic_tests::{Database, PgBouncer, Project};

/// What a database is, and how it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A SQLite file with a rollback journal.
    Journal,
    /// A SQLite file with a write-ahead log.
    Wal,
    /// PostgreSQL itself.
    Direct,
    /// PostgreSQL behind PgBouncer, which hands out connections by the transaction.
    Pooled,
}

pub(crate) const KINDS: [Kind; 4] = [Kind::Journal, Kind::Wal, Kind::Direct, Kind::Pooled];

/// Those on a server.
pub(crate) const SERVED: [Kind; 2] = [Kind::Direct, Kind::Pooled];

impl Kind {
    pub(crate) fn is_served(self) -> bool {
        SERVED.contains(&self)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Journal => "sqlite-journal",
            Self::Wal => "sqlite-wal",
            Self::Direct => "postgres",
            Self::Pooled => "pgbouncer",
        })
    }
}

/// An empty database, which is gone when this is dropped.
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    data: Data,
}

enum Data {
    File {
        database: Database,
        _folder: Project,
    },
    Served(Box<postgres::Database>),
}

/// Returns the pooler in front of the server that all cases share.
fn pooler() -> &'static PgBouncer {
    static POOLER: OnceLock<PgBouncer> = OnceLock::new();
    POOLER.get_or_init(|| PgBouncer::start(Server::shared()))
}

impl Place {
    pub(crate) fn new(kind: Kind) -> Self {
        if kind.is_served() {
            let database = Server::shared().database();
            let url = match kind {
                Kind::Pooled => pooler().url(&database),
                _ => database.url().to_owned(),
            };
            return Self::served(kind, database, url);
        }
        let folder = Project::empty();
        let database = folder.database("shop.db");
        if kind == Kind::Wal {
            database.execute("PRAGMA journal_mode = WAL");
        }
        Self {
            kind,
            url: format!("sqlite://{}", database.path().display()),
            data: Data::File {
                database,
                _folder: folder,
            },
        }
    }

    /// A database on a server of the case's own.
    pub(crate) fn served(kind: Kind, database: postgres::Database, url: String) -> Self {
        Self {
            kind,
            url,
            data: Data::Served(Box::new(database)),
        }
    }

    /// Returns the URL at which a database on a server is reached through a pooler.
    pub(crate) fn url_through(&self, pooler: &PgBouncer) -> String {
        match &self.data {
            Data::File { .. } => self.url.clone(),
            Data::Served(database) => pooler.url(database),
        }
    }

    #[track_caller]
    pub(crate) fn execute(&self, sql: &str) {
        match &self.data {
            Data::File { database, .. } => database.execute(sql),
            Data::Served(database) => database.execute(sql),
        }
    }

    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        match &self.data {
            Data::File { database, .. } => database.query(sql),
            Data::Served(database) => database.query(sql),
        }
    }

    /// Returns the rows of the version table, sorted.
    #[track_caller]
    pub(crate) fn versions(&self) -> Vec<String> {
        match &self.data {
            Data::File { database, .. } => database.versions(),
            Data::Served(database) => database.versions(),
        }
    }

    /// Returns what the log of what was applied says, without what is different in every run.
    #[track_caller]
    pub(crate) fn log(&self) -> Vec<String> {
        match &self.data {
            Data::File { database, .. } => database.log(),
            Data::Served(database) => database.log(),
        }
    }

    /// Returns a text that is the same for two databases that hold the same.
    #[track_caller]
    pub(crate) fn dump(&self) -> String {
        match &self.data {
            Data::File { database, .. } => database.dump(),
            Data::Served(database) => database.dump(),
        }
    }
}
