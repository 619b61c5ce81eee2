//! How often SQL is split.

use super::fake::{Command, Fake};
use super::revisions::{PLAIN, Source, file, history};
use crate::TransactionMode::Run as PerRun;
use crate::{Ahead, Schema, Target};
use alembic_history::{Dialect, Fresh, History};
use alembic_sql::splits;

/// Two revisions with six sections, of which each dialect has five.
const SHARED: &[Source] = &[
    (
        "a",
        "",
        "-- alembic: upgrade\nCREATE TABLE a (x);\n\
         -- alembic: upgrade sqlite\nUPDATE a;\n\
         -- alembic: upgrade postgres no-transaction\nVACUUM a;\n\
         -- alembic: downgrade\nDROP TABLE a;\n",
    ),
    (
        "b",
        "a",
        "-- alembic: upgrade\nCREATE TABLE b (x);\n-- alembic: downgrade\nDROP TABLE b;\n",
    ),
];

fn run(history: &History, fake: Fake, commands: &[&str]) {
    let mut fake = fake;
    for command in commands {
        let command = match *command {
            "up" => Command::Upgrade("heads"),
            _ => Command::Downgrade("base"),
        };
        fake.run(history, PerRun, command).unwrap();
    }
}

#[test]
fn each_section_is_split_once_for_each_dialect() {
    let before = splits();
    let history = history(SHARED);
    assert_eq!(splits() - before, 5 + 5, "while loading");
    run(&history, Fake::new(None), &["up", "down", "up"]);
    run(&history, Fake::postgres(None), &["up", "down"]);
    assert_eq!(splits() - before, 5 + 5, "while running");
}

#[test]
fn sections_that_do_not_run_are_not_split() {
    let sources = PLAIN.iter().map(file);
    let history = History::read(sources, &[Dialect::Sqlite]).unwrap();
    let before = splits();
    let graph = history.graph();
    assert_eq!(graph.heads().count(), 1);
    assert!(!history.is_checked_for(Dialect::Sqlite));
    assert_eq!(splits(), before, "while nothing is asked of a database");
    history.check_sql().unwrap();
    history.check_sql().unwrap();
    assert!(history.is_checked_for(Dialect::Sqlite));
    run(&history, Fake::new(None), &["up", "down"]);
    assert_eq!(splits() - before, 4, "while checking and running");
}

#[test]
fn target_schemas_are_split_once() {
    let history = history(PLAIN);
    let target = Target {
        package: "shop".to_owned(),
        schema: Some(Schema {
            path: "schema.sql".into(),
            text: "CREATE TABLE a (x);\nCREATE TABLE b (x);\n".into(),
        }),
        fresh: Fresh::Create,
        baseline: "base".to_owned(),
        ahead: Ahead::Refuse,
    };
    let before = splits();
    for _ in 0..2 {
        let mut fake = Fake::new(None);
        fake.ensure(&[(&history, target.clone())], PerRun).unwrap();
    }
    assert_eq!(splits() - before, 1);
}
