//! What a table's definition says, however it is written.

use alembic_sql::{
    ColumnConstraintKind, ColumnOutline, Dialect, Span, TableConstraintKind, TableOutline,
    TokenKind, Tokens, quote,
};

use super::mention::name;
use super::names::{Demand, Named, Place, constraints};

/// What the definition of a table says.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) columns: Vec<ColumnFacts>,
    pub(super) constraints: Vec<ConstraintFacts>,
    pub(super) strict: bool,
    pub(super) without_rowid: bool,
}

/// What the definition of a column says, without its constraints.
#[derive(Clone, Debug)]
pub(super) struct ColumnFacts {
    /// The name, without quotes.
    pub(super) name: String,
    /// The type as it is written.
    pub(super) data_type: String,
    /// The collation, unless it is the one that every column has.
    pub(super) collation: Option<String>,
    /// `NOT NULL`, with its name and conflict clause.
    pub(super) not_null: Option<String>,
    /// The default as it is written, without parentheses around it.
    pub(super) default: Option<String>,
    /// The expression that computes the values as it is written, and whether they are stored.
    pub(super) generated: Option<(String, bool)>,
    /// The definition as it is written, without the name and its constraints.
    pub(super) sql: String,
}

/// What a constraint says.
#[derive(Clone, Debug)]
pub(super) struct ConstraintFacts {
    /// The name that is written, without quotes.
    pub(super) written: Option<String>,
    /// The name that it answers to.
    pub(super) name: String,
    pub(super) demand: Demand,
    /// The columns.
    pub(super) columns: Vec<String>,
    /// The table that a foreign key refers to.
    pub(super) references: Option<String>,
    /// The column in whose definition it is written.
    pub(super) column: Option<String>,
    /// What it says, to compare; without its name.
    pub(super) compared: String,
    /// The constraint as one of the table, without its name.
    pub(super) definition: String,
}

impl Facts {
    /// Reads the definition of a table, unless it is no list of columns.
    pub(super) fn read(sql: &str) -> Option<Self> {
        let outline = TableOutline::read(sql)?;
        let columns = outline.columns.iter();
        let named = constraints(sql, &outline).into_iter();
        Some(Self {
            columns: columns.map(|column| column_facts(sql, column)).collect(),
            constraints: named
                .filter(|named| named.demand != Demand::NotNull)
                .map(|named| constraint_facts(sql, &outline, named))
                .collect(),
            strict: outline.strict,
            without_rowid: outline.without_rowid,
        })
    }

    /// Returns a column by its name, in any case.
    pub(super) fn column(&self, name: &str) -> Option<&ColumnFacts> {
        let mut columns = self.columns.iter();
        columns.find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Returns whether two definitions say the same.
    pub(super) fn same(&self, other: &Self, column_order: bool) -> bool {
        let columns = |facts: &Self| {
            let columns = facts.columns.iter();
            let mut compared: Vec<String> = columns.map(ColumnFacts::compared).collect();
            if !column_order {
                compared.sort();
            }
            compared
        };
        fn constraints(facts: &Facts) -> Vec<(Option<String>, &str)> {
            let constraints = facts.constraints.iter();
            let mut compared: Vec<_> = constraints.map(ConstraintFacts::key).collect();
            compared.sort();
            compared
        }
        self.strict == other.strict
            && self.without_rowid == other.without_rowid
            && columns(self) == columns(other)
            && constraints(self) == constraints(other)
    }
}

impl ColumnFacts {
    /// Returns what the column says, to compare.
    fn compared(&self) -> String {
        let generated = self.generated.as_ref().map(|(expression, stored)| {
            let expression = compared(expression, &[]);
            format!("{expression} {stored}")
        });
        format!(
            "{} {} {:?} {:?} {:?} {generated:?}",
            self.name.to_ascii_lowercase(),
            self.compared_type(),
            self.collation.as_deref().map(str::to_ascii_lowercase),
            self.not_null,
            self.compared_default(),
        )
    }

    /// Returns the type, to compare.
    pub(super) fn compared_type(&self) -> String {
        compared(&self.data_type, &[])
    }

