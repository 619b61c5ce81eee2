//! What was renamed: answers from arguments, or from a person at a terminal.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};

use alembic_history::Code;
use alembic_migrate::schema::{ObjectId, ObjectKind, Schema};
use alembic_models::Rename as StatedRename;
use alembic_schema::{Rename, RenameError, find, plain_name, rename_candidates};

use crate::output::{Cause, Diagnostic, Error, Result, quote_for_shell};
use crate::schemas::renames;

/// The answers to what was renamed, as arguments give them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// `old=new`.
    pub(crate) renamed: Vec<String>,
    /// What was not renamed.
    pub(crate) dropped: Vec<String>,
}

impl Answers {
    /// Returns the renames that the arguments name, those that the target itself states, and those that a
    /// person at a terminal confirms.
    pub(super) fn find(
        &self,
        before: &Schema,
        target: &Schema,
        stated: &[StatedRename],
    ) -> Result<Vec<Rename>> {
        let mut renames = renames::stated(stated, before);
        for text in &self.renamed {
            let rename = Rename::parse(text, before);
            let rename = rename.map_err(|error| invalid("--rename", text, &error))?;
            if target
                .get(&renames::moved(&rename.renamed, &renames))
                .is_none()
            {
                let new = plain_name(&rename.renamed);
                let why = RenameError::Unknown(new);
                return Err(
                    Error::from(invalid("--rename", text, &why)).note("in the target schema")
                );
            }
            renames.push(rename);
        }
        for rename in &renames {
            if let Some(why) = obstacle(rename, &renames, before) {
                return Err(invalid("--rename", &rename.to_string(), &why).into());
            }
        }
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            for candidate in self.open(before, target, &renames)? {
                let is_taken = |other: &Rename| {
                    other.object == candidate.object || other.renamed == candidate.renamed
                };
                if !renames.iter().any(is_taken) && ask(&candidate) {
                    renames.push(candidate);
                }
            }
        }
        Ok(renames::in_sequence(renames, before))
    }

    /// Refuses to drop and create what may have been renamed, unless that is answered.
    pub(super) fn check(&self, renamed: &Schema, target: &Schema) -> Result<()> {
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            // Whatever is left was asked for.
            return Ok(());
        }
        match self.open(renamed, target, &[])?.as_slice() {
            [] => Ok(()),
            candidates => Err(unanswered(candidates)),
        }
    }

    /// Returns what is to be dropped, of what a schema has.
    pub(super) fn dropped(&self, from: &Schema) -> Result<BTreeSet<ObjectId>> {
        let mut dropped = BTreeSet::new();
        for name in &self.dropped {
            match find(name, from) {
                Ok(id) => {
                    dropped.insert(id);
                }
                // It has another name by now.
                Err(RenameError::Unknown(_)) if !self.renamed.is_empty() => {}
                Err(error) => return Err(invalid("--drop", name, &error).into()),
            }
        }
        Ok(dropped)
    }

    /// Returns what may have been renamed and is not answered.
    fn open(&self, from: &Schema, to: &Schema, renames: &[Rename]) -> Result<Vec<Rename>> {
        let dropped = self.dropped(from)?;
        let mut candidates = rename_candidates(from, to);
        candidates.retain(|candidate| {
            let is_taken = |other: &Rename| {
                other.object == candidate.object || other.renamed == candidate.renamed
            };
            !dropped.contains(&candidate.object) && !renames.iter().any(is_taken)
        });
        Ok(candidates)
    }
}

/// Returns why something cannot get its other name.
fn obstacle(rename: &Rename, renames: &[Rename], before: &Schema) -> Option<RenameError> {
    let (old, new) = (&rename.object, &rename.renamed);
    let is_free = before.get(new).is_none() || renames.iter().any(|other| other.object == *new);
    if !is_free {
        return Some(RenameError::Taken(plain_name(new)));
    }
    let mut known = before.objects.keys();
    let exists = new.schema == old.schema
        || known.any(|id| id.kind == ObjectKind::Schema && id.name == new.schema);
    (!exists && new.schema != "public").then(|| RenameError::NoSchema(new.schema.to_string()))
}

fn invalid(option: &str, text: &str, error: &RenameError) -> Diagnostic {
    let title = format!("invalid `{option} {text}`: {error}");
    Diagnostic::new(Cause::Arguments, title)
        .code(Code::InvalidRename)
        .help("write `--rename users.name=full_name` for a column, `--rename users=people` for a table")
}

fn unanswered(candidates: &[Rename]) -> Error {
    let title = "the target may rename something, or drop it and create another";
    let mut diagnostic = Diagnostic::new(Cause::Revision, title).code(Code::RenameOrDrop);
    for candidate in candidates {
        let (old, new) = (&candidate.object, &candidate.renamed);
        diagnostic = diagnostic
            .note(format!("{old} is gone, and {new} is new"))
            .help(format!(
                "if it was renamed, keep what it holds with `--rename {}`; if not, say so with \
                 `--drop {}`",
                quote_for_shell(&candidate.to_string()),
                quote_for_shell(&plain_name(old))
            ));
    }
    diagnostic.into()
}

/// Asks at the terminal.
fn ask(candidate: &Rename) -> bool {
    let (old, new) = (&candidate.object, &candidate.renamed);
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "Was {old} renamed to {}? [y/N] ", plain_name(new));
    let _ = stderr.flush();
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes")
}
