//! The shells that scripts are fed to, and what they leave in databases.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use alembic_tests::{LOG, postgres};
use regex_lite::Regex;

/// What a shell said, and whether it was content.
pub(crate) struct Said {
    pub(crate) text: String,
    ok: bool,
}

impl Said {
    #[track_caller]
    pub(crate) fn success(&self) {
        assert!(self.ok, "{}", self.text);
    }

    #[track_caller]
    pub(crate) fn failure(&self, part: &str) {
        assert!(!self.ok && self.text.contains(part), "{}", self.text);
    }
}

/// Feeds a script to a shell.
fn feed(command: &mut Command, script: &str) -> Said {
    let mut child = command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A shell that stops before the end is looked at below.
            let _ = stdin.write_all(script.as_bytes());
        });
        child.wait_with_output().unwrap()
    });
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Said {
        text,
        ok: output.status.success(),
    }
}

pub(crate) fn sqlite(path: &Path, script: &str) -> Said {
    feed(Command::new("sqlite3").arg(path), script)
}

/// Feeds a script to psql, which goes on after errors unless the script or `args` say otherwise.
pub(crate) fn psql(database: &postgres::Database, args: &[&str], script: &str) -> Said {
    let mut command = Command::new(postgres::program("psql"));
    let command = command.args(["-X", "-q", "-f", "-"]).args(args);
    feed(command.arg(database.url()), script)
}

pub(crate) const STOP: [&str; 2] = ["-v", "ON_ERROR_STOP=1"];

/// Returns everything that is in a database of SQLite, but for the time of day and what differs in
/// the log.
pub(crate) fn dump(path: &Path) -> String {
    let dump = sqlite(path, ".dump\n");
    dump.success();
    let time = Regex::new(r"'20\d\d-\d\d-\d\d \d\d:\d\d:\d\d'").unwrap();
    let dump = time.replace_all(&dump.text, "'[time]'").into_owned();
    let log = Regex::new(r"(?m)^(CREATE TABLE|INSERT INTO) alembic_version_log (?s:.*?)\);$\n");
    let others = log.unwrap().replace_all(&dump, "").into_owned();
    match others == dump {
        true => dump,
        false => others + &sqlite(path, &format!("{LOG};\n")).text,
    }
}

/// Compares what two databases hold.
#[track_caller]
pub(crate) fn assert_same(found: &str, expected: &str, what: &str) {
    let lines = |text: &str, other: &str| {
        let lines = text
            .lines()
            .filter(|line| !other.lines().any(|also| also == *line));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert!(
        found == expected,
        "{what}\nonly there:\n{}\nnot there:\n{}",
        lines(found, expected),
        lines(expected, found)
    );
}
