//! Target schemas that structs state: `models` in the configuration.

use std::fs;
use std::path::PathBuf;

use alembic_tests::{Project, fixtures};
use insta::assert_snapshot;

use crate::guide;

/// A crate whose tables are stated by structs in two files, and a view beside them.
fn project() -> Project {
    let project = Project::with_crate("shop");
    project.configure("models = true");
    project.write(
        "src/lib.rs",
        "pub mod post;\n\n\
         use alembic_migrate::{Columns, Table};\n\n\
         #[derive(Columns)]\n\
         pub struct BaseModel {\n    \
             #[column(identity)]\n    pub id: i64,\n    \
             #[column(default = \"CURRENT_TIMESTAMP\")]\n    pub created_at: chrono::NaiveDateTime,\n\
         }\n\n\
         #[derive(Table)]\n\
         #[table(name = \"users\")]\n\
         pub struct User {\n    \
             #[table(flatten)]\n    pub base: BaseModel,\n    \
             #[column(length = 255, unique)]\n    pub email: String,\n\
         }\n",
    );
    project.write(
        "src/post.rs",
        "use alembic_migrate::Table;\n\n\
         #[derive(Table)]\n\
         #[table(name = \"posts\")]\n\
         pub struct Post {\n    \
             #[column(identity)]\n    pub id: i64,\n    \
             #[column(references(crate::User, id), on_delete = cascade, index)]\n    pub user_id: i64,\n    \
             pub body: Option<String>,\n\
         }\n",
    );
    let view = "CREATE VIEW emails AS SELECT email FROM users;\n";
    project.write("schema/views.sql", view);
    project
}

pub(crate) fn generate(id: &str) -> String {
    format!("revision --autogenerate -m {id} --rev-id {id}")
}

/// Returns the path of a generated revision.
pub(crate) fn revision_file(project: &Project, folder: &str, id: &str) -> PathBuf {
    let files = fs::read_dir(project.path(folder)).unwrap();
    let mut paths = files.map(|file| file.unwrap().path());
    let is_wanted = |path: &PathBuf| path.to_string_lossy().ends_with(&format!("{id}.sql"));
    paths.find(is_wanted).unwrap()
}

/// Returns its text.
pub(crate) fn written(project: &Project, folder: &str, id: &str) -> String {
    project.read(revision_file(project, folder, id))
}

#[test]
fn structs_are_the_source_of_truth() {
    let project = project();
    let mut shown = project.transcript(&[&generate("aa01"), "upgrade", "check", "verify"]);
    shown += &written(&project, "migrations", "aa01");
    project.replace(
        "src/post.rs",
        "pub body: Option<String>,",
        "#[column(renamed_from = \"body\")]\n    pub text: Option<String>,\n    \
         #[column(default = \"0\")]\n    pub likes: i32,",
    );
    shown += &project.transcript(&["check", &generate("bb02"), "upgrade", &generate("cc03")]);
    shown += &written(&project, "migrations", "bb02");
    shown += &project.transcript(&["downgrade -1", "upgrade", "test", "dump target"]);
    assert_snapshot!(shown);
}

/// What the structs say was renamed is neither dropped nor created, whatever it is compared with.
#[test]
fn comparisons_know_what_was_renamed() {
    let project = project();
    project.run(&generate("aa01")).success();
    project.run("upgrade").success();
    let before = project.run("dump history").success();
    project.write("before.sql", before.stdout);
    project.replace(
        "src/post.rs",
        "name = \"posts\"",
        "name = \"articles\", renamed_from = \"posts\"",
    );
    project.replace(
        "src/post.rs",
        "pub body: Option<String>,",
        "#[column(renamed_from = \"body\")]\n    pub text: Option<String>,",
    );
    let shown = project.transcript(&[
        "check",
        "diff history target --sql",
        "diff target history --sql",
        "diff database target",
        "diff before.sql target",
        "diff history@base target",
        "check --exclude-objects articles --exclude-objects posts*",
    ]);
    assert_snapshot!(shown);
}

/// Sources that state no table would drop every one.
#[test]
fn sources_without_a_table_are_no_target() {
    let project = project();
    project.run(&generate("aa01")).success();
    // A file that states something else does not make a target of it.
    project.write("schema/views.sql", "CREATE VIEW one AS SELECT 1 AS n;\n");
    let lines = ["check", &generate("bb02"), "test"];
    // The module of post.rs is not declared.
    project.write("src/lib.rs", "");
    let mut shown = project.transcript(&lines);
    fs::remove_file(project.path("src/post.rs")).unwrap();
    shown += &project.transcript(&lines);
    // As in an image.
    fs::remove_dir_all(project.path("src")).unwrap();
    shown += &project.here().run_without_cargo("check").to_string();
    assert_snapshot!(shown);
}

