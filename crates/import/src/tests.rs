//! Folders in, revisions and findings out; tables in, places among revisions out.

mod databases;
mod folders;
mod observed;
mod recorded;

use std::fmt::Write;

use alembic_history::Dialect;

use crate::{Checksum, Folder, FolderFile, Imported, Origin, Tool, ToolConfig, import};

/// Returns a folder with these files, which need not be in order.
fn folder(files: &[(&str, &str)]) -> Folder {
    let file = |(path, content): &(&str, &str)| FolderFile {
        path: (*path).to_owned(),
        content: content.as_bytes().to_vec(),
    };
    let mut files: Vec<FolderFile> = files.iter().map(file).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Folder { files }
}

/// Imports a folder on one day.
fn imported(tool: Tool, files: &[(&str, &str)], dialect: Dialect) -> Imported {
    configured(tool, &ToolConfig::default(), files, dialect)
}

/// Does the same for a tool that is configured like this.
fn configured(
    tool: Tool,
    config: &ToolConfig,
    files: &[(&str, &str)],
    dialect: Dialect,
) -> Imported {
    let date = |_: &str| "2026-01-02".to_owned();
    import((tool, config), &folder(files), dialect, date)
}

/// Returns what becomes of a folder: each revision without the keys of its header, and the findings.
fn shown(imported: &Imported) -> String {
    let mut text = String::new();
    for revision in &imported.revisions {
        let new = &revision.new;
        let parents = new.revises.iter().map(ToString::to_string);
        let _ = writeln!(
            text,
            "== {} revises {:?}: {} ({})\n{}",
            new.id,
            parents.collect::<Vec<String>>(),
            new.message.lines().next().unwrap_or_default(),
            revision.file,
            revision.sections,
        );
    }
    for finding in &imported.findings {
        let _ = writeln!(text, "{:?}: {finding}", finding.kind.weight());
    }
    text
}

/// Values that the tools themselves have computed: sqlx by SHA-384, refinery 0.10 by its
/// `Migration::unapplied`, Flyway by CRC-32 as Java has it.
#[test]
fn checksums_are_those_of_the_tools() {
    for (found, expected) in [
        (
            Checksum::sqlx("CREATE TABLE a (id INT);\n", &[]),
            "3fe175e6046ef43f222e00f4e37eb3334e080326914e01e81c3002088a2d0ead3325ebc38815da90fe87a4f23f2f933a",
        ),
        (
            Checksum::sqlx(
                "\u{feff}CREATE TABLE\ta (id INT);\r\n",
                &['\u{feff}', '\t', '\r'],
            ),
            "b9a84fda7302eb60477c2d3b6169823d061dad31650e162aa2217adfcec24f71c3b3c8e917e14247cf4b10197fee526b",
        ),
        (
            Checksum::refinery("initial", 1, "CREATE TABLE a (id INT);\n"),
            "5748264558317773245",
        ),
        (
            Checksum::refinery("add_b", 20_240_101, "ALTER TABLE a ADD b INT;\r\n"),
            "2576317542841643700",
        ),
        (
            Checksum::flyway("CREATE TABLE a (id INT);\n-- b"),
            "-584029566",
        ),
        (
            Checksum::flyway("\u{feff}CREATE TABLE a (id INT);\r\n-- b\r\n"),
            "-584029566",
        ),
    ] {
        assert!(found.allows(expected), "{found} is not {expected}");
        assert!(!found.allows("7"));
        assert!(Checksum::parse(&found.to_string()).allows(expected));
    }
}

#[test]
fn origins_are_read_as_they_are_written() {
    let files = [
        ("V1__a, file b.sql", "SELECT 1;"),
        ("below/V2__c.sql", "SELECT 2;"),
        ("R__all_views.sql", "SELECT 3;"),
    ];
    for revision in imported(Tool::Flyway, &files, Dialect::Postgres).revisions {
        let doc = revision.new.doc();
        assert_eq!(Origin::find(&doc), revision.origin, "{doc}");
    }
    for doc in [
        "",
        "Imported from sqlx",
        "Imported from elsewhere version 1, file a",
        "We imported from sqlx version 1, file a",
    ] {
        assert_eq!(Origin::find(doc), None, "{doc}");
    }
}
