//! Statements that create, alter and drop tables.

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

/// A `DROP TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropTable {
    /// The table; the first of several.
    pub name: Name,
    /// Whether it drops what depends on the table, too.
    pub cascade: bool,
}

/// An `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterTable {
    /// The table, by its old name.
    pub table: Name,
    /// Whether the statement does nothing if there is no such table.
    pub if_exists: bool,
    /// The actions, in this order; SQLite itself knows one in a statement.
    pub actions: Vec<AlterAction>,
}

/// An action of an `ALTER TABLE`. Texts are as the statement writes them.
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
        /// Whether the action does nothing if there is such a column.
        if_not_exists: bool,
        /// The name, type and constraints of the column.
        definition: String,
        /// Whether it references another table.
        has_reference: bool,
    },
    /// `ADD CONSTRAINT`, or `ADD` with a constraint that has no name.
    AddConstraint {
        /// The constraint, with `CONSTRAINT` and its name.
        definition: String,
        /// Whether it references another table.
        has_reference: bool,
    },
    /// `ALTER COLUMN`.
    AlterColumn {
        /// The column.
        column: Name,
        /// The change.
        change: ColumnChange,
    },
    /// `DROP COLUMN`.
    DropColumn {
        /// The column.
        column: Name,
        /// Whether the action does nothing if there is no such column.
        if_exists: bool,
        /// Whether it drops what depends on the column, too.
        cascade: bool,
    },
    /// `DROP CONSTRAINT`, or `DROP` with what a constraint says, for one that may have no name.
    DropConstraint {
        /// The constraint.
        constraint: DroppedConstraint,
        /// Whether the action does nothing if there is no such constraint.
        if_exists: bool,
        /// Whether it drops what depends on the constraint, too.
        cascade: bool,
    },
    /// `REBUILD AS`: the table becomes the one of a whole definition, which only this library knows.
    Rebuild {
        /// The definition from its opening parenthesis on.
        definition: String,
    },
    /// Any other action.
    Other,
}

/// A change of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnChange {
    /// `TYPE`, or `SET DATA TYPE`.
    SetType {
        /// The new type.
        to: String,
        /// The collation after it.
        collation: Option<Name>,
        /// The expression for the new values.
        using: Option<String>,
    },
    /// `SET NOT NULL`.
    SetNotNull,
    /// `DROP NOT NULL`.
    DropNotNull,
    /// `SET DEFAULT`.
    SetDefault {
        /// The expression.
        to: String,
    },
    /// `DROP DEFAULT`.
    DropDefault,
}

/// How a statement names the constraint that it drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DroppedConstraint {
    /// By its name.
    Named(Name),
    /// As the primary key.
    PrimaryKey,
    /// As what makes these columns unique.
    Unique(Vec<Name>),
    /// As the foreign key of these columns.
    ForeignKey(Vec<Name>),
    /// As the check of this expression.
    Check(String),
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

impl DropTable {
    /// Reads the rest of a statement after `DROP TABLE`.
    pub(crate) fn read(mut words: Cursor<'_>) -> Option<Self> {
        words.eat_all(&["IF", "EXISTS"]);
        let name = Name::read(&mut words)?;
        let cascade = words.any(|word| word.eq_ignore_ascii_case("CASCADE"));
        Some(Self { name, cascade })
    }
}

/// Returns whether there is an `AS` outside of all parentheses, which a query follows.
fn has_outer_as(words: Cursor<'_>) -> bool {
    with_depth(words).any(|(depth, word)| depth == 0 && word.eq_ignore_ascii_case("AS"))
}

/// Returns the words, each with the number of brackets that are open after it.
fn with_depth<'a>(words: impl Iterator<Item = &'a str>) -> impl Iterator<Item = (usize, &'a str)> {
    words.scan(0_usize, |depth, word| {
        count_brackets(depth, word);
        Some((*depth, word))
    })
}

