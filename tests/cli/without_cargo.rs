//! Images for deployment: without cargo, without sources, or with nothing but the revisions.

use alembic_history::Dialect;
use alembic_tests::{Place, Project, graph, revision};
use insta::assert_snapshot;

use crate::workspace;

/// Returns what several commands show where there is no cargo.
fn transcript(place: &Place<'_>, lines: &[&str]) -> String {
    let shown = lines
        .iter()
        .map(|line| format!("$ cargo-alembic {line}\n{}", place.run_without_cargo(line)));
    shown.collect::<Vec<_>>().join("\n")
}

/// A folder with a manifest and revisions, and what a manifest takes from a workspace that is not
/// there.
fn image() -> Project {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nedition.workspace = true\n\
         [dependencies]\nserde.workspace = true\nstore = { path = \"../store\" }\n\
         [package.metadata.alembic]\nurl = \"sqlite://shop.db\"\nversion-table = \"shop_version\"\n",
    );
    project.add_to("migrations", graph("aa01; bb02<-aa01"));
    project
}

#[test]
fn a_manifest_and_revisions() {
    let project = image();
    assert_snapshot!(transcript(
        &project.here(),
        &[
            "upgrade",
            "current",
            "heads -p shop",
            "downgrade -1",
            "current --check-heads",
            "upgrade --manifest-path Cargo.toml",
            "downgrade nowhere",
            "upgrade -p stroe",
            "nonsense",
        ],
    ));
    let tables = project.database("shop.db").tables();
    assert!(tables.contains(&"shop_version".to_owned()), "{tables:?}");
}

/// The sources that state the target schema are not in an image, and what applies revisions needs none.
#[test]
fn a_crate_whose_structs_stayed_behind() {
    let project = Project::example("chat2chart").main_on(Dialect::Postgres);
    for name in ["chat2chart", "chimera"] {
        std::fs::remove_dir_all(project.path(format!("crates/{name}/src"))).unwrap();
    }
    let manifest = "crates/chat2chart/Cargo.toml";
    project.replace(
        manifest,
        "models = ",
        "model-features = [\"reports\"]\nmodels = ",
    );
    for line in [
        "upgrade -p chat2chart",
        "current --check-heads -p chat2chart",
        "upgrade -p chat2chart",
        "downgrade -1 -p chat2chart",
        "upgrade -p chat2chart",
    ] {
        project.here().run_without_cargo(line).success();
    }
    let tables = project.database("chat2chart.db").tables();
    assert!(tables.contains(&"conversation".to_owned()), "{tables:?}");
    let check = project.here().run_without_cargo("check -p chat2chart");
    assert_ne!(check.status, 0, "{check}");
}

/// In an image, the working folder is often the root folder: a path below it is still told as it is.
#[cfg(unix)]
#[test]
fn paths_from_the_root_folder() {
    let project = image();
    let manifest = project.path("Cargo.toml");
    let line = format!("status --manifest-path {}", manifest.display());
    let outcome = project.at("/").run_without_cargo(&line);
    let url = format!("sqlite://{}", project.path("shop.db").display());
    assert!(outcome.stdout.contains(&url), "{outcome}");
}

/// Cargo refuses manifests without sources; the answers are the same.
#[test]
fn cargo_without_sources() {
    let project = image();
    assert_eq!(
        project.run("heads").to_string(),
        project.here().run_without_cargo("heads").to_string()
    );
    project.write("src/lib.rs", "");
    assert_snapshot!(project.transcript(&["heads"]));
}

/// Crates come in the order of their dependencies, and one that is not in the image is none.
#[test]
fn crates_of_a_workspace() {
    let project = workspace();
    for sources in ["app/src", "store/src"] {
        std::fs::remove_dir_all(project.path(sources)).unwrap();
    }
    project.replace("Cargo.toml", "members = [", "members = [\"left-out\", ");
    let lines = ["heads", "heads -p store", "upgrade"];
    assert_snapshot!(transcript(&project.here(), &lines));
    let with_cargo = project.at("app").run("heads --workspace");
    let without = project.at("app").run_without_cargo("heads --workspace");
    assert_eq!(with_cargo.to_string(), without.to_string());
}

/// A member whose manifest cannot be read is not left out.
#[test]
fn a_member_whose_manifest_is_no_toml() {
    let project = workspace();
    for member in ["app", "store"] {
        let manifest = format!("{member}/Cargo.toml");
        let text = project.read(&manifest);
        project.write(&manifest, format!("{text}\nurl = 1\nurl = 2\n"));
    }
    let lines = ["heads", "heads -p store"];
    assert_snapshot!(transcript(&project.here(), &lines));
    let refused = project.run("heads");
    assert_eq!(refused.status, 4, "{refused}");
    assert!(refused.stderr.contains("duplicate key"), "{refused}");
}

/// An image for one crate of a workspace lacks what its revisions depend on.
#[test]
fn a_crate_that_is_left_out() {
    let project = image();
    let revision = revision("cc03").revises("bb02").upgrade("SELECT 1;");
    project.add(revision.depends_on("store@s1"));
    assert_snapshot!(transcript(&project.here(), &["status", "upgrade"]));
}

#[test]
fn a_folder_of_revisions() {
    let project = Project::empty();
    project.add_to("shop/migrations", graph("aa01; bb02<-aa01"));
    project.add_to("sql", graph("cc03"));
    project.write("file", "");
    assert_snapshot!(transcript(
        &project.here(),
        &[
            "heads",
            "heads --migrations shop/migrations",
            "heads --migrations sql --format json",
            "upgrade --migrations shop/migrations",
            "upgrade --migrations shop/migrations --url sqlite://a.db",
            "downgrade cc03 --migrations shop/migrations --url sqlite://a.db",
            "revision -m more --rev-id dd04 --migrations shop/migrations",
            "heads --migrations nowhere",
            "heads --migrations file",
            "heads --migrations sql -p sql",
            "init --migrations sql",
        ],
    ));
}

/// A manifest says which version table is meant, and so nothing passes it over.
#[test]
fn manifests_that_cannot_be_used() {
    let project = image();
    let configured = transcript(&project.here(), &["upgrade --migrations migrations"]);
    project.write("Cargo.toml", "[package");
    let invalid = transcript(&project.here(), &["upgrade"]);
    project.write("src/lib.rs", "");
    let refused = project.transcript(&["upgrade"]);
    assert_snapshot!(format!("{configured}\n{invalid}\n{refused}"));
}
