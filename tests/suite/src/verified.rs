//! Databases are compared with what their revisions make.

use alembic_migrate::options::VersionTable;
use alembic_migrate::report::{Expected, Verification};
use alembic_migrate::{FailureKind, Migrations, Outcome};

use crate::revisions::chain;
use crate::subject::open;
use crate::{Database, Handle, Subject};

const TWO: [&str; 2] = [
    "-- alembic: upgrade\nCREATE TABLE a (x int);\n-- alembic: downgrade\nDROP TABLE a;",
    "-- alembic: upgrade\nCREATE TABLE b (x int);\n-- alembic: downgrade\nDROP TABLE b;",
];

fn two<S: Subject>() -> Migrations {
    chain(S::Database::DIALECT, &TWO)
}

fn replay<S: Subject>(migrations: &Migrations, revisions: &str) -> Expected {
    let scratch = S::Database::new("");
    let replayed = open::<S>(&scratch).replay(migrations, revisions, &[]);
    replayed.unwrap()
}

/// Writes the changes by hand, and those that would undo them.
fn said(found: &Verification) -> String {
    let sentences = |changes: &[alembic_migrate::schema::Change]| {
        let sentences = changes.iter().map(|change| change.sentence.clone());
        sentences.collect::<Vec<_>>().join(", ")
    };
    format!("{} | {}", sentences(&found.drift), sentences(&found.undo))
}

pub fn drift_is_data<S: Subject>() {
    let migrations = two::<S>();
    let expected = replay::<S>(&migrations, "heads");
    assert_eq!(expected.versions.ids(), ["r2"]);
    let database = S::Database::new("");
    let verify = || {
        let before = database.trace();
        let found = open::<S>(&database).verify(&migrations, &expected).unwrap();
        assert!(before == database.trace(), "it wrote");
        found
    };
    // Nothing is applied yet, so nothing is drift.
    let found = verify();
    assert!(!found.is_sound());
    assert_eq!((found.versions.ids(), &*said(&found)), (vec![], " | "));
    open::<S>(&database).upgrade(&migrations, "r1").unwrap();
    assert!(!verify().is_sound());
    let first = replay::<S>(&migrations, "r1");
    let found = open::<S>(&database).verify(&migrations, &first).unwrap();
    assert!(found.is_sound(), "{found:?}");
    open::<S>(&database).upgrade(&migrations, "heads").unwrap();
    assert!(verify().is_sound());
    database.execute("ALTER TABLE a ADD COLUMN by_hand text; DROP TABLE b; CREATE TABLE c (x int)");
    let found = verify();
    assert!(!found.is_sound());
    assert_eq!(found.versions, found.expected);
    let changes = said(&found);
    for change in [
        "added column a.by_hand",
        "removed table b",
        "added table c",
        "added table b",
    ] {
        assert!(changes.contains(change), "{change}: {changes}");
    }
}

pub fn a_start_can_verify<S: Subject>() {
    let expected = replay::<S>(&two::<S>(), "heads");
    let migrations = two::<S>().verified_against(expected);
    let database = S::Database::new("");
    for outcome in [Outcome::Migrated, Outcome::Ready] {
        let report = open::<S>(&database).ensure(&migrations).unwrap();
        assert_eq!(report.outcome, outcome);
    }
    database.execute("CREATE TABLE by_hand (x int)");
    let error = open::<S>(&database).ensure(&migrations).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Drift);
    let text = error.to_string();
    assert!(
        text.contains("added table by_hand; the database is as it was"),
        "{text}"
    );
    // What was applied stays, and is said to.
    open::<S>(&database).downgrade(&two::<S>(), "r1").unwrap();
    let error = open::<S>(&database).ensure(&migrations).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Drift);
    assert!(error.to_string().contains("r2"), "{error}");
    assert_eq!(open::<S>(&database).current(&migrations).unwrap(), ["r2"]);
    // Without being told to, it does not look.
    open::<S>(&database).ensure(&two::<S>()).unwrap();
}

pub fn only_an_empty_database_is_replayed_into<S: Subject>() {
    for (content, stderr) in [
        ("CREATE TABLE mine (x int)", "it has table mine"),
        (
            "CREATE TABLE mine (x int); CREATE TABLE other (x int)",
            "mine and 1 more",
        ),
        (
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
            "has a version table, so it is not empty",
        ),
    ] {
        let database = S::Database::new("");
        database.execute(content);
        let before = database.trace();
        let replayed = open::<S>(&database).replay(&two::<S>(), "heads", &[]);
        let error = replayed.unwrap_err();
        assert!(error.to_string().contains(stderr), "{error}");
        assert!(before == database.trace(), "it wrote");
    }
    // What is older than the revisions is given, and not found.
    let uses = "-- alembic: upgrade\nALTER TABLE old ADD COLUMN y int;";
    let migrations = chain(S::Database::DIALECT, &[uses]);
    let migrations = migrations.base("base.sql", "CREATE TABLE old (x int);");
    let expected = replay::<S>(&migrations, "heads");
    let database = S::Database::new("");
    database.execute("CREATE TABLE old (x int)");
    open::<S>(&database).upgrade(&migrations, "heads").unwrap();
    let found = open::<S>(&database).verify(&migrations, &expected).unwrap();
    assert!(found.is_sound(), "{found:?}");
}

pub fn crates_below_are_replayed_first<S: Subject>() {
    let below = chain(
        S::Database::DIALECT,
        &["-- alembic: upgrade\nCREATE TABLE below (x int);"],
    );
    let below = below.version_table(VersionTable {
        name: "below_version".to_owned(),
        schema: None,
    });
    let own = "-- alembic: upgrade\nCREATE VIEW own AS SELECT x FROM below;";
    let migrations = chain(S::Database::DIALECT, &[own]);
    let scratch = S::Database::new("");
    let replayed = open::<S>(&scratch).replay(&migrations, "heads", &[&below]);
    let expected = replayed.unwrap();
    let objects = expected
        .schema
        .objects
        .keys()
        .filter(|id| id.parent.is_none());
    let names: Vec<&str> = objects
        .map(|id| id.name.as_str())
        .filter(|name| *name != "public")
        .collect();
    assert_eq!(names, ["own"]);
}
