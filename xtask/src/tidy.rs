//! Holds invariants of the repository that no compiler checks, as ordinary tests.

mod circles;
mod dependencies;
mod engines;
mod imports;
mod source;

use std::collections::BTreeMap;
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};

use crate::cargo::root;

/// How many lines a source file may have: a longer one holds more than one thing.
const LONGEST_SOURCE: usize = 450;

/// How many lines a file of tests may have.
const LONGEST_TESTS: usize = 600;

/// The files that are longer and still have to be split.
// A list, which grows with what can be wrong.
const TOO_LONG: [&str; 1] = ["crates/history/src/codes.rs"];

/// The crates whose files still import each other in circles.
const WITH_CIRCLES: [&str; 0] = [];

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

/// Tells whether a file holds tests, or is a part of their harness.
fn is_test(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.any(|part| ["tests", "tests.rs"].contains(&part))
}

/// Returns the source files of each crate, without those of integration tests: the files' paths
/// below `src`, and their texts.
fn sources() -> BTreeMap<String, Vec<(String, String)>> {
    let mut crates: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (path, text) in files() {
        if let Some((krate, below)) = path.split_once("/src/")
            && is_rust(below)
            && !krate.starts_with("fixtures/")
        {
            let files = crates.entry(krate.to_owned()).or_default();
            files.push((below.to_owned(), text));
        }
    }
    assert!(crates.len() > 7, "{:?}", crates.keys());
    crates
}

#[test]
fn source_files_are_short() {
    let mut faults = Vec::new();
    for (path, text) in files() {
        let lines = text.lines().count();
        let longest = if is_test(&path) {
            LONGEST_TESTS
        } else {
            LONGEST_SOURCE
        };
        if is_rust(&path) && lines > longest && !TOO_LONG.contains(&path.as_str()) {
            faults.push(format!("{path} has {lines} lines, of at most {longest}"));
        }
    }
    let faults = faults.join("\n");
    assert!(faults.is_empty(), "to be split by purpose:\n{faults}");
}

#[test]
fn no_files_import_each_other_in_circles() {
    let mut faults = Vec::new();
    for (name, files) in sources() {
        let krate = imports::Crate::parse(&files);
        let krate = krate.unwrap_or_else(|error| panic!("{name}: {error}"));
        if !WITH_CIRCLES.contains(&name.as_str()) {
            let circles = circles::circles(&krate).into_iter();
            faults.extend(circles.map(|circle| format!("{name}: {circle}")));
        }
    }
    let count = faults.len();
    let faults = faults.join("\n");
    assert!(count == 0, "{count} circles of imports:\n{faults}");
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
