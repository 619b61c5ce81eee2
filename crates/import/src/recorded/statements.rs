//! What one function of a revision executed, as the statements that do the same again.

use alembic_sql::{
    Dialect, Statement as Parsed, StatementKind, TokenKind, Tokens, TransactionControl, split,
    summary, unquote,
};

use super::Event;
use crate::migration::Script;
use crate::{Finding, FindingKind};

/// SQL that was executed at once, and becomes a part of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The SQL, with its semicolon.
    pub(super) sql: String,
    pub(super) outside: bool,
    /// How many statements it is.
    pub(super) count: usize,
}

/// What the events of a function come to.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) statements: Vec<Statement>,
    /// The first query that read rows.
    pub(super) reads: Option<String>,
    pub(super) findings: Vec<Finding>,
}

/// Tables of catalogs, whose rows are the schema.
const CATALOGS: [&str; 5] = [
    "pg_catalog",
    "information_schema",
    "sqlite_master",
    "sqlite_schema",
    "sqlite_temp_master",
];

/// Functions that a query calls for what they do, even if somebody looks at what they return.
const EFFECTS: [&str; 3] = ["setval", "nextval", "set_config"];

/// Returns what is left of the events of a function: without queries, what was rolled back, and the
/// statements about transactions.
pub(super) fn statements(events: &[Event], file: &str, dialect: Dialect) -> Reading {
    let mut reading = Reading::default();
    let mut kept: Vec<(&str, bool)> = Vec::new();
    let mut savepoints: Vec<(String, usize)> = Vec::new();
    let mut committed = 0;
    for event in events {
        let (sql, deliberate, outside) = match event {
            Event::Committed => {
                committed = kept.len();
                savepoints.clear();
                continue;
            }
            Event::RolledBack => {
                kept.truncate(committed);
                savepoints.clear();
                continue;
            }
            Event::Unwritten { sql, why } => {
                let statement = summary(sql, dialect);
                let why = why.clone();
                reading.find(file, FindingKind::Unwritten { statement, why });
                continue;
            }
            Event::OfTool { sql } => {
                let statement = summary(sql, dialect);
                reading.find(file, FindingKind::TakenOut { statement });
                continue;
            }
            Event::Executed {
                sql,
                deliberate,
                outside,
            } => (sql.as_str(), *deliberate, *outside),
        };
        let parsed = split(sql, dialect).statements;
        match single(&parsed) {
            Some(StatementKind::Transaction(TransactionControl::Savepoint)) => {
                savepoints.push((last_name(sql, dialect), kept.len()));
            }
            Some(StatementKind::Transaction(TransactionControl::Release)) => {}
            Some(StatementKind::Transaction(TransactionControl::RollbackToSavepoint)) => {
                let name = last_name(sql, dialect);
                if let Some((_, at)) = savepoints.iter().rfind(|(known, _)| *known == name) {
                    kept.truncate(*at);
                }
            }
            // A run sees to the enforcement of foreign keys itself.
            Some(StatementKind::Setting(_)) if is_about_keys(sql, dialect) => {
                let statement = summary(sql, dialect);
                reading.find(file, FindingKind::TakenOut { statement });
            }
            _ if !deliberate && is_idle_query(sql, dialect) => {
                if reading.reads.is_none() && reads_rows(sql, dialect) {
                    reading.reads = Some(summary(sql, dialect));
                }
            }
            _ => kept.push((sql, outside)),
        }
    }
    for (sql, outside) in kept {
        reading.add(sql, outside, file, dialect);
    }
    reading
}

impl Reading {
    fn find(&mut self, file: &str, kind: FindingKind) {
        self.findings.push(Finding {
            path: file.to_owned(),
            line: None,
            kind,
        });
    }

    /// Adds SQL without the statements that begin and end transactions.
    fn add(&mut self, sql: &str, outside: bool, file: &str, dialect: Dialect) {
        let script = Script {
            outside,
            ..Script::whole(file, sql)
        };
        let mut findings = Vec::new();
        match script.pieces(dialect, &mut findings) {
            Ok(pieces) => {
                let pieces = pieces.into_iter().filter(|piece| piece.statements > 0);
                self.statements.extend(pieces.map(|piece| Statement {
                    sql: terminated(&tidied(&piece.sql, dialect), dialect),
                    outside: piece.outside,
                    count: piece.statements,
                }));
            }
            Err(errors) => findings = errors,
        }
        // The lines are those of the SQL, and not of the file.
        self.findings
            .extend(findings.into_iter().map(|finding| Finding {
                line: None,
                ..finding
            }));
    }
}

