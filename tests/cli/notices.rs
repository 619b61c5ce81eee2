//! What a server says besides its answers.

use alembic_history::Dialect;
use alembic_tests::{Project, revision};
use insta::assert_snapshot;

const SQL: &str = "\
DO $$ BEGIN RAISE WARNING 'row 17 skipped'; RAISE NOTICE 'half done'; END $$;
CREATE TABLE rows_that_are_kept_for_the_auditors_of_the_last_year_and_longer (x int);
CREATE TABLE IF NOT EXISTS rows_that_are_kept_for_the_auditors_of_the_last_year_and_longer_still (y text);
DROP TABLE IF EXISTS gone;";

fn project() -> Project {
    let project = Project::with_crate("shop").on(Dialect::Postgres);
    project.add(revision("aa01").upgrade(SQL).downgrade("SELECT 1;"));
    project
}

/// Warnings, and what the server itself says of a definition, are always shown; what code says is shown
/// together with the statements.
#[test]
fn warnings_are_shown() {
    let lines = ["upgrade", "downgrade base -q", "upgrade -v", "upgrade -vq"];
    assert_snapshot!(project().transcript(&lines));
}

#[test]
fn warnings_are_shown_with_the_result_alone() {
    assert_snapshot!(project().transcript(&["upgrade -q"]));
}

#[test]
fn warnings_are_part_of_answers() {
    let lines = [
        "upgrade --dry-run --format json -q",
        "upgrade --format json -q",
    ];
    assert_snapshot!(project().transcript(&lines));
}

/// A failure does not hide what was said before it.
#[test]
fn a_failure_is_told_with_what_precedes_it() {
    let project = Project::with_crate("shop").on(Dialect::Postgres);
    let failing = "DO 'BEGIN RAISE WARNING ''soon''; END';\nSELECT nothing;";
    project.add(revision("aa01").upgrade(failing));
    assert_snapshot!(project.transcript(&["upgrade", "upgrade --format json"]));
}

/// SQLite says nothing, but its statements are shown, too.
#[test]
fn statements_are_shown_on_sqlite() {
    let project = Project::with_crate("shop");
    let sql = "CREATE TABLE a (x INTEGER);\nALTER TABLE a ALTER COLUMN x SET NOT NULL;\n\
               INSERT INTO a VALUES (1);";
    project.add(revision("aa01").upgrade(sql));
    assert_snapshot!(project.transcript(&["upgrade -v"]));
}
