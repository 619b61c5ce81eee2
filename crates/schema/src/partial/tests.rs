//! What becomes of a schema that another one states in part.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, SqlText};

use super::PartialSchema;
use crate::comparison::DiffOptions;
use crate::diff::diff;
use crate::engine::room;
use crate::model::{Definition, Domain, Object, ObjectId, ObjectKind, Schema};
use crate::reflect::reflect;

/// Returns the schema that statements create on SQLite, whose catalog holds nothing but them.
fn schema(sql: &str) -> Schema {
    let text = SqlText::new(sql);
    let rows = text.statements(Dialect::Sqlite).map(|statement| {
        let words = statement.sql.split(|c: char| c.is_whitespace() || c == '(');
        let mut words = words.skip(1).skip_while(|word| *word == "UNIQUE");
        let (kind, name) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        let table = match kind {
            "INDEX" => words.nth(1).unwrap_or_default(),
            _ => name,
        };
        let cells = [&*kind.to_lowercase(), name, table, statement.sql];
        cells.map(|cell| Some(cell.to_owned())).to_vec()
    });
    let rows = rows.collect();
    reflect(Dialect::Sqlite, &[rows, Vec::new()]).unwrap()
}

/// Checks what changes when a schema gets what another one states, with columns that are left.
#[track_caller]
fn check_with(current: &str, stated: &str, left: &[(&str, &str)], expected: &[&str]) {
    let current = schema(current);
    let left = left.iter().map(|(table, column)| {
        ObjectId::new(ObjectKind::Table, "", *table).part(ObjectKind::Column, *column)
    });
    let partial = PartialSchema {
        stated: schema(stated),
        left: left.collect(),
    };
    let whole = partial.completed(&current, &BTreeSet::new());
    let sentences = |from: &Schema, to: &Schema| -> Vec<String> {
        let changes = diff(from, to, DiffOptions::default()).unwrap();
        changes.into_iter().map(|change| change.sentence).collect()
    };
    assert_eq!(sentences(&current, &whole), expected);
    let again = partial.completed(&whole, &BTreeSet::new());
    assert_eq!(sentences(&whole, &again), [""; 0], "it is completed once");
}

#[track_caller]
fn check(current: &str, stated: &str, expected: &[&str]) {
    check_with(current, stated, &[], expected);
}

#[test]
fn what_is_not_stated_stays() {
    let current = "CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name varchar(20) COLLATE NOCASE NOT NULL DEFAULT 'x' CHECK (name <> ''),
            twice INT GENERATED ALWAYS AS (id * 2) STORED,
            team_id INT REFERENCES teams (id) ON DELETE CASCADE,
            UNIQUE (name, team_id)
        );
        CREATE TABLE teams (id INTEGER PRIMARY KEY);
        CREATE UNIQUE INDEX users_team ON users (team_id) WHERE name > 'a';
        CREATE VIEW names AS SELECT name FROM users;";
    let stated =
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name varchar NOT NULL, team_id integer);";
    check(current, stated, &[]);
    // Names in other cases are the same.
    check(current, &stated.to_uppercase(), &[]);
}

#[test]
fn columns() {
    let current = "CREATE TABLE t (a varchar(9) NOT NULL, b INT);
        CREATE INDEX t_b ON t (b); CREATE INDEX t_a ON t (a);";
    for (stated, left, expected) in [
        ("a varchar NOT NULL, b INT", &[][..], &[][..]),
        ("a varchar, b INT", &[], &["made column t.a nullable"]),
        (
            "a varchar NOT NULL, b INT NOT NULL",
            &[],
            &["made column t.b NOT NULL"],
        ),
        (
            "a blob NOT NULL, b INT",
            &[],
            &["changed the type of column t.a from varchar(9) to blob"],
        ),
        (
            "a varchar NOT NULL DEFAULT 'x', b INT",
            &[],
            &["set the default of column t.a to 'x'"],
        ),
        (
            "a varchar NOT NULL, b INT, c text DEFAULT 'x'",
            &[],
            &["added column t.c"],
        ),
        ("a varchar NOT NULL", &[], &[]),
        // No row could be inserted any more. An index of a column goes with it.
        ("b INT", &[], &["removed index t_a", "removed column t.a"]),
        ("b INT", &[("t", "a")], &[]),
        ("b INT", &[("T", "A")], &[]),
        ("a blob, b INT", &[("t", "a")], &[]),
    ] {
        let stated = format!("CREATE TABLE t ({stated});");
        check_with(current, &stated, left, expected);
    }
}

