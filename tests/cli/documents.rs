//! The parts of the documentation that are made from the code.

use std::fs;

use alembic_history::{Code, SettingsKey as Key};
use alembic_tests::fixtures;

/// Compares a file in `docs` with what it is made from; `UPDATE_DOCS=1` writes it anew.
pub(crate) fn check_document(name: &str, expected: &str) {
    let path = fixtures().join("../docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found.replace("\r\n", "\n") == expected,
        "docs/{name} is out of date: run `UPDATE_DOCS=1 cargo test -p alembic-tests`, and read what \
         changes"
    );
}

#[test]
fn the_command_line_is_documented() {
    check_document("cli.md", &cargo_alembic::cli_reference());
}

#[test]
fn every_code_is_documented() {
    let mut page = String::from(
        "# Diagnostics\n\n\
         The codes in brackets after `error`, and what to do about each. The command reports every\n\
         fault in a crate's files at once.\n",
    );
    for chapter in Code::documentation() {
        page += &format!("\n## {}\n", chapter.title);
        for (code, comment) in chapter.codes {
            page += &format!("\n### {code}\n\n{}", text_of(comment));
        }
    }
    check_document("diagnostics.md", &page);
}

/// The line of a page after which a table begins that is made from the code.
const BEFORE_TABLE: &str =
    "<!-- The table is written by `UPDATE_DOCS=1 cargo test -p alembic-tests`. -->\n\n";

#[test]
fn every_key_is_documented() {
    let mut table =
        String::from("| key | value | default | of a workspace | |\n|---|---|---|---|---|\n");
    for row in Key::documentation() {
        let comment = text_of(row.comment);
        let comment = comment.trim_end().replace('\n', " ");
        let default = match row.default.as_str() {
            "" => String::new(),
            default => format!(" `{default}`"),
        };
        let shared = if row.key.is_shared() { " yes" } else { "" };
        let (key, value) = (row.key, row.value);
        table += &format!("| `{key}` | {value} |{default} |{shared} | {comment} |\n");
    }
    check_document("configuration.md", &with_table("configuration.md", &table));
}

/// Returns a page with another table in the place of the one that it has.
fn with_table(name: &str, table: &str) -> String {
    let path = fixtures().join("../docs").join(name);
    let page = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let (before, rest) = page.split_once(BEFORE_TABLE).unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    format!("{before}{BEFORE_TABLE}{table}\n{after}")
}

#[test]
fn every_type_of_rust_is_documented() {
    let mut table = String::from("| Rust | crate | SQLite | PostgreSQL |\n|---|---|---|---|\n");
    let quoted = |names: &[&str]| {
        let names = names.iter().map(|name| format!("`{name}`"));
        names.collect::<Vec<String>>().join(", ")
    };
    for row in alembic_models::rust_types() {
        let (names, crates) = (quoted(row.names), quoted(row.crates));
        let (sqlite, postgres) = (row.sqlite, row.postgres);
        table += &format!("| {names} | {crates} | `{sqlite}` | `{postgres}` |\n");
    }
    check_document("models.md", &with_table("models.md", &table));
}

/// Returns the text of a doc comment, whose lines begin with a blank.
fn text_of(comment: &str) -> String {
    let lines = comment.lines();
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n");
    lines.collect()
}

/// Every link from one document to another file leads somewhere.
#[test]
fn links_lead_somewhere() {
    let docs = fixtures().join("../docs");
    let root = fixtures().join("..");
    let mut broken = Vec::new();
    for folder in [&docs, &root] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for (_, rest) in text
                .match_indices("](")
                .map(|(at, _)| text.split_at(at + 2))
            {
                let target = rest.split([')', '#']).next().unwrap_or_default();
                if !target.is_empty() && !target.contains(':') && !folder.join(target).exists() {
                    broken.push(format!("{}: {target}", path.display()));
                }
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}
