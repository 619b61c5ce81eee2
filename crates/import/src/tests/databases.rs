//! What the tables of the tools say.

use alembic_history::{Dialect, History, RevisionId, SourceFile};

use super::imported;
use crate::{Applied, Checksum, Key, MappingError, Tool, map};

/// Returns the history that is imported from files.
fn history(tool: Tool, files: &[(&str, &str)]) -> History {
    let imported = imported(tool, files, Dialect::Sqlite);
    let files = imported.revisions.iter().map(|revision| SourceFile {
        path: format!("{}.sql", revision.file_stem()).into(),
        content: Ok(revision.render().into_bytes()),
    });
    History::new(files, &[Dialect::Sqlite]).unwrap()
}

/// Returns what a table says: the rows that a database is at, then what is noted, or why it is refused.
fn place(tool: Tool, files: &[(&str, &str)], rows: &[&[&str]], ignored: &[&str]) -> String {
    let cell = |cell: &&str| (*cell != "NULL").then(|| (*cell).to_owned());
    let rows: Vec<Vec<Option<String>>> = rows
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect();
    let ignored: Vec<String> = ignored
        .iter()
        .map(|version| (*version).to_owned())
        .collect();
    let ids = |ids: Vec<&RevisionId>| {
        let ids = ids.into_iter().map(ToString::to_string);
        ids.collect::<Vec<String>>().join(" ")
    };
    let names = |keys: Vec<Key>| {
        let names = keys.iter().map(ToString::to_string);
        names.collect::<Vec<String>>().join(" ")
    };
    match map(
        &history(tool, files),
        tool,
        &Applied::read(tool, &rows),
        &ignored,
    ) {
        Ok(mapping) => {
            let mut text = format!("at {}", ids(mapping.targets.iter().collect()));
            if !mapping.mismatches.is_empty() {
                let edited = mapping.mismatches.iter().map(|mismatch| &mismatch.revision);
                text.push_str(&format!(", edited {}", ids(edited.collect())));
            }
            if !mapping.repeated.is_empty() {
                text.push_str(&format!(
                    ", again {}",
                    ids(mapping.repeated.iter().collect())
                ));
            }
            text
        }
        Err(MappingError::NothingImported) => "nothing imported".to_owned(),
        Err(MappingError::Dirty(keys)) => format!("dirty {}", names(keys)),
        Err(MappingError::Unknown(keys)) => format!("unknown {}", names(keys)),
        Err(MappingError::Holes { missing, above }) => format!(
            "holes {} below {}",
            ids(missing.iter().map(|(id, _)| id).collect()),
            ids(above.iter().collect())
        ),
    }
}

#[test]
fn the_table_of_the_tool_is_not_counted() {
    let files = [
        ("1_a.sql", "SELECT 1 FROM _sqlx_migrations;"),
        ("2_b.sql", "SELECT 2;"),
    ];
    let history = history(Tool::Sqlx, &files);
    for (rows, at) in [
        (vec![], "sqlx_table"),
        (vec!["1"], "1"),
        (vec!["1", "2"], "2"),
    ] {
        let cell = |cell: &str| Some(cell.to_owned());
        let cells = rows
            .iter()
            .map(|version| vec![cell(version), cell("1"), None]);
        let applied = Applied::read(Tool::Sqlx, &cells.collect::<Vec<_>>());
        let mapping = map(&history, Tool::Sqlx, &applied, &[]).unwrap();
        assert_eq!(mapping.applied, rows.len());
        assert_eq!(mapping.targets[0].as_str(), at);
    }
}

const THREE: &[(&str, &str)] = &[
    ("1_a.sql", "CREATE TABLE a (id INTEGER);"),
    ("2_b.sql", "CREATE TABLE b (id INTEGER);"),
    ("10_c.sql", "CREATE TABLE c (id INTEGER);"),
];

const GOOSE: &[(&str, &str)] = &[
    ("00001_a.sql", "-- +goose Up\nSELECT 1;"),
    ("00002_b.sql", "-- +goose Up\nSELECT 2;"),
    ("00003_c.sql", "-- +goose Up\nSELECT 3;"),
];

const FLYWAY: &[(&str, &str)] = &[
    ("V1__a.sql", "SELECT 1;"),
    ("V1.1__b.sql", "SELECT 2;"),
    ("V2__c.sql", "SELECT 3;"),
    ("R__views.sql", "SELECT 4;"),
];

