//! The log of what was applied: what it shows, what it finds, and the ways on that errors name.

mod recorded;
mod roles;

use alembic_history::Dialect;
use alembic_tests::{Project, graph, revision};
use insta::assert_snapshot;
use regex_lite::Regex;

use crate::bad_input::check_in;
use crate::{chain, on_both};

/// Replaces what is different in every run.
fn timeless(text: &str) -> String {
    let time = Regex::new(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d").unwrap();
    let took = Regex::new(r"took [0-9.]+ m?s").unwrap();
    let by = Regex::new(r"(by \S+ )?on \S+ with").unwrap();
    let text = time.replace_all(text, "[time]");
    let text = took.replace_all(&text, "took [time]");
    by.replace_all(&text, "by [user] on [host] with")
        .into_owned()
}

#[test]
fn what_ran_is_shown() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        assert_eq!(project.run("log").success().stdout, "");
        project.run("upgrade").success();
        project.run("downgrade aa01").success();
        project.run("stamp bb02").success();
        let shown = project.transcript(&["log -n 2", "log -v", "log -q -n 0"]);
        assert_snapshot!(timeless(&shown));
        let json = project.run("log --format json").success().json();
        let entries = json["crates"][0]["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 6);
        assert_eq!(entries[0]["number"], 6);
        assert_eq!(entries[0]["action"], "stamp");
        assert_eq!(entries[5]["after"][0], "aa01");
    });
}

/// Runs the command that the help of an error names: what follows `with` in its line.
fn run_named(project: &Project, error: &str, start: &str) {
    let line = error.lines().find(|line| line.contains(start));
    let line = line.unwrap_or_else(|| panic!("no {start:?} in {error}"));
    let command = line.split('`').nth(1).unwrap();
    let words = command.strip_prefix("cargo alembic ").unwrap();
    project.run(words).success();
}

/// Puts a project into a state in which an upgrade is refused, and checks that each way on that the
/// error names leads to a database in which all is well.
fn check_ways(error: &str, spoil: fn(&Project), ways: &[(&str, &[&str])]) {
    on_both(|dialect| {
        for (way, tables) in ways {
            let project = chain().on(dialect);
            project.configure("chain = \"merged\"");
            project.run("upgrade").success();
            spoil(&project);
            for line in ["upgrade", "ensure"] {
                check_in(&project, way, line, 6, &format!("{error} | {way}"));
            }
            let refused = project.run("upgrade").stderr;
            run_named(&project, &refused, way);
            project.run("upgrade").success();
            project.run("ensure").success();
            project.run("current --check-heads").success();
            let database = project.database("shop.db");
            assert_eq!(database.tables(), *tables, "{way}");
            let log = database.log();
            let last = log.last().unwrap().rsplit('|').next().unwrap();
            assert_eq!(last, database.versions().join(","), "{log:?}");
            // What it says is what the files say.
            let nothing = project.run("downgrade --recorded").success();
            assert!(nothing.stderr.contains("explain all"), "{nothing}");
        }
    });
}

#[test]
fn a_revision_below_the_version() {
    let spoil = |project: &Project| {
        project.add_to("migrations", graph("hh08<-aa01"));
        project.replace("migrations/bb02.sql", "Revises: aa01", "Revises: hh08");
    };
    let all = &["t_aa01", "t_bb02", "t_cc03", "t_hh08"][..];
    check_ways(
        "error[hidden-revision]",
        spoil,
        &[
            ("run them with", all),
            (
                "it has what they do already",
                &["t_aa01", "t_bb02", "t_cc03"],
            ),
        ],
    );
    // Nothing is at its heads that has not run all of them.
    let project = chain();
    project.run("upgrade").success();
    spoil(&project);
    let current = project.run("current --check-heads");
    assert_eq!(current.status, 3, "{current}");
    assert!(current.stderr.contains("hh08 lies below"), "{current}");
    let json = project.run("current --format json").success().json();
    assert_eq!(json["crates"][0]["hidden"][0], "hh08");
}

#[test]
fn a_revision_that_was_edited() {
    check_ways(
        "error[edited-revision]",
        |project| {
            project.replace("migrations/cc03.sql", "t_cc03 (id", "t_cc03 (other");
        },
        &[
            ("needs nothing else", &["t_aa01", "t_bb02", "t_cc03"]),
            ("go back first with", &["t_aa01", "t_bb02", "t_cc03"]),
        ],
    );
}

#[test]
fn an_id_that_is_used_again() {
    check_ways(
        "error[edited-revision]",
        |project| {
            let other = revision("cc03")
                .revises("bb02")
                .upgrade("CREATE TABLE other (id INTEGER PRIMARY KEY);")
                .downgrade("DROP TABLE other;");
            project.add(other);
        },
        &[("go back first with", &["other", "t_aa01", "t_bb02"])],
    );
}

#[test]
fn a_revision_that_was_removed() {
    check_ways(
        "error[removed-revision]",
        |project| {
            project.remove("migrations/bb02.sql");
            project.replace("migrations/cc03.sql", "Revises: bb02", "Revises: aa01");
        },
        &[
            ("go back by what the log recorded", &["t_aa01", "t_cc03"]),
            (
                "no longer has what they did",
                &["t_aa01", "t_bb02", "t_cc03"],
            ),
        ],
    );
}

