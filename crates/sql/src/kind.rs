//! Tells what kind of statement a text is.

use super::lexer::Cursor;
use super::name::Name;
use crate::Dialect;

/// The kinds of statements that are run in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// A statement that begins, ends or divides a transaction.
    ///
    /// `SET TRANSACTION` and other settings are none.
    TransactionControl,
    /// A change of SQLite's `journal_mode`, and so of how it undoes transactions.
    JournalMode,
    /// A change of the schema that cannot make a row violate a foreign key.
    SchemaOnly,
    /// Any other statement.
    Other,
}

impl StatementKind {
    /// Tells the kind of `statement`, which is one statement as [`split`](super::split) returns it.
    ///
    /// What is not surely of another kind is [`Other`](Self::Other).
    ///
    /// # Examples
    ///
    /// ```
    /// use alembic_sql::{Dialect, StatementKind};
    ///
    /// let kind = StatementKind::of("SAVEPOINT a", Dialect::Sqlite);
    /// assert_eq!(kind, StatementKind::TransactionControl);
    /// ```
    #[must_use]
    pub fn of(statement: &str, dialect: Dialect) -> Self {
        let words = Cursor::new(statement, dialect);
        if is_transaction_control(words.clone(), dialect) {
            Self::TransactionControl
        } else if dialect == Dialect::Sqlite && sets_journal_mode(words.clone()) {
            Self::JournalMode
        } else if is_schema_only(words, dialect) {
            Self::SchemaOnly
        } else {
            Self::Other
        }
    }
}

/// Tells whether a statement may commit by itself on PostgreSQL, outside of a transaction.
#[must_use]
pub fn may_commit(statement: &str) -> bool {
    let mut words = Cursor::new(statement, Dialect::Postgres);
    if words.eat("CALL") {
        return true;
    }
    let body = statement.to_ascii_lowercase();
    words.eat("DO") && (body.contains("commit") || body.contains("call"))
}

/// Tells whether a statement sets something on PostgreSQL that outlasts its transaction.
#[must_use]
pub fn sets_for_session(statement: &str) -> bool {
    let mut words = Cursor::new(statement, Dialect::Postgres);
    if words.eat("SET") {
        return !words.eat_any(&["LOCAL", "CONSTRAINTS", "TRANSACTION"]);
    }
    words.eat("RESET")
        || words.eat("SELECT") && words.any(|word| word.eq_ignore_ascii_case("set_config"))
}

fn is_transaction_control(mut words: Cursor<'_>, dialect: Dialect) -> bool {
    if words.eat_any(&["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"]) {
        return true;
    }
    if dialect == Dialect::Sqlite {
        return false;
    }
    if words.eat("PREPARE") {
        // A prepared query may be named `transaction`.
        return words.eat("TRANSACTION") && !words.at("AS") && !words.at("(");
    }
    words.eat_any(&["ABORT", "START"])
}

fn sets_journal_mode(mut words: Cursor<'_>) -> bool {
    if !words.eat("PRAGMA") {
        return false;
    }
    let mut name = words.next();
    if words.eat(".") {
        name = words.next();
    }
    let is_mode = name.is_some_and(|name| {
        let name = name.trim_matches(['"', '`', '[', ']', '\'']);
        name.eq_ignore_ascii_case("journal_mode")
    });
    is_mode && words.eat_any(&["=", "("])
}

fn is_schema_only(mut words: Cursor<'_>, dialect: Dialect) -> bool {
    if words.eat("CREATE") {
        while words.eat_any(&[
            "OR",
            "REPLACE",
            "TEMP",
            "TEMPORARY",
            "UNIQUE",
            "UNLOGGED",
            "VIRTUAL",
        ]) {}
        words.eat_any(&["INDEX", "TRIGGER", "VIEW"]) || (words.eat("TABLE") && !has_outer_as(words))
    } else if words.eat("DROP") {
        words.eat_any(&["INDEX", "TRIGGER", "VIEW"])
    } else if words.eat("ALTER") && words.eat("TABLE") {
        words.eat_all(&["IF", "EXISTS"]);
        if Name::of_table(&mut words, dialect).is_none() {
            false
        } else if words.eat("ADD") {
            !words.any(|word| word.eq_ignore_ascii_case("REFERENCES"))
        } else {
            // The table itself is renamed by `RENAME TO`.
            words.eat("RENAME") && !words.at("TO")
        }
    } else {
        false
    }
}

/// Tells whether an `AS` stands outside of all parentheses, where a query follows it.
fn has_outer_as(mut words: Cursor<'_>) -> bool {
    let mut depth = 0_usize;
    words.any(|word| {
        match word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && word.eq_ignore_ascii_case("AS")
    })
}
