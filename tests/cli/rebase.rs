//! `cargo alembic rebase`, and `merge` after a conflict of git, in real repositories.

use alembic_history::Dialect;
use alembic_tests::{Origin, Project, graph, revision};
use insta::assert_snapshot;

use crate::on_both;

const LOCK: &str = "migrations/alembic.lock";

/// Two clones of a repository with the revision `aa01`, whose databases have applied it. The first
/// one has pushed `bb02`, the second one has committed `cc03`, and both databases have their own.
fn two_people(dialect: Dialect, chain: &str) -> (Origin, Project, Project) {
    let first = Project::with_crate("shop").on(dialect);
    first.configure(&format!("lock = true\nchain = \"{chain}\""));
    first.add_to("migrations", graph("aa01"));
    first.run("lock").success();
    let origin = Origin::of(&first);
    let second = Project::with_crate("shop").on(dialect);
    origin.clone_into(&second);
    for (project, own) in [(&first, "bb02<-aa01"), (&second, "cc03<-aa01")] {
        project.run("upgrade").success();
        project
            .database("shop.db")
            .execute("INSERT INTO t_aa01 (id) VALUES (1)");
        project.add_to("migrations", graph(own));
        project.run("lock").success();
        project.run("upgrade").success();
        project.commit("Own");
    }
    first.git("push -q");
    (origin, first, second)
}

/// Starts to merge or to rebase what was pushed, and checks that git reports a conflict in the lock
/// file alone.
fn pull(project: &Project, arguments: &str) {
    let output = project.try_git(&format!("pull -q {arguments}"));
    assert!(!output.status.success(), "{output:?}");
    let conflicts = project.git("diff --name-only --diff-filter=U");
    assert_eq!(conflicts.trim(), LOCK);
}

/// Checks that the databases of both clones are the same, and have their rows.
fn check_same(first: &Project, second: &Project, rows: &[&str]) {
    second.git("push -q");
    first.git("pull -q --ff-only");
    first.run("upgrade").success();
    second.run("upgrade").success();
    let databases = [first, second].map(|project| project.database("shop.db"));
    for database in &databases {
        assert_eq!(database.versions(), rows);
        assert_eq!(database.query("SELECT id FROM t_aa01"), ["1"]);
    }
    assert_eq!(databases[0].tables(), databases[1].tables());
    assert_eq!(databases[0].dump(), databases[1].dump());
    for project in [first, second] {
        project.run("lock --check").success();
        project.run("test").success();
    }
}

#[test]
fn two_people_on_one_day() {
    on_both(|dialect| {
        let (_origin, first, second) = two_people(dialect, "linear");
        pull(&second, "--no-rebase");
        let before = second.tree();
        let mut shown = second.transcript(&["upgrade", "rebase --dry-run"]);
        assert_eq!(before.changes(&second.tree()), Vec::<String>::new());
        shown += &second.transcript(&["rebase", "rebase"]);
        let theirs = second.git("rev-parse MERGE_HEAD");
        let shown = shown.replace(theirs.trim(), "[theirs]");
        assert_snapshot!("two_people_on_one_day", shown);
        second.commit("Merge");
        check_same(&first, &second, &["cc03"]);
    });
}

#[test]
fn the_same_with_merge() {
    on_both(|dialect| {
        let (_origin, first, second) = two_people(dialect, "merged");
        pull(&second, "--no-rebase");
        let shown = second.transcript(&["upgrade", "merge --rev-id mm04", "upgrade"]);
        assert_snapshot!("the_same_with_merge", shown);
        assert!(
            second.read(LOCK).contains("mm04 revises"),
            "{}",
            second.read(LOCK)
        );
        second.commit("Merge");
        check_same(&first, &second, &["mm04"]);
    });
}

/// While git puts the own commits on those of others, one's own are the same.
#[test]
fn an_unfinished_rebase_of_git() {
    let (_origin, first, second) = two_people(Dialect::Sqlite, "linear");
    pull(&second, "--rebase");
    let outcome = second.run("rebase").success();
    assert!(outcome.stderr.contains("cc03 follows bb02"), "{outcome}");
    second.git("add -A");
    second.git("rebase --continue");
    check_same(&first, &second, &["cc03"]);
    let log = second.git("log --format=%s");
    assert_eq!(log.lines().collect::<Vec<_>>(), ["Own", "Own", "First"]);
}

