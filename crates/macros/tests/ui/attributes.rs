use alembic_migrate::{ColumnType, Columns, Table};

#[derive(Table)]
#[table(nme = "users", unique(email, nickname), index)]
struct User {
    #[column(identity)]
    id: String,
    #[column(length = "long")]
    email: String,
    #[column(primary_key)]
    key: Option<i64>,
    #[column(default = "0; DROP TABLE users")]
    score: i64,
    #[column(references(User), on_delete = set_null)]
    parent: i64,
    tags: std::collections::HashMap<String, String>,
    #[column(name =)]
    broken: i64,
}

#[derive(Columns)]
#[table(name = "base")]
struct Base {
    id: i64,
}

#[derive(ColumnType)]
enum Shape {
    Circle(f64),
    Square,
}

#[derive(Table)]
struct Pair(i64, i64);

fn main() {}
