//! Writes changes as the sections of a revision file, and what they come to as one line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use alembic_sql::{Dialect, Tokens};

use crate::change::{Change, Cost, Hazard, Statement, Verb};
use crate::model::{ObjectId, ObjectKind};

/// The direction of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It applies the revision.
    Upgrade,
    /// It reverts it.
    Downgrade,
}

/// Changes that follow each other in a revision file.
#[derive(Clone, Copy, Debug)]
pub struct Part<'c> {
    /// The engine that the heading names; `None` if all engines of the crate run the statements.
    pub named: Option<Dialect>,
    /// The dialect of the statements.
    pub dialect: Dialect,
    /// The changes.
    pub changes: &'c [Change],
}

impl Way {
    const fn heading(self) -> &'static str {
        match self {
            Self::Upgrade => "-- alembic: upgrade",
            Self::Downgrade => "-- alembic: downgrade",
        }
    }
}

/// Writes changes as sections: each change below a comment for each of its hazards, as `comment`
/// writes it, and each statement that stands alone in a section outside of transactions.
#[must_use]
pub fn sections(way: Way, parts: &[Part<'_>], comment: impl Fn(&Hazard) -> String) -> String {
    let mut writer = Writer {
        way,
        text: String::new(),
        open: None,
        rewritten: None,
    };
    for part in parts {
        for change in part.changes {
            writer.change(*part, change, &comment);
        }
    }
    if writer.text.is_empty() {
        writer.text = format!("{}\n", way.heading());
    }
    writer.text
}

/// Returns changes as a script, each statement with its semicolon, and each change that loses something below a
/// comment that says so.
#[must_use]
pub fn script(changes: &[Change], dialect: Dialect) -> String {
    let mut text = String::new();
    let mut was_long = false;
    for (number, change) in changes.iter().enumerate() {
        let statements = cautions(change) + &terminated(change, dialect);
        let is_long = statements.trim_end().contains('\n');
        if number > 0 && (is_long || was_long) {
            text.push('\n');
        }
        text.push_str(&statements);
        was_long = is_long;
    }
    text
}

/// Returns comments that say what a change loses.
fn cautions(change: &Change) -> String {
    let hazards = change.hazards.iter();
    let lost = hazards.filter(|hazard| hazard.cost() == Cost::Destructive);
    lost.map(|hazard| format!("-- {}.\n", hazard.remark()))
        .collect()
}

fn terminated(change: &Change, dialect: Dialect) -> String {
    let statements = change.statements.iter();
    statements
        .map(|statement| statement.terminated(dialect) + "\n")
        .collect()
}

impl Statement {
    /// Returns the statement with its semicolon, which no comment at its end swallows.
    #[must_use]
    pub fn terminated(&self, dialect: Dialect) -> String {
        let sql = self.sql.trim_end();
        let last = Tokens::new(sql, dialect).last();
        let ends_in_comment = last.is_some_and(|token| token.is_trivia());
        let separator = if ends_in_comment { "\n" } else { "" };
        format!("{sql}{separator};")
    }
}

struct Writer {
    way: Way,
    text: String,
    /// The section that is being written: its dialect, and whether a blank line ends it.
    open: Option<(Option<Dialect>, bool)>,
    /// The table that a comment says is written anew: the changes that follow are made with it.
    rewritten: Option<ObjectId>,
}

impl Writer {
    /// Returns the hazards of a change that need a comment.
    fn hazards_to_report<'c>(&mut self, change: &'c Change) -> Vec<&'c Hazard> {
        let is_elsewhere = |table: &ObjectId| change.object.parent.as_ref() != Some(&table.name);
        if self.rewritten.as_ref().is_some_and(is_elsewhere) {
            self.rewritten = None;
        }
        let hazards = change
            .hazards
            .iter()
            .filter(|hazard| match hazard.without_engine() {
                Hazard::Rewrites(table) => {
                    self.rewritten.replace(table.clone()).as_ref() != Some(table)
                }
                Hazard::DestroysRows(_)
                | Hazard::DestroysValues(_)
                | Hazard::Scans(_)
                | Hazard::ScansLocked(_)
                | Hazard::MayFail(_)
                | Hazard::RefusesNull(_)
                | Hazard::BreaksProgram(_)
                | Hazard::On(..) => true,
            });
        hazards.collect()
    }

    fn change(&mut self, part: Part<'_>, change: &Change, comment: &impl Fn(&Hazard) -> String) {
        let dialect = part.named;
        let comments = self.hazards_to_report(change).into_iter().map(|hazard| {
            let line = comment(hazard).replace(char::is_control, " ");
            format!("-- {}\n", line.trim_end())
        });
        let mut comments: String = comments.collect();
        for statement in &change.statements {
            let sql = statement.terminated(part.dialect);
            let is_long = !comments.is_empty() || sql.contains('\n');
            match statement.stands_alone {
                true => {
                    self.open = None;
                    self.heading(dialect, " no-transaction");
                }
                false => match self.open {
                    Some((open, was_long)) if open == dialect => {
                        if is_long || was_long {
                            self.text.push('\n');
                        }
                    }
                    Some(_) | None => self.heading(dialect, ""),
                },
            }
            self.text.push_str(&std::mem::take(&mut comments));
            let _ = writeln!(self.text, "{sql}");
            self.open = match statement.stands_alone {
                true => None,
                false => Some((dialect, is_long)),
            };
        }
    }

    fn heading(&mut self, dialect: Option<Dialect>, flag: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let heading = self.way.heading();
        let engine = dialect.map_or(String::new(), |dialect| format!(" {dialect}"));
        let _ = writeln!(self.text, "{heading}{engine}{flag}");
    }
}

