//! What a build says of the file of a target schema, and makes of it.

use alembic_history::{TargetAuthor, TargetState};

use super::*;

/// An empty database is created from a file only as long as it is known to create what the revisions make,
/// or if nobody has ever compared them.
#[test]
fn a_target_schema_that_may_differ_is_told_and_not_used() {
    let revision = |sql: &str| {
        format!("-- a\n-- Revision ID: a1\n-- Revises:\n\n-- alembic: upgrade\n{sql};\n")
    };
    let table = "CREATE TABLE a (b TEXT)";
    let source = |sql: &str| SourceFile {
        path: "a.sql".into(),
        content: Ok(revision(sql).into_bytes()),
    };
    let history = History::new([source(table)], &[Dialect::Sqlite]).unwrap();
    let statements = format!("{table};\n");
    let record = |author| history.record_target("shop", &[], &statements, author);
    let (written, by_hand) = (record(TargetAuthor::Command), record(TargetAuthor::Hand));
    let older = written.replace("-- Fingerprint of what follows: ", "-- It was: ");
    let edited = |file: &str| file.replace("b TEXT", "b TEXT, c TEXT");
    let commented_file = by_hand.replace("TABLE a (", "TABLE a -- all\n(");
    let windows = by_hand.replace('\n', "\r\n");
    let licensed = format!("\u{feff}-- Free.\n\n{written}");
    let never = format!("{table};\n");
    let other = "CREATE TABLE a (b INTEGER)";
    let commented = "CREATE TABLE a (b TEXT) -- all";
    let (nothing, warn) = ("", "stale-schema = \"warn\"\n");
    let (error, replay) = ("stale-schema = \"error\"\n", "fresh = \"replay\"\n");
    let (other_revisions, was_edited) = ("compared with other revisions", "edited since");
    for (sql, schema, setting, told, fresh) in [
        (table, &*written, nothing, None, Some("Create")),
        (commented, &written, nothing, None, Some("Create")),
        (table, &by_hand, nothing, None, Some("Create")),
        (table, &windows, error, None, Some("Create")),
        (table, &commented_file, error, Some(was_edited), None),
        (table, &licensed, nothing, Some(was_edited), Some("Replay")),
        (
            other,
            &written,
            nothing,
            Some(other_revisions),
            Some("Replay"),
        ),
        (other, &by_hand, warn, Some(other_revisions), Some("Replay")),
        (other, &written, error, Some(other_revisions), None),
        (other, &written, replay, None, Some("Replay")),
        (
            table,
            &edited(&written),
            nothing,
            Some(was_edited),
            Some("Replay"),
        ),
        (
            table,
            &edited(&by_hand),
            nothing,
            Some(was_edited),
            Some("Replay"),
        ),
        (table, &edited(&by_hand), error, Some(was_edited), None),
        (table, &edited(&by_hand), replay, None, Some("Replay")),
        (
            table,
            &older,
            nothing,
            Some(other_revisions),
            Some("Replay"),
        ),
        (other, &never, nothing, Some("nothing says"), Some("Create")),
        (other, &never, error, Some("nothing says"), None),
        (
            table,
            "-- Compared by `cargo alembic dump --write`.\n-- Fingerprint: x\nCREATE TABLE a (b TEXT);\n",
            nothing,
            Some(other_revisions),
            Some("Replay"),
        ),
    ] {
        let project = Project::new(&[
            (
                "shop/Cargo.toml",
                &format!("{MANIFEST}schema = \"schema.sql\"\n{setting}"),
            ),
            ("shop/migrations/a.sql", &revision(sql)),
            ("shop/schema.sql", schema),
        ]);
        let said = project.run();
        let what = format!("{sql}, {setting}{schema}: {said}");
        assert_eq!(said.contains("[stale-schema]"), told.is_some(), "{what}");
        assert!(told.is_none_or(|told| said.contains(told)), "{what}");
        let embedded = project.embedded();
        assert_eq!(embedded.is_some(), fresh.is_some(), "{what}");
        let replays = embedded.map(|text| {
            let is_replayed = text.contains(".replayed(&[::alembic_migrate::Dialect::Sqlite])");
            is_replayed || text.contains("Fresh::Replay")
        });
        assert_eq!(replays, fresh.map(|fresh| fresh == "Replay"), "{what}");
    }
}

