//! Which objects need what only an application has.

use std::collections::BTreeSet;

use super::catalog;
use crate::sqlite::Offered;

#[test]
fn what_only_an_application_has_is_unknown() {
    let set = |names: &[&str]| {
        names
            .iter()
            .map(ToString::to_string)
            .collect::<BTreeSet<_>>()
    };
    let offered = Offered {
        functions: set(&["lower", "sum", "fts5"]),
        collations: set(&["nocase"]),
    };
    for (sql, is_unknown) in [
        ("CREATE VIEW v AS SELECT lower(a) FROM t", false),
        ("CREATE VIEW v AS SELECT f(a) FROM t", true),
        ("CREATE VIEW v AS SELECT f(a) AS b FROM t", true),
        ("CREATE VIEW v AS SELECT lower(a) AS f FROM t", false),
        ("CREATE VIEW v AS SELECT (SELECT f(a) AS b) FROM t", true),
        (
            "CREATE VIEW v AS WITH f(a) AS (SELECT 1) SELECT a FROM f",
            false,
        ),
        (
            "CREATE VIEW v AS WITH x AS (SELECT 1), f(a) AS NOT MATERIALIZED (SELECT 1) SELECT a FROM f",
            false,
        ),
        (
            "CREATE VIEW v AS WITH x AS (SELECT 1), f(a) AS MATERIALIZED (SELECT 1) SELECT a FROM f",
            false,
        ),
        ("CREATE VIEW v AS SELECT a COLLATE mine FROM t", true),
        ("CREATE VIEW v AS SELECT a COLLATE NOCASE FROM t", false),
        ("CREATE VIEW v AS SELECT a FROM t WHERE a IN (1)", false),
        (
            "CREATE VIEW v AS SELECT sum(a) OVER (ORDER BY a) FROM t",
            false,
        ),
    ] {
        let objects = catalog(&["CREATE TABLE t (a VARCHAR(5))", sql]);
        let expected = if is_unknown { set(&["v"]) } else { set(&[]) };
        assert_eq!(offered.unknown(&objects), expected, "{sql}");
    }
}
