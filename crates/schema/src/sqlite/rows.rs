//! What the rows of a table must fulfil, and the queries for those that do not.

use std::fmt;

use alembic_sql::{literal, quote};

/// What an action demands of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Demanded {
    NotNull(String),
    PrimaryKey(Vec<String>),
    Unique(Vec<String>),
    Check(String),
    ForeignKey {
        columns: Vec<String>,
        parent: String,
        parent_columns: Vec<String>,
    },
    /// A column of the table before gets another type.
    Type {
        column: String,
        before: String,
        to: String,
        /// Whether the table refuses values of other types.
        is_strict: bool,
    },
}

/// A query for the rows that an action does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The number of the action that demands it.
    pub action: usize,
    /// What is wrong with the rows.
    pub loss: Loss,
    /// The query: how many rows there are in all, and the text of one, for the first few.
    pub query: String,
}

/// What would be lost, or is wrong, with rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// NULL in columns that must not have it.
    Null {
        /// The columns.
        columns: Vec<String>,
    },
    /// The same values in columns that must be unique.
    Duplicate {
        /// The columns.
        columns: Vec<String>,
    },
    /// Values that a check refuses.
    Check {
        /// The expression.
        expression: String,
    },
    /// Values that refer to no row.
    Dangling {
        /// The columns.
        columns: Vec<String>,
        /// The table that they refer to.
        parent: String,
    },
    /// Values that would be others in a column of another type.
    Changed {
        /// The column.
        column: String,
        /// Its new type.
        to: String,
    },
}

impl fmt::Display for Loss {
    /// Continues "rows".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null { columns } => write!(f, "with NULL in {}", columns.join(", ")),
            Self::Duplicate { columns } => {
                write!(f, "with the same values in {}", columns.join(", "))
            }
            Self::Check { expression } => write!(f, "for which CHECK ({expression}) fails"),
            Self::Dangling { columns, parent } => {
                let columns = columns.join(", ");
                write!(f, "whose {columns} refers to no row of {parent}")
            }
            Self::Changed { column, to } => {
                write!(f, "whose {column} would be another value as {to}")
            }
        }
    }
}

/// The name of the table that a foreign key refers to.
const PARENT: &str = "alembic_parent";

/// How many rows are shown.
const SHOWN: usize = 5;

/// Where rows are looked at.
pub(super) struct RowSource {
    /// The table that is read, qualified.
    pub(super) from: String,
    /// The name that expressions qualify columns with.
    pub(super) name: String,
    /// The expression that tells a row to people.
    pub(super) key: String,
}

/// What rows are equal in: what is compared, and how it is shown.
pub(super) struct Compared {
    /// The expression, with its collation.
    pub(super) expression: String,
    /// The name.
    pub(super) name: String,
}