#[test]
fn keys() {
    let current = "CREATE TABLE p (id INTEGER PRIMARY KEY, x INT UNIQUE);
        CREATE TABLE t (
            a INT, b INT, c INT, PRIMARY KEY (a, b),
            CONSTRAINT f FOREIGN KEY (c) REFERENCES p ON DELETE CASCADE
        );
        CREATE UNIQUE INDEX u ON t (b); CREATE UNIQUE INDEX part ON t (c) WHERE c > 0;
        CREATE INDEX bc ON t (b, c); CREATE INDEX e ON t (abs(c));";
    for (stated, expected) in [
        // By whatever name, in whatever order, by whatever else demands as much.
        ("PRIMARY KEY (b, a)", &[][..]),
        (
            "CONSTRAINT mine PRIMARY KEY (a, b), CONSTRAINT v UNIQUE (b)",
            &[],
        ),
        ("PRIMARY KEY (a, b)); CREATE INDEX i ON t (b", &[]),
        (
            "PRIMARY KEY (a, b), CONSTRAINT g FOREIGN KEY (c) REFERENCES p (id)",
            &[],
        ),
        (
            "PRIMARY KEY (a, b), FOREIGN KEY (c) REFERENCES p (id) ON DELETE CASCADE",
            &[],
        ),
        // What differs.
        (
            "PRIMARY KEY (a)",
            &["removed constraint t.t_pkey", "added constraint t.t_pkey"],
        ),
        (
            "PRIMARY KEY (a, b), CONSTRAINT v UNIQUE (c)",
            &["added constraint t.v"],
        ),
        (
            "PRIMARY KEY (a, b), UNIQUE (c, b)",
            &["added constraint t.t_c_b_key"],
        ),
        (
            "PRIMARY KEY (a, b)); CREATE INDEX i ON t (c",
            &["added index i"],
        ),
        (
            "PRIMARY KEY (a, b), FOREIGN KEY (c) REFERENCES p (id) ON DELETE SET NULL",
            &["removed constraint t.f", "added constraint t.f"],
        ),
        (
            "PRIMARY KEY (a, b), FOREIGN KEY (c) REFERENCES p (id) ON UPDATE CASCADE",
            &["removed constraint t.f", "added constraint t.f"],
        ),
        (
            "PRIMARY KEY (a, b), FOREIGN KEY (c) REFERENCES p (x)",
            &["added constraint t.t_c_fkey"],
        ),
        (
            "PRIMARY KEY (a, b), CHECK (a > 0)",
            &["added constraint t.t_a_check"],
        ),
    ] {
        let stated = format!("CREATE TABLE t (a INT, b INT, c INT, {stated});");
        check(current, &stated, expected);
    }
}

#[test]
fn tables() {
    let current = "CREATE TABLE old (a INT);";
    let stated = "CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE); CREATE INDEX i ON t (b);";
    check(current, stated, &["added table t", "added index i"]);
    check("", "", &[]);
}

/// What is not stated goes if somebody says so, and stays if it is stated.
#[test]
fn what_is_dropped() {
    let current = schema(
        "CREATE TABLE t (a INT, b INT CHECK (b > 0)); CREATE INDEX i ON t (b);
        CREATE TABLE other (a INT); CREATE INDEX k ON other (a);",
    );
    let partial = PartialSchema {
        stated: schema("CREATE TABLE t (a INT);"),
        left: BTreeSet::new(),
    };
    let table = |name: &str| ObjectId::new(ObjectKind::Table, "", name);
    for (dropped, expected) in [
        (table("other"), &["removed table other"][..]),
        (table("t"), &[]),
        (table("t").part(ObjectKind::Column, "a"), &[]),
        (
            table("t").part(ObjectKind::Column, "b"),
            &["removed index i", "removed column t.b"],
        ),
    ] {
        let whole = partial.completed(&current, &BTreeSet::from([dropped]));
        let changes = diff(&current, &whole, DiffOptions::default()).unwrap();
        let sentences: Vec<String> = changes.into_iter().map(|change| change.sentence).collect();
        assert_eq!(sentences, expected);
    }
}

