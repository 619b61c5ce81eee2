//! Databases that another tool has brought half way, by its own library, are taken over: the rest runs, and
//! the schema is that of the tool's whole run.

use std::path::Path;

use alembic_history::{Dialect, History, RevisionId, SourceFile};
use alembic_import::{Applied, Folder, FolderFile, Mapping, Tool, ToolConfig, import, map};
use alembic_migrate::Migrations;
use alembic_migrate::driver::Driver;
use alembic_migrate::options::TransactionMode;
use alembic_run::{TakeOver, ToolColumn, ToolRecord, ToolTable};
use alembic_sqlx_sqlite::Sqlx;
use diesel::{Connection, SqliteConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Row, SqlitePool, query};

/// A project of another tool.
struct Project {
    tool: Tool,
    files: &'static [(&'static str, &'static str)],
    /// The ids of its revisions, in their order.
    ids: &'static [&'static str],
    /// Reads the tool's own record, as one column.
    record: &'static str,
}

const SQLX: Project = Project {
    tool: Tool::Sqlx,
    files: &[
        (
            "0001_create_account.up.sql",
            "-- Who buys\r\nCREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\r\n",
        ),
        ("0001_create_account.down.sql", "DROP TABLE account;"),
        (
            "0002_create_orders.up.sql",
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account (id));\n\
             CREATE INDEX orders_account ON orders (account);\n",
        ),
        ("0002_create_orders.down.sql", "DROP TABLE orders;"),
        (
            "20240102030405_vacuum.up.sql",
            "-- no-transaction\nVACUUM;\n",
        ),
        ("20240102030405_vacuum.down.sql", "-- nothing\n"),
        (
            "20240103030405_add_email.up.sql",
            "ALTER TABLE account ADD COLUMN email TEXT;\n",
        ),
        (
            "20240103030405_add_email.down.sql",
            "ALTER TABLE account DROP COLUMN email;\n",
        ),
    ],
    ids: &["1", "2", "20240102030405", "20240103030405"],
    record: "SELECT version || ' ' || hex(checksum) || ' ' || execution_time FROM _sqlx_migrations \
             ORDER BY version",
};

const DIESEL: Project = Project {
    tool: Tool::Diesel,
    files: &[
        (
            "2024-01-01-000000_create_account/up.sql",
            "CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n",
        ),
        (
            "2024-01-01-000000_create_account/down.sql",
            "DROP TABLE account;\n",
        ),
        (
            "2024-01-02-030405_create_orders/up.sql",
            "-- Your SQL goes here\n\
             CREATE TABLE orders (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account (id));\n\
             CREATE INDEX orders_account ON orders (account);\n",
        ),
        (
            "2024-01-02-030405_create_orders/down.sql",
            "DROP TABLE orders;\n",
        ),
        ("2024-01-03-000000_vacuum/up.sql", "VACUUM;\n"),
        ("2024-01-03-000000_vacuum/down.sql", "SELECT 1;\n"),
        (
            "2024-01-03-000000_vacuum/metadata.toml",
            "run_in_transaction = false\n",
        ),
        (
            "20240104_add_email/up.sql",
            "ALTER TABLE account ADD COLUMN email TEXT;\n",
        ),
        (
            "20240104_add_email/down.sql",
            "ALTER TABLE account DROP COLUMN email;\n",
        ),
    ],
    ids: &[
        "20240101000000",
        "20240102030405",
        "20240103000000",
        "20240104",
    ],
    record: "SELECT version || ' ' || run_on FROM __diesel_schema_migrations ORDER BY version",
};

impl Project {
    /// Applies the first migrations, as a program does that the tool is a library of.
    async fn bring(&self, steps: usize, folder: &Path, database: &Path) {
        match self.tool {
            Tool::Sqlx => {
                let migrator = Migrator::new(folder).await.unwrap();
                let last = migrator
                    .iter()
                    .filter(|next| next.migration_type.is_up_migration());
                let last = last.map(|next| next.version).nth(steps - 1).unwrap();
                migrator.run_to(last, &open(database).await).await.unwrap();
            }
            Tool::Diesel => {
                let migrations = FileBasedMigrations::from_path(folder).unwrap();
                let mut connection =
                    SqliteConnection::establish(database.to_str().unwrap()).unwrap();
                for _ in 0..steps {
                    connection.run_next_migration(migrations.clone()).unwrap();
                }
            }
            Tool::Refinery | Tool::Dbmate | Tool::Goose | Tool::Flyway | Tool::SeaOrm => {
                unreachable!("it has no library here")
            }
        }
    }

