//! The way back by what the log recorded.

use alembic_history::Dialect;
use alembic_tests::{Project, graph, revision};

use crate::bad_input::check_in;
use crate::{chain, give_tables_of_their_own, on_both, workspace};

const BOTH: [&str; 2] = ["downgrade --recorded --dry-run", "downgrade --recorded"];

/// A project whose last revision is gone, which reverts as `downgrade` says.
fn without_last(dialect: Dialect, downgrade: &str) -> Project {
    let project = chain().on(dialect);
    let last = revision("dd04")
        .revises("cc03")
        .upgrade("CREATE TABLE t_dd04 (id INTEGER PRIMARY KEY);")
        .without_downgrade();
    project.write("migrations/dd04.sql", format!("{last}\n{downgrade}"));
    project.run("upgrade").success();
    project.remove("migrations/dd04.sql");
    project
}

/// What is shown is what would happen: a refusal, too.
#[test]
fn what_cannot_be_reverted_is_not_shown_as_a_way() {
    on_both(|dialect| {
        for (downgrade, expected) in [
            (
                "-- alembic: downgrade irreversible: The rows are gone\n",
                "error[irreversible]: revision dd04 is irreversible: The rows are gone | stamp -p shop \
                 --purge <revision>",
            ),
            (
                "",
                "error[irreversible] | this is what the log recorded of it",
            ),
        ] {
            let project = without_last(dialect, downgrade);
            for line in BOTH {
                check_in(&project, downgrade, line, 8, expected);
            }
        }
        let project = chain().on(dialect);
        let missing = project.run(BOTH[0]).success();
        assert!(missing.stderr.contains("explain all"), "{missing}");
        project.run("upgrade").success();
        let nothing = project.run(BOTH[0]).success();
        assert!(nothing.stderr.contains("explain all"), "{nothing}");
        assert_eq!(nothing.stdout, "");
    });
}

/// A statement of the log cannot be corrected in a file.
#[test]
fn a_recorded_statement_that_fails() {
    on_both(|dialect| {
        let project = without_last(dialect, "-- alembic: downgrade\nDROP TABLE elsewhere;\n");
        let expected = "error[migration-failed] | no file can be corrected | stamp -p shop --purge \
                        <revision>";
        check_in(&project, "fails", BOTH[1], 8, expected);
    });
}

/// A revision that another crate's depend on is not reverted, and not shown as if it were.
#[test]
fn a_revision_that_another_crate_needs() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        give_tables_of_their_own(&project);
        project.add_to("app/migrations", graph("ee05<-bb02 dep store@dd04"));
        project.run("upgrade --workspace").success();
        project.replace("store/migrations/dd04.sql", "t_dd04 (id", "t_dd04 (other");
        for line in BOTH {
            let line = format!("{line} -p store");
            check_in(
                &project,
                "needed",
                &line,
                6,
                "error[required-by-another-crate]",
            );
        }
    });
}

/// Whoever goes by the log is told if there is none, and not that all is well.
#[test]
fn a_log_that_is_switched_off() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.run("upgrade").success();
        project.configure("log = false");
        project.remove("migrations/cc03.sql");
        for line in [
            BOTH[0],
            BOTH[1],
            "stamp --accept cc03",
            "stamp --accept aa01",
        ] {
            let expected =
                "error[no-log]: there is no log to go by: `log = false` | set `log = true`";
            check_in(&project, "off", line, 6, expected);
        }
        let shown = project.run("log").success();
        assert!(shown.stderr.contains("`log = false`"), "{shown}");
        assert_eq!(shown.stdout.lines().count(), 3, "{shown}");
    });
}

/// A row that no file declares cannot count as reverted.
#[test]
fn rows_that_no_file_declares_are_not_accepted() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.run("upgrade").success();
        project
            .remove("migrations/bb02.sql")
            .remove("migrations/cc03.sql");
        for (revision, expected) in [
            (
                "cc03",
                "the version table names revision \"cc03\", which no file declares",
            ),
            (
                "bb02",
                "names a revision that no file declares, and \"bb02\" may be below it",
            ),
            (
                "zz99",
                "neither a file nor the log of this database has revision \"zz99\"",
            ),
        ] {
            let line = format!("stamp --accept {revision}");
            let expected = format!("error[nothing-to-accept] | {expected}");
            check_in(&project, revision, &line, 6, &expected);
        }
    });
}

/// A revision that was left unfinished is not explained by anything if its file is gone.
#[test]
fn an_unfinished_revision_without_a_file() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        let last = revision("dd04").revises("cc03").upgrade(
            "CREATE TABLE t_dd04 (id INTEGER PRIMARY KEY);\nINSERT INTO t_dd04 VALUES (1), (1);",
        );
        let last = last
            .to_string()
            .replace("upgrade\n", "upgrade no-transaction\n");
        project.write("migrations/dd04.sql", last);
        assert_eq!(project.run("upgrade").status, 8);
        project.remove("migrations/dd04.sql");
        for line in ["upgrade", BOTH[0], BOTH[1]] {
            let expected =
                "error[unfinished-revision] | restore its file | stamp -p shop <revision>";
            check_in(&project, "unfinished", line, 8, expected);
        }
    });
}

/// Every command that meets rows which no file declares names the way back.
#[test]
fn commands_that_only_read_the_rows() {
    on_both(|dialect| {
        let project = without_last(dialect, "-- alembic: downgrade\nDROP TABLE t_dd04;\n");
        project.configure("chain = \"merged\"");
        project.add_to("migrations", graph("ee05<-bb02"));
        for line in ["history -i", "rebase ee05", "show current", "upgrade"] {
            let expected = "error[unknown-rows] | downgrade -p shop --recorded";
            check_in(&project, "rows", line, 6, expected);
        }
    });
}

/// An upgrade after a stamp below what the database has.
#[test]
fn a_stamp_below() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.run("upgrade").success();
        project.run("stamp aa01").success();
        let expected = "error[migration-failed] | a stamp of | says that this database does not have \
                        revision bb02 | stamp -p shop bb02";
        check_in(&project, "stamped", "upgrade", 8, expected);
    });
}

/// Whoever wants to go down past a revision that never ran is told how, and gets there.
#[test]
fn a_way_down_past_a_hidden_revision() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.run("upgrade").success();
        project.add_to("migrations", graph("hh08<-aa01; ii09<-hh08"));
        project.replace("migrations/bb02.sql", "Revises: aa01", "Revises: ii09");
        let expected = "error[hidden-revision] | downgrade -p shop ii09 | stamp -p shop aa01";
        check_in(&project, "down", "downgrade aa01", 6, expected);
        project.run("downgrade ii09").success();
        project.run("stamp aa01").success();
        let database = project.database("shop.db");
        assert_eq!(database.tables(), ["t_aa01"]);
        project.run("upgrade").success();
        assert_eq!(
            database.tables(),
            ["t_aa01", "t_bb02", "t_cc03", "t_hh08", "t_ii09"]
        );
    });
}
