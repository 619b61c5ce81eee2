//! `cargo alembic lock`, and the lock file that the other commands keep and compare.

use alembic_tests::{Project, graph};
use insta::assert_snapshot;

use crate::chain;

const LOCK: &str = "migrations/alembic.lock";

/// The chain of three revisions, with a lock file that describes it.
fn locked() -> Project {
    let project = chain();
    project.configure("lock = true");
    project.run("lock").success();
    project
}

/// Returns the ids of the lock file, each with its parents.
fn lines(project: &Project) -> Vec<String> {
    let text = project.read(LOCK);
    let lines = text.lines().filter(|line| !line.starts_with("--"));
    let lines = lines.map(|line| line.split(" sqlite ").next().unwrap().to_owned());
    lines.collect()
}

#[test]
fn the_file_is_written_and_lists_what_it_takes_in() {
    let project = chain();
    project.configure("lock = true");
    let mut shown = project.transcript(&["upgrade", "lock --check", "lock", "lock"]);
    shown += &format!("\n# the file\n{}\n", project.read(LOCK));
    project.replace(
        "migrations/bb02.sql",
        "CREATE TABLE t_bb02 (",
        "CREATE TABLE other (",
    );
    project.remove("migrations/cc03.sql");
    project.add_to("migrations", graph("dd04<-bb02; ee05<-dd04 dep aa01"));
    shown += &project.transcript(&["lock --check", "lock", "lock --check", "lock --format json"]);
    assert_snapshot!(shown);
    assert_eq!(
        lines(&project),
        [
            "aa01",
            "bb02 revises aa01",
            "dd04 revises bb02",
            "ee05 revises dd04"
        ]
    );
}

/// A lock file holds what the revisions are: two heads, too, which a build refuses.
#[test]
fn two_heads_are_remarked() {
    let project = chain();
    project.configure("lock = true");
    project.add_to("migrations", graph("dd04<-bb02"));
    for line in ["lock", "lock --check", "lock"] {
        let outcome = project.run(line).success();
        let told = "the revisions have the heads cc03, dd04";
        assert!(outcome.stderr.contains(told), "{line}: {outcome}");
        assert!(
            outcome.stderr.contains("`cargo alembic rebase -p shop`"),
            "{outcome}"
        );
    }
    project.configure("chain = \"merged\"");
    let outcome = project.run("lock --check").success();
    assert!(!outcome.stderr.contains("heads"), "{outcome}");
}

