//! What was renamed: answers from arguments, or from a person at a terminal.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};

use alembic_history::Code;
use alembic_migrate::schema::{Change, Hazard, ObjectId, Schema, Statement, Verb};
use alembic_models::Rename as StatedRename;
use alembic_schema::{Rename, RenameError, find, plain_name, rename_candidates};

use crate::database::scratch::Scratch;
use crate::output::{Cause, Diagnostic, Error, Result, quote_for_shell};

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
        let mut renames: Vec<Rename> = stated_renames(stated, before);
        for text in &self.renamed {
            let rename = Rename::parse(text, before);
            let rename = rename.map_err(|error| invalid("--rename", text, &error))?;
            if target.get(&moved(&rename.renamed(), &renames)).is_none() {
                let new = plain_name(&rename.renamed());
                let why = RenameError::Unknown(new);
                return Err(
                    Error::from(invalid("--rename", text, &why)).note("in the target schema")
                );
            }
            renames.push(rename);
        }
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            for candidate in self.open(before, target, &renames)? {
                let is_taken = |other: &Rename| {
                    other.object == candidate.object || other.renamed() == candidate.renamed()
                };
                if !renames.iter().any(is_taken) && ask(&candidate) {
                    renames.push(candidate);
                }
            }
        }
        Ok(in_sequence(renames))
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
                other.object == candidate.object || other.renamed() == candidate.renamed()
            };
            !dropped.contains(&candidate.object) && !renames.iter().any(is_taken)
        });
        Ok(candidates)
    }
}

/// Returns the stated renames that are still to be made: the sources keep them afterwards.
fn stated_renames(stated: &[StatedRename], before: &Schema) -> Vec<Rename> {
    let renames = stated.iter().filter_map(|rename| {
        let qualified = |name: &str| match &rename.schema {
            Some(schema) => format!("{schema}.{name}"),
            None => name.to_owned(),
        };
        let (old, new) = match &rename.column {
            None => (qualified(&rename.from), &rename.table),
            Some(column) => {
                // The table may have got another name, too.
                let mut tables = stated.iter().filter(|table| table.column.is_none());
                let table = tables.find(|table| table.table == rename.table);
                let names = [table.map(|table| &table.from), Some(&rename.table)];
                let mut names = names.into_iter().flatten().map(|name| qualified(name));
                let table = names.find(|name| find(name, before).is_ok())?;
                (format!("{table}.{}", rename.from), column)
            }
        };
        let object = find(&old, before).ok()?;
        let rename = Rename {
            object,
            name: new.clone(),
        };
        before.get(&rename.renamed()).is_none().then_some(rename)
    });
    renames.collect()
}

/// Returns a column as it is called once its table is renamed.
fn moved(id: &ObjectId, renames: &[Rename]) -> ObjectId {
    let table = id.parent.as_ref().and_then(|parent| {
        let mut tables = renames.iter();
        tables.find(|rename| rename.object.parent.is_none() && rename.object.name == *parent)
    });
    ObjectId {
        parent: match table {
            Some(rename) => Some(rename.name.clone()),
            None => id.parent.clone(),
        },
        ..id.clone()
    }
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
        let (old, new) = (&candidate.object, candidate.renamed());
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
    let (old, new) = (&candidate.object, candidate.renamed());
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "Was {old} renamed to {}? [y/N] ", plain_name(&new));
    let _ = stderr.flush();
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Renames in a database.
pub(super) fn execute(renames: &[Rename], scratch: &Scratch) -> Result<()> {
    for change in changes(renames) {
        for statement in &change.statements {
            scratch.execute(&statement.sql)?;
        }
    }
    Ok(())
}

/// Returns renames by the names that their objects have once those before are made.
fn in_sequence(renames: Vec<Rename>) -> Vec<Rename> {
    let mut done: Vec<Rename> = Vec::new();
    for rename in renames {
        let object = moved(&rename.object, &done);
        done.push(Rename { object, ..rename });
    }
    done
}

/// Returns the changes that rename.
pub(super) fn changes(renames: &[Rename]) -> Vec<Change> {
    let changes = renames.iter().map(|rename| {
        let old = &rename.object;
        Change {
            verb: Verb::Rename,
            object: rename.renamed(),
            sentence: format!("renamed {old} to {}", rename.name),
            hazards: vec![Hazard::BreaksProgram(format!(
                "the program that is deployed still uses {old}"
            ))],
            statements: vec![Statement::new(rename.statement())],
        }
    });
    changes.collect()
}
