//! The entities of sea-orm as a part of the target schema: `models = { sea-orm = true }`.

use alembic_tests::Project;
use alembic_tests::postgres::Server;
use insta::assert_snapshot;

use crate::{guide, on_both};

const USER: &str = "\
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = \"users\")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub email: String,
    pub status: Status,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = \"String\", db_type = \"String(StringLen::None)\")]
pub enum Status {
    #[sea_orm(string_value = \"new\")]
    New,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = \"super::post::Entity\")]
    Post,
}

impl ActiveModelBehavior for ActiveModel {}
";

const POST: &str = "\
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = \"posts\")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub user_id: i32,
    pub title: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = \"super::user::Entity\",
        from = \"Column::UserId\",
        to = \"super::user::Column::Id\"
    )]
    User,
}

impl ActiveModelBehavior for ActiveModel {}
";

/// What a team of sea-orm has written by hand: more than entities can state.
const TABLES: &str = "\
-- tables
--
-- Revision ID: aa01
-- Revises:

-- alembic: upgrade
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email VARCHAR(200) NOT NULL CHECK (email <> ''),
    status TEXT NOT NULL DEFAULT 'new',
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    note TEXT,
    CONSTRAINT one_email UNIQUE (email)
);
CREATE TABLE posts (
    id BIGINT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title TEXT
);
CREATE INDEX posts_titled ON posts (title) WHERE title IS NOT NULL;
CREATE VIEW titles AS SELECT title FROM posts;
CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);

-- alembic: downgrade
DROP TABLE audit;
DROP VIEW titles;
DROP TABLE posts;
DROP TABLE users;
";

/// Writes what the team has, with entities in the folder that `models` names.
fn of_a_team(project: Project) -> Project {
    project.configure("models = { sea-orm = \"src/entity\" }");
    project.write("src/lib.rs", "pub mod entity;\n");
    project.write("src/entity/mod.rs", "pub mod post;\npub mod user;\n");
    project.write("src/entity/user.rs", USER);
    project.write("src/entity/post.rs", POST);
    project.write("migrations/aa01.sql", TABLES);
    project
}

fn generate(id: &str) -> String {
    format!("revision --autogenerate -m {id} --rev-id {id}")
}

/// Entities that say less than the tables have, and nothing else, change nothing.
#[test]
fn what_entities_do_not_state_stays() {
    on_both(|dialect| {
        let project = of_a_team(Project::with_crate("shop").on(dialect));
        project.run("upgrade").success();
        for line in ["check", "test", "verify", "diff database target"] {
            project.run(line).success();
        }
        let outcome = project.run(&generate("bb02")).success();
        let note = "left as they are, since no entity states them: 1 table, 1 column (users.note), \
                    2 defaults, 2 constraints, 1 index, 1 view (shop)";
        assert!(outcome.stderr.contains(note), "{outcome}");
        assert!(outcome.stderr.contains("No changes detected"), "{outcome}");
    });
}

/// Every change of an entity, on both engines.
#[test]
fn what_entities_state_is_compared() {
    for (file, from, to, expected) in [
        (
            "user",
            "pub email: String",
            "pub email: Option<String>",
            "made column users.email nullable",
        ),
        (
            "user",
            "pub email: String",
            "#[sea_orm(column_type = \"Blob\")]\n    pub email: Vec<u8>",
            "changed the type of column users.email",
        ),
        (
            "user",
            "pub email: String,",
            "pub email: String,\n    pub age: Option<i16>,",
            "added column users.age",
        ),
        (
            "user",
            "    pub email: String,\n",
            "",
            "removed column users.email",
        ),
        (
            "user",
            "pub email",
            "#[sea_orm(default_value = \"x\")]\n    pub email",
            "default of column users.email to 'x'|added default users.email",
        ),
        (
            "post",
            "pub title: Option",
            "#[sea_orm(indexed)]\n    pub title: Option",
            "added index idx-posts-title",
        ),
        (
            "post",
            "pub title: Option",
            "#[sea_orm(unique)]\n    pub title: Option",
            "added constraint posts.posts_title_key",
        ),
        (
            "post",
            "pub title: Option",
            "#[sea_orm(renamed_from = \"title\")]\n    pub name: Option",
            "renamed column posts.title to name",
        ),
        (
            "post",
            "to = \"super::user::Column::Id\"",
            "to = \"super::user::Column::Id\", on_delete = \"SetNull\"",
            "added constraint posts.|recreated constraint posts.posts_user_id_fkey",
        ),
        (
            "post",
            "#[sea_orm(primary_key)]",
            "#[sea_orm(primary_key, auto_increment = false)]",
            "",
        ),
        (
            "post",
            "table_name = \"posts\"",
            "table_name = \"articles\"",
            "added table articles",
        ),
    ] {
        on_both(|dialect| {
            let project = of_a_team(Project::with_crate("shop").on(dialect));
            project.replace(format!("src/entity/{file}.rs"), from, to);
            let outcome = project.run(&generate("bb02")).success();
            let expected = match expected {
                "" => "No changes detected",
                expected => expected,
            };
            // The engines say it in different words.
            let mut sentences = expected.split('|');
            let is_told = sentences.any(|sentence| outcome.stderr.contains(sentence));
            assert!(is_told, "{to}: {outcome}");
            for line in ["upgrade", "check", "downgrade -1"] {
                project.run(line).success();
            }
        });
    }
}

