//! The DDL of structs, which runs on both engines.

use alembic_models::Dialect;
use alembic_tests::Database;

use crate::source::Source;

/// Compares the DDL of a source with its snapshot, and runs it.
#[track_caller]
fn check(name: &str, text: &str) {
    let source = Source::new(text);
    let models = source.scan("shop", &[]);
    let models = models.unwrap_or_else(|faults| panic!("{}", source.show(&faults)));
    let mut shown = format!("{}\n", text.trim());
    for dialect in Dialect::ALL {
        let sql = models.sql(*dialect);
        let sql = sql.unwrap_or_else(|faults| panic!("{}", source.show(&faults)));
        shown += &format!("\n-- {dialect}\n{sql}");
        Database::new(*dialect).execute(&sql);
    }
    insta::assert_snapshot!(name, shown);
}

#[test]
fn tables_of_a_chat() {
    check(
        "chat",
        "
#[derive(Columns)]
#[table(naming(
    index = \"ix_{table}_{column}\",
    foreign_key = \"fk_{table}_{column}\",
    unique = \"uq_{table}_{columns}\"
))]
struct BaseModel {
    #[column(identity)]
    id: i32,
    #[column(default = \"CURRENT_TIMESTAMP\")]
    created_at: NaiveDateTime,
    updated_at: Option<NaiveDateTime>,
}

#[derive(Table)]
#[table(name = \"projects\")]
struct Project {
    #[table(flatten)]
    base: BaseModel,
    #[column(length = 255, index)]
    name: String,
    description: Option<String>,
}

#[derive(Table)]
#[table(name = \"chats\")]
struct Chat {
    #[table(flatten)]
    base: BaseModel,
    #[column(references(Project), on_delete = cascade)]
    project_id: i32,
    #[column(length = 255)]
    title: String,
    #[column(type(sqlite = \"TEXT\", postgres = \"JSON\"))]
    settings: Option<serde_json::Value>,
}

#[derive(Table)]
#[table(name = \"messages\", unique(chat_id, position))]
struct Message {
    #[table(flatten)]
    base: BaseModel,
    #[column(references(Chat), on_delete = cascade, index)]
    chat_id: i32,
    position: i32,
    role: Role,
    content: String,
}

#[derive(ColumnType)]
#[column(rename_all = \"lowercase\")]
enum Role { User, Assistant }
",
    );
}

#[test]
fn keys_and_names() {
    check(
        "keys",
        "
// A key of two columns, one of which has another name.
#[derive(Table)]
#[table(primary_key(tenant, r#type, name = \"tenants_pk\"), comment = \"It's one\")]
struct Tenant {
    #[column(name = \"tenant id\")]
    tenant: i64,
    r#type: String,
    #[column(unique, index(unique, name = \"by_slug\", where = \"slug <> ''\"))]
    slug: String,
}

// It refers to that key, and to another one.
#[derive(Table)]
#[table(foreign_key(a, b, references(Tenant), on_update = cascade, name = \"to_tenant\"))]
struct Member {
    #[column(primary_key)]
    id: Uuid,
    a: Option<i64>,
    b: Option<String>,
    #[column(references(Tenant, slug), on_delete = set_null)]
    slug: Option<String>,
    #[column(references(Self))]
    parent: Option<Uuid>,
    #[column(references(\"tenant\", \"slug\", name = \"by_name\"))]
    named: Option<String>,
}

// Fields that are called as options are.
#[derive(Table)]
#[table(unique(name, r#unique), index(r#where, only), index(\"name DESC\", \"lower(name)\"))]
struct Option_ {
    #[column(identity)]
    id: i64,
    name: String,
    unique: i32,
    r#where: String,
    only: bool,
}
",
    );
}

#[test]
fn defaults_and_expressions() {
    check(
        "defaults",
        "
#[derive(Table)]
#[table(check(sqlite = \"json_valid(data)\", postgres = \"jsonb_typeof(data) = 'object'\"))]
struct Defaults {
    #[column(identity)]
    id: i64,
    #[column(default = \"-1\")]
    number: i64,
    #[column(default = \"'a;b, (c'\")]
    text: String,
    #[column(default(sqlite = \"datetime('now')\", postgres = \"now()\"))]
    at: DateTime<Utc>,
    #[column(default = \"1 + 2\")]
    sum: i32,
    #[column(default(postgres = \"gen_random_uuid()\"))]
    key: Uuid,
    #[column(default = \"'{}'\")]
    data: Value,
    #[column(generated = \"number + sum\")]
    both: i64,
    #[column(default(sqlite = \"1 IN (1, 2)\", postgres = \"NOT 1 IN (1, 2)\"))]
    condition: bool,
    #[column(default = \"NULL\")]
    nothing: Option<String>,
}
",
    );
}

#[test]
fn types_with_a_derive_of_their_own() {
    check(
        "derived",
        "
#[derive(Table)]
struct Job {
    #[column(identity)]
    id: JobId,
    state: State,
    #[column(type(postgres = \"VARCHAR(9)\"), default = \"'open'\")]
    former: State,
    #[column(type(sqlite = \"VARCHAR(9)\"))]
    level: Level,
    #[column(type(postgres = \"VARCHAR(9)\"))]
    text: Level,
    #[column(type(sqlite = \"TEXT\"))]
    states: Vec<State>,
    #[column(type(sqlite = \"TEXT\"))]
    levels: Option<Vec<Level>>,
    #[column(type(sqlite = \"TEXT\"))]
    jobs: Vec<JobId>,
    #[column(type(sqlite = \"TEXT\"))]
    codes: Vec<Code>,
    path: Path,
    #[column(type(sqlite = \"BLOB\"))]
    paths: Vec<Path>,
}

#[derive(ColumnType)]
struct JobId(i64);

#[derive(ColumnType)]
#[column(type(postgres = \"CHAR(4)\"))]
struct Code(Level);

#[derive(ColumnType)]
#[column(type(sqlite = \"TEXT\"))]
struct Path(Vec<JobId>);

#[derive(ColumnType)]
#[column(rename_all = \"lowercase\")]
enum State { Open, Done }

#[derive(ColumnType)]
#[column(native)]
enum Level { Low, High }
",
    );
}
