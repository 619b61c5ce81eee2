//! One struct with the derives of this tool, sqlx and serde: what it states is what it reads and writes.

use alembic_migrate::{ColumnType, Columns, Dialect, Table};
use serde::{Deserialize, Serialize};
use sqlx::Connection;

#[derive(Clone, Debug, PartialEq, Columns, sqlx::FromRow, Serialize, Deserialize)]
struct BaseModel {
    #[column(identity)]
    id: i64,
    #[column(default = "1")]
    version: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, ColumnType, sqlx::Type, Serialize, Deserialize)]
#[column(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
enum Status {
    OnHold,
    Active,
}

#[derive(Clone, Copy, Debug, PartialEq, ColumnType, sqlx::Type, Serialize, Deserialize)]
#[sqlx(transparent)]
struct TeamId(i64);

#[derive(Clone, Debug, PartialEq, Table, sqlx::FromRow, Serialize, Deserialize)]
#[table(name = "projects")]
#[sqlx(rename_all = "snake_case")]
#[serde(rename_all = "camelCase")]
struct Project {
    #[table(flatten)]
    #[sqlx(flatten)]
    #[serde(flatten)]
    base: BaseModel,
    #[column(length = 100, unique)]
    name: String,
    #[column(name = "type")]
    #[sqlx(rename = "type")]
    kind: Option<String>,
    status: Status,
    team_id: Option<TeamId>,
    is_open: bool,
    share: f64,
    logo: Vec<u8>,
    #[column(skip)]
    #[sqlx(skip)]
    #[serde(skip)]
    cached: Option<String>,
}

#[tokio::test]
async fn what_a_struct_states_is_what_it_reads() {
    let mut connection = sqlx::SqliteConnection::connect("sqlite::memory:")
        .await
        .unwrap();
    let sql = Project::create_sql(Dialect::Sqlite).unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    let text = r#"{"id": 7, "version": 2, "name": "One", "kind": null, "status": "on_hold",
                   "teamId": 3, "isOpen": true, "share": 0.5, "logo": [1, 2]}"#;
    let project: Project = serde_json::from_str(text).unwrap();
    let columns = Project::COLUMNS;
    let insert = format!(
        "INSERT INTO {} ({}, {}, {}, {}, {}, {}, {}, {}, {}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        Project::NAME,
        columns.base.id,
        columns.base.version,
        columns.name,
        columns.kind,
        columns.status,
        columns.team_id,
        columns.is_open,
        columns.share,
        columns.logo,
    );
    sqlx::query(sqlx::AssertSqlSafe(insert))
        .bind(project.base.id)
        .bind(project.base.version)
        .bind(&project.name)
        .bind(&project.kind)
        .bind(project.status)
        .bind(project.team_id)
        .bind(project.is_open)
        .bind(project.share)
        .bind(&project.logo)
        .execute(&mut connection)
        .await
        .unwrap();
    let read: Project = sqlx::query_as("SELECT * FROM projects")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(read, project);
}
