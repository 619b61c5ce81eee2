//! What the file of a target schema says about the revisions that it was compared with.

use std::fmt::{self, Write};

use crate::{Dialect, Digest, Fresh, History, RevisionId, merge_conflict};

/// The beginning of the first line of what is recorded.
const TITLE: &str = "-- The schema of ";

/// The line of a file that the command wrote whole.
const GENERATED: &str = "-- Written by `cargo alembic dump --write`.";

/// The line of a file that somebody wrote, and that the command compared with the revisions.
const COMPARED: &str = "-- Compared by `cargo alembic dump --write`.";

/// The beginning of the line that holds the fingerprint of the revisions.
const REVISIONS: &str = "-- Fingerprint: ";

/// The beginning of the line that holds the fingerprint of what is older than them. Files of earlier
/// versions have none.
const BASE: &str = "-- Fingerprint of the base: ";

/// The beginning of the line that holds the fingerprint of the file's own statements. Files of earlier
/// versions have none.
const STATEMENTS: &str = "-- Fingerprint of the statements: ";

/// Whether the revisions are known to make what the file of a target schema creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// They are: both were compared, and neither was changed since.
    InStep,
    /// The file was compared with other revisions, or with another base.
    OtherRevisions,
    /// The file was edited since it was compared.
    Edited,
    /// The file does not say that it was ever compared.
    Unrecorded,
}

impl Fresh {
    /// Returns how an empty database gets its schema if the file of the target schema says this: it is not
    /// created from a file that may create something else than the revisions make.
    #[must_use]
    pub const fn with_target(self, state: TargetState) -> Self {
        match self {
            Self::Create if state.is_trusted() => Self::Create,
            Self::Create | Self::Replay => Self::Replay,
        }
    }
}

impl fmt::Display for TargetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InStep => "the target schema is in step with the revisions",
            Self::OtherRevisions => {
                "the target schema was compared with other revisions, or with another base"
            }
            Self::Edited => "the target schema was edited since it was compared with the revisions",
            Self::Unrecorded => "nothing says whether the revisions make the target schema",
        })
    }
}

/// Who wrote the statements of a target schema's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetAuthor {
    /// `cargo alembic dump --write`, which can write them again.
    Command,
    /// The command, and then somebody who edited them.
    Editor,
    /// Somebody.
    Hand,
}

impl TargetAuthor {
    /// Returns who wrote the statements of a file; `dialect` is the one that it was recorded with. The two
    /// sides of a merge that git could not do are the command's where it wrote one of them.
    #[must_use]
    pub fn of(text: &str, dialect: Dialect) -> Self {
        if merge_conflict(text).is_some() {
            let is_generated = text.lines().any(|line| line == GENERATED);
            return if is_generated {
                Self::Command
            } else {
                Self::Hand
            };
        }
        if recorded(text, GENERATED).is_none() {
            Self::Hand
        } else if is_edited(text, dialect) {
            Self::Editor
        } else {
            Self::Command
        }
    }
}

impl TargetState {
    /// Returns whether an empty database that the file creates is known to be at the heads.
    ///
    /// Who writes a target by hand and has nothing recorded in it answers for it.
    #[must_use]
    pub const fn is_trusted(self) -> bool {
        match self {
            Self::InStep | Self::Unrecorded => true,
            Self::OtherRevisions | Self::Edited => false,
        }
    }
}

impl History {
    /// Returns a digest of all revisions, and of what they do on each dialect.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        let graph = self.graph();
        let lines = graph.nodes().map(|node| {
            let digests = self.dialects().iter();
            let digests = digests.map(|dialect| self.digests(*dialect)[node.index()].to_string());
            let digests: Vec<String> = digests.collect();
            format!("{} {}", graph[node].id, digests.join(" "))
        });
        let mut lines: Vec<String> = lines.collect();
        lines.sort_unstable();
        Digest::of_texts(lines.iter().map(String::as_str))
    }

    /// Returns the text of a target schema's file with a record at its top that these revisions, which
    /// follow the schema that `bases` create, make what it creates. It takes the place of an older one.
    ///
    /// `dialect` is one of those that the file is for.
    #[must_use]
    pub fn record_target(
        &self,
        package: &str,
        bases: &[&str],
        (text, author): (&str, TargetAuthor),
        dialect: Dialect,
    ) -> String {
        let graph = self.graph();
        let heads = graph.real_heads().map(|node| graph[node].id.clone());
        let heads: Vec<RevisionId> = heads.collect();
        let mut recorded = format!("{TITLE}`{package}`, as of ");
        let _ = match heads.as_slice() {
            [] => writeln!(recorded, "before its first revision."),
            heads => writeln!(recorded, "{}.", crate::join(heads, ", ")),
        };
        let author = match author {
            TargetAuthor::Command | TargetAuthor::Editor => GENERATED,
            TargetAuthor::Hand => COMPARED,
        };
        let _ = writeln!(recorded, "{author}");
        let _ = writeln!(recorded, "{REVISIONS}{}", self.fingerprint());
        if let Some(base) = fingerprint_of(bases) {
            let _ = writeln!(recorded, "{BASE}{base}");
        }
        let text = without_record(text);
        let _ = writeln!(recorded, "{STATEMENTS}{}", Digest::of_sql(text, dialect));
        recorded + "\n" + text
    }

    /// Returns whether these revisions, which follow the schema that `bases` create, are known to make
    /// what the file of a target schema creates.
    ///
    /// `dialect` is the one that the file was recorded with.
    #[must_use]
    pub fn target_state(&self, text: &str, bases: &[&str], dialect: Dialect) -> TargetState {
        let is_other = |key, expected: Option<Digest>| {
            recorded(text, key).is_some_and(|found| found.parse().ok() != expected)
        };
        if recorded(text, REVISIONS).is_none() {
            TargetState::Unrecorded
        } else if is_other(REVISIONS, Some(self.fingerprint()))
            || is_other(BASE, fingerprint_of(bases))
        {
            TargetState::OtherRevisions
        } else if is_edited(text, dialect) {
            TargetState::Edited
        } else {
            TargetState::InStep
        }
    }
}

/// Returns whether the statements of a file are others than those that were recorded.
fn is_edited(text: &str, dialect: Dialect) -> bool {
    let found = Digest::of_sql(without_record(text), dialect);
    recorded(text, STATEMENTS).is_some_and(|expected| expected.parse() != Ok(found))
}

/// Returns the fingerprint of the texts of a base.
fn fingerprint_of(bases: &[&str]) -> Option<Digest> {
    (!bases.is_empty()).then(|| Digest::of_texts(bases.iter().copied()))
}

/// Returns a file without what is recorded at its top.
fn without_record(text: &str) -> &str {
    if recorded(text, REVISIONS).is_none() {
        return text;
    }
    let mut rest = text.trim_start_matches('\u{feff}');
    let keys = [TITLE, GENERATED, COMPARED, REVISIONS, BASE, STATEMENTS];
    while keys.iter().any(|key| rest.starts_with(key)) {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest.trim_start_matches(['\r', '\n'])
}

/// Returns what stands in the comment at the top of a file after a key.
fn recorded<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let lines = text.trim_start_matches('\u{feff}').lines();
    let mut comment = lines.take_while(|line| line.starts_with("--"));
    let found = comment.find_map(|line| line.strip_prefix(key));
    found.map(str::trim)
}
