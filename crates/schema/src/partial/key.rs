//! What constraints and indexes demand, to find those that demand the same by other names.

use alembic_sql::{TokenKind, Tokens, unquote};

use crate::engine::room;
use crate::model::{
    Constraint, ConstraintKind, Definition, Index, ObjectId, ObjectKind, Schema, SharedName,
};

/// What a constraint or an index of a table demands.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) id: ObjectId,
    pub(super) demand: Demand,
    /// The columns, as names are compared.
    pub(super) columns: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    PrimaryKey,
    Unique,
    Index,
    Check(String),
    ForeignKey(Reference),
    /// Something that no model can state.
    Other,
}

/// What a foreign key refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    table: (SharedName, String),
    columns: Vec<String>,
    /// What happens on `DELETE` and on `UPDATE`; none, if nothing does.
    actions: [Option<String>; 2],
}

impl Key {
    /// Returns whether another key demands everything that this one does.
    pub(super) fn is_met_by(&self, other: &Self) -> bool {
        let same_columns = || {
            let sorted = |key: &Self| {
                let mut columns = key.columns.clone();
                columns.sort();
                columns
            };
            sorted(self) == sorted(other)
        };
        match (&self.demand, &other.demand) {
            (Demand::PrimaryKey, Demand::PrimaryKey)
            | (Demand::Unique, Demand::PrimaryKey | Demand::Unique) => same_columns(),
            (Demand::Index, Demand::PrimaryKey | Demand::Unique | Demand::Index) => {
                other.columns.starts_with(&self.columns)
            }
            (Demand::Check(own), Demand::Check(other)) => own == other,
            (Demand::ForeignKey(own), Demand::ForeignKey(found)) => {
                self.refers_alike(other)
                    && own.actions.iter().zip(&found.actions).all(|(own, found)| {
                        // An action that is not stated is none that is refused.
                        own.is_none() || own == found
                    })
            }
            _ => false,
        }
    }

    /// Returns whether another key refers from the same columns to the same table, whatever it does.
    pub(super) fn refers_alike(&self, other: &Self) -> bool {
        match (&self.demand, &other.demand) {
            (Demand::ForeignKey(own), Demand::ForeignKey(found)) => {
                self.columns == other.columns
                    && own.table == found.table
                    && own.columns == found.columns
            }
            _ => false,
        }
    }
}

/// Returns what the constraints and indexes of a table demand.
pub(super) fn keys(schema: &Schema, table: &ObjectId) -> Vec<Key> {
    let constraints = schema.parts(table, ObjectKind::Constraint);
    let constraints = constraints.filter_map(|(id, object)| match &object.definition {
        Definition::Constraint(constraint) => Some(Key {
            id: id.clone(),
            demand: demand(schema, constraint),
            columns: all_folded(schema, &constraint.columns),
        }),
        _ => None,
    });
    let indexes = schema
        .objects
        .iter()
        .filter_map(|(id, object)| match &object.definition {
            Definition::Index(index) if schema.table_of(id).as_ref() == Some(table) => {
                let words = words(schema, &index.definition);
                Some(Key {
                    id: id.clone(),
                    demand: match indexed(&words) {
                        Some(_) if index.unique => Demand::Unique,
                        Some(_) => Demand::Index,
                        None => Demand::Other,
                    },
                    columns: all_folded(schema, &indexed(&words).unwrap_or_default()),
                })
            }
            _ => None,
        });
    constraints.chain(indexes).collect()
}

/// Returns the columns of a table's primary key.
fn primary_key(schema: &Schema, of: &str, name: &str) -> Vec<String> {
    let name = folded(schema, name);
    let constraints = schema.objects.iter().filter(|(id, _)| {
        let parent = id.parent.as_deref().map(|parent| folded(schema, parent));
        id.schema == of && parent.as_ref() == Some(&name)
    });
    let mut keys = constraints.filter_map(|(_, object)| match &object.definition {
        Definition::Constraint(one) if one.kind == ConstraintKind::PrimaryKey => Some(&one.columns),
        _ => None,
    });
    keys.next()
        .map(|columns| all_folded(schema, columns))
        .unwrap_or_default()
}

/// Returns a name as it is compared with others.
pub(super) fn folded(schema: &Schema, name: &str) -> String {
    (room(schema.dialect).folded)(name)
}