/// The file for empty databases is made of the revisions, so that the first revision comes before it.
#[test]
fn the_file_for_empty_databases_comes_later() {
    let project = project();
    project.configure("schema = \"schema.sql\"");
    project.run(&generate("aa01")).success();
    project.run("ensure --url sqlite://before.db").success();
    project.run("dump --write").success();
    for line in ["ensure", "test", "verify"] {
        project.run(line).success();
    }
}

/// What is left out would be taken for a table to drop.
#[test]
fn what_cannot_be_read_stops_comparisons_alone() {
    let project = project();
    project.run(&generate("aa01")).success();
    let read = project.read("src/post.rs");
    let mut shown = String::new();
    for (from, to) in [
        ("pub body: Option<String>", "pub body: Option<Body>"),
        ("index)", "indexed)"),
        ("pub struct Post {", "pub struct Post {{"),
        ("crate::User", "crate::Person"),
        (
            "pub body:",
            "#[column(check = \"bodi <> ''\")]\n    pub body:",
        ),
        (
            "use alembic_migrate::Table;",
            "use alembic_migrate::Table;\nmod gone;",
        ),
    ] {
        project.write("src/post.rs", read.replace(from, to));
        shown += &project.transcript(&["check"]);
        project.run("upgrade").success();
    }
    project.write("src/post.rs", &read);
    project.write(
        "schema/views.sql",
        "CREATE VIEW emails AS\nSELECT mail FROM users;\n",
    );
    shown += &project.transcript(&["check", &generate("bb02")]);
    assert_snapshot!(shown);
}

/// Which files state the target, and on which engine.
#[test]
fn files_of_the_target() {
    for (models, files, expected) in [
        ("false", &[][..], "no-target"),
        (
            "true",
            &[("schema/a.sql", "CREATE TABLE a (x INT);")][..],
            "table a",
        ),
        (
            "true",
            &[("schema/a.postgres.sql", "CREATE TABLE a (x INT);")][..],
            "table posts",
        ),
        (
            "true",
            &[("schema/before.sql", "CREATE TABLE a (x INT);")][..],
            "table a",
        ),
        ("[\"src/post.rs\", \"src/lib.rs\"]", &[][..], "table posts"),
        // Tables of other files are known, and not the crate's.
        (
            "[\"src/post.rs\"]",
            &[][..],
            "refers to a table users that does not exist",
        ),
        (
            "[\"src/lib.rs\", \"more.sql\"]",
            &[("more.sql", "CREATE TABLE a (x INT);")][..],
            "table a",
        ),
        (
            "[\"src/lib.rs\", \"sql\"]",
            &[("sql/a.sql", "CREATE TABLE a (x INT);")][..],
            "table a",
        ),
        (
            "\"more.sql\"",
            &[("more.sql", "CREATE TABLE a (x INT);")][..],
            "table a",
        ),
        ("\"gone.sql\"", &[][..], "cannot read gone.sql"),
        ("[\"src\"]", &[][..], "src has no files of SQL"),
        ("[\"schemma\"]", &[][..], "cannot read schemma"),
        ("\"src/gone.rs\"", &[][..], "gone.rs"),
    ] {
        let project = project();
        project.replace("Cargo.toml", "models = true", &format!("models = {models}"));
        for (path, text) in files {
            project.write(path, text);
        }
        let outcome = project.run(&format!("{} --dry-run", generate("aa01")));
        assert!(
            outcome.stderr.contains(expected),
            "{models} {files:?}: {outcome}"
        );
    }
}

/// What would be left out is an error.
#[test]
fn files_of_sql_that_would_be_left_out() {
    for (path, expected) in [
        ("schema/more/a.sql", "schema/more would be left out"),
        (
            "schema/a.pg.sql",
            "schema/a.pg.sql is for an unknown dialect 'pg'",
        ),
    ] {
        let project = project();
        project.write(path, "CREATE TABLE a (x INT);");
        let outcome = project.run("check");
        assert!(outcome.stderr.contains(expected), "{path}: {outcome}");
        assert_ne!(outcome.status, 0, "{path}");
    }
}