/// What happens to objects of one kind, as a summary counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Create,
    Drop,
    Rename,
    Change,
    Recreate,
}

/// Returns what changes come to: `+12 columns, -1 table (destroys its rows), 2 tables rebuilt`.
#[must_use]
pub fn summary(changes: &[Change]) -> String {
    let mut counts: BTreeMap<(Deed, ObjectKind), (usize, usize)> = BTreeMap::new();
    let mut rewritten = BTreeSet::new();
    // Tables that are rebuilt without values that they had, and what was taken away with its rows.
    let (mut emptied, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for change in changes {
        let destroys = change
            .hazards
            .iter()
            .any(|hazard| hazard.cost() == Cost::Destructive);
        rewritten.extend(change.hazards.iter().filter_map(|hazard| match hazard {
            Hazard::Rewrites(table) => Some(table),
            _ => None,
        }));
        let deed = match change.verb {
            Verb::Create => Deed::Create,
            Verb::Drop => Deed::Drop,
            Verb::Rename => Deed::Rename,
            Verb::Alter if rewritten.contains(&change.object) => {
                emptied.extend(destroys.then_some(&change.object));
                continue;
            }
            Verb::Alter => Deed::Change,
            Verb::PutBack => Deed::Recreate,
            Verb::TakeAway => {
                taken.extend(destroys.then_some(&change.object));
                continue;
            }
        };
        let destroys = destroys || taken.contains(&change.object);
        let (count, destroying) = counts.entry((deed, change.object.kind)).or_default();
        *count += 1;
        *destroying += usize::from(destroys);
    }
    let lines = counts
        .into_iter()
        .map(|((deed, kind), (count, destroying))| {
            let what = counted(count, kind);
            let what = match deed {
                Deed::Create => format!("+{what}"),
                Deed::Drop => format!("-{what}"),
                Deed::Rename => format!("{what} renamed"),
                Deed::Change => format!("{what} changed"),
                Deed::Recreate => format!("{what} recreated"),
            };
            what + &destruction(count, destroying, kind)
        });
    let mut lines: Vec<String> = lines.collect();
    if !rewritten.is_empty() {
        let tables = counted(rewritten.len(), ObjectKind::Table);
        let values = destruction(rewritten.len(), emptied.len(), ObjectKind::Column);
        lines.push(format!("{tables} rebuilt{values}"));
    }
    lines.join(", ")
}

fn destruction(count: usize, destroying: usize, kind: ObjectKind) -> String {
    if destroying == 0 {
        return String::new();
    }
    let what = match kind {
        ObjectKind::Table => "rows",
        _ => "values",
    };
    match (count, destroying) {
        (1, _) => format!(" (destroys its {what})"),
        (count, destroying) if count == destroying => format!(" (destroys their {what})"),
        (_, destroying) => format!(" ({destroying} of them destroy {what})"),
    }
}

fn counted(count: usize, kind: ObjectKind) -> String {
    let name = kind.as_str();
    match (count, name) {
        (1, name) => format!("1 {name}"),
        (count, name) if name.ends_with('s') => format!("{count} {name}"),
        (count, name) if name.ends_with("ex") => format!("{count} {name}es"),
        (count, name) => match name.strip_suffix('y') {
            Some(stem) => format!("{count} {stem}ies"),
            None => format!("{count} {name}s"),
        },
    }
}

#[cfg(test)]
mod tests;