#[test]
fn a_crate_without_a_lock_file() {
    let project = chain();
    let before = project.tree();
    assert_snapshot!(project.transcript(&["lock", "lock --check"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

/// A change of the files of `locked`.
type Change = fn(&Project);

/// Every command that relies on the files names what differs, and changes nothing; after `lock`, all
/// of them are content.
#[test]
fn every_difference_is_named() {
    let edit: Change = |project| {
        project.replace(
            "migrations/bb02.sql",
            "CREATE TABLE t_bb02 (",
            "CREATE TABLE xx (",
        );
        project.replace("migrations/bb02.sql", "DROP TABLE t_bb02", "DROP TABLE xx");
    };
    let hide: Change = |project| {
        project.add_to("migrations", graph("bb00<-aa01"));
        project.replace("migrations/bb02.sql", "Revises: aa01", "Revises: bb00");
    };
    let remove: Change = |project| {
        project.remove("migrations/bb02.sql");
        project.replace("migrations/cc03.sql", "Revises: bb02", "Revises: aa01");
    };
    let rename: Change = |project| {
        project.replace(
            "migrations/cc03.sql",
            "Revision ID: cc03",
            "Revision ID: cc04",
        );
    };
    let reuse: Change = |project| {
        project.remove("migrations/cc03.sql");
        project.write(
            "migrations/other.sql",
            "-- Other\n-- Revision ID: cc03\n-- Revises: bb02\n-- alembic: upgrade\nSELECT 1;\n\
             -- alembic: downgrade\nSELECT 1;\n",
        );
    };
    let depend: Change = |project| {
        let header = "Revises: bb02\n-- Depends On: aa01";
        project.replace("migrations/cc03.sql", "Revises: bb02", header);
    };
    let delete: Change = |project| {
        project.remove(LOCK);
    };
    let garble: Change = |project| {
        project.replace(LOCK, "cc03 revises", "cc03 precedes");
    };
    let conflict: Change = |project| {
        project.replace(LOCK, "cc03 revises", "<<<<<<< HEAD\ncc03 revises");
    };
    let dialects: Change = |project| {
        project.configure("dialects = [\"sqlite\", \"postgres\"]");
    };
    for (change, expected) in [
        (edit, &["error[lock-content]"] as &[&str]),
        (hide, &["error[lock-added]", "error[lock-parents]"]),
        (remove, &["error[lock-parents]", "error[lock-removed]"]),
        (rename, &["error[lock-added]", "error[lock-removed]"]),
        (reuse, &["error[lock-content]"]),
        (depend, &["error[lock-parents]"]),
        (delete, &["error[lock-missing]"]),
        (garble, &["error[lock-malformed]"]),
        (conflict, &["error[lock-conflict]"]),
        (dialects, &["error[lock-dialects]"]),
    ] {
        let project = locked();
        change(&project);
        let before = project.tree();
        for (command, exit) in [
            ("upgrade", 5),
            ("upgrade --sql", 5),
            ("ensure", 5),
            ("lock --check", 5),
            ("test", 8),
        ] {
            let outcome = project.run(command);
            assert_eq!(outcome.status, exit, "{command}: {outcome}");
            for code in expected {
                assert!(outcome.stderr.contains(code), "{command}: {outcome}");
            }
            let errors = outcome.stderr.matches("error[").count();
            assert_eq!(errors, expected.len(), "{command}: {outcome}");
            assert!(
                outcome.stderr.contains("`cargo alembic lock -p shop`"),
                "{command}: {outcome}"
            );
        }
        assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
        project.run("lock").success();
        for command in ["lock --check", "test", "upgrade", "ensure"] {
            project.run(command).success();
        }
    }
}

/// Line ends, comments, white space and the order of the lines do not matter.
#[test]
fn what_does_not_count_as_a_difference() {
    let changes: [Change; 4] = [
        |project| {
            project.write(LOCK, project.read(LOCK).replace('\n', "\r\n"));
            let path = "migrations/bb02.sql";
            project.write(path, project.read(path).replace('\n', "\r\n"));
        },
        |project| {
            project.replace(
                "migrations/bb02.sql",
                "CREATE TABLE",
                "-- why\nCREATE   TABLE",
            );
        },
        |project| {
            project.replace(
                "migrations/bb02.sql",
                "-- alembic: downgrade\n",
                "-- alembic: downgrade\nSELECT 1;\n",
            );
        },
        |project| {
            let text = project.read(LOCK);
            let lines: Vec<&str> = text.lines().rev().collect();
            project.write(LOCK, lines.join("\n"));
        },
    ];
    for change in changes {
        let project = locked();
        change(&project);
        project.run("lock --check").success();
        project.run("upgrade").success();
    }
}

#[test]
fn new_revisions_are_recorded() {
    let project = locked();
    let before = project.read(LOCK);
    project.run("revision -m 'Fourth' --rev-id dd04").success();
    let after = project.read(LOCK);
    let line = after.strip_prefix(&before).unwrap();
    assert_eq!(line, "dd04 revises cc03 new\n");
    // An empty one stays new; one that is written can be applied, and is to be recorded.
    project.run("lock").success();
    assert_eq!(project.read(LOCK), after);
    project.run("lock --check").success();
    let path = "migrations/20250128_1000_dd04_fourth.sql";
    let section = "-- alembic: upgrade\n";
    project.replace(
        path,
        section,
        &format!("{section}CREATE TABLE dd04 (x int);\n"),
    );
    project.replace(path, "downgrade\n", "downgrade\nDROP TABLE dd04;\n");
    for command in ["upgrade", "downgrade -1", "ensure"] {
        project.run(command).success();
    }
    let shown = project.transcript(&["lock --check", "test", "lock", "test"]);
    assert_snapshot!(shown);
    project.replace(path, "x int", "x text");
    let edited = project.run("upgrade");
    assert!(edited.stderr.contains("error[lock-content]"), "{edited}");
}

/// A command records what it does, and leaves other differences to be reported.
#[test]
fn what_a_command_does_not_do_is_not_recorded() {
    let project = locked();
    project.replace(
        "migrations/aa01.sql",
        "CREATE TABLE t_aa01 (",
        "CREATE TABLE other (",
    );
    project
        .run("revision --rev-id dd04 --head bb02 --splice")
        .success();
    project.run("merge --rev-id ee05").success();
    assert_eq!(
        lines(&project)[3..],
        ["dd04 revises bb02 new", "ee05 revises dd04,cc03"]
    );
    let outcome = project.run("lock --check");
    assert_eq!(outcome.stderr.matches("error[").count(), 1, "{outcome}");
    assert!(outcome.stderr.contains("revision aa01"), "{outcome}");
}

/// A revision and its line are written together, or neither.
#[test]
fn nothing_is_written_if_the_lock_file_cannot_be() {
    let damages: [Change; 3] = [
        |project| {
            project.remove(LOCK);
        },
        |project| {
            project.write(LOCK, "nonsense\n");
        },
        |project| {
            project.remove(LOCK);
            std::fs::create_dir(project.path(LOCK)).unwrap();
        },
    ];
    for damage in damages {
        let project = locked();
        damage(&project);
        let before = project.tree();
        let outcome = project.run("revision --rev-id dd04");
        assert!([4, 5].contains(&outcome.status), "{outcome}");
        assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    }
}

#[test]
#[cfg(unix)]
fn an_edited_revision_is_recorded() {
    let project = locked();
    let edit = |script: &str, revision: &str| {
        project.write("edit.sh", script);
        let place = project.here().env("EDITOR", "sh edit.sh");
        place.run(&format!("edit {revision}"))
    };
    let outcome = edit("sed -i 's/TABLE t_bb02/TABLE other/' \"$1\"", "bb02").success();
    assert!(
        outcome.stderr.contains("Locked migrations/alembic.lock"),
        "{outcome}"
    );
    project.run("lock --check").success();
    // A comment is nothing to record.
    let outcome = edit("echo '-- more' >> \"$1\"", "bb02").success();
    assert_eq!(outcome.stderr, "");
    edit("sed -i 's/ID: cc03/ID: cc04/' \"$1\"", "cc03").success();
    assert_eq!(
        lines(&project),
        ["aa01", "bb02 revises aa01", "cc04 revises bb02"]
    );
    let before = project.read(LOCK);
    let outcome = edit("sed -i 's/Revises: aa01/Revises: zz/' \"$1\"", "bb02").success();
    assert!(outcome.stderr.contains("faults"), "{outcome}");
    assert_eq!(project.read(LOCK), before);
}

/// In a workspace, each crate has its own.
#[test]
fn a_workspace() {
    let project = crate::workspace();
    for name in ["app", "store"] {
        project.replace(
            format!("{name}/Cargo.toml"),
            "url = ",
            "lock = true\nurl = ",
        );
    }
    assert_snapshot!(project.transcript(&["lock", "lock --check", "lock -p app --format json"]));
    project.replace("app/Cargo.toml", "lock = true", "lock = false");
    project.run("lock --check").success();
    assert_eq!(project.run("lock --check -p app").status, 4);
}
