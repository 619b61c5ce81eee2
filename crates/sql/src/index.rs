//! Finds the statements that build or drop indexes beside the work of others.

use super::lexer::Cursor;
use super::name::Name;
use crate::Dialect;

/// What a statement with `CONCURRENTLY` does to indexes; if it fails, it can leave invalid ones.
///
/// Except for the name in [`Create`](Self::Create), names are as they are written: with their
/// quotes, and behind their schema where one is given. PostgreSQL's `to_regclass` finds tables and
/// indexes by such a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConcurrentIndex {
    /// `CREATE INDEX CONCURRENTLY`, which leaves an index that is not valid.
    Create {
        /// The name as the catalog keeps it, in the schema of the table; none when the database
        /// chooses it.
        name: Option<String>,
        /// The table that is indexed.
        table: String,
    },
    /// `DROP INDEX CONCURRENTLY`, which leaves the index, but not valid.
    Drop {
        /// The index.
        name: String,
    },
    /// `REINDEX ... CONCURRENTLY`, which leaves indexes with `_ccnew` or `_ccold` behind
    /// their names.
    Reindex {
        /// What is named.
        object: Reindexed,
        /// Its name, which can be left out for a database.
        name: Option<String>,
    },
}

/// The kinds of objects whose indexes `REINDEX` builds anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reindexed {
    /// One index.
    Index,
    /// All indexes of a table.
    Table,
    /// All indexes of a schema.
    Schema,
    /// All indexes of a database.
    Database,
}

/// Tells what `statement` does to indexes without keeping writers out, on PostgreSQL.
///
/// Other statements, those of other dialects and names such as `U&"..."` give `None`.
///
/// # Examples
///
/// ```
/// use alembic_sql::{ConcurrentIndex, Dialect, concurrent_index};
///
/// let statement = "CREATE INDEX CONCURRENTLY By_Name ON app.\"Users\" (name)";
/// assert_eq!(
///     concurrent_index(statement, Dialect::Postgres),
///     Some(ConcurrentIndex::Create {
///         name: Some("by_name".to_owned()),
///         table: "app.\"Users\"".to_owned(),
///     })
/// );
/// assert_eq!(concurrent_index("CREATE INDEX i ON t (a)", Dialect::Postgres), None);
/// ```
#[must_use]
pub fn concurrent_index(statement: &str, dialect: Dialect) -> Option<ConcurrentIndex> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => {
            let words = Cursor::new(statement, dialect);
            created(words.clone())
                .or_else(|| dropped(words.clone()))
                .or_else(|| reindexed(words))
        }
    }
}

fn created(mut words: Cursor<'_>) -> Option<ConcurrentIndex> {
    if !words.eat("CREATE") {
        return None;
    }
    words.eat("UNIQUE");
    if !words.eat_all(&["INDEX", "CONCURRENTLY"]) {
        return None;
    }
    words.eat_all(&["IF", "NOT", "EXISTS"]);
    let name = if words.at("ON") {
        None
    } else {
        Some(Name::read(&mut words)?.kept(Dialect::Postgres))
    };
    if !words.eat("ON") {
        return None;
    }
    let table = Name::of_table(&mut words, Dialect::Postgres)?.written();
    Some(ConcurrentIndex::Create { name, table })
}

fn dropped(mut words: Cursor<'_>) -> Option<ConcurrentIndex> {
    if !words.eat_all(&["DROP", "INDEX", "CONCURRENTLY"]) {
        return None;
    }
    words.eat_all(&["IF", "EXISTS"]);
    let name = Name::read(&mut words)?.written();
    Some(ConcurrentIndex::Drop { name })
}

fn reindexed(mut words: Cursor<'_>) -> Option<ConcurrentIndex> {
    if !words.eat("REINDEX") {
        return None;
    }
    let mut concurrently = words.eat("(") && eat_options(&mut words);
    let object = match words.next()? {
        word if word.eq_ignore_ascii_case("INDEX") => Reindexed::Index,
        word if word.eq_ignore_ascii_case("TABLE") => Reindexed::Table,
        word if word.eq_ignore_ascii_case("SCHEMA") => Reindexed::Schema,
        word if word.eq_ignore_ascii_case("DATABASE") => Reindexed::Database,
        // The catalogs of the system cannot be indexed anew concurrently.
        _ => return None,
    };
    concurrently |= words.eat("CONCURRENTLY");
    let name = Name::read(&mut words).map(|name| name.written());
    if concurrently && (name.is_some() || object == Reindexed::Database) {
        Some(ConcurrentIndex::Reindex { object, name })
    } else {
        None
    }
}

