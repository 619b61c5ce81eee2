//! What a user sees of a command.

use std::fmt;
use std::path::Path;
use std::process::Output;

use regex_lite::Regex;

/// What a command wrote, and how it ended.
///
/// It is displayed as one text for snapshots, in which what differs between two runs is replaced:
/// durations by `[time]`, the folder of the project by `[ROOT]`, the databases that a test has
/// [chosen](crate::Project::on) by the variables that name them, and the URL of any other database
/// on a server by `[DATABASE]`.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
    /// Its exit code; -1 where a signal ended it.
    pub status: i32,
    shown: String,
}

/// What is shown in place of other things.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    root: String,
    replaced: Vec<(String, String)>,
    /// What must never be shown.
    secrets: Vec<String>,
}

impl Shown {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.display().to_string(),
            replaced: Vec::new(),
            secrets: Vec::new(),
        }
    }

    pub(crate) fn instead_of(&mut self, text: &str, name: &str) {
        self.replaced.push((text.to_owned(), name.to_owned()));
    }

    /// Shows a name in place of a URL, which is expected without its password.
    pub(crate) fn instead_of_url(&mut self, url: &str, name: &str) {
        let (credentials, place) = url.split_once('@').unwrap_or(("", url));
        let (user, password) = credentials.rsplit_once(':').unwrap_or((credentials, ""));
        let without = format!("{user}:***@{place}");
        if !password.is_empty() && !without.contains(password) {
            self.secrets.push(password.to_owned());
        }
        self.instead_of(&without, name);
    }
}

impl Outcome {
    pub(crate) fn new(output: Output, how: &Shown) -> Self {
        let stdout = String::from_utf8(output.stdout).expect("stdout is UTF-8");
        let stderr = String::from_utf8(output.stderr).expect("stderr is UTF-8");
        let status = output.status.code().unwrap_or(-1);
        let mut shown = redacted(&stdout, how);
        if !stderr.is_empty() {
            shown = format!("{shown}--- stderr\n{}", redacted(&stderr, how));
        }
        let leaked = how.secrets.iter().any(|secret| shown.contains(secret));
        assert!(!leaked, "a password is shown:\n{shown}");
        if status != 0 {
            shown = format!("{shown}--- exit code {status}\n");
        }
        Self {
            stdout,
            stderr,
            status,
            shown,
        }
    }

    /// Returns itself where the command succeeded.
    ///
    /// # Panics
    ///
    /// When it did not.
    #[track_caller]
    pub fn success(self) -> Self {
        assert_eq!(self.status, 0, "{self}");
        self
    }

    /// Returns the answer of `--format json`.
    ///
    /// # Panics
    ///
    /// When stdout is not JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{self}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

fn redacted(text: &str, how: &Shown) -> String {
    let mut text = text.to_owned();
    for (what, name) in &how.replaced {
        text = text.replace(what, name);
    }
    text = text.replace(&how.root, "[ROOT]");
    if cfg!(windows) {
        text = text.replace('\\', "/").replace(".exe", "");
    }
    for (pattern, replacement) in [
        (r"\(\d+\.\d+ m?s\)", "([time])"),
        (r"\bin \d+\.\d+ m?s\b", "in [time]"),
        (r#""seconds": [0-9.e-]+"#, r#""seconds": "[time]""#),
        (r"postgres://[^\s`]*/test_\d+_[0-9a-f]+_\d+", "[DATABASE]"),
        (r"\balembic_test_[0-9a-f]{12}\b", "alembic_test_[id]"),
        (r"\b(at|since) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "$1 [when]"),
    ] {
        let pattern = Regex::new(pattern).expect("the pattern is right");
        text = pattern.replace_all(&text, replacement).into_owned();
    }
    text
}