impl RowSource {
    /// Returns the expression that tells a row by names and expressions.
    pub(super) fn tell<'v>(values: impl IntoIterator<Item = (&'v str, &'v str)>) -> String {
        let values = values.into_iter().map(|(name, expression)| {
            let name = literal(&format!("{name} = "));
            format!("{name} || substr(quote({expression}), 1, 60)")
        });
        values.collect::<Vec<_>>().join(" || ', ' || ")
    }

    /// Returns the expression that tells a row by its columns.
    pub(super) fn tell_columns(columns: &[String]) -> String {
        let quoted: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        let names = columns.iter().map(String::as_str);
        Self::tell(names.zip(quoted.iter().map(String::as_str)))
    }

    fn query(&self, condition: &str) -> String {
        format!(
            "SELECT count(*) OVER (), {} FROM {} AS {} WHERE {condition} LIMIT {SHOWN}",
            self.key,
            self.from,
            quote(&self.name)
        )
    }

    /// Returns the query for rows that have NULL in columns; `values` are their expressions.
    pub(super) fn nulls(&self, action: usize, columns: &[String], values: &[String]) -> Check {
        let conditions = values.iter().map(|value| format!("{value} IS NULL"));
        Check {
            action,
            query: self.query(&conditions.collect::<Vec<_>>().join(" OR ")),
            loss: Loss::Null {
                columns: columns.to_vec(),
            },
        }
    }

    /// Returns the query for rows for which an expression is false.
    pub(super) fn failing(&self, action: usize, expression: &str) -> Check {
        Check {
            action,
            query: self.query(&format!("NOT {}", parenthesized(expression))),
            loss: Loss::Check {
                expression: expression.to_owned(),
            },
        }
    }

    /// Returns the query for the rows of the table before whose values would be others in a column of
    /// another type, if there can be any.
    pub(super) fn changed(
        &self,
        action: usize,
        column: &str,
        (before, to): (&str, &str),
        is_strict: bool,
    ) -> Option<Check> {
        let condition = changed(&quote(column), before, to, is_strict)?;
        Some(Check {
            action,
            query: self.query(&condition),
            loss: Loss::Changed {
                column: column.to_owned(),
                to: to.to_owned(),
            },
        })
    }

    /// Returns the query for rows that are equal, among those that fulfil a condition.
    pub(super) fn duplicates(
        &self,
        action: usize,
        compared: &[Compared],
        condition: Option<&str>,
    ) -> Check {
        let values = compared.iter().map(|value| value.expression.as_str());
        let values: Vec<&str> = values.collect();
        let names = compared.iter().map(|value| value.name.as_str());
        let told = Self::tell(names.zip(values.iter().copied()));
        let mut conditions = vec![all_present(&values)];
        conditions.extend(condition.map(parenthesized));
        let query = format!(
            "SELECT count(*) OVER (), alembic_row FROM (SELECT {key} || ': ' || {told} AS alembic_row, \
             count(*) OVER (PARTITION BY {values}) AS alembic_count, \
             row_number() OVER (ORDER BY {values}) AS alembic_number \
             FROM {from} AS {name} WHERE {conditions}) \
             WHERE alembic_count > 1 ORDER BY alembic_number LIMIT {SHOWN}",
            key = self.key,
            values = values.join(", "),
            from = self.from,
            name = quote(&self.name),
            conditions = conditions.join(" AND "),
        );
        let columns = compared.iter().map(|value| value.name.clone());
        Check {
            action,
            query,
            loss: Loss::Duplicate {
                columns: columns.collect(),
            },
        }
    }

    /// Returns the query for rows that refer to none by a new foreign key.
    pub(super) fn dangling(
        &self,
        action: usize,
        columns: &[String],
        parent: (&str, &str),
        parent_columns: &[String],
    ) -> Check {
        let (parent_name, parent) = parent;
        let names: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        let own = quote(&self.name);
        let other = match self.name.eq_ignore_ascii_case(PARENT) {
            true => format!("{PARENT}_2"),
            false => PARENT.to_owned(),
        };
        let pairs = names.iter().zip(parent_columns);
        let pairs: Vec<String> = pairs
            .map(|(name, parent)| format!("{other}.{} = {own}.{name}", quote(parent)))
            .collect();
        let condition = format!(
            "{} AND NOT EXISTS (SELECT 1 FROM {parent} AS {other} WHERE {})",
            all_present(&names),
            pairs.join(" AND ")
        );
        Check {
            action,
            query: self.query(&condition),
            loss: Loss::Dangling {
                columns: columns.to_vec(),
                parent: parent_name.to_owned(),
            },
        }
    }
}

/// Returns an expression in parentheses, which a comment at its end would swallow otherwise.
pub(super) fn parenthesized(expression: &str) -> String {
    format!("(\n{expression}\n)")
}

fn all_present(values: &[impl AsRef<str>]) -> String {
    let values = values.iter().map(AsRef::as_ref);
    let present = values.map(|value| format!("{value} IS NOT NULL"));
    present.collect::<Vec<_>>().join(" AND ")
}

/// What a column's type makes of its values, from the words in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

