//! A change of a schema, what it costs, and how it reads to a person.

use alembic_sql::Dialect;

use crate::model::ObjectId;

/// A change of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happens to the object.
    pub verb: Verb,
    /// The object; by its new name, if it is renamed.
    pub object: ObjectId,
    /// What happens, as a person says it: `changed the type of column users.name from TEXT to VARCHAR(20)`.
    pub sentence: String,
    /// What may go wrong, or be lost.
    pub hazards: Vec<Hazard>,
    /// The statements that make the change.
    pub statements: Vec<Statement>,
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// It is created.
    Create,
    /// It is changed and keeps its content.
    Alter,
    /// It gets another name.
    Rename,
    /// It is dropped, and another one is created in its place later.
    TakeAway,
    /// It is created again in the place of what was taken away.
    PutBack,
    /// It is dropped.
    Drop,
}

/// A statement of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its text, without a semicolon at the end.
    pub sql: String,
    /// Whether it must run outside of a transaction, or be committed before what follows it.
    pub stands_alone: bool,
}

/// What may go wrong with a change, or be lost by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hazard {
    /// The rows of a table are lost.
    DestroysRows(ObjectId),
    /// The values of a column are lost, or what they had beyond what the new type holds.
    DestroysValues(ObjectId),
    /// The table is written anew, while nobody can use it.
    Rewrites(ObjectId),
    /// All rows are read while nobody can write to the table.
    Scans(ObjectId),
    /// All rows are read while nobody can use the table.
    ScansLocked(ObjectId),
    /// The statement fails if there are rows that do not fit; says which.
    MayFail(String),
    /// The statement fails if a row has NULL in this column.
    RefusesNull(ObjectId),
    /// The program that is deployed now may stop working; says why.
    BreaksProgram(String),
    /// One of these, of a change that several engines make, and that has it on this one alone.
    On(Dialect, Box<Hazard>),
}

/// What a change costs, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cost {
    /// It adds what nothing uses yet.
    Additive,
    /// It takes nothing away, and reads or writes no rows.
    Widening,
    /// It reads or writes all rows of a table.
    Rebuild,
    /// Whether it succeeds depends on the rows.
    MayFail,
    /// Data is lost.
    Destructive,
}

impl Verb {
    /// Returns the name that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Alter => "alter",
            Self::Rename => "rename",
            Self::TakeAway => "take-away",
            Self::PutBack => "put-back",
            Self::Drop => "drop",
        }
    }
}

impl Change {
    /// Returns what the change costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let base = match self.verb {
            Verb::Create => Cost::Additive,
            Verb::Alter | Verb::Rename | Verb::TakeAway | Verb::PutBack | Verb::Drop => {
                Cost::Widening
            }
        };
        let hazards = self.hazards.iter().map(Hazard::cost);
        hazards.max().unwrap_or(base).max(base)
    }
}

impl Hazard {
    /// Returns the cost of a change with this hazard.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        match self {
            Self::DestroysRows(_) | Self::DestroysValues(_) => Cost::Destructive,
            Self::Rewrites(_) | Self::Scans(_) | Self::ScansLocked(_) => Cost::Rebuild,
            Self::MayFail(_) | Self::RefusesNull(_) => Cost::MayFail,
            Self::BreaksProgram(_) => Cost::Widening,
            Self::On(_, hazard) => hazard.cost(),
        }
    }

    /// Returns the hazard without the engine that has it.
    #[must_use]
    pub fn without_engine(&self) -> &Self {
        match self {
            Self::On(_, hazard) => hazard.without_engine(),
            Self::DestroysRows(_)
            | Self::DestroysValues(_)
            | Self::Rewrites(_)
            | Self::Scans(_)
            | Self::ScansLocked(_)
            | Self::MayFail(_)
            | Self::RefusesNull(_)
            | Self::BreaksProgram(_) => self,
        }
    }

    /// Returns the hazard as the beginning of a comment: its sentence with a capital, without the full stop.
    #[must_use]
    pub fn remark(&self) -> String {
        let sentence = self.sentence().replace(char::is_control, " ");
        let mut rest = sentence.chars();
        match rest.next() {
            Some(first) => first.to_uppercase().chain(rest).collect(),
            None => String::new(),
        }
    }

    /// Returns the hazard as a sentence without its full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::DestroysRows(table) => format!("the rows of {table} are lost"),
            Self::DestroysValues(column) => format!("values of {column} are lost"),
            Self::Rewrites(table) => {
                format!("{table} is written anew, and nobody can use it meanwhile")
            }
            Self::Scans(table) => {
                format!("all rows of {table} are read, and nobody can write to it meanwhile")
            }
            Self::ScansLocked(table) => {
                format!("all rows of {table} are read, and nobody can use it meanwhile")
            }
            Self::MayFail(why) => format!("fails if {why}"),
            Self::RefusesNull(column) => format!("fails if {} is NULL in a row", column.name),
            Self::BreaksProgram(why) => why.clone(),
            Self::On(dialect, hazard) => {
                format!("on {}, {}", dialect.product(), hazard.sentence())
            }
        }
    }
}

impl Cost {
    /// All of them, the cheapest first.
    pub const ALL: [Self; 5] = [
        Self::Additive,
        Self::Widening,
        Self::Rebuild,
        Self::MayFail,
        Self::Destructive,
    ];

    /// Returns the name that arguments and settings use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::Widening => "widening",
            Self::Rebuild => "rebuild",
            Self::MayFail => "may-fail",
            Self::Destructive => "destructive",
        }
    }

    /// Returns the cost of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cost| cost.as_str() == name)
    }
}

impl Statement {
    /// Creates a statement that runs in the transaction of the others.
    #[must_use]
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            stands_alone: false,
        }
    }

    /// Creates a statement that must run outside of a transaction, or be committed before what follows.
    #[must_use]
    pub fn alone(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            stands_alone: true,
        }
    }
}
