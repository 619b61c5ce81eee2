//! Tests that need no network.

use super::*;

#[test]
fn compatible_versions_are_listed_once() {
    let package =
        |name, version| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
    let lockfile = [
        package("sqlx", "0.9.0"),
        package("sqlx-core", "0.7.1"),
        package("sqlx", "0.8.6"),
        package("sqlx", "0.9.12"),
        package("tokio", "1.54.1"),
    ];
    let lockfile = lockfile.concat();
    assert_eq!(versions(&lockfile, "sqlx"), ["0.8", "0.9"]);
    assert_eq!(versions(&lockfile, "tokio"), ["1.54"]);
    assert_eq!(versions(&lockfile, "rusqlite"), <[&str; 0]>::default());
}

#[test]
fn a_release_has_a_row_with_or_without_its_patch() {
    let known = BTreeSet::from(["0.8.6", "0.40", "1.1"]);
    for (release, expected) in [
        ("0.8", true),
        ("0.40", true),
        ("1.1", true),
        ("0.4", false),
        ("0.41", false),
        ("0.9", false),
        ("1.10", false),
        ("1.2", false),
    ] {
        assert_eq!(has_version(&known, release), expected, "{release}");
    }
}

/// Returns the lines below a heading of a manifest.
fn section<'m>(manifest: &'m str, heading: &str) -> Vec<&'m str> {
    let lines = manifest.lines().skip_while(|line| *line != heading);
    let lines = lines.skip(1).take_while(|line| !line.starts_with('['));
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_separate_crate_has_the_keys_and_lints_of_the_workspace() {
    let read = |path: &str| std::fs::read_to_string(cargo::root().join(path)).unwrap();
    let (workspace, separate) = (read("Cargo.toml"), read("crates/sqlx-sqlite/Cargo.toml"));
    let package = section(&separate, "[package]");
    for line in section(&workspace, "[workspace.package]") {
        assert!(package.contains(&line), "crates/sqlx-sqlite: {line}");
    }
    for kind in ["rust", "clippy"] {
        let ours = section(&workspace, &format!("[workspace.lints.{kind}]"));
        assert!(!ours.is_empty());
        assert_eq!(section(&separate, &format!("[lints.{kind}]")), ours);
    }
}
