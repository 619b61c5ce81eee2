//! Which file a URL names, and that only that one is made.

use alembic_tests::{Outcome, Project};

use crate::bad_input::check_in;
use crate::{chain, give_tables_of_their_own, workspace};

/// Returns the databases of a project.
fn files(project: &Project) -> Vec<&'static str> {
    let mut files = vec![
        "all.db",
        "app.db",
        "app/all.db",
        "app/app.db",
        "app/src/all.db",
        "store/all.db",
        "store/store.db",
        "../all.db",
    ];
    files.retain(|file| project.path(file).exists());
    files
}

#[track_caller]
fn check_created(outcome: &Outcome, paths: &[&str], what: &str) {
    let shown = outcome.to_string();
    let created = shown.lines().filter_map(|line| {
        let line = line.trim_start();
        line.strip_prefix("Created database ")
    });
    assert_eq!(created.collect::<Vec<_>>(), paths, "{what}: {shown}");
}

/// A relative path is relative to where it is written: in a manifest to its folder, everywhere else
/// to the current folder, as for an application that is started there.
#[test]
fn a_relative_path_is_one_file() {
    let argument = "upgrade --url sqlite://all.db";
    let workspace_url = "\n[workspace.metadata.alembic]\nurl = \"sqlite://all.db\"\n";
    for (what, folder, line, variable, of_workspace, paths, shown) in [
        ("--url", "", argument, None, "", &["all.db"][..], "all.db"),
        (
            "the environment",
            "",
            "upgrade",
            Some("sqlite://all.db"),
            "",
            &["all.db"],
            "all.db",
        ),
        (
            "the environment in a folder",
            "app/src",
            "upgrade --workspace",
            Some("sqlite://../all.db"),
            "",
            &["app/all.db"],
            "[ROOT]/app/all.db",
        ),
        (
            "the environment in a crate",
            "app",
            "upgrade --workspace",
            Some("sqlite:all.db?mode=rwc"),
            "",
            &["app/all.db"],
            "all.db",
        ),
        (
            "a manifest named elsewhere",
            "app/src",
            "upgrade -p store -p app --manifest-path ../../Cargo.toml",
            None,
            workspace_url,
            &["all.db"],
            "[ROOT]/all.db",
        ),
        (
            "the workspace's manifest",
            "",
            "upgrade",
            None,
            workspace_url,
            &["all.db"],
            "all.db",
        ),
    ] {
        let project = workspace();
        give_tables_of_their_own(&project);
        if !of_workspace.is_empty() {
            for name in ["app", "store"] {
                let url = format!("url = \"sqlite://{name}.db\"\n");
                project.replace(format!("{name}/Cargo.toml"), &url, "");
            }
            let manifest = project.read("Cargo.toml");
            project.write("Cargo.toml", manifest + of_workspace);
        }
        let mut place = project.at(folder);
        for name in ["APP_DATABASE_URL", "STORE_DATABASE_URL"] {
            if let Some(url) = variable {
                place = place.env(name, url);
            }
        }
        let outcome = place.run(line).success();
        check_created(&outcome, &[shown], what);
        assert_eq!(files(&project), paths, "{what}");
        check_created(&place.run(line).success(), &[], what);
    }
    let project = workspace();
    let outcome = project.run("upgrade");
    check_created(&outcome, &["store/store.db", "app/app.db"], "manifests");
    assert!(
        outcome.stderr.contains("(sqlite://app/app.db)"),
        "{outcome}"
    );
    let outcome = project.at("store").run("ensure");
    assert!(outcome.stderr.contains("(sqlite://store.db)"), "{outcome}");
}

/// What needs a database that exists says which one does not, and blames nothing else.
#[test]
fn a_database_that_does_not_exist() {
    let project = chain();
    let missing = "error[database-unreachable]: sqlite://typo.db does not exist | crate `shop` | \
                   correct the URL | `cargo alembic upgrade -p shop --url sqlite://typo.db`";
    let note = "Note sqlite://typo.db does not exist yet (shop)";
    for (line, exit, stderr) in [
        ("downgrade -1", 7, missing),
        ("downgrade bb02", 7, missing),
        ("downgrade zz99", 7, missing),
        ("downgrade base", 0, note),
        ("current", 0, note),
        ("show current", 0, note),
        ("edit current", 6, note),
    ] {
        let line = format!("{line} --url sqlite://typo.db");
        check_in(&project, "no database", &line, exit, stderr);
        assert!(!project.path("typo.db").exists(), "{line}");
    }
    for (line, note) in [
        (
            "stamp head",
            "Created database typo.db | none of the tables",
        ),
        ("stamp base", "Created database typo.db"),
        ("ensure-version", "Created database typo.db"),
        ("ensure", "Created database typo.db"),
        ("upgrade", "Created database typo.db"),
    ] {
        let line = format!("{line} --url sqlite://typo.db");
        let shown = project.run(&line).success().to_string();
        for note in note.split(" | ") {
            assert!(shown.contains(note), "{line}: {shown}");
        }
        let again = project.run(&line).success().to_string();
        assert!(!again.contains("Created database"), "{again}");
        assert!(!again.contains("none of the tables"), "{again}");
        std::fs::remove_file(project.path("typo.db")).unwrap();
    }
}

/// Two crates that a variable brings together are still kept apart.
#[test]
fn one_variable_for_crates_of_one_version_table() {
    let project = workspace();
    for name in ["APP", "STORE"] {
        let manifest = format!("{}/Cargo.toml", name.to_lowercase());
        project.replace(manifest, &format!("{name}_DATABASE_URL"), "DATABASE_URL");
    }
    let place = project.here().env("DATABASE_URL", "sqlite://all.db");
    let outcome = place.run("upgrade");
    let shown = outcome.to_string();
    assert!(shown.contains("error[shared-version-table]"), "{shown}");
    assert_eq!(files(&project), Vec::<&str>::new());
}

/// A folder is made for a path of the configuration alone, since any other may be mistyped.
#[test]
fn folders_of_databases() {
    let project = chain();
    let missing = "error[database-unreachable]: cannot open sqlite:// | the folder";
    let home = "error[invalid-url] | `~` is not the home folder in a URL | $HOME";
    for (url, exit, stderr) in [
        ("sqlite://nosuch/dir/x.db", 7, missing),
        ("sqlite:///nosuch/dir/x.db", 7, missing),
        ("sqlite://../nosuch/x.db", 7, missing),
        ("sqlite://~/x.db", 4, home),
    ] {
        for command in ["upgrade", "ensure", "stamp head", "ensure-version"] {
            let line = format!("{command} --url {url}");
            check_in(&project, "a mistyped path", &line, exit, stderr);
            let place = project.here().env("DATABASE_URL", url);
            assert_eq!(place.run(command).status, exit, "{command} of {url}");
        }
        assert!(!project.path("../nosuch").exists());
        assert!(!project.path("~").exists());
    }
    for (url, exit) in [
        ("sqlite:///nosuch/dir/x.db", 7),
        ("sqlite://~/x.db", 4),
        ("sqlite://data/x.db", 0),
    ] {
        let project = chain();
        project.replace("Cargo.toml", "sqlite://shop.db", url);
        let outcome = project.run("upgrade");
        assert_eq!(outcome.status, exit, "{url}: {outcome}");
        assert_eq!(project.path("data/x.db").exists(), exit == 0, "{url}");
    }
}
