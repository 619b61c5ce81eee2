//! Sections without statements, and faults that concern one direction only.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

use alembic_history::{Dialect, Direction, History, SourceFile};

/// Reads revisions, each `id<parent,parent` with the text of its sections, for both dialects.
fn read(revisions: &[(&str, &str)]) -> History {
    let files = revisions.iter().map(|(revision, sections)| {
        let (id, parents) = revision.split_once('<').unwrap();
        SourceFile {
            path: format!("{id}.sql").into(),
            content: Ok(format!(
                "-- {id}\n-- Revision ID: {id}\n-- Revises: {parents}\n\n{sections}"
            )
            .into_bytes()),
        }
    });
    History::read(files, Dialect::ALL).unwrap()
}

/// Returns the faults for a direction, each as `file:line code`.
fn faults(history: &History, direction: Direction) -> Vec<String> {
    let mut faults = match history.check_sql(direction) {
        Ok(()) => Vec::new(),
        Err(error) => error.faults,
    };
    if direction == Direction::Upgrade {
        faults.extend(history.empty_upgrades());
    }
    let faults = faults.iter().map(|fault| {
        let (line, code) = (fault.position().line, fault.finding.kind.code());
        format!("{}:{line} {code}", fault.path.display())
    });
    faults.collect()
}

/// Checks the faults of a single revision with these sections.
fn check(sections: &str, upgrade: &[&str], downgrade: &[&str]) {
    let history = read(&[("a<", sections)]);
    assert_eq!(faults(&history, Direction::Upgrade), upgrade, "{sections}");
    assert_eq!(
        faults(&history, Direction::Downgrade),
        downgrade,
        "{sections}"
    );
}

const UP: &str = "-- alembic: upgrade\nSELECT 1;\n";

#[test]
fn upgrades_have_statements_or_say_that_they_have_none() {
    let empty = &["a.sql:5 empty-upgrade"];
    check("-- alembic: upgrade\n", empty, &[]);
    check("-- alembic: upgrade\n\n-- alembic: downgrade\n", empty, &[]);
    check(
        "-- alembic: upgrade\r\n\r\n-- alembic: downgrade\r\n",
        empty,
        &[],
    );
    check("-- alembic: upgrade\n-- to do\n/* later */ ;\n", empty, &[]);
    check("-- alembic: upgrade postgres\n", empty, &[]);
    check(
        "-- alembic: upgrade\n\n-- alembic: upgrade postgres\nSELECT 1;\n",
        empty,
        &[],
    );
    for sections in [
        UP,
        "-- alembic: upgrade empty\n",
        "-- alembic: upgrade empty\n-- Nothing to do here.\n-- alembic: downgrade empty\n",
        "-- alembic: upgrade sqlite empty\n-- alembic: upgrade postgres\nSELECT 1;\n",
        "-- alembic: upgrade postgres\nSELECT 1;\n",
        "-- alembic: upgrade\n-- alembic: upgrade sqlite\nSELECT 1;\n\
         -- alembic: upgrade postgres\nSELECT 1;\n",
        "-- alembic: upgrade\n-- alembic: upgrade no-transaction\nVACUUM;\n",
        "-- alembic: upgrade\nSELECT 1;\n-- alembic: downgrade\n",
    ] {
        check(sections, &[], &[]);
    }
}

#[test]
fn sections_outside_of_transactions_have_statements() {
    let heading = "-- alembic: upgrade no-transaction\n";
    check(
        &format!("{UP}{heading}{UP}"),
        &["a.sql:7 empty-no-transaction"],
        &[],
    );
    check(heading, &["a.sql:5 empty-no-transaction"], &[]);
    check(
        &format!("{UP}-- alembic: downgrade no-transaction\n"),
        &[],
        &["a.sql:7 empty-no-transaction"],
    );
    check(&format!("{heading}VACUUM;\n"), &[], &[]);
}

#[test]
fn lines_part_and_join_without_statements() {
    let empty = "-- alembic: upgrade\n";
    let history = read(&[
        ("a<", empty),
        ("b<a", UP),
        ("c<a", UP),
        ("d<b,c", empty),
        ("e<d", empty),
    ]);
    let found = ["e.sql:5 empty-upgrade"];
    assert_eq!(faults(&history, Direction::Upgrade), found);
    let history = read(&[
        ("a<", UP),
        ("b<a", UP),
        ("c<a", UP),
        ("d<b,c", "-- alembic: upgrade no-transaction\n"),
    ]);
    let found = ["d.sql:5 empty-no-transaction"];
    assert_eq!(faults(&history, Direction::Upgrade), found);
}

#[test]
fn the_sql_of_one_direction_does_not_concern_the_other() {
    for (sql, code) in [
        ("SELECT 'it;\n", "unsplittable-sql"),
        ("COPY t FROM stdin;\n1\n\\.\n", "unsplittable-sql"),
        ("COMMIT;\n", "transaction-control"),
    ] {
        let fault = |line: usize| format!("a.sql:{line} {code}");
        check(
            &format!("{UP}-- alembic: downgrade\n{sql}"),
            &[],
            &[&fault(8)],
        );
        check(
            &format!("-- alembic: upgrade\n{sql}-- alembic: downgrade\nSELECT 1;\n"),
            &[&fault(6)],
            &[],
        );
    }
}
