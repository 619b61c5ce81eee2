//! Revisions that a program writes.

use alembic_tests::Project;
use cargo_alembic::{Exit, NewRevision};

fn shop() -> Project {
    let project = Project::with_crate("shop");
    project.configure("schema = \"schema.sql\"\n");
    project.write(
        "schema.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n",
    );
    project
}

#[test]
fn a_revision_is_written_as_by_the_command() {
    let project = shop();
    let manifest = project.path("Cargo.toml");
    let generated = NewRevision::new(&manifest, "Add users").autogenerate();
    let path = generated.write().unwrap().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.starts_with("-- Add users\n"), "{text}");
    assert!(text.contains("CREATE TABLE users"), "{text}");
    assert_eq!(generated.write().unwrap(), None);

    let empty = NewRevision::new(&manifest, "Fill users").argument("--rev-id=f1");
    let path = empty.write().unwrap().unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.ends_with("_f1_fill_users.sql"), "{name}");
}

#[test]
fn a_revision_is_written_of_structs() {
    let project = Project::with_crate("shop");
    project.configure("models = true\n");
    project.write(
        "src/lib.rs",
        "#[derive(alembic_migrate::Table)]\n\
         #[table(name = \"users\")]\n\
         pub struct User {\n    #[column(identity)]\n    pub id: i64,\n}\n",
    );
    let generated = NewRevision::new(project.path("Cargo.toml"), "Add users").autogenerate();
    let path = generated.write().unwrap().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains("CREATE TABLE users"), "{text}");
    assert_eq!(generated.write().unwrap(), None);
}

#[test]
fn what_the_command_refuses_is_an_error_and_changes_nothing() {
    let project = shop();
    let manifest = project.path("Cargo.toml");
    let nowhere = project.path("nowhere/Cargo.toml");
    let before = project.tree();
    for (revision, exit, expected) in [
        (
            NewRevision::new(&manifest, "m").argument("--head=zz"),
            Exit::Revision,
            "can't locate revision identified by 'zz'",
        ),
        (
            NewRevision::new(&manifest, "m").argument("--nonsense"),
            Exit::Usage,
            "unexpected argument '--nonsense'",
        ),
        (
            NewRevision::new(&nowhere, "m"),
            Exit::Configuration,
            "cannot read the workspace",
        ),
    ] {
        let error = revision.write().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains('\u{1b}'), "{error:?}");
        assert_eq!(error.exit(), exit, "{error}");
    }
    assert_eq!(before.changes(&project.tree()), [""; 0]);
}
