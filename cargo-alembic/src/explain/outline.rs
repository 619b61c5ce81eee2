//! The outline of a statement: what it does, and to which object.

use alembic_migrate::Dialect;
use alembic_sql::{TokenKind, Tokens};

/// What a statement does, judging by its first words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) verb: Verb,
    /// The kind of object it creates, alters or drops, in lower case: `table`, `index`.
    pub(super) kind: String,
    /// Whether the statement says that the object ends with the session.
    pub(super) is_temporary: bool,
    /// The schema of that object, if the statement names it.
    pub(super) schema: Option<String>,
    /// The name of that object, without its quotes.
    pub(super) name: String,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Alter,
    Drop,
    /// Reads or writes rows of tables.
    Rows,
    Other,
}

/// Words that may stand between `CREATE` and the kind of the object.
const ADJECTIVES: [&str; 13] = [
    "or",
    "replace",
    "temp",
    "temporary",
    "unlogged",
    "unique",
    "virtual",
    "materialized",
    "foreign",
    "recursive",
    "global",
    "local",
    "constraint",
];

/// Words that may stand between the kind of an object and its name.
const CONDITIONS: [&str; 6] = ["concurrently", "if", "not", "exists", "only", "on"];

impl Outline {
    /// Reads the first words of a statement.
    pub(super) fn of(statement: &str, dialect: Dialect) -> Self {
        let tokens = Tokens::new(statement, dialect).without_trivia();
        let mut words = tokens
            .map(|token| (token.kind, token.span.text(statement)))
            .peekable();
        let mut outline = Self {
            verb: Verb::Other,
            kind: String::new(),
            is_temporary: false,
            schema: None,
            name: String::new(),
        };
        let first = words.next().map(|(_, word)| word.to_ascii_lowercase());
        outline.verb = match first.as_deref() {
            Some("create") => Verb::Create,
            Some("alter") => Verb::Alter,
            Some("drop") => Verb::Drop,
            Some(
                "insert" | "update" | "delete" | "merge" | "truncate" | "copy" | "select" | "with"
                | "table" | "lock",
            ) => Verb::Rows,
            Some(_) | None => Verb::Other,
        };
        if matches!(outline.verb, Verb::Rows | Verb::Other) {
            return outline;
        }
        let is_one_of =
            |known: &[&str], word: &str| known.iter().any(|known| known.eq_ignore_ascii_case(word));
        while let Some((_, word)) = words.next_if(|(_, word)| is_one_of(&ADJECTIVES, word)) {
            outline.is_temporary |= is_one_of(&["temp", "temporary"], word);
        }
        if let Some((TokenKind::Word, kind)) = words.next() {
            outline.kind = kind.to_ascii_lowercase();
        }
        while words
            .next_if(|(_, word)| is_one_of(&CONDITIONS, word))
            .is_some()
        {}
        if let Some((_, name)) = words.next() {
            outline.name = unquoted(name, dialect);
        }
        while words.next_if(|(_, word)| *word == ".").is_some() {
            let Some((_, name)) = words.next() else {
                break;
            };
            let schema = std::mem::replace(&mut outline.name, unquoted(name, dialect));
            outline.schema = Some(schema);
        }
        outline
    }
}

/// Returns a name as the database stores it.
fn unquoted(name: &str, dialect: Dialect) -> String {
    for (open, close) in [('"', '"'), ('`', '`'), ('[', ']')] {
        let inner = name
            .strip_prefix(open)
            .and_then(|name| name.strip_suffix(close));
        if let Some(inner) = inner {
            return inner.replace(&format!("{close}{close}"), &close.to_string());
        }
    }
    match dialect {
        Dialect::Sqlite => name.to_owned(),
        Dialect::Postgres => name.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_words_say_what_a_statement_does() {
        let (sqlite, postgres) = (Dialect::Sqlite, Dialect::Postgres);
        for (statement, dialect, verb, kind, schema, name) in [
            (
                "CREATE TABLE t (a)",
                sqlite,
                Verb::Create,
                "table",
                None,
                "t",
            ),
            (
                "create temp table if not exists main.\"a \"\"b\" (a)",
                sqlite,
                Verb::Create,
                "table",
                Some("main"),
                "a \"b",
            ),
            (
                "CREATE UNIQUE INDEX [i] ON t (a)",
                sqlite,
                Verb::Create,
                "index",
                None,
                "i",
            ),
            (
                "CREATE INDEX CONCURRENTLY I ON t (a)",
                postgres,
                Verb::Create,
                "index",
                None,
                "i",
            ),
            (
                "ALTER TABLE ONLY Audit.\"T\" ADD a int",
                postgres,
                Verb::Alter,
                "table",
                Some("audit"),
                "T",
            ),
            (
                "DROP VIEW IF EXISTS v",
                postgres,
                Verb::Drop,
                "view",
                None,
                "v",
            ),
            (
                "INSERT INTO t VALUES (1)",
                postgres,
                Verb::Rows,
                "",
                None,
                "",
            ),
            ("GRANT ALL ON t TO u", postgres, Verb::Other, "", None, ""),
            ("-- nothing", sqlite, Verb::Other, "", None, ""),
        ] {
            let expected = Outline {
                verb,
                kind: kind.to_owned(),
                is_temporary: statement.to_lowercase().contains("temp"),
                schema: schema.map(ToOwned::to_owned),
                name: name.to_owned(),
            };
            assert_eq!(Outline::of(statement, dialect), expected, "{statement}");
        }
    }
}
