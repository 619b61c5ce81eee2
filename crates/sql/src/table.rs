//! Statements that create and alter tables.

use crate::cursor::Cursor;
use crate::name::Name;

/// A `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTable {
    /// The table.
    pub name: Name,
    /// Whether it takes its columns and rows from a query, by `AS SELECT`.
    pub is_filled: bool,
}

/// An `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterTable {
    /// The table, by its old name.
    pub table: Name,
    /// The actions, in this order; PostgreSQL allows several in one statement.
    pub actions: Vec<AlterAction>,
}

/// An action of an `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterAction {
    /// `RENAME TO`.
    RenameTable {
        /// The new name.
        to: Name,
    },
    /// `RENAME COLUMN`.
    RenameColumn {
        /// The column, by its old name.
        from: Name,
        /// The new name.
        to: Name,
    },
    /// `RENAME CONSTRAINT`.
    RenameConstraint {
        /// The constraint, by its old name.
        from: Name,
        /// The new name.
        to: Name,
    },
    /// `ADD COLUMN`.
    AddColumn {
        /// The column.
        name: Name,
        /// Whether it references another table.
        has_reference: bool,
    },
    /// `ADD CONSTRAINT`, or `ADD` with a constraint that has no name.
    AddConstraint {
        /// Whether it references another table.
        has_reference: bool,
    },
    /// Any other action.
    Other,
}

impl CreateTable {
    /// Reads the rest of a statement after `CREATE TABLE`.
    pub(crate) fn read(mut words: Cursor<'_>) -> Option<Self> {
        words.eat_all(&["IF", "NOT", "EXISTS"]);
        Some(Self {
            name: Name::read(&mut words)?,
            is_filled: has_outer_as(words),
        })
    }
}

/// Returns whether there is an `AS` outside of all parentheses, which a query follows.
fn has_outer_as(words: Cursor<'_>) -> bool {
    with_depth(words).any(|(depth, word)| depth == 0 && word.eq_ignore_ascii_case("AS"))
}

/// Returns the words, each with the number of brackets that are open after it.
fn with_depth<'a>(words: impl Iterator<Item = &'a str>) -> impl Iterator<Item = (usize, &'a str)> {
    words.scan(0_usize, |depth, word| {
        match word {
            "(" | "[" => *depth += 1,
            ")" | "]" => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some((*depth, word))
    })
}

impl AlterTable {
    /// Reads the rest of a statement after `ALTER TABLE`.
    pub(crate) fn read(mut words: Cursor<'_>) -> Option<Self> {
        words.eat_all(&["IF", "EXISTS"]);
        let table = Name::read_table(&mut words)?;
        let mut actions = Vec::new();
        while words.kind().is_some() {
            actions.push(AlterAction::read(words.clone()));
            skip_action(&mut words);
        }
        Some(Self { table, actions })
    }
}

/// Moves past the comma that ends an action, or to the end of the statement.
fn skip_action(words: &mut Cursor<'_>) {
    with_depth(words).any(ends_action);
}

fn ends_action((depth, word): (usize, &str)) -> bool {
    depth == 0 && word == ","
}

impl AlterAction {
    /// Reads the action at the start of `words`, which may continue after it.
    fn read(mut words: Cursor<'_>) -> Self {
        let action = if words.eat("ADD") {
            Self::read_added(words)
        } else if words.eat("RENAME") {
            Self::read_renamed(words)
        } else {
            None
        };
        action.unwrap_or(Self::Other)
    }

    fn read_added(mut words: Cursor<'_>) -> Option<Self> {
        let has_reference = has_reference(words.clone());
        if begins_constraint(words.clone()) {
            return Some(Self::AddConstraint { has_reference });
        }
        words.eat("COLUMN");
        words.eat_all(&["IF", "NOT", "EXISTS"]);
        Some(Self::AddColumn {
            name: Name::read(&mut words)?,
            has_reference,
        })
    }

    fn read_renamed(mut words: Cursor<'_>) -> Option<Self> {
        if words.eat("TO") {
            let to = Name::read(&mut words)?;
            return Some(Self::RenameTable { to });
        }
        let is_constraint = words.eat("CONSTRAINT");
        if !is_constraint {
            words.eat("COLUMN");
        }
        let from = Name::read(&mut words)?;
        if !words.eat("TO") {
            return None;
        }
        let to = Name::read(&mut words)?;
        Some(if is_constraint {
            Self::RenameConstraint { from, to }
        } else {
            Self::RenameColumn { from, to }
        })
    }
}

/// Returns whether a constraint follows, not a column.
fn begins_constraint(mut words: Cursor<'_>) -> bool {
    // A column may be called `exclude`.
    words.eat_any(&["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"])
        || words.eat("EXCLUDE") && (words.at("USING") || words.at("("))
}

/// Returns whether the action at the start of `words` contains `REFERENCES`.
fn has_reference(words: Cursor<'_>) -> bool {
    with_depth(words)
        .take_while(|word| !ends_action(*word))
        .any(|(_, word)| word.eq_ignore_ascii_case("REFERENCES"))
}
