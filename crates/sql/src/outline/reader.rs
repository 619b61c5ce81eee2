//! Reads definitions of tables, by SQLite's grammar.

use super::{
    ColumnConstraint, ColumnConstraintKind, ColumnOutline, ConstraintName, ConstraintOutline,
    Reference, TableConstraintKind, TableOutline,
};
use crate::cursor::Cursor;
use crate::name::Name;
use crate::{Dialect, Span, TokenKind};

fn words(sql: &str) -> Cursor<'_> {
    Cursor::of(sql, Dialect::Sqlite)
}

pub(super) fn read_table(sql: &str) -> Option<TableOutline> {
    let mut words = words(sql);
    words.eat("CREATE").then_some(())?;
    if !words.eat("TEMP") {
        words.eat("TEMPORARY");
    }
    words.eat("TABLE").then_some(())?;
    words.eat_all(&["IF", "NOT", "EXISTS"]);
    let mut name = name_span(&mut words)?;
    if words.eat(".") {
        name = name_span(&mut words)?;
    }
    words.eat("(").then_some(())?;
    let mut outline = TableOutline {
        name,
        columns: Vec::new(),
        constraints: Vec::new(),
        without_rowid: false,
        strict: false,
    };
    let mut separator = None;
    while !words.eat(")") {
        // SQLite lets constraints follow each other without a comma.
        let is_adjacent = separator.is_none() && !outline.columns.is_empty();
        if at_table_constraint(&words) {
            if is_adjacent && outline.constraints.is_empty() {
                return None;
            }
            let constraint = table_constraint(&mut words, separator)?;
            outline.constraints.push(constraint);
        } else {
            if is_adjacent || !outline.constraints.is_empty() {
                return None;
            }
            outline.columns.push(column(&mut words, separator)?);
        }
        let start = words.start();
        separator = words.eat(",").then(|| words.span_since(start));
        if separator.is_some() && words.at(")") {
            return None;
        }
    }
    loop {
        if words.eat_all(&["WITHOUT", "ROWID"]) {
            outline.without_rowid = true;
        } else if words.eat("STRICT") {
            outline.strict = true;
        }
        if !words.eat(",") {
            break;
        }
    }
    let is_whole = words.kind().is_none() && !outline.columns.is_empty();
    is_whole.then_some(outline)
}

pub(super) fn read_column(sql: &str) -> Option<ColumnOutline> {
    let mut words = words(sql);
    let column = column(&mut words, None)?;
    words.kind().is_none().then_some(column)
}

pub(super) fn read_constraint(sql: &str) -> Option<ConstraintOutline> {
    let mut words = words(sql);
    let constraint = table_constraint(&mut words, None)?;
    words.kind().is_none().then_some(constraint)
}

fn name_span(words: &mut Cursor<'_>) -> Option<Span> {
    let start = words.start();
    match words.kind()? {
        TokenKind::Word | TokenKind::QuotedName | TokenKind::String => {
            words.next();
            Some(words.span_since(start))
        }
        _ => None,
    }
}

/// Reads a name, which may be a string, and returns it without quotes.
fn any_name(words: &mut Cursor<'_>) -> Option<String> {
    let start = words.start();
    name_span(words)?;
    let written = words.text_since(start);
    Some(crate::name::unquote(written).unwrap_or_else(|| written.to_owned()))
}

fn name(words: &mut Cursor<'_>) -> Option<String> {
    Some(Name::read(words)?.kept().to_owned())
}

fn constraint_name(words: &mut Cursor<'_>) -> Option<ConstraintName> {
    let start = words.start();
    let name = name(words)?;
    let span = words.span_since(start);
    Some(ConstraintName { name, span })
}

fn at_table_constraint(words: &Cursor<'_>) -> bool {
    ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]
        .iter()
        .any(|word| words.at(word))
}

fn column(words: &mut Cursor<'_>, separator: Option<Span>) -> Option<ColumnOutline> {
    let start = words.start();
    let name = any_name(words)?;
    let name_span = words.span_since(start);
    let type_span = column_type(words);
    let mut constraints = Vec::new();
    while let Some(constraint) = column_constraint(words)? {
        constraints.push(constraint);
    }
    Some(ColumnOutline {
        name,
        name_span,
        type_span,
        constraints,
        span: words.span_since(start),
        separator,
    })
}

