//! What the file of a target schema says about the revisions that it was compared with.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::{Digest, History, RevisionId, merge_conflict};

/// The beginning of the first line of what is recorded.
const TITLE: &str = "-- The schema of ";

/// The line of a file that the command wrote whole.
const GENERATED: &str = "-- Written by `cargo alembic dump --write`.";

/// The line of a file that somebody wrote, and that the command compared with the revisions.
const COMPARED: &str = "-- Compared by `cargo alembic dump --write`.";

/// The beginning of the line that holds the fingerprint of the revisions.
const REVISIONS: &str = "-- Fingerprint: ";

/// The beginning of the line that holds the fingerprint of what is older than them, if anything is.
const BASE: &str = "-- Fingerprint of the base: ";

/// The beginning of the line that holds the fingerprint of the rest of the file.
const TEXT: &str = "-- Fingerprint of what follows: ";

/// What a blank line above the statements consists of.
const LINE_ENDS: [char; 2] = ['\r', '\n'];

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

/// Who wrote the file of a target schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetAuthor {
    /// `cargo alembic dump --write`, which can write it again.
    Command,
    /// Somebody, at least in part.
    Hand,
}

impl TargetAuthor {
    /// Returns who wrote a file. The two sides of a merge that git could not do are the command's where it
    /// wrote one of them.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let is_generated = match merge_conflict(text) {
            Some(_) => text.lines().any(|line| line == GENERATED),
            None => {
                let (record, text) = parts(text);
                let digest = recorded(&record, TEXT).map(str::parse);
                let is_whole = digest.is_none_or(|digest| digest == Ok(Digest::of_texts([&*text])));
                record.contains(&GENERATED) && is_whole
            }
        };
        match is_generated {
            true => Self::Command,
            false => Self::Hand,
        }
    }
}

impl TargetState {
    /// Returns whether an empty database is created from the file, and is at the heads then.
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
    /// Returns a digest of all revisions: what they follow, and what they do on each dialect.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        let graph = self.graph();
        let mut dialects = self.dialects().to_vec();
        dialects.sort_unstable();
        let lines = graph.nodes().map(|node| {
            let revision = &graph[node];
            let parents = crate::join(&revision.down_revisions, " ");
            let dependencies = revision.depends_on.join(" ");
            let digests = dialects.iter();
            let digests = digests.map(|dialect| self.digests(*dialect)[node.index()].to_string());
            let digests: Vec<String> = digests.collect();
            let digests = digests.join(" ");
            format!("{} | {parents} | {dependencies} | {digests}", revision.id)
        });
        let mut lines: Vec<String> = lines.collect();
        lines.sort_unstable();
        Digest::of_texts(lines.iter().map(String::as_str))
    }

    /// Returns the text of a target schema's file with a record at its top that these revisions, which
    /// follow the schema that `bases` create, make what it creates. It takes the place of an older one.
    #[must_use]
    pub fn record_target(
        &self,
        package: &str,
        bases: &[&str],
        text: &str,
        author: TargetAuthor,
    ) -> String {
        let graph = self.graph();
        let heads = graph.real_heads().map(|node| graph[node].id.clone());
        let heads: Vec<RevisionId> = heads.collect();
        let mut record = format!("{TITLE}`{package}`, as of ");
        let _ = match heads.as_slice() {
            [] => writeln!(record, "before its first revision."),
            heads => writeln!(record, "{}.", crate::join(heads, ", ")),
        };
        let author = match author {
            TargetAuthor::Command => GENERATED,
            TargetAuthor::Hand => COMPARED,
        };
        let _ = writeln!(record, "{author}");
        let _ = writeln!(record, "{REVISIONS}{}", self.fingerprint());
        if let Some(base) = fingerprint_of(bases) {
            let _ = writeln!(record, "{BASE}{base}");
        }
        let (_, text) = parts(text);
        let _ = writeln!(record, "{TEXT}{}\n", Digest::of_texts([&*text]));
        match text.contains("\r\n") {
            true => record.replace('\n', "\r\n") + &text,
            false => record + &text,
        }
    }

    /// Returns whether these revisions, which follow the schema that `bases` create, are known to make
    /// what the file of a target schema creates.
    #[must_use]
    pub fn target_state(&self, text: &str, bases: &[&str]) -> TargetState {
        let (record, text) = parts(text);
        let [revisions, base, own] = [REVISIONS, BASE, TEXT].map(|key| recorded(&record, key));
        let is = |found: Option<&str>, expected: Option<Digest>| {
            found.map(str::parse) == expected.map(Ok)
        };
        match (revisions, own) {
            (None, _) => TargetState::Unrecorded,
            (Some(_), Some(_))
                if is(revisions, Some(self.fingerprint())) && is(base, fingerprint_of(bases)) =>
            {
                match is(own, Some(Digest::of_texts([&*text]))) {
                    true => TargetState::InStep,
                    false => TargetState::Edited,
                }
            }
            // Earlier versions recorded less.
            (Some(_), _) => TargetState::OtherRevisions,
        }
    }
}

/// Returns the fingerprint of the texts of a base.
fn fingerprint_of(bases: &[&str]) -> Option<Digest> {
    (!bases.is_empty()).then(|| Digest::of_texts(bases.iter().copied()))
}

/// Splits a file into the lines that record something, and the text that follows them. Comments above
/// them stand above what is recorded anew.
fn parts(text: &str) -> (Vec<&str>, Cow<'_, str>) {
    let text = text.trim_start_matches('\u{feff}');
    let is_head = |line: &&str| line.starts_with("--") || line.trim().is_empty();
    let head: Vec<&str> = text.split_inclusive('\n').take_while(is_head).collect();
    let is_author = |line: &&&str| [GENERATED, COMPARED].contains(&line.trim_end());
    let Some(author) = head.iter().position(|line| is_author(&line)) else {
        return (
            Vec::new(),
            Cow::Borrowed(text.trim_start_matches(LINE_ENDS)),
        );
    };
    let first = match author.checked_sub(1) {
        Some(above) if head[above].starts_with(TITLE) => above,
        Some(_) | None => author,
    };
    let keys = [REVISIONS, BASE, TEXT];
    let below = head[author + 1..].iter();
    let below = below.take_while(|line| keys.iter().any(|key| line.starts_with(key)));
    let end = author + 1 + below.count();
    let record = head[first..end].iter().map(|line| line.trim_end());
    let above = head[..first].concat();
    let above = above.trim_start_matches(LINE_ENDS);
    let length = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
    let rest = text[length(&head[..end])..].trim_start_matches(LINE_ENDS);
    let text = match above.is_empty() {
        true => Cow::Borrowed(rest),
        false => Cow::Owned(above.to_owned() + rest),
    };
    (record.collect(), text)
}

/// Returns what a line of a record says after a key.
fn recorded<'t>(record: &[&'t str], key: &str) -> Option<&'t str> {
    record.iter().find_map(|line| line.strip_prefix(key))
}