    /// Returns the migrations that are imported from the files.
    fn imported(&self) -> Migrations {
        let files = self.files.iter().map(|(path, content)| FolderFile {
            path: (*path).to_owned(),
            content: content.as_bytes().to_vec(),
        });
        let folder = Folder {
            files: files.collect(),
        };
        let config = ToolConfig::default();
        let imported = import((self.tool, &config), &folder, Dialect::Sqlite, |_| {
            String::new()
        });
        let files = imported.revisions.iter().map(|revision| SourceFile {
            path: format!("{}.sql", revision.file_stem()).into(),
            content: Ok(revision.render().into_bytes()),
        });
        let history = History::new(files, &[Dialect::Sqlite]).unwrap();
        Migrations::new(history).transaction(TransactionMode::Revision)
    }

    /// Returns the tool's own table.
    fn table(&self) -> ToolTable {
        let columns = self.tool.columns().iter().map(|column| match column {
            alembic_import::ToolColumn::Text(name) => ToolColumn::Text(name),
            alembic_import::ToolColumn::Bytes(name) => ToolColumn::Bytes(name),
        });
        ToolTable {
            table: alembic_history::VersionTable {
                name: self.tool.default_table().to_owned(),
                schema: None,
            },
            columns: columns.collect(),
            order: self.tool.order(),
            advisory_lock: self.tool.advisory_lock(),
        }
    }

    /// Returns the schema, without our own tables, and the record of the tool.
    async fn content(&self, pool: &SqlitePool) -> (Vec<String>, Vec<String>) {
        let schema = query(
            "SELECT sql FROM sqlite_master WHERE tbl_name NOT LIKE 'alembic%' AND sql IS NOT NULL \
             ORDER BY name",
        );
        let schema = schema.fetch_all(pool).await.unwrap();
        let record = query(self.record).fetch_all(pool).await.unwrap();
        (
            schema.iter().map(|row| row.get(0)).collect(),
            record.iter().map(|row| row.get(0)).collect(),
        )
    }

    fn decide(&self, history: &History, state: &TakeOver) -> Mapping {
        let ToolRecord::Rows(rows) = &state.record else {
            panic!("{state:?}");
        };
        let rows: Vec<Vec<Option<String>>> = rows.iter().cloned().map(Into::into).collect();
        map(history, self.tool, &Applied::read(self.tool, &rows), &[]).unwrap()
    }

    async fn check(&self) {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("migrations");
        for (path, content) in self.files {
            let path = files.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let path = folder.path().join("whole.db");
        self.bring(self.ids.len(), &files, &path).await;
        let (schema, _) = self.content(&open(&path).await).await;
        let migrations = self.imported();
        let history = migrations.history();
        for steps in [1, 2, self.ids.len()] {
            let path = folder.path().join(format!("{steps}.db"));
            self.bring(steps, &files, &path).await;
            let pool = open(&path).await;
            let (_, record) = self.content(&pool).await;
            assert_eq!(record.len(), steps);
            let decide = |state: &TakeOver| {
                let mapping = self.decide(history, state);
                // The checksums are those of the tool.
                match mapping.mismatches.is_empty() {
                    true => Ok(mapping.targets),
                    false => Err(mapping),
                }
            };
            let runner = migrations.runner(Dialect::Sqlite);
            let run = runner.take_over(self.table(), decide);
            let report = Sqlx(&pool).drive(run, &|_| {}).await.unwrap().unwrap();
            let rows = report.after.revisions.iter().map(RevisionId::as_str);
            assert_eq!(rows.collect::<Vec<_>>(), [self.ids[steps - 1]]);
            let report = migrations.upgrade(Sqlx(&pool), "heads").await.unwrap();
            let ran = report.steps.iter().map(|step| step.revision.as_str());
            assert_eq!(ran.collect::<Vec<_>>(), self.ids[steps..]);
            assert_eq!(self.content(&pool).await, (schema.clone(), record.clone()));
            migrations.downgrade(Sqlx(&pool), "base").await.unwrap();
            let (left, after) = self.content(&pool).await;
            // The tool's own.
            assert_eq!(left.len(), 1, "{left:?}");
            assert_eq!(after, record);
        }
    }
}

async fn open(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    SqlitePool::connect_with(options).await.unwrap()
}

#[tokio::test]
async fn what_sqlx_has_begun_is_finished() {
    SQLX.check().await;
}

#[tokio::test]
async fn what_diesel_has_begun_is_finished() {
    DIESEL.check().await;
}