/// Returns the kind of the only statement, if it is one.
fn single(statements: &[Parsed]) -> Option<&StatementKind> {
    match statements {
        [one] => Some(&one.kind),
        _ => None,
    }
}

/// Returns the words and the names of SQL: words in lower case, names as they are.
pub(crate) fn words(sql: &str, dialect: Dialect) -> impl Iterator<Item = String> {
    let tokens = Tokens::new(sql, dialect).without_trivia();
    tokens.filter_map(move |token| match token.kind {
        TokenKind::Word => Some(token.span.text(sql).to_ascii_lowercase()),
        TokenKind::QuotedName => unquote(token.span.text(sql)).map(|name| name.to_string()),
        _ => None,
    })
}

fn last_name(sql: &str, dialect: Dialect) -> String {
    words(sql, dialect).last().unwrap_or_default()
}

fn is_about_keys(sql: &str, dialect: Dialect) -> bool {
    let mut words = words(sql, dialect);
    words.next().as_deref() == Some("pragma") && words.any(|word| word == "foreign_keys")
}

/// Returns whether SQL only asks for something: nothing that it calls is there for its effect.
fn is_idle_query(sql: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(sql, dialect).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    match words.first().map_or("", String::as_str) {
        "select" | "values" | "table" => {
            !has(&EFFECTS) && !has(&["into"]) && (has(&["from"]) || !calls_own(sql, dialect))
        }
        "with" => !has(&EFFECTS) && !has(&["insert", "update", "delete", "merge"]),
        "show" | "explain" => true,
        // One that sets something has a value.
        "pragma" => !sql.contains('='),
        _ => false,
    }
}

/// Returns whether a query without tables calls a function that may be there for what it does: one that is
/// not known to only say something.
fn calls_own(sql: &str, dialect: Dialect) -> bool {
    let idle = |name: &str| {
        name.starts_with("pg_")
            || name.starts_with("current_")
            || name.starts_with("sqlite_")
            || ["version", "now", "exists", "select", "to_regclass", "cast"].contains(&name)
            || ["coalesce", "count", "max", "min", "has_table_privilege"].contains(&name)
    };
    let mut before: Option<String> = None;
    for token in Tokens::new(sql, dialect).without_trivia() {
        match token.kind {
            TokenKind::Symbol(b'(') if before.as_deref().is_some_and(|name| !idle(name)) => {
                return true;
            }
            TokenKind::Word => before = Some(token.span.text(sql).to_ascii_lowercase()),
            _ => before = None,
        }
    }
    false
}

/// Returns whether a query reads other rows than those of a catalog.
fn reads_rows(sql: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(sql, dialect).collect();
    let is_catalog = |word: &String| {
        CATALOGS.contains(&word.as_str()) || word.starts_with("pg_") || word.starts_with("pragma_")
    };
    words.iter().any(|word| word == "from") && !words.iter().any(is_catalog)
}

/// Returns SQL without the blanks at the ends of lines that SQLAlchemy writes, and with blanks for its tabs.
fn tidied(sql: &str, dialect: Dialect) -> String {
    let mut tidied = String::with_capacity(sql.len());
    for token in Tokens::new(sql, dialect) {
        let text = token.span.text(sql);
        match (token.kind, text.rfind('\n')) {
            (TokenKind::Whitespace, Some(last)) => {
                let lines = text.matches('\n').count();
                tidied.extend(std::iter::repeat_n('\n', lines));
                tidied.push_str(&text[last + 1..].replace('\t', "    "));
            }
            (TokenKind::Comment, _) => tidied.push_str(text.trim_end()),
            _ => tidied.push_str(text),
        }
    }
    tidied
}

/// Returns SQL with a semicolon at its end, which no comment swallows.
fn terminated(sql: &str, dialect: Dialect) -> String {
    let sql = sql.trim();
    let significant = Tokens::new(sql, dialect).without_trivia().last();
    if significant.is_some_and(|token| token.kind == TokenKind::Symbol(b';')) {
        return format!("{sql}\n");
    }
    let ends_in_comment = Tokens::new(sql, dialect)
        .last()
        .is_some_and(|last| last.is_trivia());
    let separator = if ends_in_comment { "\n" } else { "" };
    format!("{sql}{separator};\n")
}