    /// Returns the default, to compare: a word in it may be a text, unless it is a function or a value.
    pub(super) fn compared_default(&self) -> Option<String> {
        let default = self.default.as_deref()?;
        let texts: Vec<&str> = Tokens::new(default, Dialect::Sqlite)
            .without_trivia()
            .map(|token| token.span.text(default))
            .collect();
        let words = texts.iter().enumerate().map(|(at, text)| {
            let lower = text.to_ascii_lowercase();
            let is_function = texts.get(at + 1) == Some(&"(");
            let is_value =
                ["null", "true", "false"].contains(&&*lower) || lower.starts_with("current_");
            match is_function || is_value {
                true => lower,
                false => (*text).to_owned(),
            }
        });
        let words: Vec<String> = words.collect();
        Some(words.join(" "))
    }
}

impl ConstraintFacts {
    /// Returns what is compared: the name that is written, and what the constraint says.
    pub(super) fn key(&self) -> (Option<String>, &str) {
        let written = self.written.as_deref();
        (written.map(str::to_ascii_lowercase), &self.compared)
    }
}

fn column_facts(sql: &str, column: &ColumnOutline) -> ColumnFacts {
    let text = |span: Span| span.text(sql).to_owned();
    let mut facts = ColumnFacts {
        name: column.name.clone(),
        data_type: column.type_span.map(text).unwrap_or_default(),
        collation: None,
        not_null: None,
        default: None,
        generated: None,
        sql: text(column.span),
    };
    for constraint in &column.constraints {
        match &constraint.kind {
            ColumnConstraintKind::NotNull => {
                facts.not_null = Some(compared(constraint.span.text(sql), &[]));
            }
            ColumnConstraintKind::Default { value } => {
                facts.default = Some(without_parentheses(value.text(sql)).to_owned());
            }
            ColumnConstraintKind::Collate { collation } => {
                let is_usual = collation.eq_ignore_ascii_case("BINARY");
                facts.collation = (!is_usual).then(|| collation.clone());
            }
            ColumnConstraintKind::Generated { expression, stored } => {
                facts.generated = Some((text(*expression), *stored));
            }
            ColumnConstraintKind::Null
            | ColumnConstraintKind::PrimaryKey { .. }
            | ColumnConstraintKind::Unique
            | ColumnConstraintKind::Check { .. }
            | ColumnConstraintKind::References(_)
            | ColumnConstraintKind::Deferral
            | ColumnConstraintKind::Nothing => {}
        }
    }
    facts
}

fn constraint_facts(sql: &str, outline: &TableOutline, named: Named) -> ConstraintFacts {
    let (span, written, column) = match named.place {
        Place::Column(at, number) => {
            let column = &outline.columns[at];
            let constraint = &column.constraints[number];
            (constraint.span, &constraint.name, Some(column))
        }
        Place::Table(at) => {
            let constraint = &outline.constraints[at];
            (constraint.span, &constraint.name, None)
        }
    };
    // The name and the word before it are no part of what the constraint says.
    let start = written.as_ref().map_or(span.start, |name| name.span.end);
    let text = sql[start..span.end].trim();
    let definition = match column {
        Some(column) => of_table(text, column, outline.without_rowid, sql),
        None => text.to_owned(),
    };
    let references = match named.place {
        Place::Column(at, number) => match &outline.columns[at].constraints[number].kind {
            ColumnConstraintKind::References(reference) => Some(reference.table.clone()),
            _ => None,
        },
        Place::Table(at) => match &outline.constraints[at].kind {
            TableConstraintKind::ForeignKey { reference, .. } => Some(reference.table.clone()),
            _ => None,
        },
    };
    let columns = match &named.demand {
        Demand::PrimaryKey(columns) | Demand::Unique(columns) | Demand::ForeignKey(columns) => {
            columns.clone()
        }
        Demand::NotNull => Vec::new(),
        Demand::Check(expression) => super::mention::columns_in(sql, *expression)
            .filter_map(|name| Some(outline.column(&name)?.name.clone()))
            .collect(),
    };
    // What stands in quotation marks in an expression and is no column is a text.
    let known = match named.demand {
        Demand::Check(_) => outline
            .columns
            .iter()
            .map(|known| known.name.as_str())
            .collect(),
        Demand::NotNull | Demand::PrimaryKey(_) | Demand::Unique(_) | Demand::ForeignKey(_) => {
            Vec::new()
        }
    };
    ConstraintFacts {
        written: written.as_ref().map(|name| name.name.clone()),
        name: named.name.unwrap_or_default(),
        demand: named.demand,
        columns,
        references,
        column: column.map(|column| column.name.clone()),
        compared: compared_constraint(&definition, &known),
        definition,
    }
}

/// Returns the constraint of a column as one of the table.
fn of_table(text: &str, column: &ColumnOutline, without_rowid: bool, sql: &str) -> String {
    let own = quote(&column.name);
    let words: Vec<Span> = Tokens::new(text, Dialect::Sqlite)
        .without_trivia()
        .map(|token| token.span)
        .collect();
    let is = |at: usize, word: &str| {
        words
            .get(at)
            .is_some_and(|span| span.text(text).eq_ignore_ascii_case(word))
    };
    let rest = |at: usize| match words.get(at) {
        Some(span) => format!(" {}", &text[span.start..]),
        None => String::new(),
    };
    if is(0, "REFERENCES") {
        return format!("FOREIGN KEY ({own}) {text}");
    }
    if is(0, "UNIQUE") {
        return format!("UNIQUE ({own}){}", rest(1));
    }
    if !is(0, "PRIMARY") {
        return text.to_owned();
    }
    let (order, mut next) = match () {
        () if is(2, "ASC") => ("", 3),
        () if is(2, "DESC") => (" DESC", 3),
        () => ("", 2),
    };
    let mut conflict = "";
    if is(next, "ON") {
        conflict = words
            .get(next)
            .zip(words.get(next + 2))
            .map_or("", |(first, last)| &text[first.start..last.end]);
        next += 3;
    }
    let is_integer = column
        .type_span
        .is_some_and(|span| name(span.text(sql)).eq_ignore_ascii_case("INTEGER"));
    // In the definition of the column, `DESC` makes a column that does not number the rows.
    let marker = match !order.is_empty() && is_integer && !without_rowid {
        true => " /* not the rowid */",
        false => "",
    };
    let counted = match is(next, "AUTOINCREMENT") {
        true => " AUTOINCREMENT",
        false => "",
    };
    let conflict = match conflict {
        "" => String::new(),
        conflict => format!(" {conflict}"),
    };
    format!("PRIMARY KEY ({own}{order}{counted}){conflict}{marker}")
}

/// Returns a constraint of a table, to compare.
fn compared_constraint(definition: &str, columns: &[&str]) -> String {
    let text = compared(definition, columns).replace(" asc ", " ");
    match definition.ends_with("/* not the rowid */") {
        true => text + " not the rowid",
        false => text,
    }
}

/// Returns the tokens of a text in one form: words in lower case, and names that need no quotes without
/// them. What stands in quotation marks and is no column may be a text.
fn compared(text: &str, columns: &[&str]) -> String {
    let tokens = Tokens::new(text, Dialect::Sqlite).without_trivia();
    let words: Vec<String> = tokens
        .map(|token| {
            let text = token.span.text(text);
            match token.kind {
                TokenKind::Word => text.to_ascii_lowercase(),
                TokenKind::QuotedName => {
                    let plain = name(text);
                    let is_column = columns
                        .iter()
                        .any(|column| column.eq_ignore_ascii_case(&plain));
                    match is_column || columns.is_empty() || !text.starts_with('"') {
                        true => plain.to_ascii_lowercase(),
                        false => text.to_owned(),
                    }
                }
                _ => text.to_owned(),
            }
        })
        .collect();
    words.join(" ")
}

/// Removes the parentheses around a whole expression.
fn without_parentheses(text: &str) -> &str {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    let Some(inner) = inner else {
        return text.trim();
    };
    let mut depth = 0_i32;
    for token in Tokens::new(inner, Dialect::Sqlite) {
        match token.kind {
            TokenKind::Symbol(b'(') => depth += 1,
            TokenKind::Symbol(b')') => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return text.trim();
        }
    }
    without_parentheses(inner.trim())
}