fn all_folded<N: AsRef<str>>(schema: &Schema, names: &[N]) -> Vec<String> {
    let names = names.iter();
    names.map(|name| folded(schema, name.as_ref())).collect()
}

/// Returns whether an index mentions a column.
pub(super) fn mentions(schema: &Schema, index: &Index, column: &str) -> bool {
    let column = folded(schema, column);
    let mut words = words(schema, &index.definition).into_iter();
    words.any(|word| word.is_name() && folded(schema, &word.text) == column)
}

fn demand(schema: &Schema, constraint: &Constraint) -> Demand {
    match constraint.kind {
        ConstraintKind::PrimaryKey => Demand::PrimaryKey,
        ConstraintKind::Unique => Demand::Unique,
        ConstraintKind::Check => Demand::Check(constraint.definition.clone()),
        ConstraintKind::ForeignKey => {
            let (of, name) = constraint.references.clone().unwrap_or_default();
            let words = words(schema, &constraint.definition);
            let columns = match referenced(&words) {
                columns if columns.is_empty() => primary_key(schema, &of, &name),
                columns => all_folded(schema, &columns),
            };
            Demand::ForeignKey(Reference {
                columns,
                table: (of, folded(schema, &name)),
                actions: ["DELETE", "UPDATE"].map(|event| action(&words, event)),
            })
        }
        ConstraintKind::Exclude | ConstraintKind::NotNull | ConstraintKind::Trigger => {
            Demand::Other
        }
    }
}

/// A token that means something.
struct Word {
    kind: TokenKind,
    /// Without quotes, if it is a name.
    text: String,
}

impl Word {
    fn is(&self, text: &str) -> bool {
        !matches!(self.kind, TokenKind::QuotedName) && self.text.eq_ignore_ascii_case(text)
    }

    fn is_name(&self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::QuotedName)
    }
}

fn words(schema: &Schema, sql: &str) -> Vec<Word> {
    let tokens = Tokens::new(sql, schema.dialect).without_trivia();
    let words = tokens.map(|token| {
        let text = token.span.text(sql);
        Word {
            text: match token.kind {
                TokenKind::QuotedName => unquote(text).unwrap_or_else(|| text.to_owned()),
                _ => text.to_owned(),
            },
            kind: token.kind,
        }
    });
    words.collect()
}

/// Returns the columns of an index that consists of whole columns of all rows.
fn indexed(words: &[Word]) -> Option<Vec<String>> {
    let start = words.iter().position(|word| word.is("("))?;
    let end = start + words[start..].iter().position(|word| word.is(")"))?;
    let rest = &words[end + 1..];
    let is_partial = rest.iter().any(|word| word.is("WHERE") || word.is("NOT"));
    let parts = words[start + 1..end].split(|word| word.is(","));
    let columns = parts.map(|part| match part {
        [name, order @ ..] if name.is_name() => {
            let orders = ["ASC", "DESC", "NULLS", "FIRST", "LAST"];
            let is_order = |word: &Word| orders.iter().any(|order| word.is(order));
            order.iter().all(is_order).then(|| name.text.clone())
        }
        _ => None,
    });
    columns
        .collect::<Option<Vec<String>>>()
        .filter(|_| !is_partial)
}

/// Returns the columns that a foreign key refers to by name.
fn referenced(words: &[Word]) -> Vec<String> {
    let start = words.iter().position(|word| word.is("REFERENCES"));
    let rest = start.map_or(&words[..0], |start| &words[start..]);
    // The name of the table, with its schema.
    let rest = rest
        .iter()
        .skip(1)
        .skip_while(|word| word.is_name() || word.is("."));
    let mut rest = rest.peekable();
    match rest.next_if(|word| word.is("(")) {
        Some(_) => {
            let names = rest.take_while(|word| !word.is(")"));
            let names = names.filter(|word| word.is_name());
            names.map(|word| word.text.clone()).collect()
        }
        None => Vec::new(),
    }
}

/// Returns what a foreign key does on an event; nothing is none.
fn action(words: &[Word], event: &str) -> Option<String> {
    let at = words
        .windows(2)
        .position(|pair| pair[0].is("ON") && pair[1].is(event))?;
    let mut rest = words[at + 2..].iter();
    let first = rest.next()?.text.to_ascii_uppercase();
    match first.as_str() {
        "NO" => None,
        "SET" => Some(format!("SET {}", rest.next()?.text.to_ascii_uppercase())),
        _ => Some(first),
    }
}
