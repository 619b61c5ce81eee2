//! Invariants of the repository that no compiler holds, as ordinary tests.

use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::cargo::root;

/// How long a source file may get before it holds more than one thing.
const LONGEST_FILE: usize = 800;

/// Returns the text files of the repository, with their paths from its root; those that are new
/// and not yet added count too.
fn files() -> Vec<(String, String)> {
    let listing = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listing.status.success(), "git ls-files failed");
    let paths = String::from_utf8(listing.stdout).unwrap();
    let text = |path: &str| std::fs::read_to_string(root().join(path)).ok();
    let files = paths.split_terminator('\0');
    files
        .filter_map(|path| Some((path.to_owned(), text(path)?)))
        .collect()
}

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.current_dir(root()).no_deps();
    command.exec().unwrap()
}

/// Fails with every line that `fault` finds something to say about.
fn check_lines(applies_to: impl Fn(&str) -> bool, fault: impl Fn(&str) -> bool, why: &str) {
    let mut faults = Vec::new();
    for (path, text) in files() {
        if applies_to(&path) {
            let lines = text.lines().enumerate();
            let found = lines.filter(|(_, line)| fault(line));
            faults.extend(found.map(|(index, line)| format!("{path}:{}: {line}", index + 1)));
        }
    }
    assert!(faults.is_empty(), "{why}:\n{}", faults.join("\n"));
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

/// What each library may depend on, so that arrows point one way.
const LAYERS: [(&str, &[&str]); 4] = [
    ("alembic-sql", &[]),
    ("alembic-history", &["alembic-sql", "walkdir"]),
    ("alembic-run", &["alembic-history", "alembic-sql"]),
    ("alembic-build", &["alembic-history", "alembic-sql"]),
];

#[test]
fn arrows_between_crates_point_one_way() {
    for package in metadata().packages {
        let mut layers = LAYERS.iter();
        let Some((name, allowed)) = layers.find(|(name, _)| *name == package.name.as_str()) else {
            continue;
        };
        let dependencies = package.dependencies.iter();
        let normal = dependencies.filter(|dependency| dependency.kind == DependencyKind::Normal);
        for dependency in normal {
            assert!(
                allowed.contains(&dependency.name.as_str()),
                "{name} depends on {}",
                dependency.name
            );
        }
    }
}

#[test]
fn only_commands_parse_arguments() {
    for package in metadata().packages {
        let mut dependencies = package.dependencies.iter();
        let clap = dependencies.any(|dependency| dependency.name == "clap");
        let allowed = ["cargo-alembic", "xtask"].contains(&package.name.as_str());
        assert!(!clap || allowed, "{} depends on clap", package.name);
    }
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    for package in metadata().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let manifest = manifest.replace("\r\n", "\n");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} lacks `[lints] workspace = true`",
            package.manifest_path
        );
    }
}

#[test]
fn source_files_are_short() {
    let is_test = |path: &str| {
        Path::new(path)
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
    };
    for (path, text) in files() {
        let lines = text.lines().count();
        assert!(
            !is_rust(&path) || is_test(&path) || lines < LONGEST_FILE,
            "{path} has {lines} lines: split it by purpose"
        );
    }
}

#[test]
fn nothing_is_left_to_do() {
    // Put together, so that this file passes.
    let macros = ["todo", "unimplemented", "dbg"].map(|name| format!("{name}!("));
    let fault = |line: &str| macros.iter().any(|name| line.contains(name.as_str()));
    check_lines(is_rust, fault, "not meant to stay");
}

#[test]
fn no_path_of_one_machine() {
    let folders = ["home", "Users", "work", "root"].map(|name| format!("/{name}/"));
    let fault = |line: &str| {
        folders.iter().any(|folder| {
            line.match_indices(folder.as_str()).any(|(at, _)| {
                // Behind a name, it is a part of a longer path.
                !line[..at]
                    .ends_with(|before: char| before.is_alphanumeric() || ".-_}".contains(before))
            })
        })
    };
    check_lines(|_| true, fault, "a path that exists on one machine only");
}

#[test]
fn packages_come_from_the_public_registry() {
    let public = "registry+https://github.com/rust-lang/crates.io-index";
    let locked = |path: &str| path.ends_with("Cargo.lock");
    let elsewhere = |line: &str| line.starts_with("source = ") && !line.contains(public);
    check_lines(locked, elsewhere, "a package from elsewhere");
    let configuration = |path: &str| path.ends_with(".toml");
    let replaced = ["[source", "[registries", "[registry", "replace-with"];
    let replaces = |line: &str| {
        replaced
            .iter()
            .any(|key| line.trim_start().starts_with(key))
    };
    check_lines(configuration, replaces, "another registry");
}