/// A fresh database begins with the base, too.
#[test]
fn a_target_schema_of_another_base_is_told() {
    let revision = "-- a\n-- Revision ID: a1\n-- Revises:\n\n-- alembic: upgrade\nDROP TABLE b;\n";
    let source = SourceFile {
        path: "a.sql".into(),
        content: Ok(revision.into()),
    };
    let history = History::new([source], &[Dialect::Sqlite]).unwrap();
    let base = "CREATE TABLE a (x);\nCREATE TABLE b (x);\n";
    let other = "CREATE TABLE a (y);\nCREATE TABLE b (x);\n";
    let table = "CREATE TABLE a (x);\n";
    let written =
        |bases: &[&str]| history.record_target("shop", bases, table, TargetAuthor::Command);
    let windows = base.replace('\n', "\r\n");
    for (base, schema, is_told) in [
        (Some(base), written(&[base]), false),
        (Some(&windows), written(&[base]), false),
        (Some(other), written(&[base]), true),
        (None, written(&[base]), true),
        (Some(base), written(&[]), true),
        (None, written(&[]), false),
    ] {
        let key = base.map_or("", |_| "base = \"base.sql\"\n");
        let manifest = format!("{MANIFEST}schema = \"schema.sql\"\n{key}");
        let mut files = vec![
            ("shop/Cargo.toml", manifest.as_str()),
            ("shop/migrations/a.sql", revision),
            ("shop/schema.sql", &schema),
        ];
        files.extend(base.map(|base| ("shop/base.sql", base)));
        let project = Project::new(&files);
        let said = project.run();
        assert!(project.embedded().is_some(), "{said}");
        assert_eq!(
            said.contains("[stale-schema]"),
            is_told,
            "{base:?} {schema}: {said}"
        );
    }
}

/// Two files are looked at each by itself.
#[test]
fn each_target_schema_is_judged_alone() {
    let revision = "-- a\n-- Revision ID: a1\n-- Revises:\n\n-- alembic: upgrade\nDROP TABLE b;\n";
    let source = SourceFile {
        path: "a.sql".into(),
        content: Ok(revision.into()),
    };
    let dialects = [Dialect::Sqlite, Dialect::Postgres];
    let history = History::new([source], &dialects).unwrap();
    let table = "CREATE TABLE a (x int);\n";
    let written = history.record_target("shop", &[], table, TargetAuthor::Command);
    let keys = "schema = { sqlite = \"a.sql\", postgres = \"b.sql\" }\n\
                dialects = [\"sqlite\", \"postgres\"]\n";
    let project = Project::new(&[
        ("shop/Cargo.toml", &format!("{MANIFEST}{keys}")),
        ("shop/migrations/a.sql", revision),
        ("shop/a.sql", &written),
        ("shop/b.sql", &written.replace("x int", "y int")),
    ]);
    let said = project.run();
    assert_eq!(said.matches("[stale-schema]").count(), 1, "{said}");
    assert!(said.contains("--> b.sql"), "{said}");
    let embedded = project.embedded().unwrap();
    let replayed = ".replayed(&[::alembic_migrate::Dialect::Postgres])";
    assert!(embedded.contains(replayed), "{embedded}");
}

/// Revisions that follow each other in another order make something else.
#[test]
fn a_target_schema_of_another_order_is_told() {
    let project = |parents: [&str; 2]| {
        let [first, second] = parents;
        [("b1", first), ("c1", second)].map(|(id, parent)| {
            format!("-- x\n-- Revision ID: {id}\n-- Revises: {parent}\n\n-- alembic: upgrade\nSELECT '{id}';\n")
        })
    };
    let history = |texts: &[String]| {
        let files = texts.iter().enumerate().map(|(number, text)| SourceFile {
            path: format!("{number}.sql").into(),
            content: Ok(text.clone().into_bytes()),
        });
        History::new(files, &[Dialect::Sqlite]).unwrap()
    };
    let (one, other) = (project(["", "b1"]), project(["c1", ""]));
    let written = history(&one).record_target("shop", &[], "", TargetAuthor::Command);
    let state = |texts| history(texts).target_state(&written, &[]);
    assert_eq!(state(&one), TargetState::InStep);
    assert_eq!(state(&other), TargetState::OtherRevisions);
}
