//! `sqlite-extensions` in the configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use alembic_tests::{Outcome, Project, cargo, fixtures, revision};

/// An extension with the function `twice`.
const SOURCE: &str = r#"
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
static void twice(sqlite3_context *context, int count, sqlite3_value **values) {
  sqlite3_result_int64(context, 2 * sqlite3_value_int64(values[0]));
}
int sqlite3_extension_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
  SQLITE_EXTENSION_INIT2(api);
  return sqlite3_create_function(db, "twice", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, 0, twice, 0, 0);
}
"#;

/// Compiles the extension once; SQLite's header is that of the crate that bundles it.
fn library() -> &'static [u8] {
    static LIBRARY: OnceLock<Vec<u8>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (source, library) = (
            folder.path().join("twice.c"),
            folder.path().join("twice.so"),
        );
        fs::write(&source, SOURCE).unwrap();
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-I"])
            .arg(header_folder())
            .arg("-o")
            .args([&library, &source])
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{compiled:?}");
        fs::read(library).unwrap()
    })
}

fn header_folder() -> PathBuf {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    // What other platforms need was never downloaded.
    let metadata = cargo()
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--filter-platform",
        ])
        .arg(host.unwrap())
        .current_dir(fixtures().join(".."))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let bundled = packages
        .iter()
        .find(|package| package["name"] == "libsqlite3-sys");
    let manifest = bundled.unwrap()["manifest_path"].as_str().unwrap();
    Path::new(manifest).with_file_name("sqlite3")
}

/// Makes a crate with a revision that needs the extension.
fn project(setting: &str) -> Project {
    let project = Project::with_crate("shop");
    project.configure(&format!("sqlite-extensions = {setting}"));
    fs::create_dir(project.path("native")).unwrap();
    project.write("native/twice.so", library());
    project.add(
        revision("aa01")
            .upgrade(
                "CREATE TABLE t (x INTEGER, y INTEGER AS (twice(x)) STORED);\n\
                 INSERT INTO t (x) VALUES (21);",
            )
            .downgrade("DROP TABLE t;"),
    );
    project.write(
        "migrations/aa01.rows.sql",
        "INSERT INTO t (x) VALUES (4);\n",
    );
    project
}

fn succeeds(outcome: &Outcome) {
    assert_eq!(outcome.status, 0, "{outcome}");
}

/// A path is relative to the manifest, wherever the command runs.
#[test]
fn every_connection_loads_them() {
    let project = project("[\"native/twice.so\"]");
    for line in [
        "test",
        "upgrade",
        "current",
        "log",
        "downgrade base",
        "ensure",
    ] {
        succeeds(&project.at("native").run(line));
    }
    assert_eq!(project.database("shop.db").query("SELECT y FROM t"), ["42"]);
}

#[test]
fn a_workspace_sets_them_relative_to_itself() {
    let project = Project::with_workspace(&["app", "store"]);
    let manifest = fs::read_to_string(project.path("Cargo.toml")).unwrap();
    let setting = "\n[workspace.metadata.alembic]\nsqlite-extensions = \"./twice.so\"\n";
    project.write("Cargo.toml", manifest + setting);
    project.write("twice.so", library());
    let uses = |id: &str| revision(id).upgrade("CREATE TABLE t AS SELECT twice(21) AS y;");
    project.add_to("app/migrations", [uses("aa01")]);
    project.add_to("store/migrations", [uses("aa01")]);
    succeeds(&project.at("store").run("upgrade --workspace"));
}

#[test]
fn what_cannot_be_loaded() {
    let project = project("[\"native/twice.so\"]");
    project.write("native/text.so", "not a library");
    for (setting, shown) in [
        ("native/nosuch.so", "nosuch.so: "),
        ("./native/text.so", "text.so: "),
        // The library of a name is not looked for in the current folder.
        ("twice.so", "twice.so: "),
        ("no_such_library", "no_such_library: "),
    ] {
        let manifest = fs::read_to_string(project.path("Cargo.toml")).unwrap();
        let line = manifest
            .lines()
            .find(|line| line.starts_with("sqlite-extensions"))
            .unwrap();
        project.replace(
            "Cargo.toml",
            line,
            &format!("sqlite-extensions = {setting:?}"),
        );
        for line in ["upgrade", "current", "test"] {
            let outcome = project.at("native").run(line);
            assert_ne!(outcome.status, 0, "{setting} {outcome}");
            let (code, name) = ("error[extension-not-loaded]", format!("extension {shown}"));
            for part in [code, name.as_str(), "`sqlite-extensions`"] {
                assert!(outcome.stderr.contains(part), "{setting} {part} {outcome}");
            }
        }
        assert!(!project.path("shop.db").exists(), "{setting}");
    }
}

/// Who can write a revision cannot run native code with it.
#[test]
fn sql_cannot_load_any() {
    for (what, setting) in [("none", "[]"), ("one", "[\"native/twice.so\"]")] {
        for flag in ["", " no-transaction"] {
            let project = project(setting);
            let path = project.path("native/twice.so").display().to_string();
            let load = format!("-- alembic: upgrade{flag}\nSELECT load_extension('{path}');\n");
            project.write(
                "migrations/aa01.sql",
                format!("-- A\n--\n-- Revision ID: aa01\n-- Revises:\n\n{load}"),
            );
            let outcome = project.run("upgrade");
            assert_eq!(outcome.status, 8, "{what} {outcome}");
            assert!(
                outcome.stderr.contains("not authorized"),
                "{what} {outcome}"
            );
        }
    }
}