fn affinity(name: &str) -> Affinity {
    let name = name.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["INT"]) {
        Affinity::Integer
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        Affinity::Text
    } else if has(&["BLOB"]) || name.trim().is_empty() {
        Affinity::Blob
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// Returns the condition that the value of a column is another one, or none, after a change of its
/// type; `None` if no value can be.
pub(super) fn changed(value: &str, before: &str, to: &str, is_strict: bool) -> Option<String> {
    let of = |name: &str| match is_strict && name.eq_ignore_ascii_case("ANY") {
        true => Affinity::Blob,
        false => affinity(name),
    };
    let (from, into) = (of(before), of(to));
    let takes_all = match is_strict {
        true => to.eq_ignore_ascii_case("ANY"),
        false => into == Affinity::Blob,
    };
    let upper = to.to_ascii_uppercase();
    let is_number = ["NUMERIC", "DECIMAL"]
        .iter()
        .any(|word| upper.contains(word));
    let is_boolean = upper.contains("BOOL");
    let is_alike = from == into && !before.eq_ignore_ascii_case("ANY");
    if is_alike && !is_number && !is_boolean || takes_all {
        return None;
    }
    if from == into && affinity_name(before) == affinity_name(to) {
        return None;
    }
    let text = |cast: &str| {
        format!("CAST(CAST({value} AS {cast}) AS TEXT) = CAST({value} AS TEXT) COLLATE BINARY")
    };
    // A text is kept as the number that SQLite writes and stores in the same way.
    let whole = text("INTEGER");
    let fraction = format!(
        "{} AND CAST(CAST({value} AS REAL) AS INTEGER) <> CAST({value} AS REAL)",
        text("REAL")
    );
    let number = format!("{whole} OR {fraction}");
    let kept = match into {
        Affinity::Integer => vec![
            ("'integer'", "1".to_owned()),
            (
                "'real'",
                // The lowest integer is never stored for an equal real number.
                format!("CAST({value} AS INTEGER) = {value} AND {value} > -9223372036854775808.0"),
            ),
            ("'text'", whole),
        ],
        Affinity::Real => vec![
            ("'integer'", format!("CAST({value} AS REAL) = {value}")),
            ("'real'", "1".to_owned()),
            (
                "'text'",
                format!(
                    "{} OR {whole} AND \
                     CAST(CAST({value} AS INTEGER) AS REAL) = CAST({value} AS INTEGER)",
                    text("REAL")
                ),
            ),
        ],
        Affinity::Text => vec![
            ("'text'", "1".to_owned()),
            ("'integer'", "1".to_owned()),
            (
                "'real'",
                format!("CAST(CAST({value} AS TEXT) AS REAL) = {value}"),
            ),
        ],
        Affinity::Numeric if is_boolean => {
            vec![("'integer'", "1".to_owned()), ("'text'", whole)]
        }
        Affinity::Numeric if is_number => vec![
            ("'integer'", "1".to_owned()),
            ("'real'", "1".to_owned()),
            ("'text'", number),
        ],
        // Dates and the like are texts, unless they are all of a number.
        Affinity::Numeric => vec![
            ("'integer'", "1".to_owned()),
            ("'real'", "1".to_owned()),
            ("'blob'", "1".to_owned()),
            (
                "'text'",
                format!("NOT (CAST({value} AS NUMERIC) = {value}) OR {number}"),
            ),
        ],
        Affinity::Blob => vec![("'blob'", "1".to_owned())],
    };
    let kept: Vec<String> = kept
        .into_iter()
        .map(|(of, condition)| format!("WHEN {of} THEN {condition}"))
        .collect();
    Some(format!(
        "NOT (CASE typeof({value}) WHEN 'null' THEN 1 {} ELSE 0 END)",
        kept.join(" ")
    ))
}

/// Returns a type without its length.
fn affinity_name(name: &str) -> String {
    let name = name.split('(').next().unwrap_or_default();
    name.trim().to_ascii_uppercase()
}
