//! Which crates may depend on which: arrows point one way.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use super::metadata;
use crate::cargo::root;

/// What a crate may depend on, apart from its tests.
struct Layer {
    name: &'static str,
    ours: &'static [&'static str],
    others: Others,
}

/// Which libraries a crate may use that are not ours.
enum Others {
    /// These, and no more: every user's build waits for them.
    Only(&'static [&'static str]),
    Any,
}

use Others::{Any, Only};

const fn layer(name: &'static str, ours: &'static [&'static str], others: Others) -> Layer {
    Layer { name, ours, others }
}

/// Every crate that users build, from the bottom up.
const LAYERS: [Layer; 11] = [
    layer("alembic-sql", &[], Only(&[])),
    layer("alembic-history", &["alembic-sql"], Only(&["walkdir"])),
    layer(
        "alembic-build",
        &["alembic-history", "alembic-sql"],
        Only(&["walkdir"]),
    ),
    layer("alembic-schema", &["alembic-sql"], Only(&[])),
    layer(
        "alembic-run",
        &["alembic-history", "alembic-schema", "alembic-sql"],
        Only(&[]),
    ),
    layer(
        "alembic-models",
        &["alembic-sql"],
        Only(&["heck", "proc-macro2", "quote", "syn"]),
    ),
    layer(
        "alembic-macros",
        &["alembic-models"],
        Only(&["proc-macro2", "syn"]),
    ),
    layer(
        "alembic-import",
        &["alembic-history", "alembic-schema", "alembic-sql"],
        Any,
    ),
    layer(
        "alembic-migrate",
        &[
            "alembic-macros",
            "alembic-models",
            "alembic-run",
            "alembic-history",
            "alembic-schema",
            "alembic-sql",
        ],
        Any,
    ),
    layer(
        "alembic-sqlx-sqlite",
        &["alembic-migrate", "alembic-sql"],
        Any,
    ),
    layer(
        "cargo-alembic",
        &[
            "alembic-import",
            "alembic-migrate",
            "alembic-models",
            "alembic-run",
            "alembic-history",
            "alembic-schema",
            "alembic-sql",
        ],
        Any,
    ),
];

/// The crates for developers, which may depend on everything.
const FOR_DEVELOPERS: [&str; 3] = ["alembic-suite", "alembic-tests", "xtask"];

/// Returns the packages of the workspace, and the one with a lockfile of its own.
fn packages() -> Vec<Package> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("crates/sqlx-sqlite/Cargo.toml"));
    let separate = command.no_deps().exec().unwrap();
    let packages = metadata().packages.into_iter();
    packages.chain(separate.packages).collect()
}

/// Returns what a package depends on, apart from its tests, that its layer does not allow.
fn faults(layer: &Layer, package: &Package) -> Vec<String> {
    let dependencies = package.dependencies.iter();
    let dependencies = dependencies.filter(|one| one.kind != DependencyKind::Development);
    let allowed = |name: &str| {
        let is_ours = LAYERS.iter().any(|layer| layer.name == name);
        match &layer.others {
            _ if is_ours || FOR_DEVELOPERS.contains(&name) => layer.ours.contains(&name),
            Only(others) => others.contains(&name),
            Any => true,
        }
    };
    dependencies
        .filter(|one| !allowed(&one.name))
        .map(|one| format!("{} depends on {}", layer.name, one.name))
        .collect()
}

#[test]
fn arrows_between_crates_point_one_way() {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for package in packages() {
        let name = package.name.as_str();
        if let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) {
            found.extend(faults(layer, &package));
        } else if !FOR_DEVELOPERS.contains(&name) {
            found.push(format!("{name} has no layer"));
        }
        names.insert(name.to_owned());
    }
    let missing = LAYERS.iter().filter(|layer| !names.contains(layer.name));
    found.extend(missing.map(|layer| format!("there is no crate {}", layer.name)));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn layers_come_from_the_bottom_up() {
    for (index, layer) in LAYERS.iter().enumerate() {
        for below in layer.ours {
            let is_below = LAYERS[..index].iter().any(|layer| layer.name == *below);
            assert!(is_below, "{} stands above {below}", layer.name);
        }
    }
}

#[test]
fn only_commands_parse_arguments() {
    for package in packages() {
        let clap = package.dependencies.iter().any(|one| one.name == "clap");
        let allowed = ["cargo-alembic", "xtask"].contains(&package.name.as_str());
        assert!(!clap || allowed, "{} depends on clap", package.name);
    }
}
