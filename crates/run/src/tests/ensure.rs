//! How databases are made ready.

mod crates;
mod failures;
mod tables;

use std::path::PathBuf;

use alembic_history::Fresh;
use alembic_history::TransactionMode::{Revision as PerRevision, Run as PerRun};
use alembic_sql::SqlText;
use insta::{allow_duplicates, assert_snapshot};

use super::fake::{Fake, content, conversation};
use super::revisions::{PLAIN, Source, history};
use crate::{Ahead, EnsureReport, RunError, Schema, SchemaRole, Target};

pub(super) fn target() -> Target {
    Target {
        package: "shop".to_owned(),
        schema: None,
        fresh: Fresh::Create,
        baseline: "base".to_owned(),
        ahead: Ahead::Refuse,
        expected: None,
    }
}

pub(super) fn with_schema(text: &str) -> Target {
    Target {
        schema: Some(Schema {
            role: SchemaRole::Target,
            path: PathBuf::from("schema.sql"),
            text: SqlText::new(text),
        }),
        ..target()
    }
}

pub(super) const SCHEMA: &str = "CREATE TABLE a (x);\nCREATE TABLE b (x);\n";

/// Writes the reports.
fn said(outcome: &Result<Vec<EnsureReport>, RunError>) -> String {
    match outcome {
        Ok(reports) => {
            let lines = reports.iter().map(|report| {
                let steps: Vec<&str> = report
                    .steps
                    .iter()
                    .map(|step| step.revision.as_str())
                    .collect();
                format!(
                    "{} {} [{}] -> [{}], applied [{}]",
                    report.scenario,
                    report.outcome,
                    report.before.ids().join(" "),
                    report.after.ids().join(" "),
                    steps.join(" ")
                )
            });
            lines.collect::<Vec<_>>().join("; ")
        }
        Err(error) => format!("! {error}"),
    }
}

/// Returns the database afterwards with the requests and events, without settings, and the report.
fn converse(sources: &[Source], mut fake: Fake, target: &Target) -> (Fake, String) {
    let history = history(sources);
    let outcome = fake.ensure(&[(&history, target.clone())], PerRun);
    let mut lines = conversation(&fake);
    lines.push(said(&outcome));
    (fake, lines.join("\n"))
}

