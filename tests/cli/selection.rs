//! Which crates a command works on.

use alembic_tests::{Project, graph};
use insta::assert_snapshot;

use crate::bad_input::{check_in, check_outcome};
use crate::{chain, workspace};

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
    let inside = project
        .at("plain/src")
        .transcript(&["heads", "heads --workspace"]);
    assert_snapshot!(format!("{root}\n# in plain\n{inside}"));
}

/// A command does not turn to other crates if the one in whose folder it runs has no migrations.
#[test]
fn the_folder_of_a_crate_without_migrations() {
    let check = |project: &Project, folder: &str, arguments: &str| {
        project.run("upgrade --workspace").success();
        for command in ["downgrade base", "upgrade", "stamp base", "ensure", "heads"] {
            let before = project.tree();
            let line = format!("{command} {arguments}");
            let outcome = project.at(folder).run(&line);
            let stderr = "error: crate `plain` has no migrations | `cargo alembic init -p plain | \
                          `-p <crate>` | `--workspace`: store, app";
            check_outcome(&outcome, folder, &line, 4, stderr);
            assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
        }
    };
    let manifest = "[package]\nname = \"plain\"\nedition = \"2024\"\n";
    let project = workspace();
    project.replace("Cargo.toml", "[\"app\"", "[\"plain\", \"app\"");
    project.write("plain/Cargo.toml", manifest);
    project.write("plain/src/lib.rs", "");
    check(&project, "plain", "");
    check(&project, "plain/src", "");
    check(&project, "", "--manifest-path plain/Cargo.toml");
    check(&project, "", "-p plain");
    let root = workspace();
    root.write("Cargo.toml", manifest.to_owned() + &root.read("Cargo.toml"));
    root.write("src/lib.rs", "");
    check(&root, "", "");
}

/// `-1` would name another place in each crate.
#[test]
fn revisions_are_counted_in_one_crate() {
    let project = workspace();
    project.run("upgrade").success();
    for line in [
        "downgrade -1",
        "upgrade +1",
        "downgrade head-1",
        "upgrade base+1",
        "stamp -1",
        "stamp head +1",
        "upgrade current+1",
        "downgrade heads-1 --workspace",
        "downgrade -1 -p app -p store",
        "upgrade +1 --sql",
        "downgrade heads:-1 --sql",
    ] {
        let stderr = "counts the revisions of one crate, but several are meant | they are store, \
                      app | `-p <crate>`";
        check_in(&project, "several crates", line, 2, stderr);
    }
    for line in ["downgrade -1 -p app", "upgrade bb02-1", "downgrade cc03+1"] {
        project.run(line).success();
    }
    project.at("store").run("downgrade -1").success();
    project.add_to("store/migrations", graph("aa99"));
    for (line, expression) in [
        ("upgrade aa", "aa"),
        ("downgrade aa", "aa"),
        ("stamp aa", "aa"),
        ("upgrade aa+1", "aa+1"),
    ] {
        let stderr = format!("several crates have '{expression}' | they are store, app | `-p");
        check_in(&project, "a part of two ids", line, 6, &stderr);
    }
}

/// What a crate configures comes before what its workspace does.
#[test]
fn defaults_of_the_workspace() {
    let project = workspace();
    let table = "[workspace.metadata.alembic]\nfile-template = \"w_{rev}\"\n";
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}\n{table}"));
    let own = "app.db\"\nfile-template = \"own_{rev}\"";
    project.replace("app/Cargo.toml", "app.db\"", own);
    for (name, file) in [("app", "own_ff06"), ("store", "w_ff06")] {
        let line = format!("revision -m x --rev-id ff06 -p {name}");
        project.run(&line).success();
        let path = format!("{name}/migrations/{file}.sql");
        assert!(project.path(&path).exists(), "{path}");
    }
}