/// Git stops at each of one's own commits, and what was moved at the one before is known.
#[test]
fn an_unfinished_rebase_of_several_commits() {
    let (_origin, first, second) = two_people(Dialect::Sqlite, "linear");
    second.add_to("migrations", graph("dd04<-cc03"));
    second.run("lock").success();
    second.run("upgrade").success();
    second.commit("Own, too");
    pull(&second, "--rebase");
    // The file of a revision that the database has applied is in a later commit.
    let refused = second.run("rebase");
    assert!(refused.stderr.contains("[unknown-rows]"), "{refused}");
    second.git("rebase --abort");
    second.run("downgrade aa01").success();
    pull(&second, "--rebase");
    for expected in ["cc03 follows bb02", "Resolved"] {
        let outcome = second.run("rebase").success();
        assert!(outcome.stderr.contains(expected), "{outcome}");
        second.git("add -A");
        second.try_git("rebase --continue");
    }
    assert_eq!(second.git("status --short"), "");
    check_same(&first, &second, &["dd04"]);
}

/// Whatever is merged into what, the revisions that are moved are those that others do not have.
#[test]
fn whose_revisions_they_are() {
    type Scene = fn(&Project);
    let feature_merges_main: Scene = |project| {
        project.git("switch -q -c feature main~1");
        project.add_to("migrations", graph("cc03<-aa01"));
        project.commit("Feature");
        project.git("merge -q main");
    };
    let pushed_feature_merges_main: Scene = |project| {
        project.git("switch -q -c feature main~1");
        project.add_to("migrations", graph("cc03<-aa01"));
        project.commit("Feature");
        project.git("push -q -u origin feature");
        project.git("merge -q main");
    };
    let main_merges_feature: Scene = |project| {
        project.git("switch -q -c feature main~1");
        project.add_to("migrations", graph("cc03<-aa01"));
        project.commit("Feature");
        project.git("switch -q main");
        project.git("merge -q --no-commit feature");
    };
    let not_committed: Scene = |project| {
        project.add_to("migrations", graph("cc03<-aa01"));
    };
    let without_a_remote: Scene = |project| {
        project.git("remote remove origin");
        project.git("switch -q -c feature main~1");
        project.add_to("migrations", graph("cc03<-aa01"));
        project.commit("Feature");
        project.git("merge -q --no-commit main");
    };
    let feature_of_feature: Scene = |project| {
        project.git("switch -q -c base-of-it main~1");
        project.add_to("migrations", graph("bb03<-aa01"));
        project.commit("Base");
        project.git("switch -q -c feature main~1");
        project.add_to("migrations", graph("cc03<-aa01"));
        project.commit("Feature");
        project.git("merge -q base-of-it");
    };
    for (what, scene, arguments, expected) in [
        (
            "a feature merges main",
            feature_merges_main,
            "",
            "cc03 on bb02",
        ),
        (
            "a pushed feature merges main",
            pushed_feature_merges_main,
            "",
            "cc03 on bb02",
        ),
        (
            "main merges a feature",
            main_merges_feature,
            "",
            "cc03 on bb02",
        ),
        (
            "a file that is not committed",
            not_committed,
            "",
            "cc03 on bb02",
        ),
        ("no remote", without_a_remote, "", "cc03 on bb02"),
        (
            "another base",
            feature_of_feature,
            "--base base-of-it",
            "cc03 on bb03",
        ),
        (
            "an ambiguous base",
            feature_of_feature,
            "",
            "has none of the heads",
        ),
        ("named", feature_of_feature, "bb03", "bb03 on cc03"),
        (
            "an unknown base",
            not_committed,
            "--base nowhere",
            "git knows no commit",
        ),
        (
            "an option as base",
            not_committed,
            "--base=--all",
            "git knows no commit",
        ),
        (
            "everything is theirs",
            not_committed,
            "--base HEAD^{/First}",
            "has none of the heads",
        ),
    ] {
        let project = Project::with_crate("shop");
        project.add_to("migrations", graph("aa01"));
        let _origin = Origin::of(&project);
        project.add_to("migrations", graph("bb02<-aa01"));
        project.commit("Others");
        project.git("push -q");
        scene(&project);
        let outcome = project.run(&format!("rebase --no-database --format json {arguments}"));
        let found = match outcome.status {
            0 => {
                let json = &outcome.json()["crates"][0];
                let ids = json["revisions"].as_array().unwrap().iter();
                let ids: Vec<&str> = ids.map(|file| file["id"].as_str().unwrap()).collect();
                format!("{} on {}", ids.join(", "), json["onto"].as_str().unwrap())
            }
            _ => outcome.stderr.clone(),
        };
        assert!(found.contains(expected), "{what}: {found}");
    }
}

