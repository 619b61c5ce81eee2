//! What docs/teams.md shows is what happens.

use alembic_tests::{Origin, Project, graph};

use crate::readme::{blocks, timeless};

/// Runs the commands of a section, and compares what they print where that is shown.
fn check(section: &str, project: &Project) {
    let mut commands = 0;
    for block in blocks("docs/teams.md", section) {
        for command in format!("\n{}", block.text).split("\n$ ").skip(1) {
            let (line, shown) = command.split_once('\n').unwrap_or((command, ""));
            commands += 1;
            if let Some(line) = line.strip_prefix("git ") {
                // A merge may end in a conflict.
                let output = project.try_git(line);
                assert!(output.status.code() <= Some(1), "git {line}: {output:?}");
                continue;
            }
            let line = line.strip_prefix("cargo alembic ").unwrap();
            let outcome = project.run(line);
            let found = format!("{}{}", outcome.stderr, outcome.stdout);
            match shown.trim().is_empty() {
                true => assert_eq!(outcome.status, 0, "{line}: {found}"),
                false => {
                    let [found, shown] = [&found, shown].map(timeless);
                    // The lock file's part of the diff is left out.
                    assert!(found.starts_with(&shown), "{line}:\n{found}\n{shown}");
                }
            }
        }
    }
    assert!(commands > 0, "{section}");
    assert_eq!(project.git("status --short"), "", "{section}");
    project.run("upgrade").success();
    project.run("current --check-heads").success();
    project.run("lock --check").success();
}

/// A crate with the revision `create_accounts`, applied and pushed.
fn start(configuration: &str) -> (Origin, Project) {
    let project = Project::with_crate("shop");
    project.configure(&format!("lock = true\n{configuration}"));
    project.add_to("migrations", graph("create_accounts"));
    project.run("lock").success();
    project.run("upgrade").success();
    (Origin::of(&project), project)
}

/// Adds a revision, applies it, and commits it.
fn add(project: &Project, revision: &str) {
    project.add_to("migrations", graph(revision));
    project.run("lock").success();
    project.run("upgrade").success();
    project.commit("Add");
}

/// Lets Ana push a revision, and adds one.
fn two_people(origin: &Origin, project: &Project) {
    let ana = Project::with_crate("shop");
    origin.clone_into(&ana);
    add(&ana, "add_email<-create_accounts");
    ana.git("push -q");
    add(project, "add_phone<-create_accounts");
}

#[test]
fn the_lock_file() {
    let (_origin, project) = start("");
    project
        .run("revision -m Phones --rev-id add_phone")
        .success();
    let path = "migrations/20250128_1000_add_phone_phones.sql";
    let section = "-- alembic: upgrade\n";
    project.replace(
        path,
        section,
        &format!("{section}CREATE TABLE phone (id INTEGER);\n"),
    );
    project.git("add -A");
    project.commit("Add");
    for block in blocks("docs/teams.md", "The lock file") {
        let commands = block
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("$ cargo alembic "));
        let shown: Vec<&str> = block
            .text
            .lines()
            .filter(|line| !line.starts_with('$'))
            .collect();
        let found = commands.map(|line| {
            let outcome = project.run(line).success();
            format!("{}{}", outcome.stderr, outcome.stdout)
        });
        assert_eq!(found.collect::<String>().trim(), shown.join("\n").trim());
    }
}

#[test]
fn two_people_one_day() {
    let (origin, project) = start("");
    two_people(&origin, &project);
    check("Two people, one day", &project);
    assert_eq!(project.database("shop.db").versions(), ["add_phone"]);
}

#[test]
fn merging_instead() {
    let (origin, project) = start("chain = \"merged\"");
    two_people(&origin, &project);
    check("Merging instead", &project);
}

#[test]
fn review() {
    let (_origin, project) = start("");
    check("Review", &project);
}

#[test]
fn a_branch_switch() {
    let (_origin, project) = start("");
    project.git("switch -q -c feature");
    add(&project, "add_phone<-create_accounts");
    project.git("switch -q main");
    project.git("switch -q feature");
    check("A branch switch", &project);
}

#[test]
fn switched_already() {
    let (_origin, project) = start("");
    project.git("switch -q -c feature");
    add(&project, "add_phone<-create_accounts");
    check("Switched already", &project);
    assert_eq!(project.database("shop.db").versions(), ["add_phone"]);
}

#[test]
fn a_revision_that_never_ran() {
    let (_origin, project) = start("");
    add(&project, "add_phone<-create_accounts");
    project.add_to("migrations", graph("add_email<-create_accounts"));
    let below = ("Revises: create_accounts", "Revises: add_email");
    project.replace("migrations/add_phone.sql", below.0, below.1);
    project.run("lock").success();
    project.commit("Put add_email below");
    check("A revision that never ran", &project);
    let tables = project.database("shop.db").tables();
    assert_eq!(tables, ["t_add_email", "t_add_phone", "t_create_accounts"]);
}

#[test]
fn an_edited_file() {
    let (_origin, project) = start("");
    project.replace("migrations/create_accounts.sql", "id INTEGER", "id BIGINT");
    check("An edited file", &project);
}

#[test]
fn a_hot_fix() {
    let (_origin, project) = start("");
    project.git("switch -q -c release");
    project.add_to("migrations", graph("fix_names<-create_accounts"));
    project.run("lock").success();
    project.commit("Fix");
    project.git("switch -q main");
    add(&project, "add_phone<-create_accounts");
    check("A hot fix under a released revision", &project);
}
