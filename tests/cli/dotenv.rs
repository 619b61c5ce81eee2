//! The URL of a database in `.env`.

use alembic_tests::{Project, graph};
use insta::assert_snapshot;

use crate::bad_input::check_in;
use crate::{chain, workspace};

/// Checks which file a command creates, and what it says of that.
#[track_caller]
fn check(files: &[(&str, &str)], variable: Option<&str>, line: &str, created: &str) {
    let project = Project::with_workspace(&["shop"]);
    project.add_to("shop/migrations", graph("aa01"));
    for (path, text) in files {
        project.write(path, text);
    }
    let here = match variable {
        Some(value) => project.here().env("SHOP_DATABASE_URL", value),
        None => project.here(),
    };
    let outcome = here.run(line).success();
    let found = ["near.db", "root.db", "env.db", "own.db", "shop/shop.db"];
    let found: Vec<&str> = found
        .into_iter()
        .filter(|path| project.path(path).exists())
        .collect();
    assert_eq!(found, [created], "{files:?} {variable:?} {line}: {outcome}");
}

#[test]
fn which_file_counts() {
    let root = (
        ".env",
        "# ours\nOTHER=1\nexport SHOP_DATABASE_URL=\"sqlite://root.db\"\n",
    );
    let near = ("shop/.env", "SHOP_DATABASE_URL=sqlite://near.db\n");
    let other = ("shop/.env", "OTHER=sqlite://near.db\n");
    for (files, variable, line, created) in [
        (vec![root], None, "upgrade", "root.db"),
        (vec![root, near], None, "upgrade", "near.db"),
        // Only the nearest file counts, whatever it holds.
        (vec![root, other], None, "upgrade", "shop/shop.db"),
        // The environment wins, and an empty variable leaves the file out, too.
        (vec![near], Some("sqlite://env.db"), "upgrade", "env.db"),
        (vec![near], Some(""), "upgrade", "shop/shop.db"),
        (vec![near], None, "upgrade --url sqlite://own.db", "own.db"),
        (vec![near], None, "upgrade --no-dotenv", "shop/shop.db"),
        (vec![near], None, "ensure", "near.db"),
    ] {
        check(&files, variable, line, created);
    }
}

/// Another variable is looked for there, too, and what a file refers to is put in.
#[test]
fn another_variable() {
    let project = chain();
    project.configure("url-env = \"SHOP_DB\"");
    project.write(
        ".env",
        "NAME=theirs\nSHOP_DB=sqlite://${NAME}.db\nDATABASE_URL=sqlite://not.db\n",
    );
    project.run("upgrade").success();
    assert!(project.path("theirs.db").exists());
}

/// One variable for several crates takes the place of all their URLs.
#[test]
fn a_variable_that_leads_to_one_database() {
    let project = workspace();
    for (name, variable) in [("app", "APP_DATABASE_URL"), ("store", "STORE_DATABASE_URL")] {
        project.replace(format!("{name}/Cargo.toml"), variable, "DATABASE_URL");
    }
    project.write(".env", "DATABASE_URL=sqlite://one.db\n");
    let stderr = "error[shared-version-table] | DATABASE_URL takes the place of the `url` of crate | `url-env`";
    check_in(&project, "one variable", "upgrade", 4, stderr);
}

/// The file is named wherever the URL is shown.
#[test]
fn the_file_is_named() {
    let project = chain();
    project.write(".env", "DATABASE_URL=sqlite://dev.db\n");
    project.replace("migrations/cc03.sql", "CREATE TABLE", "CREATE TABLES");
    assert_snapshot!(project.transcript(&["upgrade", "status"]));
}

#[test]
fn a_file_that_is_wrong() {
    let project = chain();
    let secret = "DATABASE_URL postgres://u:hunter2@h/d";
    for (text, stderr) in [
        (
            secret,
            "error: cannot read .env: a line is not `NAME=value` | `--no-dotenv`",
        ),
        (
            "DATABASE_URL=mysql://h/d",
            "error[invalid-url] | it comes from DATABASE_URL in .env",
        ),
    ] {
        project.write(".env", text);
        check_in(&project, text, "status", 4, stderr);
        assert!(!project.run("status").stderr.contains("hunter2"));
    }
    project.write(".env", secret);
    assert_eq!(project.run("status --no-dotenv").status, 3);
}