/// A struct may refer to one of a crate that this one depends on, by the name that it has there.
#[test]
fn structs_of_other_crates() {
    let project = Project::with_workspace(&["app", "store-models"]);
    let people = "use alembic_migrate::Table;\n\n\
                  #[derive(Table)]\npub struct Person {\n    \
                  #[column(identity)]\n    pub id: i64,\n}\n";
    project.write("store-models/src/lib.rs", people);
    let order = "use alembic_migrate::Table;\nuse people::Person as Customer;\n\n\
                 #[cfg(feature = \"orders\")]\n#[derive(Table)]\npub struct Order {\n    \
                 #[column(identity)]\n    pub id: i64,\n    \
                 #[column(references(Customer))]\n    pub person_id: i64,\n}\n\n\
                 #[derive(Table)]\npub struct Note {\n    \
                 #[column(identity)]\n    pub id: i64,\n}\n";
    project.write("app/src/lib.rs", order);
    let depends = "[dependencies]\npeople = { path = \"../store-models\", package = \"store-models\" }\n\n\
                   [features]\ndefault = [\"orders\"]\norders = []\n";
    project.replace("app/Cargo.toml", "[dependencies]\n", depends);
    // The derives come from here.
    let library = fixtures().join("../crates/migrate");
    let library = library.display().to_string().replace('\\', "/");
    let derives = format!("[dependencies]\nalembic-migrate = {{ path = \"{library}\" }}\n");
    project.replace("store-models/Cargo.toml", "[dependencies]\n", &derives);
    for name in ["app", "store-models"] {
        let manifest = format!("{name}/Cargo.toml");
        let table = name.replace('-', "_");
        let keys = format!("models = true\nversion-table = \"{table}_version\"\nurl-env");
        project.replace(&manifest, "url-env", &keys);
        let url = format!("sqlite://{name}.db");
        project.replace(&manifest, &url, "sqlite://../shared.db");
    }
    project
        .run(&format!("{} -p store-models", generate("aa01")))
        .success();
    let shown = project.transcript(&[
        &format!("{} -p app --dry-run", generate("bb02")),
        &format!("{} -p app --depends-on store-models@aa01", generate("bb02")),
        "upgrade --workspace",
        "check --workspace",
        "test --workspace",
    ]);
    assert_snapshot!(shown);
    project.replace("app/Cargo.toml", "default = [\"orders\"]", "default = []");
    let outcome = project.run("test -p app");
    let is_told = outcome.stderr.contains("removed table order");
    assert!(is_told && outcome.status != 0, "{outcome}");
    let chosen = "model-features = [\"orders\"]\nmodels = true\n";
    project.replace("app/Cargo.toml", "models = true\n", chosen);
    project.run("test -p app").success();
}

/// Somebody has changed the database by hand, and was right: the struct and a revision follow.
#[test]
fn the_database_is_right() {
    let project = project();
    project.run(&generate("aa01")).success();
    project.run("upgrade").success();
    project
        .database("shop.db")
        .execute("ALTER TABLE posts ADD COLUMN by_hand TEXT");
    let drift = project.run("verify");
    assert_eq!(drift.status, 9, "{drift}");
    assert!(drift.stdout.contains("posts.by_hand"), "{drift}");
    let differs = project.run("diff database target").success();
    assert!(
        differs.stdout.contains("removed column posts.by_hand"),
        "{differs}"
    );
    let body = "    pub body: Option<String>,\n";
    let with_column = format!("{body}    pub by_hand: Option<String>,\n");
    project.replace("src/post.rs", body, &with_column);
    assert_eq!(project.run("diff database target").success().stdout, "");
    project.run(&generate("bb02")).success();
    let text = written(&project, "migrations", "bb02");
    assert!(
        text.contains("ALTER TABLE posts ADD COLUMN by_hand TEXT"),
        "{text}"
    );
    project.run("stamp bb02").success();
    for line in ["verify", "check", "status"] {
        project.run(line).success();
    }
}

/// Where a struct is, what it and its fields are called, and their order, is not part of the schema.
#[test]
fn refactoring_changes_nothing() {
    let project = project();
    project.run(&generate("aa01")).success();
    project.remove("src/post.rs");
    project.replace("src/lib.rs", "pub mod post;", "pub mod blog;");
    project.write("src/blog.rs", "pub mod entry;\n");
    project.write(
        "src/blog/entry.rs",
        "use alembic_migrate as migrations;\n\
         use crate::User as Author;\n\n\
         #[derive(Clone, migrations::Table)]\n\
         #[table(name = \"posts\")]\n\
         pub struct Entry {\n    \
             #[column(identity)]\n    pub id: i64,\n    \
             #[column(name = \"body\")]\n    pub text: Option<String>,\n    \
             #[column(name = \"user_id\", references(Author, id), on_delete = cascade, index)]\n    \
             pub author: i64,\n\
         }\n",
    );
    let check = project.run("check").success();
    assert!(check.stderr.contains("No changes detected"), "{check}");
    let again = project.run(&generate("bb02")).success();
    assert!(again.stderr.contains("No changes detected"), "{again}");
}

/// The commands of docs/first-revision.md do what the page says.
#[test]
fn the_guide() {
    let project = Project::new("shop");
    let sections = ["The structs", "The revision", "The next one"];
    assert_eq!(
        guide::follow(&project, "docs/first-revision.md", &sections),
        8
    );
}
