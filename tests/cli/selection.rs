//! Which crates a command works on.

use alembic_tests::graph;
use insta::assert_snapshot;

use crate::{chain, on_both, workspace};

#[test]
fn packages() {
    let project = workspace();
    assert_snapshot!(project.transcript(&[
        "heads",
        "heads -p app",
        "heads -p app -p store",
        "heads --exclude app",
        "heads --workspace --exclude store",
        "heads --workspace",
        "heads -p stroe",
        "heads --exclude stroe",
        "heads -p app --workspace",
        "heads -p app --exclude store",
        "heads --exclude app --exclude store",
    ]));
}

#[test]
fn folders() {
    let project = workspace();
    let inside = project.at("app/src").transcript(&[
        "heads",
        "heads --workspace",
        "heads -p store",
        "heads --manifest-path ../../store/Cargo.toml",
        "heads --manifest-path ../../Cargo.toml",
        "heads --manifest-path ../../nowhere/Cargo.toml",
        "upgrade",
        "show aa01",
    ]);
    let root = project.transcript(&["heads --manifest-path app/Cargo.toml"]);
    assert_snapshot!(format!("# in app/src\n{inside}\n# in the root\n{root}"));
    assert!(project.path("app/app.db").exists());
}

/// A crate at the root of a workspace does not hide the others.
#[test]
fn a_package_at_the_root() {
    let project = chain();
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{manifest}\n[workspace]\nmembers = [\"sub\"]\n"),
    );
    project.write(
        "sub/Cargo.toml",
        "[package]\nname = \"sub\"\nedition = \"2024\"\n",
    );
    project.write("sub/src/lib.rs", "");
    project.add_to("sub/migrations", graph("dd04"));
    let root = project.transcript(&["heads", "heads -p shop"]);
    let inside = project.at("sub").transcript(&["heads", "current"]);
    assert_snapshot!(format!("{root}\n# in sub\n{inside}"));
}

#[test]
fn crates_without_migrations_are_passed_over() {
    let project = workspace();
    project.replace(
        "Cargo.toml",
        "[\"app\"",
        "[\"plain\", \"other-tool\", \"app\"",
    );
    for name in ["plain", "other-tool"] {
        let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        project.write(format!("{name}/Cargo.toml"), manifest);
        project.write(format!("{name}/src/lib.rs"), "");
    }
    project.write(
        "other-tool/migrations/0001_init.sql",
        "CREATE TABLE x (id INTEGER);\n",
    );
    let root = project.transcript(&["heads", "heads -p plain", "heads -p other-tool"]);
    let inside = project.at("plain").transcript(&["heads"]);
    assert_snapshot!(format!("{root}\n# in plain\n{inside}"));
}

#[test]
fn defaults_of_the_workspace() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        let table = "[workspace.metadata.alembic]\nversion-table = \"revisions\"\n";
        let manifest = project.read("Cargo.toml");
        project.write("Cargo.toml", format!("{manifest}\n{table}"));
        project.replace(
            "app/Cargo.toml",
            "app.db\"",
            "app.db\"\nversion-table = \"app_revisions\"",
        );
        project.run("upgrade").success();
        let versions = |path: &str, table: &str| {
            let database = project.database(path);
            database.query(&format!("SELECT * FROM {table}"))
        };
        assert_eq!(versions("app/app.db", "app_revisions"), ["bb02"]);
        assert_eq!(versions("store/store.db", "revisions"), ["dd04"]);
    });
}
