//! Checks where source files may name an engine, and where they may hold SQL.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenTree;

use super::source::Source;
use super::sources;

/// How the paths of drivers' source files begin. No driver looks into SQL.
const DRIVERS: [&str; 5] = [
    "crates/migrate/src/postgres",
    "crates/migrate/src/rusqlite",
    "crates/migrate/src/sqlx_postgres",
    "crates/migrate/src/tokio_postgres",
    "crates/sqlx-sqlite/src/",
];

/// The words that SQL begins with, or has near its beginning.
const KEYWORDS: [&str; 40] = [
    "ALTER",
    "ANALYZE",
    "BEGIN",
    "CALL",
    "CASCADE",
    "CLUSTER",
    "COMMENT",
    "COMMIT",
    "COPY",
    "CREATE",
    "DECLARE",
    "DEFERRED",
    "DELETE",
    "DISCARD",
    "DO",
    "DROP",
    "END",
    "EXCLUSIVE",
    "EXECUTE",
    "EXPLAIN",
    "FROM",
    "GRANT",
    "IMMEDIATE",
    "INSERT",
    "LOCK",
    "PRAGMA",
    "REINDEX",
    "RELEASE",
    "RESET",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SHOW",
    "TRANSACTION",
    "TRUNCATE",
    "UPDATE",
    "VACUUM",
    "VALUES",
    "WHERE",
];

/// How often engines are named outside of their rooms; to be lowered, never raised.
const MOST_MENTIONS: usize = 55;

/// Finds the keywords of SQL in the string literals of a source, as whole words in capitals.
fn sql_keywords(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for literal in Source::parse(text)?.string_literals() {
        // Otherwise the letter of an escape would touch the word after it.
        let plain = literal.replace("\\n", " ").replace("\\t", " ");
        let mut words = plain.split(|c: char| !c.is_alphanumeric() && c != '_');
        if let Some(word) = words.find(|word| KEYWORDS.contains(word)) {
            found.push(format!("{word} in {literal}"));
        }
    }
    Ok(found)
}

/// Counts the mentions of one engine or the other, `Dialect::Sqlite` for one.
fn count_mentions(tokens: &[TokenTree]) -> usize {
    let groups = tokens.iter().map(|token| match token {
        TokenTree::Group(group) => {
            count_mentions(&group.stream().into_iter().collect::<Vec<TokenTree>>())
        }
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => 0,
    });
    let is_mention = |tokens: &&[TokenTree]| {
        let text: String = tokens.iter().map(ToString::to_string).collect();
        ["Dialect::Sqlite", "Dialect::Postgres"].contains(&text.as_str())
    };
    groups.sum::<usize>() + tokens.windows(4).filter(is_mention).count()
}

/// Tells whether a file is an engine's room: named after it, or below a folder of that name.
fn is_room(path: &str) -> bool {
    let names = [
        "sqlite",
        "postgres",
        "rusqlite",
        "sqlx-sqlite",
        "sqlx_postgres",
        "tokio_postgres",
    ];
    let mut parts = path.split(['/', '.']);
    parts.any(|part| names.contains(&part))
}

#[test]
fn no_driver_holds_sql() {
    let mut faults = Vec::new();
    let mut drivers = BTreeSet::new();
    for (krate, files) in sources() {
        for (path, text) in files {
            let path = format!("{krate}/src/{path}");
            let mut starts = DRIVERS.iter();
            let Some(driver) = starts.find(|start| path.starts_with(**start)) else {
                continue;
            };
            drivers.insert(driver);
            if !super::is_test(&path) {
                let found = sql_keywords(&text).unwrap();
                faults.extend(found.into_iter().map(|found| format!("{path}: {found}")));
            }
        }
    }
    assert_eq!(
        drivers.len(),
        DRIVERS.len(),
        "a driver has moved: {drivers:?}"
    );
    let faults = faults.join("\n");
    assert!(faults.is_empty(), "SQL in a driver:\n{faults}");
}

#[test]
fn sql_is_found_in_literals() {
    for (source, expected) in [
        (
            r#"f("BEGIN IMMEDIATE");"#,
            vec![r#"BEGIN in "BEGIN IMMEDIATE""#],
        ),
        (
            r#"f("a", "x;\nCOMMIT");"#,
            vec![r#"COMMIT in "x;\nCOMMIT""#],
        ),
        (
            r##"const A: &str = r#"SELECT 1"#;"##,
            vec![r##"SELECT in r#"SELECT 1"#"##],
        ),
        (
            r#"f("(ROLLBACK)"); g("begin", "SETTING", "A_SET", 'S');"#,
            vec![r#"ROLLBACK in "(ROLLBACK)""#],
        ),
        (
            "/// SELECT\n//! DROP\n#![doc = \"DROP\"] // SET\nfn SELECT() {}",
            vec![],
        ),
        (
            "#[cfg(test)]\nmod tests { const A: &str = \"SELECT\"; }",
            vec![],
        ),
    ] {
        assert_eq!(sql_keywords(source).unwrap(), expected, "{source}");
    }
}

#[test]
fn engines_are_told_apart_in_their_rooms() {
    let mut counts = BTreeMap::new();
    for (krate, files) in sources() {
        if krate == "xtask" || krate == "tests" {
            continue;
        }
        for (path, text) in files {
            let path = format!("{krate}/src/{path}");
            if !is_room(&path) && !super::is_test(&path) {
                let source = Source::parse(&text).unwrap();
                counts.insert(path, count_mentions(&source.tokens));
            }
        }
    }
    counts.retain(|_, count| *count > 0);
    let all: usize = counts.values().sum();
    let lines = counts
        .iter()
        .map(|(path, count)| format!("{count:4} {path}\n"));
    let lines: String = lines.collect();
    println!("{lines}{all:4} in {} files", counts.len());
    assert!(
        all <= MOST_MENTIONS,
        "{all} mentions of engines outside of their rooms:\n{lines}"
    );
}

#[test]
fn mentions_of_engines_are_counted() {
    for (source, expected) in [
        (
            "match x { Dialect::Sqlite => 1, Dialect::Postgres => 2 }",
            2,
        ),
        ("f(&[Dialect::Sqlite], sql::Dialect::Postgres)", 2),
        ("use a::Dialect; Dialect::ALL; // Dialect::Sqlite", 0),
        ("#[test]\nfn t() { Dialect::Sqlite }", 0),
    ] {
        let source = Source::parse(source).unwrap();
        assert_eq!(count_mentions(&source.tokens), expected);
    }
    assert!(is_room("engine/postgres.rs") && is_room("sqlite/edit.rs"));
    assert!(!is_room("engine.rs") && !is_room("dialect.rs"));
}