/// Without git, the revisions are named.
#[test]
fn named_revisions() {
    let project = Project::with_crate("shop");
    project.add_to(
        "migrations",
        graph("aa01; bb02<-aa01; cc03<-aa01; dd04<-cc03"),
    );
    project.write(
        "migrations/cc03.sql",
        project.read("migrations/cc03.sql").replace('\n', "\r\n"),
    );
    project.write(
        "migrations/cc03.rows.sql",
        "INSERT INTO t_cc03 (id) VALUES (1);\n",
    );
    let mut shown = project.transcript(&[
        "rebase",
        "rebase dd04",
        "rebase cc03 --onto aa01",
        "rebase aa01",
        "rebase cc03 --dates --dry-run",
        "rebase cc03 --dates --format json",
        "history",
    ]);
    shown = shown.replace(
        &project.root().parent().unwrap().display().to_string(),
        "[TMP]",
    );
    assert_snapshot!(shown);
    let path = "migrations/20250128_1000_cc03_revision_cc03";
    let text = project.read(format!("{path}.sql"));
    assert!(text.contains("-- Revises: bb02\r\n"), "{text}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(project.path(format!("{path}.rows.sql")).exists());
    assert!(!project.path("migrations/cc03.rows.sql").exists());
    project.run("upgrade").success();
}

/// A database that cannot go down is left alone, and the files, too; the commands that the error
/// names lead to the same schema.
#[test]
fn a_database_that_cannot_go_down() {
    on_both(|dialect| {
        let project = Project::with_crate("shop").on(dialect);
        project.configure("lock = true");
        project.add_to("migrations", graph("aa01; cc03<-aa01"));
        project.add(
            revision("dd04")
                .revises("cc03")
                .upgrade("CREATE TABLE t_dd04 (id INTEGER);")
                .without_downgrade(),
        );
        project.run("lock").success();
        project.run("upgrade").success();
        project.add_to("migrations", graph("bb02<-aa01"));
        project.run("lock").success();
        let before = project.tree();
        let shown = project.transcript(&["rebase cc03"]);
        assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
        assert_snapshot!("a_database_that_cannot_go_down", shown);
        for command in ["rebase cc03 --no-database", "upgrade --missing", "upgrade"] {
            project.run(command).success();
        }
        assert_eq!(project.database("shop.db").versions(), ["dd04"]);
        project.run("current --check-heads").success();
        project.run("lock --check").success();
    });
}

/// What depends on a moved revision would be reverted with it, and is not applied again.
#[test]
fn a_revision_that_others_depend_on() {
    let project = Project::with_crate("shop");
    project.configure("chain = \"merged\"");
    project.add_to(
        "migrations",
        graph("aa01; bb02<-aa01; cc03<-aa01; ee05 dep cc03"),
    );
    project.run("upgrade").success();
    let before = project.tree();
    let shown = project.transcript(&["rebase cc03 --onto bb02"]);
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    assert_snapshot!(shown);
    for command in ["downgrade ee05@-1", "rebase cc03 --onto bb02", "upgrade"] {
        project.run(command).success();
    }
    project.run("current --check-heads").success();
}

/// What cannot be applied again is not reverted.
#[test]
fn requirements_of_other_crates() {
    let project = crate::workspace();
    let place = project.at("app");
    place.run("upgrade").success();
    project.add_to("app/migrations", graph("ff06<-bb02"));
    place.run("upgrade").success();
    project.add_to("app/migrations", graph("ee05<-bb02 dep store@dd04"));
    let before = project.tree();
    let refused = place.run("rebase ff06");
    assert_eq!(refused.status, 6, "{refused}");
    assert!(
        refused.stderr.contains("[requirement-not-met]"),
        "{refused}"
    );
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    project.at("store").run("upgrade").success();
    place.run("rebase ff06").success();
    place.run("current --check-heads").success();
}

/// What fails on the way says where the files and the database are.
#[test]
fn failures_on_the_way() {
    let project = Project::with_crate("shop");
    project.add_to("migrations", graph("aa01; cc03<-aa01"));
    project.run("upgrade").success();
    project.add(
        revision("bb02")
            .revises("aa01")
            .upgrade("CREATE TABLE t_aa01 (id INTEGER);")
            .downgrade("SELECT 1;"),
    );
    let mut shown = project.transcript(&["rebase cc03", "current"]);
    project.replace("migrations/bb02.sql", "t_aa01", "t_bb02");
    shown += &project.transcript(&["upgrade", "rebase bb02", "current"]);
    // A lock file that differs otherwise is settled first.
    project.configure("lock = true");
    project.run("lock").success();
    project.replace(
        "migrations/cc03.sql",
        "CREATE TABLE t_cc03",
        "CREATE TABLE other",
    );
    let before = project.tree();
    shown += &project.transcript(&["rebase cc03"]);
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    assert_snapshot!(shown);
}

/// A crate below the root of its repository, and several ends of one's own revisions.
#[test]
fn a_crate_below_the_root() {
    on_both(|dialect| {
        let project = Project::with_workspace(&["app", "store"]).on(dialect);
        for name in ["app", "store"] {
            let keys = "lock = true\nchain = \"merged\"\nurl = ";
            project.replace(format!("{name}/Cargo.toml"), "url = ", keys);
            project.add_to(format!("{name}/migrations"), graph(&format!("{name}1")));
        }
        project.run("lock").success();
        let _origin = Origin::of(&project);
        let own = graph("own1<-store1; own2<-own1; own3<-own1; mine<-own2,own3; side<-store1");
        project.add_to("store/migrations/below", own);
        project.run("lock").success();
        project.run("upgrade").success();
        project.add_to("store/migrations", graph("theirs<-store1"));
        project.commit("All");
        project.git("rm -q --cached store/migrations/below -r");
        project.git("commit -q -m 'Only theirs'");
        project.git("push -q");
        project.run("lock").success();
        assert_eq!(project.run("rebase").status, 2);
        let outcome = project.run("rebase -p store").success();
        let moved = outcome.stderr.matches("Rebased").count();
        assert_eq!(moved, 2, "{outcome}");
        let mut rows = project.database("store/store.db").versions();
        rows.sort();
        assert_eq!(rows, ["mine", "side"]);
        project.run("lock --check").success();
        project.run("current --check-heads").success();
        project.run("downgrade -p store base").success();
    });
}

/// What a failure says about the database is about the whole command.
#[test]
fn a_failure_says_what_was_reverted() {
    on_both(|dialect| {
        let scene = || {
            let project = Project::with_crate("shop").on(dialect);
            project.add_to("migrations", graph("aa01; cc03<-aa01; dd04<-cc03"));
            project.run("upgrade").success();
            project
        };
        let project = scene();
        project.replace(
            "migrations/cc03.sql",
            "DROP TABLE t_cc03",
            "DROP TABLE missing",
        );
        project.run("stamp --accept cc03");
        project.add_to("migrations", graph("bb02<-aa01"));
        let down = project.run("rebase cc03");
        let project = scene();
        let statement = "CREATE TABLE t_aa01 (id INTEGER);";
        project.add(revision("bb02").revises("aa01").upgrade(statement));
        let up = project.run("rebase cc03");
        for (outcome, reverted) in [(down, "dd04"), (up, "cc03, dd04")] {
            assert_eq!(outcome.status, 8, "{outcome}");
            let said = &outcome.stderr;
            let told = format!(
                "the command has reverted {reverted}; nothing else was changed in the database"
            );
            assert!(said.contains(&told), "{outcome}");
            assert!(!said.contains("database is as it was before"), "{outcome}");
            assert!(said.contains("Reverting cc03, dd04 in "), "{outcome}");
            assert!(
                said.contains("again with `cargo alembic upgrade -p shop dd04`"),
                "{outcome}"
            );
        }
    });
}
