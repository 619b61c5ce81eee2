//! What a person sees at a terminal.

use alembic_history::Dialect;
use alembic_tests::{Project, revision};
use insta::assert_snapshot;
use regex_lite::Regex;

use crate::chain;

/// Returns what a terminal shows at the first moment at which it shows `text`, and at the end if it
/// never does.
fn screen(columns: u16, written: &[u8], text: &str) -> String {
    let mut terminal = vt100::Parser::new(60, columns, 0);
    let mut is_shown = false;
    for byte in written {
        // The rest of a line is drawn with it.
        if is_shown && [b'\r', b'\n', 0x1b].contains(byte) {
            break;
        }
        terminal.process(&[*byte]);
        is_shown |= !text.is_empty() && terminal.screen().contents().contains(text);
    }
    let shown = terminal.screen().contents();
    let shown = shown
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n");
    let times = Regex::new(r"\d+(\.\d+)? (m?s)\b").unwrap();
    times.replace_all(&shown, "[N] $2").into_owned()
}

/// Runs a command at a terminal, and returns the screen at its end.
fn shown(project: &Project, columns: u16, line: &str) -> String {
    let written = project.here().at_terminal_of(columns, line);
    let shown = screen(columns, &written, "");
    shown.replace(&project.root().display().to_string(), "[ROOT]")
}

/// The widths of terminals.
const WIDTHS: [u16; 3] = [200, 80, 50];

#[test]
fn the_status() {
    let project = chain();
    let long = "Give each customer a shop of their own, and count what they have bought there";
    project.add(revision("dd04").revises("cc03").message(long));
    project.run("upgrade aa01").success();
    for columns in WIDTHS {
        let name = format!("the_status_in_{columns}_columns");
        assert_snapshot!(name, shown(&project, columns, "status"));
    }
}

const LONG: &str = "INSERT INTO t_aa01 (id) SELECT 1 AS the_first_of_many_columns, 2 AS the_second_of_many_columns, \
                    3 AS the_third_of_many_columns, nowhere.missing, 5 AS the_fifth_of_many_columns, 6 AS the_sixth_of_many_columns;";

/// A long line is cut around the place of the error.
#[test]
fn an_error_in_terminals_of_several_widths() {
    let project = chain();
    project.add(revision("dd04").revises("cc03").upgrade(LONG));
    for columns in WIDTHS {
        let name = format!("an_error_in_{columns}_columns");
        assert_snapshot!(name, shown(&project, columns, "upgrade"));
    }
}

/// A slow statement is shown while it runs, in the last line; nothing stays of that.
#[test]
fn a_slow_statement() {
    let project = chain().on(Dialect::Postgres);
    project.run("upgrade -q").success();
    let slow = revision("dd04")
        .revises("cc03")
        .upgrade("SELECT pg_sleep(2.4);");
    project.add(slow.downgrade("SELECT pg_sleep(2.4);"));
    let mut all = String::new();
    for (columns, line, moment) in [
        (80, "upgrade", "2 s dd04"),
        (80, "downgrade -1 -v", "2 s SELECT pg_sleep(2.4)"),
        (50, "upgrade -v", "2 s SELECT"),
        (200, "downgrade -1", "2 s dd04"),
    ] {
        let written = project.here().at_terminal_of(columns, line);
        let (while_slow, after) = (
            screen(columns, &written, moment),
            screen(columns, &written, ""),
        );
        all += &format!("$ {line} # in {columns} columns\n{while_slow}\n# and then\n{after}\n\n");
    }
    let database = Regex::new(r"postgres://\S+\)").unwrap();
    assert_snapshot!(database.replace_all(&all, "[DATABASE_URL])"));
}

/// A wait is one line, however long it takes.
#[test]
fn a_wait() {
    let project = chain();
    project.run("upgrade aa01").success();
    let other = project.database("shop.db").open();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for columns in WIDTHS {
        let written = project
            .here()
            .at_terminal_of(columns, "upgrade --lock-timeout 2.6");
        let (waiting, after) = (
            screen(columns, &written, "Waiting 2 s for"),
            screen(columns, &written, ""),
        );
        let name = format!("a_wait_in_{columns}_columns");
        assert_snapshot!(name, format!("{waiting}\n# and then\n{after}"));
    }
}

/// Whoever holds a lock of a table is named, at a terminal and elsewhere.
#[test]
fn a_lock_of_a_table() {
    let project = chain().on(Dialect::Postgres);
    project.run("upgrade -q").success();
    let slow = revision("dd04").revises("cc03");
    project.add(slow.upgrade("ALTER TABLE t_aa01 ADD COLUMN x INTEGER;"));
    let mut other = project.database("shop.db").server().open();
    let mut reading = other.transaction().unwrap();
    reading.batch_execute("SELECT FROM t_aa01").unwrap();
    let line = "upgrade --lock-timeout 2.6";
    let written = project.here().at_terminal_of(200, line);
    let waiting = screen(200, &written, "Waiting 1 s for a lock of process");
    let shown = format!("{waiting}\n# and then\n{}", screen(200, &written, ""));
    let elsewhere = project.run(line).stderr;
    assert!(
        elsewhere.contains(" Waiting for a lock of process "),
        "{elsewhere}"
    );
    let mut shown = shown;
    for (pattern, name) in [
        (r"postgres://\S+\)", "[DATABASE_URL])"),
        (r"process \d+", "process [N]"),
        (r"since [-0-9]+ [:0-9]+", "since [when]"),
        (r"database postgres://\S+", "database [DATABASE_URL]"),
        (r"user \S+ at", "user [user] at"),
    ] {
        shown = Regex::new(pattern)
            .unwrap()
            .replace_all(&shown, name)
            .into_owned();
    }
    assert_snapshot!(shown);
}

/// Colour is what cargo's own variable says, unless the argument says something else.
#[test]
fn colour() {
    let project = chain();
    for (variable, line, is_coloured) in [
        ("always", "show zz", true),
        ("never", "show zz", false),
        ("auto", "show zz", false),
        ("always", "show zz --color never", false),
        ("never", "show zz --color always", true),
        ("always", "show --what", true),
        ("", "show zz", false),
    ] {
        let outcome = project.here().env("CARGO_TERM_COLOR", variable).run(line);
        let found = outcome.stderr.contains("\u{1b}[");
        assert_eq!(found, is_coloured, "{variable:?} {line}: {outcome}");
    }
}
