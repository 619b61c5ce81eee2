//! What the file of a target schema says about the revisions that it was written for.

use std::fmt::Write;

use crate::{Digest, History, RevisionId};

/// The beginning of the line that holds the fingerprint of the revisions.
const REVISIONS: &str = "-- Fingerprint: ";

/// The beginning of the line that holds the fingerprint of what is older than them. Files of earlier
/// versions have none.
const BASE: &str = "-- Fingerprint of the base: ";

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

    /// Returns the comment at the top of the file of a target schema that is written for these
    /// revisions, which follow the schema that `bases` create.
    #[must_use]
    pub fn schema_head(&self, package: &str, bases: &[&str]) -> String {
        let graph = self.graph();
        let heads = graph.real_heads().map(|node| graph[node].id.clone());
        let heads: Vec<RevisionId> = heads.collect();
        let mut head = format!("-- The schema of `{package}`, as of ");
        let _ = match heads.as_slice() {
            [] => writeln!(head, "before its first revision."),
            heads => writeln!(head, "{}.", crate::join(heads, ", ")),
        };
        let _ = writeln!(head, "-- Written by `cargo alembic dump --write`.");
        let _ = writeln!(head, "{REVISIONS}{}", self.fingerprint());
        if let Some(base) = fingerprint_of(bases) {
            let _ = writeln!(head, "{BASE}{base}");
        }
        head + "\n"
    }

    /// Returns whether the file of a target schema was written for other revisions, or for others than these
    /// `bases`; a file without a fingerprint was not written by the command.
    #[must_use]
    pub fn is_stale(&self, schema: &str, bases: &[&str]) -> bool {
        let is_other = |key, expected: Option<Digest>| {
            written(schema, key).is_some_and(|text| text.parse().ok() != expected)
        };
        is_other(REVISIONS, Some(self.fingerprint())) || is_other(BASE, fingerprint_of(bases))
    }
}

/// Returns the fingerprint of the texts of a base.
fn fingerprint_of(bases: &[&str]) -> Option<Digest> {
    (!bases.is_empty()).then(|| Digest::of_texts(bases.iter().copied()))
}

/// Returns whether the file of a target schema says which revisions it was written for: then a new one
/// makes it stale.
#[must_use]
pub fn has_fingerprint(schema: &str) -> bool {
    written(schema, REVISIONS).is_some()
}

/// Returns what stands in the comment at the top of a file after a key.
fn written<'s>(schema: &'s str, key: &str) -> Option<&'s str> {
    let lines = schema.trim_start_matches('\u{feff}').lines();
    let mut comment = lines.take_while(|line| line.starts_with("--"));
    let found = comment.find_map(|line| line.strip_prefix(key));
    found.map(str::trim)
}