/// Moves behind the options of a `REINDEX`, and tells whether `CONCURRENTLY` is on among them.
fn eat_options(words: &mut Cursor<'_>) -> bool {
    let mut concurrently = false;
    while let Some(option) = words.next() {
        let is_off = ["OFF", "FALSE", "0", "'off'", "'false'"]
            .iter()
            .any(|off| words.at(off));
        if option.eq_ignore_ascii_case("CONCURRENTLY") {
            concurrently = !is_off;
        }
        let end = words.find(|word| matches!(*word, "," | ")"));
        if end != Some(",") {
            break;
        }
    }
    concurrently
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(name: Option<&str>, table: &str) -> Option<ConcurrentIndex> {
        Some(ConcurrentIndex::Create {
            name: name.map(str::to_owned),
            table: table.to_owned(),
        })
    }

    fn drop(name: &str) -> Option<ConcurrentIndex> {
        Some(ConcurrentIndex::Drop {
            name: name.to_owned(),
        })
    }

    fn reindex(object: Reindexed, name: &str) -> Option<ConcurrentIndex> {
        Some(ConcurrentIndex::Reindex {
            object,
            name: Some(name.to_owned()),
        })
    }

    #[test]
    fn what_works_concurrently_is_found() {
        let long = "é".repeat(32);
        for (statement, expected) in [
            (
                "CREATE INDEX CONCURRENTLY Ab ON t (c)",
                create(Some("ab"), "t"),
            ),
            (
                "create unique index -- d\n concurrently if not exists \"A \"\"b\" on only \
                 s . \"T\"\"1\" using btree (lower(c))",
                create(Some("A \"b"), "s.\"T\"\"1\""),
            ),
            (
                "CREATE INDEX CONCURRENTLY ON ONLY (T) (c)",
                create(None, "T"),
            ),
            ("CREATE INDEX CONCURRENTLY if ON t", create(Some("if"), "t")),
            (
                &format!("CREATE INDEX CONCURRENTLY {long} ON t (c)"),
                create(Some(&long[..62]), "t"),
            ),
            ("CREATE INDEX a ON t (c)", None),
            ("CREATE INDEX \"concurrently\" ON t (c)", None),
            (r#"CREATE INDEX CONCURRENTLY U&"a" ON t (c)"#, None),
            ("CREATE INDEX CONCURRENTLY a", None),
            ("CREATE INDEX CONCURRENTLY", None),
            ("DROP INDEX CONCURRENTLY a", drop("a")),
            (
                "drop index concurrently if exists S.\"A\" cascade",
                drop("S.\"A\""),
            ),
            ("DROP INDEX a", None),
            ("DROP INDEX CONCURRENTLY", None),
            (
                "REINDEX INDEX CONCURRENTLY s.a",
                reindex(Reindexed::Index, "s.a"),
            ),
            (
                "reindex (verbose) table /* a */ concurrently \"T\"",
                reindex(Reindexed::Table, "\"T\""),
            ),
            (
                "REINDEX (TABLESPACE a, CONCURRENTLY) SCHEMA s",
                reindex(Reindexed::Schema, "s"),
            ),
            (
                "REINDEX (CONCURRENTLY on, VERBOSE false) TABLE t",
                reindex(Reindexed::Table, "t"),
            ),
            (
                "REINDEX DATABASE CONCURRENTLY d",
                reindex(Reindexed::Database, "d"),
            ),
            (
                "REINDEX DATABASE CONCURRENTLY",
                Some(ConcurrentIndex::Reindex {
                    object: Reindexed::Database,
                    name: None,
                }),
            ),
            ("REINDEX (CONCURRENTLY off) TABLE t", None),
            ("REINDEX (VERBOSE) TABLE t", None),
            ("REINDEX TABLE \"concurrently\"", None),
            ("REINDEX TABLE CONCURRENTLY", None),
            ("REINDEX SYSTEM CONCURRENTLY d", None),
            ("REINDEX (CONCURRENTLY", None),
            ("REINDEX", None),
            ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", None),
        ] {
            let found = concurrent_index(statement, Dialect::Postgres);
            assert_eq!(found, expected, "{statement}");
        }
    }

    #[test]
    fn other_databases_know_nothing_of_it() {
        let statement = "CREATE INDEX CONCURRENTLY a ON t (c)";
        assert_eq!(concurrent_index(statement, Dialect::Sqlite), None);
    }
}