#[test]
fn revisions_of_another_branch() {
    let spoil = |project: &Project| {
        project.add_to("migrations", graph("dd04<-cc03; ee05<-dd04"));
        project.run("upgrade").success();
        project
            .remove("migrations/dd04.sql")
            .remove("migrations/ee05.sql");
    };
    check_ways(
        "error[unknown-rows]",
        spoil,
        &[(
            "go back by what the log recorded",
            &["t_aa01", "t_bb02", "t_cc03"],
        )],
    );
    let project = chain();
    project.run("upgrade").success();
    spoil(&project);
    assert_snapshot!(timeless(&project.transcript(&[
        "upgrade",
        "downgrade --recorded --dry-run",
        "downgrade --recorded",
        "downgrade --recorded",
    ])));
}

#[test]
fn rows_that_are_not_kept() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.configure("log = false");
        project.run("upgrade").success();
        assert_eq!(project.database("shop.db").log(), Vec::<String>::new());
        project.replace("migrations/cc03.sql", "t_cc03 (id", "t_cc03 (other");
        project.run("upgrade").success();
        // From then on, the database is taken as it is.
        project.replace("Cargo.toml", "log = false", "log = true");
        project.add_to("migrations", graph("dd04<-cc03"));
        project.run("upgrade").success();
        let adopted = ["1|aa01", "2|bb02", "3|cc03"].map(|row| format!("{row}|upgrade|adopt|cc03"));
        let log = project.database("shop.db").log();
        assert_eq!(log[..3], adopted);
        assert_eq!(log[3..], ["4|dd04|upgrade|run|dd04"]);
    });
}

#[test]
fn an_edited_revision_may_only_be_told() {
    let project = chain();
    project.configure("edited = \"warn\"");
    project.run("upgrade").success();
    project.replace("migrations/cc03.sql", "t_cc03 (id", "t_cc03 (other");
    project.add_to("migrations", graph("dd04<-cc03"));
    let upgrade = project.run("upgrade").success();
    assert!(
        upgrade.stderr.contains("Edited cc03, logged at"),
        "{upgrade}"
    );
}

#[test]
fn what_is_as_the_files_say_cannot_be_accepted() {
    let project = chain();
    project.run("upgrade").success();
    let expected = "error[nothing-to-accept]: the files and the log of this database say the same";
    check_in(&project, "aa01", "stamp --accept aa01", 6, expected);
}

/// A script does not revert what did not run as it is written, and a stamp does not say that what never
/// ran has.
#[test]
fn scripts_and_stamps_believe_the_log() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.run("upgrade").success();
        project.replace("migrations/cc03.sql", "t_cc03 (id", "t_cc03 (other");
        let script = project.run("downgrade --sql cc03:bb02").success().stdout;
        let message = "a revision was applied with another content than its file has now";
        assert!(script.contains(message), "{script}");
        if dialect == Dialect::Sqlite {
            let database = project.database("shop.db");
            let failed = database
                .open()
                .execute_batch(&script.replace(".bail on", "").replace(".timeout 30000", ""));
            let failed = failed.unwrap_err().to_string();
            assert!(failed.contains(message), "{failed}");
        }
        project.replace("migrations/cc03.sql", "t_cc03 (other", "t_cc03 (id");
        project.add_to("migrations", graph("hh08<-aa01"));
        project.replace("migrations/bb02.sql", "Revises: aa01", "Revises: hh08");
        project.run("stamp --purge cc03").success();
        let current = project.run("current --check-heads");
        assert!(current.stderr.contains("hh08 lies below"), "{current}");
    });
}

/// A database at which nothing is this crate's is not reverted.
#[test]
fn the_database_of_another_crate() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.run("upgrade").success();
        for id in ["aa01", "bb02", "cc03"] {
            project.remove(format!("migrations/{id}.sql"));
        }
        project.add_to("migrations", graph("zz99"));
        let said = "looks like the database of another crate";
        for line in ["upgrade", "downgrade --recorded"] {
            check_in(
                &project,
                "another crate",
                line,
                6,
                &format!("[unknown-rows] | {said}"),
            );
        }
        let tables = project.database("shop.db").tables();
        assert_eq!(tables, ["t_aa01", "t_bb02", "t_cc03"]);
    });
}

/// Of many revisions that no file explains, the newest are named.
#[test]
fn a_long_log_of_another_crate() {
    let project = Project::with_crate("shop");
    let ids: Vec<String> = (1..=12).map(|number| format!("r{number:02}")).collect();
    let links = ids
        .windows(2)
        .map(|pair| format!("{}<-{}", pair[1], pair[0]));
    let links: Vec<String> = links.collect();
    project.add_to("migrations", graph(&format!("r01; {}", links.join("; "))));
    project.run("upgrade").success();
    for id in &ids {
        project.remove(format!("migrations/{id}.sql"));
    }
    project.add_to("migrations", graph("zz99"));
    let error = project.run("upgrade").stderr;
    let notes: Vec<&str> = error
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("= note: the log has "))
        .map(|note| note.split([' ', ',']).next().unwrap())
        .collect();
    let newest = [
        "2", "r03", "r04", "r05", "r06", "r07", "r08", "r09", "r10", "r11", "r12",
    ];
    assert_eq!(notes, newest, "{error}");
}

/// The way back leads past what was put below, on a branch where neither has a file.
#[test]
fn the_way_back_knows_what_was_put_below() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.run("upgrade").success();
        project.add_to("migrations", graph("hh08<-bb02"));
        project.replace("migrations/cc03.sql", "Revises: bb02", "Revises: hh08");
        project.run("upgrade --missing").success();
        project.remove("migrations/cc03.sql");
        project.run("downgrade --recorded").success();
        let database = project.database("shop.db");
        assert_eq!(database.versions(), ["hh08"]);
        assert_eq!(database.tables(), ["t_aa01", "t_bb02", "t_hh08"]);
        project.run("current --check-heads").success();
    });
}
