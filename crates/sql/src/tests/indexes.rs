//! Statements that build and drop indexes.

use super::kind;
use crate::Dialect::{self, Postgres, Sqlite};
use crate::{IndexAction, ReindexTarget};

/// The expected reading of a statement: an action, with names as the database keeps the one of a
/// new index, and as they are written.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Create {
        name: Option<String>,
        table: String,
    },
    Drop {
        name: String,
    },
    Reindex {
        object: ReindexTarget,
        name: Option<String>,
    },
}

fn concurrent_index(statement: &str, dialect: Dialect) -> Option<Expected> {
    let written = |name: &crate::Name| name.written().to_owned();
    Some(match kind(statement, dialect).concurrent_index()? {
        IndexAction::Create { name, table } => Expected::Create {
            name: name.as_ref().map(|name| name.kept().to_owned()),
            table: written(table),
        },
        IndexAction::Drop { name } => Expected::Drop {
            name: written(name),
        },
        IndexAction::Reindex { object, name } => Expected::Reindex {
            object: *object,
            name: name.as_ref().map(written),
        },
    })
}

fn create(name: Option<&str>, table: &str) -> Option<Expected> {
    Some(Expected::Create {
        name: name.map(str::to_owned),
        table: table.to_owned(),
    })
}

fn drop(name: &str) -> Option<Expected> {
    Some(Expected::Drop {
        name: name.to_owned(),
    })
}

fn reindex(object: ReindexTarget, name: &str) -> Option<Expected> {
    Some(Expected::Reindex {
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
            reindex(ReindexTarget::Index, "s.a"),
        ),
        (
            "reindex (verbose) table /* a */ concurrently \"T\"",
            reindex(ReindexTarget::Table, "\"T\""),
        ),
        (
            "REINDEX (TABLESPACE a, CONCURRENTLY) SCHEMA s",
            reindex(ReindexTarget::Schema, "s"),
        ),
        (
            "REINDEX (CONCURRENTLY on, VERBOSE false) TABLE t",
            reindex(ReindexTarget::Table, "t"),
        ),
        (
            "REINDEX DATABASE CONCURRENTLY d",
            reindex(ReindexTarget::Database, "d"),
        ),
        (
            "REINDEX DATABASE CONCURRENTLY",
            Some(Expected::Reindex {
                object: ReindexTarget::Database,
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
        let found = concurrent_index(statement, Postgres);
        assert_eq!(found, expected, "{statement}");
    }
}

#[test]
fn other_databases_know_nothing_of_it() {
    let statement = "CREATE INDEX CONCURRENTLY a ON t (c)";
    assert_eq!(concurrent_index(statement, Sqlite), None);
}