fn count_brackets(depth: &mut usize, word: &str) {
    match word {
        "(" | "[" => *depth += 1,
        ")" | "]" => *depth = depth.saturating_sub(1),
        _ => {}
    }
}

impl AlterTable {
    /// Reads the rest of a statement after `ALTER TABLE`.
    pub(crate) fn read(mut words: Cursor<'_>) -> Option<Self> {
        let if_exists = words.eat_all(&["IF", "EXISTS"]);
        let table = Name::read_table(&mut words)?;
        let mut actions = Vec::new();
        while words.kind().is_some() {
            let start = words.start();
            match words.at("REBUILD") {
                // Commas may divide the options at its end.
                true => while words.next().is_some() {},
                false => skip_until(&mut words, |_| false),
            }
            let action = words.text_since(start);
            actions.push(AlterAction::read(Cursor::of(action, words.dialect())));
            words.eat(",");
        }
        Some(Self {
            table,
            if_exists,
            actions,
        })
    }
}

/// Moves to the next comma outside of brackets, to the next word outside of brackets that is
/// `wanted`, or to the end.
fn skip_until(words: &mut Cursor<'_>, wanted: impl Fn(&Cursor<'_>) -> bool) {
    let mut depth = 0;
    while words.kind().is_some() && !(depth == 0 && (words.at(",") || wanted(words))) {
        count_brackets(&mut depth, words.next().unwrap_or_default());
    }
}

impl AlterAction {
    /// Reads the whole of `words`.
    fn read(mut words: Cursor<'_>) -> Self {
        let action = if words.eat("ADD") {
            Self::read_added(words)
        } else if words.eat("RENAME") {
            Self::read_renamed(words)
        } else if words.eat("ALTER") {
            Self::read_altered(words)
        } else if words.eat("DROP") {
            Self::read_dropped(words)
        } else if words.eat_all(&["REBUILD", "AS"]) {
            let definition = rest(words);
            let is_whole = definition.starts_with('(');
            is_whole.then_some(Self::Rebuild { definition })
        } else {
            None
        };
        action.unwrap_or(Self::Other)
    }

