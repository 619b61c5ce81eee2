//! Which tables are whose.

use alembic_history::Dialect;

use super::{target, with_schema};
use crate::Runner;
use crate::engine::engine;
use crate::tables::Tables;
use crate::tests::revisions::{PLAIN, Source, history};

#[test]
fn tables_are_told_apart() {
    const RENAMING: &[Source] = &[
        ("r1", "", "-- alembic: upgrade\nCREATE TABLE old (x);\n"),
        (
            "r2",
            "r1",
            "-- alembic: upgrade\nALTER TABLE old RENAME TO new;\n",
        ),
    ];
    let plain = with_schema("CREATE TABLE Own (x);");
    let renamed = with_schema("CREATE TABLE new (x);");
    let other = [(RENAMING, target())];
    let other_with_schema = [(RENAMING, renamed.clone())];
    let engine = engine(Dialect::Sqlite);
    for (sources, target, others, own, foreign) in [
        (PLAIN, &plain, &[][..], &["own", "a", "B"][..], &["x"][..]),
        // As its revisions create it, before the target schema has another name for it.
        (RENAMING, &renamed, &[], &["old", "new"], &["older"]),
        (RENAMING, &plain, &other, &["OWN"], &["old", "new"]),
        // Without a target schema, every table that is not another crate's.
        (PLAIN, &target(), &[], &["a", "x"], &[]),
        (
            PLAIN,
            &target(),
            &other,
            &["a", "x"],
            &["old", "New", "version_1"],
        ),
        (
            PLAIN,
            &target(),
            &other_with_schema,
            &["x"],
            &["old", "new", "version_1"],
        ),
    ] {
        let all = [(sources, target.clone())];
        let all = all.iter().chain(others).map(|(sources, target)| {
            let history = history(sources);
            (history, target.clone())
        });
        let all: Vec<_> = all.collect();
        let crates = all.iter().enumerate().map(|(index, (history, target))| {
            let mut runner = Runner::new(history, Dialect::Sqlite);
            if index > 0 {
                runner.version_table.name = format!("version_{index}");
            }
            (runner, target.clone())
        });
        let crates: Vec<_> = crates.collect();
        let tables = Tables::known(&crates, 0);
        for (names, expected) in [(own, true), (foreign, false)] {
            for name in names {
                assert_eq!(tables.owns(&*engine, name), expected, "{name}");
            }
        }
    }
}