#[test]
fn sqlx() {
    let one = Checksum::sqlx(THREE[0].1, &[]).to_string();
    let one = ["1", "true", &one];
    for (rows, ignored, expected) in [
        (&[][..], &[][..], "at "),
        (&[&one[..]], &[], "at 1"),
        (&[&["1", "1", "00"][..]], &[], "at 1, edited 1"),
        (
            &[&one, &["2", "t", "aa"], &["10", "1", "bb"]],
            &[],
            "at 10, edited 2 10",
        ),
        (&[&one, &["10", "1", "bb"]], &[], "holes 2 below 10"),
        (&[&["2", "1", ""]], &[], "holes 1 below 2"),
        (&[&one, &["2", "f", "aa"]], &[], "dirty version 2"),
        (
            &[&one, &["7", "t", "aa"], &["8", "t", "aa"]],
            &[],
            "unknown version 7 version 8",
        ),
        (
            &[&one, &["7", "t", "aa"], &["8", "t", "aa"]],
            &["7", "8"],
            "at 1",
        ),
        (
            &[&one, &["7", "t", "aa"], &["8", "t", "aa"]],
            &["8"],
            "unknown version 7",
        ),
    ] {
        assert_eq!(
            place(Tool::Sqlx, THREE, rows, ignored),
            expected,
            "{rows:?}"
        );
    }
    assert_eq!(place(Tool::Goose, GOOSE, &[], &[]), "at ");
    let other = History::default();
    let found = map(&other, Tool::Sqlx, &Applied::default(), &[]);
    assert_eq!(found, Err(MappingError::NothingImported));
}

/// The last row of a version counts: older versions of goose record a way down as a row of its own.
#[test]
fn goose() {
    for (rows, expected) in [
        (&[&["0", "1"][..]][..], "at "),
        (&[&["0", "t"], &["1", "t"], &["2", "t"]], "at 2"),
        (
            &[&["0", "1"], &["1", "1"], &["2", "1"], &["2", "0"]],
            "at 1",
        ),
        (
            &[
                &["0", "1"],
                &["1", "1"],
                &["2", "1"],
                &["2", "0"],
                &["2", "1"],
            ],
            "at 2",
        ),
        (
            &[
                &["0", "1"],
                &["1", "1"],
                &["2", "1"],
                &["3", "1"],
                &["2", "0"],
            ],
            "holes 2 below 3",
        ),
    ] {
        assert_eq!(place(Tool::Goose, GOOSE, rows, &[]), expected, "{rows:?}");
    }
}

#[test]
fn flyway() {
    let known = Checksum::flyway("SELECT 2;").to_string();
    let sql = |version, success| [version, "a", "SQL", "NULL", success];
    let (one, two) = (sql("1", "t"), sql("2", "1"));
    let second = ["1.1", "b", "SQL", &known, "t"];
    let views = ["NULL", "views", "SQL", "NULL", "t"];
    for (rows, expected) in [
        (&[&one[..]][..], "at V1"),
        (&[&one, &second], "at V1.1"),
        (
            &[&["NULL", "<< Schema >>", "SCHEMA", "NULL", "t"], &one],
            "at V1",
        ),
        (
            &[&one, &["1.1", "b", "SQL", "17", "t"]],
            "at V1.1, edited V1.1",
        ),
        (&[&one, &second, &two, &views], "at R_views"),
        (&[&one, &views], "at V1, again R_views"),
        (&[&one, &two], "holes V1.1 below V2"),
        (&[&["1.1", "x", "BASELINE", "NULL", "t"]], "at V1.1"),
        (&[&["1.1", "x", "BASELINE", "NULL", "t"], &two], "at V2"),
        (&[&one, &sql("1.1", "f")], "dirty version 1.1"),
        (
            &[&one, &second, &["1.1", "b", "UNDO_SQL", "5", "t"]],
            "at V1",
        ),
        (&[&one, &sql("7", "t")], "unknown version 7"),
    ] {
        assert_eq!(place(Tool::Flyway, FLYWAY, rows, &[]), expected, "{rows:?}");
    }
}

#[test]
fn the_others() {
    let diesel = [
        ("2024-01-01_a/up.sql", "SELECT 1;"),
        ("2024-01-02_b/up.sql", "SELECT 2;"),
    ];
    let dbmate = [
        ("001_a.sql", "-- migrate:up\nSELECT 1;"),
        ("002_b.sql", "-- migrate:up\nSELECT 2;"),
    ];
    let refinery = [("V1__a.sql", "SELECT 1;"), ("U2__b.sql", "SELECT 2;")];
    let known = Checksum::refinery("b", 2, "SELECT 2;").to_string();
    let known = known.split(' ').next().unwrap();
    for (tool, files, rows, expected) in [
        (
            Tool::Diesel,
            &diesel,
            &[&["20240101"][..]][..],
            "at 20240101",
        ),
        (
            Tool::Diesel,
            &diesel,
            &[&["20240102"]],
            "holes 20240101 below 20240102",
        ),
        (Tool::Dbmate, &dbmate, &[&["001"], &["002"]], "at 002"),
        (Tool::Dbmate, &dbmate, &[&["1"]], "unknown version 1"),
        (
            Tool::Refinery,
            &refinery,
            &[&["1", "7"], &["2", known]],
            "at U2, edited V1",
        ),
    ] {
        assert_eq!(place(tool, files, rows, &[]), expected, "{tool} {rows:?}");
    }
}
