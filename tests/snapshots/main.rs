//! Every crate of the example workspace, on every way in: what is reported, and the schema that all
//! of them end in.
//!
//! `cargo xtask snapshots` runs just these.

#![expect(clippy::unwrap_used, reason = "a test that panics fails, as it should")]

mod configured;

use std::fmt::Write;
use std::path::Path;

use alembic_migrate::{EnsureReport, Fresh, Migrations, ensure_database_ready};
use alembic_tests::fixtures;
use insta::assert_snapshot;
use rusqlite::Connection;

use configured::Configured;

/// How a database comes to be ready.
struct Way {
    name: &'static str,
    migrations: Migrations,
    /// Makes the database what the way begins with.
    begin: fn(&Configured, &mut Connection),
}

/// The ways of a crate: those of its configuration and, where it does not say what a legacy
/// database is, one that has the tables of the first revision.
fn ways(krate: &Configured) -> Vec<Way> {
    let way = |name, migrations, begin| Way {
        name,
        migrations,
        begin,
    };
    let legacy = krate.migrations.clone().baseline(krate.baseline());
    let mut ways = vec![
        way("fresh", krate.migrations.clone(), nothing),
        way("legacy", legacy, without_version_table),
        way("tracked, behind", krate.migrations.clone(), at_the_first),
        way("tracked, current", krate.migrations.clone(), at_the_heads),
    ];
    if krate.settings.schema.is_some() {
        let replayed = krate.migrations.clone().fresh(Fresh::Replay);
        ways.insert(1, way("fresh, replayed", replayed, nothing));
    }
    ways
}

fn nothing(_: &Configured, _: &mut Connection) {}

fn without_version_table(krate: &Configured, connection: &mut Connection) {
    let baseline = krate.baseline();
    krate
        .migrations
        .upgrade(&mut *connection, &baseline)
        .unwrap();
    let table = &krate.settings.version_table.name;
    connection
        .execute_batch(&format!("DROP TABLE {table}"))
        .unwrap();
}

fn at_the_first(krate: &Configured, connection: &mut Connection) {
    krate
        .migrations
        .upgrade(connection, &krate.first())
        .unwrap();
}

fn at_the_heads(krate: &Configured, connection: &mut Connection) {
    krate.migrations.upgrade(connection, "heads").unwrap();
}

fn described(report: &EnsureReport) -> String {
    let list = |ids: &[String]| match ids {
        [] => "nothing".to_owned(),
        ids => ids.join(", "),
    };
    let mut text = format!(
        "{} database, {}: from {} to {}\n",
        report.scenario,
        report.outcome,
        list(&report.before),
        list(&report.after)
    );
    for step in &report.steps {
        let _ = writeln!(text, "  applied {}: {}", step.revision, step.message);
    }
    text
}

/// Makes a database ready twice, and returns what is reported, with the rows of its version table,
/// and its schema.
fn carry_out(krate: &Configured, way: &Way) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("database.sqlite");
    let open = || Connection::open(&path).unwrap();
    (way.begin)(krate, &mut open());

    let mut text = format!("== {}\n", way.name);
    let first = ensure_database_ready(&mut open(), &way.migrations).unwrap();
    first.iter().for_each(|report| text += &described(report));
    let before = std::fs::read(&path).unwrap();
    let second = ensure_database_ready(&mut open(), &way.migrations).unwrap();
    text += "again: ";
    second.iter().for_each(|report| text += &described(report));
    assert!(
        before == std::fs::read(&path).unwrap(),
        "{}, {}: the second time changed the file",
        krate.name,
        way.name
    );

    let table = &krate.settings.version_table.name;
    let mut connection = open();
    let mut statement = connection
        .prepare(&format!("SELECT version_num FROM {table} ORDER BY 1"))
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    let rows: Vec<String> = rows.map(Result::unwrap).collect();
    let _ = writeln!(text, "{table}: {}", rows.join(", "));
    drop(statement);
    (text, krate.migrations.describe(&mut connection).unwrap())
}

/// Returns the text of a snapshot, after all ways have ended in the same schema.
fn snapshot(krate: &Configured) -> String {
    let mut text = String::new();
    let mut end: Option<(&str, String)> = None;
    for way in &ways(krate) {
        let (told, schema) = carry_out(krate, way);
        text += &told;
        text.push('\n');
        match &end {
            None => end = Some((way.name, schema)),
            Some((first, expected)) => assert_eq!(
                &schema, expected,
                "{}: {} does not end as {first}",
                krate.name, way.name
            ),
        }
    }
    let (_, schema) = end.unwrap();
    format!("{text}== schema\n{schema}")
}

#[test]
fn every_way_of_every_crate() {
    let folder = fixtures().join("workspace/crates");
    let entries = folder.read_dir().unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 5, "{names:?}");
    for name in names {
        let krate = Configured::read(&folder.join(Path::new(&name)));
        assert_snapshot!(name, snapshot(&krate));
    }
}