#[test]
fn a_current_database_is_only_read() {
    for target in [target(), with_schema(SCHEMA)] {
        let before = Fake::new(Some(&["b"]));
        let (after, said) = converse(PLAIN, before.clone(), &target);
        allow_duplicates!(assert_snapshot!(said, @"
        find versions
        read versions
        -> nothing is pending for shop
        tracked ready [b] -> [b], applied []
        "));
        assert_eq!(after.content, before.content);
    }
}

#[test]
fn a_fresh_database_is_created_whole() {
    let (_, said) = converse(PLAIN, Fake::new(None), &with_schema(SCHEMA));
    assert_snapshot!(said, @"
    find versions
    begin
    read journal mode
    find versions
    list tables
    -> shop is fresh
    explain check
    list databases
    find databases
    read catalog
    CREATE TABLE a (x)
    CREATE TABLE b (x)
    explain check
    find databases
    read catalog
    find versions
    create versions
    insert b
    find versions
    read versions
    commit
    -> committed
    -> the schema of shop is created
    fresh created [] -> [b], applied []
    ");
}

#[test]
fn a_target_schema_that_holds_the_version_table_is_stamped_as_well() {
    for rows in [
        "",
        "INSERT INTO alembic_version (version_num) VALUES ('a');",
    ] {
        let schema = format!("CREATE TABLE a (x);\nCREATE TABLE alembic_version (x);\n{rows}");
        let mut fake = Fake::new(None);
        let reports = fake.ensure(&[(&history(PLAIN), with_schema(&schema))], PerRun);
        assert_eq!(said(&reports), "fresh created [] -> [b], applied []");
        assert_eq!(
            fake.content,
            content(Some(&["b"]), &["CREATE TABLE a (x)"]),
            "{rows}"
        );
    }
}

#[test]
fn without_a_target_schema_revisions_are_replayed() {
    for target in [
        target(),
        Target {
            fresh: Fresh::Replay,
            ..with_schema(SCHEMA)
        },
    ] {
        let mut fake = Fake::new(None);
        let reports = fake.ensure(&[(&history(PLAIN), target)], PerRun);
        assert_eq!(said(&reports), "fresh migrated [] -> [b], applied [a b]");
    }
}

#[test]
fn a_legacy_database_is_stamped_and_upgraded_in_one_transaction() {
    let fake = Fake {
        tables: &["a", "a2"],
        ..Fake::new(None)
    };
    let baseline = Target {
        baseline: "a".to_owned(),
        ..with_schema(SCHEMA)
    };
    let (_, said) = converse(PLAIN, fake.clone(), &baseline);
    assert_snapshot!(said, @"
    find versions
    begin
    read journal mode
    find versions
    list tables
    -> shop is legacy
    create versions
    insert a
    find versions
    read versions
    find versions
    read versions
    explain check
    list databases
    find databases
    read catalog
    -> step 1 of 1
    CREATE TABLE b (x)
    update a to b
    -> done
    explain check
    find databases
    read catalog
    find versions
    read versions
    commit
    -> committed
    legacy migrated [] -> [b], applied [b]
    ");
    let current = Target {
        baseline: "heads".to_owned(),
        ..baseline
    };
    let (after, said) = converse(PLAIN, fake, &current);
    assert_snapshot!(said, @"
    find versions
    begin
    read journal mode
    find versions
    list tables
    -> shop is legacy
    create versions
    insert b
    find versions
    read versions
    commit
    -> committed
    -> nothing is pending for shop
    legacy migrated [] -> [b], applied []
    ");
    assert_eq!(after.content, content(Some(&["b"]), &[]));
}

#[test]
fn the_loser_of_a_race_finds_the_work_done() {
    let allow = Target {
        ahead: Ahead::Allow,
        ..target()
    };
    let unknown = "! crate `shop`: the version table names revisions that no file declares: x; \
                   the database is as it was before";
    for (before, meanwhile, target, expected) in [
        (None, "b", target(), "tracked ready [b] -> [b], applied []"),
        (
            None,
            "a",
            target(),
            "tracked migrated [a] -> [b], applied [b]",
        ),
        (
            Some(&["a"][..]),
            "b",
            target(),
            "tracked ready [b] -> [b], applied []",
        ),
        (None, "x", target(), unknown),
        (Some(&["a"]), "x", target(), unknown),
        (
            None,
            "x",
            allow.clone(),
            "tracked ahead [x] -> [x], applied []",
        ),
        (
            Some(&["a"]),
            "x",
            allow,
            "tracked ahead [x] -> [x], applied []",
        ),
    ] {
        for mode in [PerRun, PerRevision] {
            let mut fake = Fake {
                meanwhile: Some(content(Some(&[meanwhile]), &[])),
                ..Fake::new(before)
            };
            let outcome = fake.ensure(&[(&history(PLAIN), target.clone())], mode);
            assert_eq!(said(&outcome), expected);
            assert!(!fake.is_open());
        }
    }
}

#[test]
fn a_database_that_is_ahead_is_refused_or_left_alone() {
    for (rows, ahead, expected) in [
        (
            &["x"][..],
            Ahead::Allow,
            "tracked ahead [x] -> [x], applied []",
        ),
        (
            &["b", "x"],
            Ahead::Allow,
            "tracked ahead [b x] -> [b x], applied []",
        ),
        (
            &["b", "x"],
            Ahead::Refuse,
            "! crate `shop`: the version table names revisions that no file declares: x; \
             the database is as it was before",
        ),
    ] {
        let mut fake = Fake::new(Some(rows));
        let target = Target { ahead, ..target() };
        let outcome = fake.ensure(&[(&history(PLAIN), target)], PerRun);
        assert_eq!(said(&outcome), expected);
        assert_eq!(fake.log.starting_with("begin"), [""; 0]);
    }
}

#[test]
fn on_postgres_a_database_is_made_ready_under_lock() {
    let baseline = Target {
        baseline: "a".to_owned(),
        ..with_schema(SCHEMA)
    };
    let with_path = with_schema("SET search_path = other;\nCREATE TABLE a (x);\n");
    let ensure = |rows, tables, target| {
        let fake = Fake {
            tables,
            ..Fake::postgres(rows)
        };
        let (after, said) = converse(PLAIN, fake, target);
        assert_eq!(after.path, Fake::postgres(None).path);
        said
    };
    assert_snapshot!(ensure(Some(&["b"]), &["a"], &baseline), @"
    find versions
    read versions
    -> nothing is pending for shop
    tracked ready [b] -> [b], applied []
    ");
    assert_snapshot!(ensure(None, &[], &with_path), @r#"
    find versions
    find transaction
    begin
    enter
    aside begin
    aside try lock
    aside keep lock
    leave
    set for transaction
    find versions in public
    list tables
    -> shop is fresh
    read settings
    SET search_path = other
    CREATE TABLE a (x)
    restore search_path to "$user", public
    find versions in public
    create versions
    insert b
    find versions in public
    read versions
    aside check lock
    commit
    -> committed
    -> the schema of shop is created
    aside release lock
    fresh created [] -> [b], applied []
    "#);
    assert_snapshot!(ensure(None, &["a"], &baseline), @"
    find versions
    find transaction
    begin
    enter
    aside begin
    aside try lock
    aside keep lock
    leave
    set for transaction
    find versions in public
    list tables
    -> shop is legacy
    create versions
    insert a
    find versions in public
    read versions
    find versions in public
    read versions
    -> step 1 of 1
    CREATE TABLE b (x)
    update a to b
    -> done
    find versions in public
    read versions
    aside check lock
    commit
    -> committed
    aside release lock
    legacy migrated [] -> [b], applied [b]
    ");
}