    fn read_added(mut words: Cursor<'_>) -> Option<Self> {
        let has_reference = words
            .clone()
            .any(|word| word.eq_ignore_ascii_case("REFERENCES"));
        if begins_constraint(words.clone()) {
            let definition = rest(words);
            return Some(Self::AddConstraint {
                definition,
                has_reference,
            });
        }
        words.eat("COLUMN");
        let if_not_exists = words.eat_all(&["IF", "NOT", "EXISTS"]);
        let definition = rest(words.clone());
        Some(Self::AddColumn {
            name: Name::read(&mut words)?,
            if_not_exists,
            definition,
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

    fn read_altered(mut words: Cursor<'_>) -> Option<Self> {
        words.eat("COLUMN");
        let column = Name::read(&mut words)?;
        let change = ColumnChange::read(&mut words)?;
        at_end(&words).then_some(Self::AlterColumn { column, change })
    }

    fn read_dropped(mut words: Cursor<'_>) -> Option<Self> {
        let mut constraint = None;
        let mut column = None;
        let if_exists;
        if words.eat("CONSTRAINT") {
            if_exists = words.eat_all(&["IF", "EXISTS"]);
            constraint = Some(DroppedConstraint::Named(Name::read(&mut words)?));
        } else if words.eat_all(&["PRIMARY", "KEY"]) {
            if_exists = words.eat_all(&["IF", "EXISTS"]);
            constraint = Some(DroppedConstraint::PrimaryKey);
        } else if words.eat("UNIQUE") {
            if_exists = words.eat_all(&["IF", "EXISTS"]);
            constraint = Some(DroppedConstraint::Unique(read_names(&mut words)?));
        } else if words.eat_all(&["FOREIGN", "KEY"]) {
            if_exists = words.eat_all(&["IF", "EXISTS"]);
            constraint = Some(DroppedConstraint::ForeignKey(read_names(&mut words)?));
        } else if words.eat("CHECK") {
            if_exists = words.eat_all(&["IF", "EXISTS"]);
            constraint = Some(DroppedConstraint::Check(read_brackets(&mut words)?));
        } else {
            words.eat("COLUMN");
            if_exists = words.eat_all(&["IF", "EXISTS"]);
            column = Some(Name::read(&mut words)?);
        }
        let cascade = words.eat("CASCADE");
        if !cascade {
            words.eat("RESTRICT");
        }
        if !at_end(&words) {
            return None;
        }
        let dropped_column = column.map(|column| Self::DropColumn {
            column,
            if_exists,
            cascade,
        });
        dropped_column.or_else(|| {
            Some(Self::DropConstraint {
                constraint: constraint?,
                if_exists,
                cascade,
            })
        })
    }
}

impl ColumnChange {
    /// Returns whether the change says which values the column gets.
    #[must_use]
    pub const fn sets_values(&self) -> bool {
        match self {
            Self::SetType { using, .. } => using.is_some(),
            Self::SetDefault { .. } | Self::DropDefault => true,
            Self::SetNotNull | Self::DropNotNull => false,
        }
    }

    fn read(words: &mut Cursor<'_>) -> Option<Self> {
        if words.eat("TYPE") || words.eat_all(&["SET", "DATA", "TYPE"]) {
            return Self::read_type(words);
        }
        if words.eat_all(&["SET", "NOT", "NULL"]) {
            return Some(Self::SetNotNull);
        }
        if words.eat_all(&["DROP", "NOT", "NULL"]) {
            return Some(Self::DropNotNull);
        }
        if words.eat_all(&["DROP", "DEFAULT"]) {
            return Some(Self::DropDefault);
        }
        words.eat_all(&["SET", "DEFAULT"]).then_some(())?;
        let start = words.start();
        skip_until(words, |_| false);
        let to = words.text_since(start).to_owned();
        (!to.is_empty()).then_some(Self::SetDefault { to })
    }

    fn read_type(words: &mut Cursor<'_>) -> Option<Self> {
        let start = words.start();
        skip_until(words, |words| words.at("COLLATE") || words.at("USING"));
        let to = words.text_since(start).to_owned();
        let collation = match words.eat("COLLATE") {
            true => Some(Name::read(words)?),
            false => None,
        };
        let using = words.eat("USING").then(|| {
            let start = words.start();
            skip_until(words, |_| false);
            words.text_since(start).to_owned()
        });
        let is_whole = !to.is_empty() && using.as_deref() != Some("");
        is_whole.then_some(Self::SetType {
            to,
            collation,
            using,
        })
    }
}

fn rest(mut words: Cursor<'_>) -> String {
    let start = words.start();
    while words.next().is_some() {}
    words.text_since(start).to_owned()
}

fn at_end(words: &Cursor<'_>) -> bool {
    words.kind().is_none()
}

/// Reads names in parentheses.
pub(crate) fn read_names(words: &mut Cursor<'_>) -> Option<Vec<Name>> {
    words.eat("(").then_some(())?;
    let mut names = Vec::new();
    loop {
        names.push(Name::read(words)?);
        if words.eat(")") {
            return Some(names);
        }
        words.eat(",").then_some(())?;
    }
}

/// Reads what is in parentheses.
fn read_brackets(words: &mut Cursor<'_>) -> Option<String> {
    let start = words.start();
    words.skip_brackets().then_some(())?;
    let text = words.text_since(start);
    Some(text[1..text.len() - 1].trim().to_owned())
}

/// Returns whether a constraint follows, not a column.
fn begins_constraint(mut words: Cursor<'_>) -> bool {
    // A column may be called `exclude`.
    words.eat_any(&["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"])
        || words.eat("EXCLUDE") && (words.at("USING") || words.at("("))
}
