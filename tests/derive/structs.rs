//! The whole grammar, compiled by the derive and read by the scanner.

use alembic_migrate::{ColumnType, Columns, Table};
use serde::{Deserialize, Serialize};

/// What every table of an application has.
#[derive(Columns)]
#[table(naming = sqlalchemy)]
pub(crate) struct BaseModel {
    #[column(identity)]
    pub(crate) id: i32,
    #[column(default = "CURRENT_TIMESTAMP", index)]
    pub(crate) created_at: chrono::NaiveDateTime,
    pub(crate) updated_at: Option<chrono::NaiveDateTime>,
}

/// Accounts of people.
#[derive(Clone, Debug, Serialize, Deserialize, Table)]
#[table(
    name = "users",
    comment,
    check("length(email) > 3", name = "users_email_is_long")
)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    #[column(identity)]
    #[serde(default)]
    pub(crate) id: i64,
    /// The address that letters are sent to.
    #[column(length = 255, unique, comment)]
    pub(crate) email: String,
    #[column(name = "type", length = 20, default = "'person'")]
    pub(crate) r#type: String,
    #[column(index(where = "is_active", name = "users_active"), default = "TRUE")]
    pub(crate) is_active: bool,
    #[column(check = "score BETWEEN 0 AND 100", default = "0")]
    pub(crate) score: i16,
    #[column(references(Team), on_delete = set_null, index)]
    pub(crate) team_id: Option<TeamId>,
    #[column(skip)]
    #[serde(skip)]
    pub(crate) cached: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ColumnType)]
pub(crate) struct TeamId(pub(crate) i64);

/// Teams lead to users, and users to teams.
#[derive(Table)]
#[table(name = "teams", unique(name, lead_id, name = "one_team_of_a_lead"))]
pub(crate) struct Team {
    #[column(identity = always)]
    pub(crate) id: TeamId,
    #[column(length = 100)]
    pub(crate) name: String,
    #[column(references(User, id), on_delete = restrict, on_update = cascade, deferred)]
    pub(crate) lead_id: Option<i64>,
}

#[derive(ColumnType)]
#[column(rename_all = "snake_case")]
pub(crate) enum Status {
    Pending,
    InProgress,
    #[column(rename = "it's done")]
    Done,
}

#[derive(ColumnType)]
#[column(native = "Priority", rename_all = "lowercase")]
pub(crate) enum Priority {
    Low,
    High,
}

#[derive(Table)]
#[table(
    name = "tasks",
    renamed_from = "jobs",
    index(project, "lower(title)", unique),
    index(status, "created_at DESC", using = "btree", include(title), name = "tasks_by_status"),
    index("payload", using = "gin", only = postgres, name = "tasks_payload"),
    foreign_key(project, number, references(Project), on_delete = cascade)
)]
pub(crate) struct Task {
    #[table(flatten)]
    pub(crate) base: BaseModel,
    #[column(skip)]
    pub(crate) before: Option<BaseModel>,
    pub(crate) project: uuid::Uuid,
    pub(crate) number: i32,
    #[column(
        length = 500,
        renamed_from = "name",
        collation(sqlite = "NOCASE", postgres = "C")
    )]
    pub(crate) title: String,
    #[column(default = "'pending'")]
    pub(crate) status: Status,
    pub(crate) priority: Option<Priority>,
    #[column(precision = 10, scale = 2)]
    pub(crate) price: rust_decimal::Decimal,
    pub(crate) payload: serde_json::Value,
    #[column(generated(sqlite = "length(title)", postgres = "char_length(title)"))]
    pub(crate) title_length: i32,
    pub(crate) picture: Option<Vec<u8>>,
    #[column(type(sqlite = "TEXT"))]
    pub(crate) tags: Vec<String>,
    #[column(type = "VARCHAR(36)", unique(name = "one_task_of_a_key"))]
    pub(crate) key: std::time::Duration,
    #[column(references("teams", "id"), on_delete = cascade)]
    pub(crate) owner: i64,
}

#[derive(Table)]
#[table(
    primary_key(id, number),
    strict,
    without_rowid,
    naming(primary_key = "pk_{table}", unique = "{table}_{columns}_uq")
)]
pub(crate) struct Project {
    pub(crate) id: uuid::Uuid,
    pub(crate) number: i32,
    #[column(unique)]
    pub(crate) slug: String,
    pub(crate) ratio: f64,
    pub(crate) starts: Option<chrono::NaiveDate>,
    pub(crate) done: chrono::DateTime<chrono::Utc>,
}

#[derive(Table)]
#[table(schema = "audit", name = "Event Log")]
pub(crate) struct Event<'a> {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(name = "order")]
    pub(crate) position: u32,
    pub(crate) text: std::borrow::Cow<'a, str>,
    #[column(references(Self), on_delete = no_action, deferrable)]
    pub(crate) previous: Option<i64>,
}

/// The types of other crates, which the derive knows by name.
pub(crate) mod chrono {
    pub(crate) struct NaiveDate;
    pub(crate) struct NaiveDateTime;
    pub(crate) struct Utc;
    pub(crate) struct DateTime<Zone>(pub(crate) Zone);
}

pub(crate) mod uuid {
    pub(crate) struct Uuid;
}

pub(crate) mod rust_decimal {
    pub(crate) struct Decimal;
}

pub(crate) mod serde_json {
    pub(crate) struct Value;
}

/// A crate of an application that exports the derives anew.
pub(crate) mod db {
    pub(crate) use alembic_migrate as alembic;
}

#[derive(Columns)]
#[table(crate = "db::alembic")]
pub(crate) struct Numbered {
    #[column(identity)]
    pub(crate) id: i64,
}

#[derive(ColumnType)]
#[column(crate = "db::alembic")]
pub(crate) enum Size {
    Small,
}

#[derive(ColumnType)]
#[column(crate = "db::alembic")]
pub(crate) struct Grams(pub(crate) i32);

#[derive(Table)]
#[table(name = "parcels", crate = "db::alembic")]
pub(crate) struct Parcel {
    #[table(flatten)]
    pub(crate) numbered: Numbered,
    pub(crate) size: Size,
    pub(crate) weight: Grams,
    #[column(references(Parcel))]
    pub(crate) inside: Option<i64>,
}