/// What is left is dropped if an argument says so.
#[test]
fn dropping_is_asked_for() {
    on_both(|dialect| {
        let project = of_a_team(Project::with_crate("shop").on(dialect));
        let line = format!("{} --drop users.note --drop audit", generate("bb02"));
        let outcome = project.run(&line).success();
        for expected in ["removed column users.note", "removed table audit"] {
            assert!(outcome.stderr.contains(expected), "{outcome}");
        }
        for line in ["upgrade", "check", "verify", "test"] {
            project.run(line).success();
        }
    });
}

/// Types that only the revisions create, and schemas.
#[test]
fn types_of_the_revisions() {
    let project = Project::with_crate("shop").on_server(Server::shared());
    project.configure("models = { sea-orm = true }");
    project.write(
        "src/lib.rs",
        "#[derive(DeriveEntityModel)]\n\
         #[sea_orm(table_name = \"users\", schema_name = \"app\")]\n\
         pub struct Model {\n    \
             #[sea_orm(primary_key)]\n    pub id: i32,\n    \
             #[sea_orm(column_type = \"custom(\\\"mail\\\")\")]\n    pub email: String,\n    \
             pub state: State,\n    pub tags: Vec<String>,\n    \
             #[sea_orm(ignore)]\n    pub search: Option<String>,\n\
         }\n\n\
         #[derive(DeriveActiveEnum)]\n\
         #[sea_orm(rs_type = \"String\", db_type = \"Enum\", enum_name = \"state\", rename_all = \"snake_case\")]\n\
         pub enum State { On, SwitchedOff }\n",
    );
    project.write(
        "migrations/aa01.sql",
        "-- tables\n--\n-- Revision ID: aa01\n-- Revises:\n\n-- alembic: upgrade\n\
         CREATE DOMAIN mail AS text CHECK (value LIKE '%@%');\n\
         CREATE TYPE state AS ENUM ('on');\n\
         CREATE SCHEMA app;\n\
         CREATE TABLE app.users (\n    id serial PRIMARY KEY,\n    email mail NOT NULL,\n    \
         state state NOT NULL DEFAULT 'on',\n    tags text[] NOT NULL,\n    \
         search tsvector NOT NULL\n);\n\n\
         -- alembic: downgrade\nDROP TABLE app.users;\nDROP SCHEMA app;\nDROP TYPE state;\nDROP DOMAIN mail;\n",
    );
    let shown = project.transcript(&[&generate("bb02"), "upgrade", "check"]);
    assert_snapshot!(shown);
}

/// What cannot be read stops comparisons, with its place, and nothing else.
#[test]
fn what_cannot_be_read_stops_comparisons() {
    let project = of_a_team(Project::with_crate("shop"));
    project.replace(
        "src/entity/user.rs",
        "pub email: String",
        "pub email: Email",
    );
    let shown = project.transcript(&["check", "upgrade"]);
    assert_snapshot!(shown);
}

/// Where the entities are.
#[test]
fn sources_of_entities() {
    for (models, expected) in [
        ("{ sea-orm = true }", "No changes detected"),
        (
            "{ sea-orm = [\"src/entity/user.rs\", \"src/entity/post.rs\"] }",
            "No changes detected",
        ),
        ("{ sea-orm = \"src/entity/user.rs\" }", "2 tables"),
        (
            "{ sea-orm = \"src/gone\" }",
            "no target of the crate reads this",
        ),
        ("true", "entities of sea-orm are not read"),
        ("{ sea-orm = false }", "`sea-orm`: it is neither true"),
        (
            "{ diesel = true }",
            "as a table, it is `{ sea-orm = true }`",
        ),
    ] {
        let project = of_a_team(Project::with_crate("shop"));
        let models = format!("models = {models}");
        project.replace(
            "Cargo.toml",
            "models = { sea-orm = \"src/entity\" }",
            &models,
        );
        let outcome = project.run("check");
        assert!(outcome.stderr.contains(expected), "{models}: {outcome}");
    }
}

/// The commands of docs/sea-orm-and-diesel.md do what the page says.
#[test]
fn the_guide() {
    let project = Project::new("shop");
    let page = "docs/sea-orm-and-diesel.md";
    assert_eq!(guide::follow(&project, page, &["sea-orm"]), 6);
}