#[test]
fn what_is_not_stated_is_counted() {
    let current = schema(
        "CREATE TABLE t (a INT PRIMARY KEY, b INT DEFAULT 1 CHECK (b > 0), c INT AS (a) VIRTUAL);
        CREATE INDEX i ON t (a, b); CREATE INDEX j ON t (b);
        CREATE TABLE other (a INT UNIQUE); CREATE INDEX k ON other (a);
        CREATE VIEW v AS SELECT a FROM t;",
    );
    let partial = PartialSchema {
        stated: schema("CREATE TABLE t (a INT PRIMARY KEY, b INT); CREATE INDEX x ON t (b);"),
        left: BTreeSet::new(),
    };
    let counts = partial.unstated(&partial.completed(&current, &BTreeSet::new()));
    let counts: Vec<(&str, usize)> = counts
        .iter()
        .map(|(kind, count)| (kind.as_str(), count.len()))
        .collect();
    let expected = [
        ("table", 1),
        ("column", 1),
        ("default", 1),
        ("constraint", 1),
        ("index", 1),
        ("view", 1),
    ];
    assert_eq!(counts, expected);
}

/// Which types may stay where others are stated.
#[test]
fn types_fit() {
    let mut domains = Schema::new(Dialect::Postgres);
    let domain = Definition::Domain(Box::new(Domain {
        data_type: "text".to_owned(),
        collation: None,
        default: None,
        not_null: false,
    }));
    let labels = Definition::Enum(vec!["a".to_owned()]);
    for (kind, name, definition) in [
        (ObjectKind::Domain, "mail", domain),
        (ObjectKind::Enum, "status", labels),
    ] {
        let object = Object {
            definition,
            comment: None,
            needs: BTreeSet::new(),
            mentions: BTreeSet::new(),
        };
        domains
            .objects
            .insert(ObjectId::new(kind, "shop", name), object);
    }
    for (dialect, stated, fitting, others) in [
        (
            Dialect::Postgres,
            "character varying",
            &[
                "text",
                "character varying(9)",
                "citext",
                "public.citext",
                "character(3)",
                "shop.mail",
            ][..],
            &["integer", "character varying[]", "shop.status"][..],
        ),
        (
            Dialect::Postgres,
            "character varying(9)",
            &[],
            &["text", "character varying(8)"],
        ),
        (
            Dialect::Postgres,
            "text",
            &["citext", "mail"],
            &["character varying", "character varying(9)"],
        ),
        (
            Dialect::Postgres,
            "character varying[]",
            &["text[]"],
            &["text", "integer[]"],
        ),
        (Dialect::Postgres, "json", &["jsonb"], &["text"]),
        (Dialect::Postgres, "jsonb", &[], &["json"]),
        (
            Dialect::Postgres,
            "timestamp with time zone",
            &["timestamp(3) with time zone"],
            &["timestamp without time zone"],
        ),
        (
            Dialect::Postgres,
            "numeric",
            &["numeric(10,2)", "money"],
            &["real"],
        ),
        (
            Dialect::Postgres,
            "numeric(10,2)",
            &[],
            &["numeric", "numeric(10,3)"],
        ),
        (Dialect::Postgres, "integer", &[], &["bigint", "smallint"]),
        (Dialect::Postgres, "status", &["shop.status"], &["text"]),
        (
            Dialect::Sqlite,
            "varchar",
            &["TEXT", "varchar(20)", "CLOB", "NVARCHAR(9)", ""],
            &["INTEGER", "BLOB"],
        ),
        (
            Dialect::Sqlite,
            "bigint",
            &["INTEGER", "int", "BIGINT"],
            &["TEXT", "REAL"],
        ),
        (
            Dialect::Sqlite,
            "timestamp_with_timezone_text",
            &["TIMESTAMP", "datetime", "text", "datetime_text"],
            &["blob"],
        ),
        (
            Dialect::Sqlite,
            "uuid_text",
            &["blob(16)", "TEXT", "uuid", "char(36)"],
            &["INTEGER"],
        ),
        (
            Dialect::Sqlite,
            "boolean",
            &["BOOL", "integer", "tinyint(1)"],
            &["TEXT"],
        ),
        (
            Dialect::Sqlite,
            "real_decimal",
            &["NUMERIC", "decimal(10, 2)", "REAL"],
            &["blob"],
        ),
        (
            Dialect::Sqlite,
            "json_text",
            &["JSON", "text", "jsonb"],
            &["INTEGER"],
        ),
        (
            Dialect::Sqlite,
            "varbinary_blob",
            &["BLOB", "binary(16)"],
            &["TEXT"],
        ),
        (
            Dialect::Sqlite,
            "double",
            &["REAL", "float", "double precision"],
            &["TEXT"],
        ),
    ] {
        let fits = |current: &str| (room(dialect).fits)(stated, current, &domains);
        for current in fitting {
            assert!(fits(current), "{dialect} {stated} {current}");
        }
        for current in others {
            assert!(!fits(current), "{dialect} {stated} {current}");
        }
    }
}
