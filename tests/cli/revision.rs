//! `cargo alembic revision`

use alembic_tests::Project;
use insta::assert_snapshot;

use crate::{branched, chain, workspace};

/// Runs the commands, and returns what they show and the text of each new file.
fn written(project: &Project, lines: &[&str]) -> String {
    let before = project.tree();
    let mut shown = project.transcript(lines);
    for change in before.changes(&project.tree()) {
        shown.push_str(&format!("\n{change}\n"));
        let path = &change[2..];
        if project.path(path).is_file() {
            shown.push_str(&project.read(path));
        }
    }
    shown
}

#[test]
fn the_first_one() {
    let project = Project::with_crate("shop");
    assert_snapshot!(written(
        &project,
        &["revision -m 'Create users' --rev-id aa01"]
    ));
}

#[test]
fn follows_the_head() {
    let project = chain();
    assert_snapshot!(written(
        &project,
        &[
            "revision -m 'Add an index on users.email, for the log-in page!' --rev-id dd04",
            "revision --rev-id ee05",
            "history",
        ]
    ));
}

#[test]
fn ids_are_random_unless_given() {
    let project = Project::with_crate("shop");
    for message in ["One", "Two"] {
        let outcome = project.run(&format!("revision -m {message} --format json"));
        let answer = outcome.success().json();
        let id = answer["crates"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(id.len(), 12, "{id}");
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        let path = answer["crates"][0]["path"].as_str().unwrap();
        assert!(project.path(path).is_file(), "{path}");
    }
    assert_eq!(project.run("history").success().stdout.lines().count(), 2);
}

#[test]
fn branches_labels_and_dependencies() {
    let project = branched();
    assert_snapshot!(written(
        &project,
        &[
            "revision -m 'Which one?'",
            "revision -m 'On users' --head users@head --rev-id gg07",
            "revision -m 'On a prefix' --head gg --rev-id hh08",
            "revision -m 'Not a head' --head bb02 --rev-id ii09",
            "revision -m 'Spliced' --head bb02 --splice --rev-id ii09 --branch-label left --branch-label right",
            "revision -m 'New base' --head base --rev-id jj10 --depends-on orders,ff --depends-on gg07",
            "revision -m 'Below the head' --head reports@-1 --splice --rev-id kk11",
            "history",
        ]
    ));
}

#[test]
fn a_message_of_several_paragraphs() {
    let project = Project::with_crate("shop");
    let message = "Create users\n\nThey log in with their e-mail address.";
    let arguments = ["revision", "--rev-id", "aa01", "-m", message].map(ToOwned::to_owned);
    project.here().run_words(&arguments).success();
    assert_snapshot!(project.transcript(&["history", "show aa01"]));
}

#[test]
fn white_space_in_messages_is_no_reason_to_refuse_them() {
    let project = Project::with_crate("shop");
    for (id, message) in [("aa01", "Add users \nmore"), ("bb02", "Add x\n\n  a: b")] {
        let arguments = ["revision", "--rev-id", id, "-m", message].map(ToOwned::to_owned);
        project.here().run_words(&arguments).success();
    }
}

#[test]
fn file_names_follow_the_template() {
    let template =
        r#"file-template = "{year}-{month}-{day}T{hour}{minute}{second}+{epoch}-{rev}-{slug}""#;
    let project = Project::with_crate("shop");
    project
        .configure(template)
        .configure("truncate-slug-length = 10");
    assert_snapshot!(project.transcript(&["revision -m 'Create the users table' --rev-id aa01"]));
}

#[test]
fn dates_are_in_the_configured_zone() {
    let project = Project::with_crate("shop");
    project.configure(r#"timezone = "Asia/Kolkata""#);
    assert_snapshot!(written(
        &project,
        &["revision -m 'Create users' --rev-id aa01"]
    ));
}

#[test]
fn one_of_several_folders() {
    let project = chain();
    project.configure(r#"migrations = ["migrations", "more"]"#);
    std::fs::create_dir(project.path("more")).unwrap();
    assert_snapshot!(project.transcript(&[
        "revision -m 'Beside its parent' --rev-id dd04",
        "revision -m 'Elsewhere' --rev-id ee05 --version-path more",
        "revision -m 'Beside its parent' --rev-id ff06",
        "revision -m 'New base' --rev-id gg07 --head base",
        "revision -m 'Nowhere' --rev-id gg07 --version-path nowhere",
    ]));
}

#[test]
fn a_crate_of_a_workspace() {
    let project = workspace();
    let shown = project.transcript(&[
        "revision -m 'Whose?'",
        "revision -p app -m 'App' --rev-id ee05",
        "revision --exclude app -m 'Store' --rev-id ff06",
    ]);
    let inside = project
        .at("app/src")
        .transcript(&["revision -m 'Inside' --rev-id gg07"]);
    assert_snapshot!(format!("{shown}\n# in app/src\n{inside}"));
}

#[cfg(unix)]
#[test]
fn hooks_run_on_the_new_file() {
    let project = Project::with_crate("shop");
    project.configure(
        r#"post-write-hooks = [["sh", "-c", "echo '-- checked' >> \"$0\""], ["grep", "-c", "checked", "{path}"]]"#,
    );
    assert_snapshot!(written(
        &project,
        &["revision -m 'Create users' --rev-id aa01"]
    ));
}

#[cfg(unix)]
#[test]
fn a_hook_that_fails_is_reported() {
    for (hook, name) in [
        (r#"["false"]"#, "fails"),
        (r#"["no-such-program", "-x"]"#, "missing"),
    ] {
        let project = Project::with_crate("shop");
        project.configure(&format!("post-write-hooks = [{hook}]"));
        assert_snapshot!(
            format!("hook-{name}"),
            project.transcript(&["revision -m 'Create users' --rev-id aa01", "heads"])
        );
    }
}
