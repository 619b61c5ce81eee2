//! Databases that sqlx's own migrator has brought half way are taken over: the rest runs, and the schema is
//! that of sqlx's whole run.

use alembic_history::{Dialect, History, RevisionId, SourceFile};
use alembic_import::{Applied, Folder, FolderFile, Mapping, Tool, import, map};
use alembic_migrate::Migrations;
use alembic_migrate::driver::Driver;
use alembic_migrate::options::TransactionMode;
use alembic_run::{TakeOver, ToolColumn, ToolRecord, ToolTable};
use alembic_sqlx_sqlite::Sqlx;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Row, SqlitePool, query};

const FILES: &[(&str, &str)] = &[
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
];

/// Returns the migrations that are imported from the files.
fn imported() -> Migrations {
    let files = FILES.iter().map(|(path, content)| FolderFile {
        path: (*path).to_owned(),
        content: content.as_bytes().to_vec(),
    });
    let folder = Folder {
        files: files.collect(),
    };
    let imported = import(Tool::Sqlx, &folder, Dialect::Sqlite, |_| String::new());
    let files = imported.revisions.iter().map(|revision| SourceFile {
        path: format!("{}.sql", revision.file_stem()).into(),
        content: Ok(revision.render().into_bytes()),
    });
    let history = History::new(files, &[Dialect::Sqlite]).unwrap();
    Migrations::new(history).transaction(TransactionMode::Revision)
}

/// Returns the table of sqlx.
fn table() -> ToolTable {
    let columns = Tool::Sqlx.columns().iter().map(|column| match column {
        alembic_import::ToolColumn::Text(name) => ToolColumn::Text(name),
        alembic_import::ToolColumn::Bytes(name) => ToolColumn::Bytes(name),
    });
    ToolTable {
        table: alembic_history::VersionTable {
            name: Tool::Sqlx.default_table().to_owned(),
            schema: None,
        },
        columns: columns.collect(),
        order: Tool::Sqlx.order(),
        advisory_lock: Tool::Sqlx.advisory_lock(),
    }
}

async fn database(path: &std::path::Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    SqlitePool::connect_with(options).await.unwrap()
}

/// Returns the schema, without our own tables, and the record of sqlx.
async fn content(pool: &SqlitePool) -> (Vec<String>, Vec<(i64, Vec<u8>, i64)>) {
    let schema = query(
        "SELECT sql FROM sqlite_master WHERE tbl_name NOT LIKE 'alembic%' AND sql IS NOT NULL \
         ORDER BY name",
    );
    let schema = schema.fetch_all(pool).await.unwrap();
    let record = query("SELECT version, checksum, execution_time FROM _sqlx_migrations ORDER BY 1");
    let record = record.fetch_all(pool).await.unwrap();
    (
        schema.iter().map(|row| row.get(0)).collect(),
        record
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect(),
    )
}

fn decide(history: &History, state: &TakeOver) -> Mapping {
    let ToolRecord::Rows(rows) = &state.record else {
        panic!("{state:?}");
    };
    let rows: Vec<Vec<Option<String>>> = rows.iter().cloned().map(Into::into).collect();
    map(history, Tool::Sqlx, &Applied::read(Tool::Sqlx, &rows), &[]).unwrap()
}

#[tokio::test]
async fn what_sqlx_has_begun_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("migrations");
    std::fs::create_dir(&files).unwrap();
    for (path, content) in FILES {
        std::fs::write(files.join(path), content).unwrap();
    }
    let migrator = Migrator::new(files).await.unwrap();
    let whole = database(&folder.path().join("whole.db")).await;
    migrator.run(&whole).await.unwrap();
    let (schema, _) = content(&whole).await;
    let migrations = imported();
    let history = migrations.history();
    for (at, pending) in [
        (1, vec!["2", "20240102030405", "20240103030405"]),
        (2, vec!["20240102030405", "20240103030405"]),
        (20_240_103_030_405, vec![]),
    ] {
        let pool = database(&folder.path().join(format!("{at}.db"))).await;
        migrator.run_to(at, &pool).await.unwrap();
        let (_, record) = content(&pool).await;
        let decide = |state: &TakeOver| {
            let mapping = decide(history, state);
            // The checksums are those of sqlx.
            match mapping.mismatches.is_empty() {
                true => Ok(mapping.targets),
                false => Err(mapping),
            }
        };
        let run = migrations
            .runner(Dialect::Sqlite)
            .take_over(table(), decide);
        let report = Sqlx(&pool).drive(run, &|_| {}).await.unwrap().unwrap();
        let rows: Vec<&str> = report
            .after
            .revisions
            .iter()
            .map(RevisionId::as_str)
            .collect();
        assert_eq!(rows, [at.to_string()]);
        let report = migrations.upgrade(Sqlx(&pool), "heads").await.unwrap();
        let ran: Vec<String> = report
            .steps
            .iter()
            .map(|step| step.revision.to_string())
            .collect();
        assert_eq!(ran, pending, "{at}");
        assert_eq!(
            content(&pool).await,
            (schema.clone(), record.clone()),
            "{at}"
        );
        migrations.downgrade(Sqlx(&pool), "base").await.unwrap();
        let (left, after) = content(&pool).await;
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(after, record);
    }
}