fn column_type(words: &mut Cursor<'_>) -> Option<Span> {
    let start = words.start();
    let mut has_type = false;
    loop {
        match words.kind() {
            Some(TokenKind::Word) if !at_column_constraint(words) => {}
            Some(TokenKind::QuotedName | TokenKind::String) => {}
            _ => break,
        }
        words.next();
        has_type = true;
    }
    if has_type && words.at("(") {
        words.skip_brackets();
    }
    has_type.then(|| words.span_since(start))
}

/// Returns whether a clause follows that may come after the type.
fn at_column_constraint(words: &Cursor<'_>) -> bool {
    let keywords = [
        "CONSTRAINT",
        "PRIMARY",
        "NULL",
        "NOT",
        "UNIQUE",
        "CHECK",
        "DEFAULT",
        "COLLATE",
        "REFERENCES",
        "AS",
        "DEFERRABLE",
        "ON",
    ];
    keywords.iter().any(|word| words.at(word))
        || words.clone().eat_all(&["GENERATED", "ALWAYS", "AS"])
}

/// Reads the next clause of a column, if there is one; fails if it cannot be read.
#[expect(
    clippy::option_option,
    reason = "no clause follows, or one that cannot be read"
)]
fn column_constraint(words: &mut Cursor<'_>) -> Option<Option<ColumnConstraint>> {
    if !at_column_constraint(words) {
        return Some(None);
    }
    let start = words.start();
    let name = match words.eat("CONSTRAINT") {
        true => Some(constraint_name(words)?),
        false => None,
    };
    let kind = if words.eat_all(&["NOT", "NULL"]) {
        conflict(words);
        ColumnConstraintKind::NotNull
    } else if words.eat("NULL") {
        conflict(words);
        ColumnConstraintKind::Null
    } else if words.eat_all(&["PRIMARY", "KEY"]) {
        let descending = words.eat("DESC");
        words.eat("ASC");
        conflict(words);
        ColumnConstraintKind::PrimaryKey {
            descending,
            autoincrement: words.eat("AUTOINCREMENT"),
        }
    } else if words.eat("UNIQUE") {
        conflict(words);
        ColumnConstraintKind::Unique
    } else if words.eat("CHECK") {
        let expression = brackets(words)?;
        conflict(words);
        ColumnConstraintKind::Check { expression }
    } else if words.eat("DEFAULT") {
        let value = default_value(words)?;
        ColumnConstraintKind::Default { value }
    } else if words.eat("COLLATE") {
        let collation = any_name(words)?;
        ColumnConstraintKind::Collate { collation }
    } else if words.at("REFERENCES") {
        ColumnConstraintKind::References(reference(words)?)
    } else if deferral(words) {
        ColumnConstraintKind::Deferral
    } else if words.eat_all(&["GENERATED", "ALWAYS", "AS"]) || words.eat("AS") {
        let expression = brackets(words)?;
        let stored = words.eat("STORED");
        words.eat("VIRTUAL");
        ColumnConstraintKind::Generated { expression, stored }
    } else if name.is_some() {
        ColumnConstraintKind::Nothing
    } else {
        return None;
    };
    Some(Some(ColumnConstraint {
        name,
        kind,
        span: words.span_since(start),
    }))
}

fn table_constraint(words: &mut Cursor<'_>, separator: Option<Span>) -> Option<ConstraintOutline> {
    let start = words.start();
    let name = match words.eat("CONSTRAINT") {
        true => Some(constraint_name(words)?),
        false => None,
    };
    let kind = if words.eat_all(&["PRIMARY", "KEY"]) {
        let (columns, collations, autoincrement) = indexed_columns(words)?;
        conflict(words);
        TableConstraintKind::PrimaryKey {
            columns,
            collations,
            autoincrement,
        }
    } else if words.eat("UNIQUE") {
        let (columns, collations, _) = indexed_columns(words)?;
        conflict(words);
        TableConstraintKind::Unique {
            columns,
            collations,
        }
    } else if words.eat("CHECK") {
        let expression = brackets(words)?;
        conflict(words);
        TableConstraintKind::Check { expression }
    } else if words.eat_all(&["FOREIGN", "KEY"]) {
        let columns = crate::table::read_names(words)?;
        let reference = reference(words)?;
        TableConstraintKind::ForeignKey {
            columns: columns.iter().map(|name| name.kept().to_owned()).collect(),
            reference,
        }
    } else if name.is_some() {
        TableConstraintKind::Nothing
    } else {
        return None;
    };
    Some(ConstraintOutline {
        name,
        kind,
        span: words.span_since(start),
        separator,
    })
}

