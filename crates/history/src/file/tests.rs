use super::*;
use crate::{BranchLabel, Position, RevisionId};

const HEADER: &str = "-- Add users\n--\n-- Revision ID: a1\n-- Revises:\n\n";

fn parse(text: &str) -> (Option<RevisionFile>, Vec<Finding>) {
    RevisionFile::parse(text, Dialect::ALL)
}

/// Checks the codes of the findings in `text`, and where they are.
fn check(text: &str, expected: &[&str]) {
    let (_, findings) = parse(text);
    let found: Vec<String> = findings
        .iter()
        .map(|finding| {
            let position = Position::of(text, finding.span.start);
            format!("{position} {}", finding.kind.code())
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

fn body(body: &str) -> String {
    format!("{HEADER}{body}")
}

#[test]
fn headers_are_read() {
    let text = "\u{feff}\r\n-- Add users\r\n-- and their roles\r\n--\r\n-- More about it: a lot.\r\n--\r\n\
                -- revision id:  a1 \r\n-- REVISES: b2 , c3\r\n-- Create Date: 2026-01-02 03:04:05\r\n\
                -- Branch Labels: users,roles\r\n-- Depends On: d4\r\n\r\n-- alembic: upgrade\r\n";
    let (file, findings) = parse(text);
    assert_eq!(findings, []);
    let header = file.unwrap().header;
    assert_eq!(header.message, "Add users and their roles");
    assert_eq!(
        header.doc,
        "Add users\nand their roles\n\nMore about it: a lot."
    );
    assert_eq!(header.id.name, RevisionId::new("a1").unwrap());
    let revises: Vec<_> = header
        .revises
        .iter()
        .map(|named| (named.name.as_str(), named.span.text(text)))
        .collect();
    assert_eq!(revises, [("b2", "b2"), ("c3", "c3")]);
    assert_eq!(header.create_date.as_deref(), Some("2026-01-02 03:04:05"));
    assert_eq!(header.branch_labels.len(), 2);
    assert_eq!(header.depends_on[0].name, "d4");
}

#[test]
fn faulty_headers_say_what_and_where() {
    let up = "-- alembic: upgrade\n";
    check("", &["1:1 empty-file"]);
    check("\u{feff} \r\n", &["1:1 empty-file"]);
    check(
        "CREATE TABLE t (id INTEGER);\n",
        &["1:1 missing-key", "1:1 missing-key", "1:1 outside-section"],
    );
    check(
        &format!("-- A\n-- Revision ID: a1\n{up}"),
        &["1:1 missing-key"],
    );
    check(&format!("-- A\n-- Revises:\n{up}"), &["1:1 missing-key"]);
    check(
        &format!("-- Revision ID:\n-- Revises:\n{up}"),
        &["1:4 invalid-id"],
    );
    check(
        &format!("-- Revision ID: a-b\n-- Revises: c d\n{up}"),
        &["1:17 invalid-id", "2:13 invalid-id"],
    );
    check(
        &format!("-- Revision ID: head\n-- Revises:\n{up}"),
        &["1:17 invalid-id"],
    );
    // Nothing that names a revision, a label or a crate hides a character.
    for name in [
        "a\u{202e}b",
        "a\u{200b}b",
        "a\u{2066}b",
        "sh\u{200f}op@ab",
        "shop@a\u{202e}b",
    ] {
        let header = "-- Revision ID: a\n-- Revises:\n";
        check(
            &format!("{header}-- Depends On: b, {name}\n{up}"),
            &["3:19 invalid-id"],
        );
        if !name.contains('@') {
            check(
                &format!("{header}-- Branch Labels: {name}\n{up}"),
                &["3:19 invalid-label"],
            );
            check(
                &format!("-- Revision ID: {name}\n-- Revises: {name}\n{up}"),
                &["1:17 invalid-id", "2:13 invalid-id"],
            );
        }
    }
    let long = "x".repeat(33);
    check(&format!("-- Revision ID: {long}\n-- Revises:\n{up}"), &[]);
    check(
        &format!("-- Revision ID: a1\n-- Revision ID: a2\n-- Revises:\n{up}"),
        &["2:4 duplicate-key"],
    );
    check(
        &format!("-- Revison ID: a1\n-- Revises:\n{up}"),
        &["1:4 unknown-key"],
    );
    check(
        &format!("-- Revision ID: a1\n-- Revise: b\n{up}"),
        &["2:4 unknown-key"],
    );
    // A line that is not a comment ends the header.
    check(
        &format!("-- A\n\n-- Revision ID: a1\n-- Revises: b\n{up}"),
        &["3:4 key-outside-header", "4:4 key-outside-header"],
    );
    check(
        &format!("-- A\n\n-- Revision ID: a1\n{up}"),
        &["1:1 missing-key", "3:4 key-outside-header"],
    );
    check(
        &format!("-- Revision ID: a1\n-- Revises:\n-- Branch Labels: a@b\n{up}"),
        &["3:19 invalid-label"],
    );
    let header = "-- A\n-- Revision ID: a1\n-- Revises:\n";
    check(
        &format!("{header}\n-- Depends On: b\n\n  --depnds on : c\n-- A note: so.\n{up}"),
        &["5:4 key-outside-header", "7:5 key-outside-header"],
    );
    // A comment inside a section belongs to the SQL.
    check(&format!("{header}\n{up}-- Depends On: b\n"), &[]);
}

#[test]
fn faulty_sections_say_what_and_where() {
    check(&body("-- alembic: upgrade\n"), &[]);
    check(
        &body("-- a comment\n\n-- alembic: upgrade\nSELECT 1;\n"),
        &[],
    );
    check(HEADER, &["6:1 no-upgrade"]);
    check(
        &body("SELECT 1;\n-- alembic: upgrade\n"),
        &["6:1 outside-section"],
    );
    check(&body("-- alembic: upgarde\n"), &["6:13 unknown-section"]);
    check(&body("-- alembic:\n"), &["6:1 unknown-section"]);
    check(&body("--alembic: upgrade\n"), &["6:1 misspelt-heading"]);
    check(&body("-- alembic: upgrade mysql\n"), &["6:21 unknown-flag"]);
    check(
        &body("-- alembic: upgrade sqlite postgres\n"),
        &["6:28 unknown-flag"],
    );
    check(
        &body("-- alembic: upgrade no-transaction sqlite\n"),
        &["6:36 unknown-flag"],
    );
    check(
        &body("-- alembic: upgrade notransaction\n"),
        &["6:21 unknown-flag"],
    );
    check(&body("-- alembic: upgrade emtpy\n"), &["6:21 unknown-flag"]);
    check(
        &body("-- alembic: upgrade empty sqlite\n"),
        &["6:27 unknown-flag"],
    );
    check(
        &body("-- alembic: upgrade no-transaction empty\n"),
        &["6:36 unknown-flag"],
    );
    check(
        &body("-- alembic: upgrade empty\n-- none\nSELECT 1;\n"),
        &["8:1 sql-in-empty"],
    );
    check(
        &body("-- alembic: upgrade irreversible: no\n"),
        &["6:1 irreversible-upgrade"],
    );
    let up = "-- alembic: upgrade\n";
    check(
        &body(&format!("{up}-- alembic: downgrade irreversible:\n")),
        &["7:1 no-reason"],
    );
    check(
        &body(&format!("{up}-- alembic: downgrade irreversible\n")),
        &["7:23 unknown-flag"],
    );
    check(
        &body(&format!(
            "{up}-- alembic: downgrade irreversible: gone\n\nSELECT 1;\n"
        )),
        &["9:1 sql-in-irreversible"],
    );
    // A fault in one place does not hide a fault in another.
    check(
        &body("-- alembic: upgrade mysql\n-- alembic: downgrad\n-- alembic: upgrade\n'\n"),
        &[
            "6:21 unknown-flag",
            "7:13 unknown-section",
            "9:1 unsplittable-sql",
        ],
    );
}

#[test]
fn faulty_sql_says_what_and_where() {
    let sql = |sql: &str| body(&format!("-- alembic: upgrade\n{sql}"));
    check(
        &sql("INSERT INTO t VALUES ('it''s);\n"),
        &["7:23 unsplittable-sql"],
    );
    check(
        &sql("SELECT 1;\n/* never closed\n"),
        &["8:1 unsplittable-sql"],
    );
    check(
        &sql("SELECT 1;\nCOMMIT;\nSELECT 2;\n"),
        &["8:1 transaction-control"],
    );
    check(&sql("  begin immediate;\n"), &["7:3 transaction-control"]);
    // A section is checked for the dialects that it runs on, and only for those.
    check(&body("-- alembic: upgrade postgres\nDO $$ ' $$;\n"), &[]);
    let sqlite = RevisionFile::parse(sql("DO $$ ' $$;\n"), &[Dialect::Postgres]);
    assert_eq!(sqlite.1, []);
    // A heading inside a literal cuts it, and that is an error rather than a guess.
    check(
        &sql("INSERT INTO t VALUES ('\n-- alembic: downgrade\n');\n"),
        &["7:23 unsplittable-sql", "9:1 unsplittable-sql"],
    );
}

#[test]
fn sections_run_where_they_say() {
    let text = body(
        "-- alembic: upgrade\nSELECT 1;\n-- alembic: upgrade postgresql no-transaction\nSELECT 2;\n\
         -- alembic: upgrade sqlite\nSELECT 3; SELECT 4\n-- alembic: downgrade\nSELECT 5;\n",
    );
    let file = parse(&text).0.unwrap();
    let statements = |direction, dialect| -> Vec<String> {
        file.sections(direction, dialect)
            .flat_map(|section| section.statements(dialect))
            .map(|statement| statement.sql.to_owned())
            .collect()
    };
    let up = Direction::Upgrade;
    assert_eq!(
        statements(up, Dialect::Sqlite),
        ["SELECT 1", "SELECT 3", "SELECT 4"]
    );
    assert_eq!(statements(up, Dialect::Postgres), ["SELECT 1", "SELECT 2"]);
    assert_eq!(
        statements(Direction::Downgrade, Dialect::Sqlite),
        ["SELECT 5"]
    );
    assert!(!file.sections[1].transaction);
}

#[test]
fn reversals_are_told_apart() {
    let up = "-- alembic: upgrade\nSELECT 1;\n";
    for (sections, sqlite, postgres) in [
        (up.to_owned(), Reversal::Missing, Reversal::Missing),
        (
            format!("{up}-- alembic: downgrade\n"),
            Reversal::Possible,
            Reversal::Possible,
        ),
        (
            format!("{up}-- alembic: downgrade empty\n"),
            Reversal::Possible,
            Reversal::Possible,
        ),
        (
            format!("{up}-- alembic: downgrade sqlite\n"),
            Reversal::Possible,
            Reversal::Missing,
        ),
        (
            format!("{up}-- alembic: downgrade irreversible: rows are gone\n"),
            Reversal::Declared("rows are gone"),
            Reversal::Declared("rows are gone"),
        ),
        (
            "-- alembic: upgrade postgres\nSELECT 1;\n".to_owned(),
            Reversal::Possible,
            Reversal::Missing,
        ),
    ] {
        let text = body(&sections);
        let file = parse(&text).0.unwrap();
        assert_eq!(file.reversal(Dialect::Sqlite), sqlite, "{text}");
        assert_eq!(file.reversal(Dialect::Postgres), postgres, "{text}");
    }
}

#[test]
fn messages_are_read_back_as_they_say_that_they_will_be() {
    for message in [
        "Add users",
        " Add users \nmore\n",
        "Add x\n\n  a: b",
        "Add x: why \n\n\n    indented  \r\n  twice: yes\t",
        "",
    ] {
        let new = NewRevision {
            message: message.to_owned(),
            id: RevisionId::new("a1").unwrap(),
            revises: Vec::new(),
            create_date: String::new(),
            branch_labels: Vec::new(),
            depends_on: Vec::new(),
        };
        let (file, findings) = parse(&new.render());
        assert_eq!(findings, []);
        assert_eq!(file.unwrap().header.doc, new.doc(), "{message:?}");
    }
}

#[test]
fn a_file_reports_so_much_and_each_thing_once() {
    let text = body(&format!(
        "-- alembic: upgrade\n{}",
        "COMMIT;\n".repeat(10_000)
    ));
    let (_, findings) = parse(&text);
    let lines = findings
        .iter()
        .map(|finding| Position::of(&text, finding.span.start).line);
    assert!(lines.eq(7..27), "{findings:?}");
}

#[test]
fn what_is_rendered_is_read_back() {
    let id = |id: &str| RevisionId::new(id).unwrap();
    let new = NewRevision {
        message: "Merge: both sides\n\nBecause two people\nadded one.".to_owned(),
        id: id("c3"),
        revises: vec![id("a1"), id("b2")],
        create_date: "2026-01-02 03:04:05+00:00".to_owned(),
        branch_labels: vec![BranchLabel::new("both").unwrap()],
        depends_on: vec!["d4".to_owned(), "shop".to_owned()],
    };
    let text = new.render();
    let (file, findings) = parse(&text);
    assert_eq!(findings, []);
    let file = file.unwrap();
    assert_eq!(file.header.message, "Merge: both sides");
    assert_eq!(file.header.doc, new.message);
    assert_eq!(
        file.header.create_date.as_deref(),
        Some("2026-01-02 03:04:05+00:00")
    );
    let revision = file.revision();
    assert_eq!(revision.id, new.id);
    assert_eq!(revision.down_revisions, new.revises);
    assert_eq!(revision.branch_labels, new.branch_labels);
    assert_eq!(revision.depends_on, new.depends_on);
    assert_eq!(file.reversal(Dialect::Sqlite), Reversal::Possible);
}
