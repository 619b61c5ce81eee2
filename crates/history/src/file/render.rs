//! Writes new revision files.

use std::fmt::Write;

use crate::id::join;
use crate::{BranchLabel, RevisionId};

/// The declarations of a new revision file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRevision {
    /// The header's first paragraph.
    pub message: String,
    /// The revision's id.
    pub id: RevisionId,
    /// The revisions that it follows.
    pub revises: Vec<RevisionId>,
    /// The creation date, as written in the header.
    pub create_date: String,
    /// The labels of its branch.
    pub branch_labels: Vec<BranchLabel>,
    /// The revisions that it depends on, by id or branch label.
    pub depends_on: Vec<String>,
}

impl NewRevision {
    /// Returns the message as it will be read back: [`Header::doc`](crate::Header::doc).
    #[must_use]
    pub fn doc(&self) -> String {
        let lines: Vec<&str> = self.message.trim().lines().map(str::trim_end).collect();
        lines.join("\n")
    }

    /// Returns the file's text, with an empty section for each direction.
    ///
    /// Reading it back gives the same header, unless a line of the message reads as a key of the
    /// header or as a section heading, which [`RevisionFile::parse`](crate::RevisionFile::parse)
    /// reports.
    #[must_use]
    pub fn render(&self) -> String {
        self.render_with("-- alembic: upgrade\n\n-- alembic: downgrade\n")
    }

    /// Returns the file's text, with these sections below the header.
    #[must_use]
    pub fn render_with(&self, sections: &str) -> String {
        let mut text = String::new();
        for line in self.doc().lines() {
            push_comment(&mut text, line);
        }
        push_comment(&mut text, "");
        push_comment(&mut text, &format!("Revision ID: {}", self.id));
        push_comment(
            &mut text,
            &format!("Revises: {}", join(&self.revises, ", ")),
        );
        push_comment(&mut text, &format!("Create Date: {}", self.create_date));
        if !self.branch_labels.is_empty() {
            let labels: Vec<&str> = self.branch_labels.iter().map(BranchLabel::as_str).collect();
            push_comment(&mut text, &format!("Branch Labels: {}", labels.join(", ")));
        }
        if !self.depends_on.is_empty() {
            push_comment(
                &mut text,
                &format!("Depends On: {}", self.depends_on.join(", ")),
            );
        }
        text.push('\n');
        text.push_str(sections);
        text
    }
}

fn push_comment(text: &mut String, line: &str) {
    let _ = writeln!(text, "{}", format_args!("-- {line}").to_string().trim_end());
}
