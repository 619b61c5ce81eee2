//! Every crate of the example workspace, on every way in: what is reported, and the schema that all
//! of them end in.
//!
//! `cargo xtask snapshots` runs just these.

#![expect(clippy::unwrap_used, reason = "a test that panics fails, as it should")]

mod configured;
#[path = "../shared/open.rs"]
mod open;

use std::fmt::Write;
use std::path::Path;

use alembic_migrate::options::Fresh;
use alembic_migrate::{Dialect, EnsureReport, Migrations, Versions, ensure_database_ready};
use alembic_tests::{Database, fixtures, settled};
use insta::assert_snapshot;

use configured::Configured;
use open::Open;

/// How a database comes to be ready.
struct Way {
    name: &'static str,
    migrations: Migrations,
    /// Makes the database what the way begins with.
    begin: fn(&Configured, &Database),
}

/// The ways of a crate: those of its configuration and, where it does not say what a legacy database is,
/// one that has the tables of the first revision.
fn ways(krate: &Configured) -> Vec<Way> {
    let way = |name, migrations, begin| Way {
        name,
        migrations,
        begin,
    };
    let legacy = match krate.base(Dialect::Sqlite) {
        Some(_) => krate.migrations.clone(),
        None => krate.migrations.clone().baseline(krate.baseline()),
    };
    let mut ways = vec![
        way("fresh", krate.migrations.clone(), nothing),
        way("legacy", legacy, without_version_table),
        way("tracked, behind", krate.migrations.clone(), at_the_first),
        way("tracked, current", krate.migrations.clone(), at_the_heads),
    ];
    if krate.settings.schema.is_some() && krate.settings.fresh == Fresh::Create {
        let replayed = krate.migrations.clone().fresh(Fresh::Replay);
        ways.insert(1, way("fresh, replayed", replayed, nothing));
    }
    ways
}

fn nothing(_: &Configured, _: &Database) {}

fn without_version_table(krate: &Configured, database: &Database) {
    if let Some(base) = krate.base(database.dialect()) {
        database.execute(&base);
        return;
    }
    let baseline = krate.baseline();
    let upgraded = krate
        .migrations
        .upgrade(&mut Open::new(database), &baseline);
    upgraded.unwrap();
    let table = &krate.settings.version_table.name;
    database.execute(&format!("DROP TABLE {table}"));
}

fn at_the_first(krate: &Configured, database: &Database) {
    let first = krate.first();
    let upgraded = krate.migrations.upgrade(&mut Open::new(database), &first);
    upgraded.unwrap();
}

fn at_the_heads(krate: &Configured, database: &Database) {
    let upgraded = krate.migrations.upgrade(&mut Open::new(database), "heads");
    upgraded.unwrap();
}

fn described(report: &EnsureReport) -> String {
    let list = |versions: &Versions| match versions.ids().as_slice() {
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
fn carry_out(krate: &Configured, way: &Way, dialect: Dialect) -> (String, String) {
    let database = Database::new(dialect);
    (way.begin)(krate, &database);

    let mut text = format!("== {}\n", way.name);
    let first = ensure_database_ready(&mut Open::new(&database), &way.migrations).unwrap();
    text += &described(&first);
    let before = database.bytes();
    let second = ensure_database_ready(&mut Open::new(&database), &way.migrations).unwrap();
    text = text + "again: " + &described(&second);
    assert!(
        before == database.bytes(),
        "{}, {}, {dialect}: the second time changed the database",
        krate.name,
        way.name
    );

    let table = &krate.settings.version_table.name;
    let rows = krate.migrations.current(&mut Open::new(&database)).unwrap();
    let _ = writeln!(text, "{table}: {}", rows.ids().join(", "));
    let schema = krate.migrations.describe(&mut Open::new(&database));
    (text, schema.unwrap())
}

/// Returns what is told on every way, and the schema that all of them end in.
fn all_ways(krate: &Configured, dialect: Dialect) -> (String, String) {
    let mut text = String::new();
    let mut end: Option<(&str, String)> = None;
    for way in &ways(krate) {
        let (told, schema) = carry_out(krate, way, dialect);
        text += &told;
        text.push('\n');
        match &end {
            None => end = Some((way.name, schema)),
            Some((first, expected)) => assert_eq!(
                settled(&schema),
                settled(expected),
                "{}: {} does not end as {first}",
                krate.name,
                way.name
            ),
        }
    }
    (text, end.unwrap().1)
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
        let (told, sqlite) = all_ways(&krate, Dialect::Sqlite);
        let (told_on_postgres, postgres) = all_ways(&krate, Dialect::Postgres);
        assert_eq!(told, told_on_postgres, "{name}");
        assert_snapshot!(name.as_str(), format!("{told}== schema\n{sqlite}"));
        assert_snapshot!(format!("{name}_postgres"), postgres);
    }
}