/// Reads columns in parentheses, each with its collation and order, and `AUTOINCREMENT` after them.
fn indexed_columns(words: &mut Cursor<'_>) -> Option<(Vec<String>, Vec<Option<String>>, bool)> {
    words.eat("(").then_some(())?;
    let (mut columns, mut collations) = (Vec::new(), Vec::new());
    loop {
        columns.push(name(words)?);
        collations.push(match words.eat("COLLATE") {
            true => Some(any_name(words)?),
            false => None,
        });
        if !words.eat("ASC") {
            words.eat("DESC");
        }
        if !words.eat(",") {
            break;
        }
    }
    let autoincrement = words.eat("AUTOINCREMENT");
    words
        .eat(")")
        .then_some((columns, collations, autoincrement))
}

/// Reads `ON CONFLICT`.
fn conflict(words: &mut Cursor<'_>) {
    if words.eat_all(&["ON", "CONFLICT"]) {
        words.next();
    }
}

/// Reads an expression in parentheses, and returns its span without them.
fn brackets(words: &mut Cursor<'_>) -> Option<Span> {
    let start = words.start();
    words.skip_brackets().then_some(())?;
    let span = words.span_since(start);
    Some(Span::new(span.start + 1, span.end - 1))
}

fn default_value(words: &mut Cursor<'_>) -> Option<Span> {
    let start = words.start();
    if words.at("(") {
        words.skip_brackets().then_some(())?;
        return Some(words.span_since(start));
    }
    if !words.eat("+") {
        words.eat("-");
    }
    let mut value = words.next()?;
    if value == "." {
        value = words.next()?;
    }
    let is_adjacent = words.start() == words.span_since(start).end;
    match words.kind() {
        // The `x` of `x'00'`.
        Some(TokenKind::String) if is_adjacent => {
            words.next();
        }
        // The digits of `0x1F` and `1_000`.
        Some(TokenKind::Word) if is_adjacent && begins_number(value) => {
            words.next();
        }
        // The exponent of `1e+5`.
        Some(TokenKind::Symbol(b'+' | b'-')) if is_adjacent && is_before_exponent(value) => {
            words.next();
            words.next();
        }
        _ => {}
    }
    Some(words.span_since(start))
}

fn begins_number(value: &str) -> bool {
    value.starts_with(|first: char| first.is_ascii_digit())
}

fn is_before_exponent(value: &str) -> bool {
    begins_number(value) && value.ends_with(['e', 'E'])
}

/// Reads when a foreign key is checked, if that follows.
fn deferral(words: &mut Cursor<'_>) -> bool {
    let found = words.eat_all(&["NOT", "DEFERRABLE"]) || words.eat("DEFERRABLE");
    if found && words.eat("INITIALLY") {
        words.next();
    }
    found
}

fn reference(words: &mut Cursor<'_>) -> Option<Reference> {
    words.eat("REFERENCES").then_some(())?;
    let table = name(words)?;
    let columns = match words.at("(") {
        true => crate::table::read_names(words)?,
        false => Vec::new(),
    };
    loop {
        if words.eat("ON") {
            words.next();
            // `SET NULL`, `SET DEFAULT` and `NO ACTION` have two words.
            words.eat_any(&["SET", "NO"]);
            words.next();
        } else if words.eat("MATCH") {
            words.next();
        } else if !deferral(words) {
            break;
        }
    }
    Some(Reference {
        table,
        columns: columns.iter().map(|name| name.kept().to_owned()).collect(),
    })
}
