//! What the file of a target schema says about the revisions that it was written for.

use std::fmt::Write;

use crate::{Digest, History, RevisionId};

/// The beginning of the line that holds the fingerprint.
const KEY: &str = "-- Fingerprint: ";

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
    /// revisions.
    #[must_use]
    pub fn schema_head(&self, package: &str) -> String {
        let graph = self.graph();
        let heads = graph.real_heads().map(|node| graph[node].id.clone());
        let heads: Vec<RevisionId> = heads.collect();
        let mut head = format!("-- The schema of `{package}`, as of ");
        let _ = match heads.as_slice() {
            [] => writeln!(head, "before its first revision."),
            heads => writeln!(head, "{}.", crate::join(heads, ", ")),
        };
        let _ = writeln!(head, "-- Written by `cargo alembic dump --write`.");
        let _ = writeln!(head, "{KEY}{}\n", self.fingerprint());
        head
    }

    /// Returns whether the file of a target schema was written for other revisions; a file without a
    /// fingerprint was not written by the command.
    #[must_use]
    pub fn is_stale(&self, schema: &str) -> bool {
        let found = written_fingerprint(schema);
        found.is_some_and(|text| text.parse() != Ok(self.fingerprint()))
    }
}

/// Returns whether the file of a target schema says which revisions it was written for: then a new one
/// makes it stale.
#[must_use]
pub fn has_fingerprint(schema: &str) -> bool {
    written_fingerprint(schema).is_some()
}

fn written_fingerprint(schema: &str) -> Option<&str> {
    let lines = schema.trim_start_matches('\u{feff}').lines();
    let mut comment = lines.take_while(|line| line.starts_with("--"));
    let found = comment.find_map(|line| line.strip_prefix(KEY));
    found.map(str::trim)
}
