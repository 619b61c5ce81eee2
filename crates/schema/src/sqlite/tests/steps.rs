//! The steps of rebuilds, where they depend on more than the definition.

use super::{catalog, plan_for, rebuild_for, rebuild_in};
use crate::sqlite::{Alteration, Check, Loss, Object, ObjectKind, Rebuild, Step, StepTask};

fn statements(rebuild: &Rebuild, wanted: fn(&StepTask) -> bool) -> Vec<&str> {
    let steps = rebuild.steps.iter();
    steps
        .filter_map(|step| match step {
            Step::Execute { task, sql } if wanted(task) => Some(sql.as_str()),
            Step::Execute { .. } | Step::Require(_) | Step::Count { .. } | Step::Expect(_) => None,
        })
        .collect()
}

fn required(rebuild: &Rebuild) -> Vec<&Check> {
    let steps = rebuild.steps.iter();
    steps
        .filter_map(|step| match step {
            Step::Require(check) => Some(check),
            Step::Execute { .. } | Step::Count { .. } | Step::Expect(_) => None,
        })
        .collect()
}

/// Returns the names of the indexes and triggers that are created again.
fn restored(rebuild: &Rebuild) -> Vec<&str> {
    let steps = rebuild.steps.iter();
    steps
        .filter_map(|step| match step {
            Step::Execute {
                task: StepTask::Restore { name, .. },
                ..
            } => Some(name.as_str()),
            Step::Execute { .. } | Step::Require(_) | Step::Count { .. } | Step::Expect(_) => None,
        })
        .collect()
}

#[test]
fn rows_keep_their_numbers() {
    for (table, actions, expected) in [
        (
            "CREATE TABLE t (a INT)",
            "ALTER a SET NOT NULL",
            "INSERT OR ABORT INTO main.t (rowid, a) SELECT rowid, a FROM \
             main.alembic_old AS t",
        ),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b)",
            "ALTER b SET NOT NULL",
            "INSERT OR ABORT INTO main.t SELECT * FROM main.alembic_old",
        ),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY DESC, b)",
            "ALTER b SET NOT NULL",
            "INSERT OR ABORT INTO main.t (rowid, a, b) SELECT rowid, a, \
             b FROM main.alembic_old AS t",
        ),
        (
            "CREATE TABLE t (rowid, b)",
            "ALTER b SET NOT NULL",
            "INSERT OR ABORT INTO main.t (_rowid_, rowid, b) SELECT _rowid_, \
             rowid, b FROM main.alembic_old AS t",
        ),
        (
            "CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID",
            "ALTER b SET NOT NULL",
            "INSERT OR ABORT INTO main.t SELECT * FROM main.alembic_old",
        ),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b, c AS (b) STORED)",
            "ALTER b SET NOT NULL",
            "INSERT OR ABORT INTO main.t (a, b) SELECT a, b FROM \
             main.alembic_old AS t",
        ),
        (
            "CREATE TABLE t (a, b)",
            "ALTER b TYPE INT USING t.a + 1",
            "INSERT OR ABORT INTO main.t (rowid, a, b) SELECT rowid, a, \
             (\nt.a + 1\n) FROM main.alembic_old AS t",
        ),
        (
            "CREATE TABLE t (a, b)",
            "ALTER b TYPE INT USING (SELECT p.t FROM p WHERE f(p.a, t.b) = t.a)",
            "INSERT OR ABORT INTO main.t (rowid, a, b) SELECT rowid, a, \
             (\n(SELECT p.t FROM p WHERE f(p.a, t.b) = t.a)\n) FROM main.alembic_old AS t",
        ),
        (
            "CREATE TABLE t (a, b)",
            "ADD COLUMN c INTEGER PRIMARY KEY",
            "INSERT OR ABORT INTO main.t (rowid, a, b) SELECT rowid, a, \
             b FROM main.alembic_old AS t",
        ),
        // A table that qualifies its columns keeps its name.
        (
            "CREATE TABLE t (a CHECK (t.a > 0), b AS (a))",
            "ALTER a SET NOT NULL",
            "INSERT OR ABORT INTO main.t (rowid, a) SELECT alembic_rowid, a FROM \
             main.alembic_rows AS t",
        ),
    ] {
        let rebuild = rebuild_for(&[table], actions);
        let found = statements(&rebuild, |task| *task == StepTask::Copy);
        assert_eq!(found, [expected], "{actions}\n{table}");
    }
}

#[test]
fn rows_that_can_be_told_apart_are_copied_in_portions() {
    for (table, actions, is_divided) in [
        ("CREATE TABLE t (a, b)", "ALTER b SET NOT NULL", true),
        (
            "CREATE TABLE t (a, b)",
            "ALTER b TYPE INT USING a + 1",
            true,
        ),
        (
            "CREATE TABLE t (a, b)",
            "ALTER b TYPE INT USING (select 1)",
            false,
        ),
        (
            "CREATE TABLE t (a, b)",
            "ALTER b TYPE INT USING a IN (VALUES (1))",
            false,
        ),
        (
            "CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID",
            "ALTER b SET NOT NULL",
            false,
        ),
        (
            "CREATE TABLE t (rowid, _rowid_, oid)",
            "ALTER oid SET NOT NULL",
            false,
        ),
        (
            "CREATE TABLE t (a CHECK (t.a > 0))",
            "ALTER a SET NOT NULL",
            false,
        ),
    ] {
        let portions = rebuild_for(&[table], actions).portions;
        assert_eq!(portions.is_some(), is_divided, "{actions}\n{table}");
    }
}

#[test]
fn portions_follow_each_other() {
    let rebuild = rebuild_for(&["CREATE TABLE t (a, b)"], "ALTER b SET NOT NULL");
    let portions = rebuild.portions.unwrap();
    for (bounds, first, second, last) in [
        (
            (1, 1_000_001),
            "COPY WHERE rowid <= 10001",
            "COPY WHERE rowid > 10001 AND rowid <= 20001",
            "COPY WHERE rowid > 990001",
        ),
        (
            (i64::MIN, i64::MAX),
            "COPY WHERE rowid <= -9038904596117680292",
            "COPY WHERE rowid > -9038904596117680292 AND rowid <= -8854437155380584776",
            "COPY WHERE rowid > 9038904596117680290",
        ),
    ] {
        let found = portions.statements("COPY", bounds);
        let found = [found.first(), found.get(1), found.last()].map(Option::unwrap);
        assert_eq!(found, [first, second, last], "{bounds:?}");
    }
    assert!(portions.statements("COPY", (1, 100_000)).is_empty());
}

/// Wherever the table is, SQLite would take one for the other when it renames.
#[test]
fn rows_are_moved_while_a_temporary_table_hides_another_one() {
    let objects = ["CREATE TABLE t (a)", "CREATE TABLE u (b)"];
    for (name, is_hidden) in [("t", true), ("U", true), ("v", false)] {
        let mut catalog = catalog(&objects);
        catalog.objects.push(Object {
            database: "temp".to_owned(),
            kind: ObjectKind::Table,
            name: name.to_owned(),
            table: name.to_owned(),
            sql: Some(format!("CREATE TABLE {name} (x)")),
        });
        let rebuild = rebuild_in(&catalog, "ALTER TABLE main.t ALTER a SET NOT NULL");
        let moved = statements(&rebuild, |task| *task == StepTask::PutAway);
        let creates = moved.iter().any(|sql| sql.starts_with("CREATE TABLE"));
        assert_eq!(creates, is_hidden, "{name}: {moved:?}");
    }
}

#[test]
fn temporary_triggers_belong_to_one_table() {
    let mut catalog = catalog(&["CREATE TABLE t (a)"]);
    let mut add = |kind, name: &str, sql: &str| {
        catalog.objects.push(Object {
            database: "temp".to_owned(),
            kind,
            name: name.to_owned(),
            table: "t".to_owned(),
            sql: Some(sql.to_owned()),
        });
    };
    add(ObjectKind::Table, "t", "CREATE TABLE t (a)");
    for (name, on) in [("r1", "main.t"), ("r2", "temp.T"), ("r3", "t")] {
        let sql = format!("CREATE TRIGGER {name} AFTER INSERT ON {on} BEGIN SELECT 1; END");
        add(ObjectKind::Trigger, name, &sql);
    }
    for (table, expected) in [("main.t", &["r1"][..]), ("temp.t", &["r2", "r3"])] {
        let rebuild = rebuild_in(
            &catalog,
            &format!("ALTER TABLE {table} ALTER a SET NOT NULL"),
        );
        assert_eq!(restored(&rebuild), expected, "{table}");
    }
}

#[test]
fn rows_are_looked_at_where_sqlite_would_change_them() {
    let null = |column: &str| Loss::Null {
        columns: vec![column.to_owned()],
    };
    let changed = |to: &str| Loss::Changed {
        column: "a".to_owned(),
        to: to.to_owned(),
    };
    for (table, actions, expected) in [
        ("CREATE TABLE t (a INT)", "ALTER a TYPE BIGINT", vec![]),
        (
            "CREATE TABLE t (a INT)",
            "ALTER a TYPE TEXT",
            vec![changed("TEXT")],
        ),
        (
            "CREATE TABLE t (a INT)",
            "ALTER a TYPE TEXT USING 'x'",
            vec![],
        ),
        ("CREATE TABLE t (a INT)", "ALTER a TYPE BLOB", vec![]),
        (
            "CREATE TABLE t (a INT) STRICT",
            "ALTER a TYPE BLOB",
            vec![changed("BLOB")],
        ),
        ("CREATE TABLE t (a INT) STRICT", "ALTER a TYPE ANY", vec![]),
        (
            "CREATE TABLE t (a ANY) STRICT",
            "ALTER a TYPE TEXT",
            vec![changed("TEXT")],
        ),
        // SQLite takes NULL in most primary keys, and a number instead of it in others.
        (
            "CREATE TABLE t (a TEXT)",
            "ADD PRIMARY KEY (a)",
            vec![null("a")],
        ),
        (
            "CREATE TABLE t (a INTEGER)",
            "ADD PRIMARY KEY (a)",
            vec![null("a"), changed("INTEGER")],
        ),
        (
            "CREATE TABLE t (a INT PRIMARY KEY)",
            "ALTER a TYPE INTEGER",
            vec![changed("INTEGER"), null("a")],
        ),
        (
            "CREATE TABLE t (a)",
            "ADD COLUMN b INTEGER PRIMARY KEY",
            vec![],
        ),
        (
            "CREATE TABLE t (a)",
            "ADD COLUMN b TEXT PRIMARY KEY",
            vec![null("b")],
        ),
        // What a later action drops demands nothing.
        (
            "CREATE TABLE t (a INT, b)",
            "ALTER a TYPE TEXT, DROP COLUMN a",
            vec![],
        ),
        (
            "CREATE TABLE t (a UNIQUE, b)",
            "ADD FOREIGN KEY (b) REFERENCES t (a), DROP COLUMN b",
            vec![],
        ),
        (
            "CREATE TABLE t (a TEXT)",
            "ADD PRIMARY KEY (a), DROP PRIMARY KEY, ALTER a SET NOT NULL",
            vec![],
        ),
    ] {
        let rebuild = rebuild_for(&[table], actions);
        let found: Vec<Loss> = required(&rebuild)
            .into_iter()
            .map(|check| check.loss.clone())
            .collect();
        assert_eq!(found, expected, "{actions}\n{table}");
    }
}

/// A key is looked at with the default of its new column.
#[test]
fn defaults_are_values_in_checks() {
    for (default, expected) in [
        ("7", "(\n7\n) IS NULL"),
        ("(1 + 1)", "(\n(1 + 1)\n) IS NULL"),
        ("word", "'word' IS NULL"),
        ("true", "(\ntrue\n) IS NULL"),
        ("CURRENT_DATE", "(\nCURRENT_DATE\n) IS NULL"),
        ("x'00'", "(\nx'00'\n) IS NULL"),
    ] {
        let add = format!("ADD COLUMN b DEFAULT {default} PRIMARY KEY");
        let rebuild = rebuild_for(&["CREATE TABLE t (a)"], &add);
        let query = &required(&rebuild)[0].query;
        assert!(query.contains(expected), "{default}: {query}");
    }
}

#[test]
fn indexes_go_with_their_columns_and_no_others() {
    let objects = [
        "CREATE TABLE t (a, b, c, lower)",
        "CREATE INDEX i1 ON t (b)",
        "CREATE INDEX i2 ON t ('a', b)",
        "CREATE INDEX i3 ON t (lower(b))",
        "CREATE INDEX i4 ON t (b) WHERE \"A\" > 0",
        "CREATE INDEX i5 ON t (b COLLATE a)",
        "CREATE INDEX i6 ON t (b || 'a')",
        "CREATE INDEX a ON t (c)",
    ];
    for (actions, expected) in [
        ("DROP COLUMN a", &["i1", "i3", "i5", "i6", "a"][..]),
        (
            "DROP COLUMN lower, DROP COLUMN c",
            &["i1", "i2", "i3", "i4", "i5", "i6"],
        ),
    ] {
        let rebuild = rebuild_for(&objects, actions);
        assert_eq!(restored(&rebuild), expected, "{actions}");
    }
}

#[test]
fn sqlite_does_what_it_can() {
    let native = |sql: &str| Ok(Alteration::Native(vec![sql.to_owned()]));
    for (table, actions, expected) in [
        (
            "CREATE TABLE t (a, b)",
            "DROP COLUMN b",
            native("ALTER TABLE t DROP COLUMN b"),
        ),
        (
            "CREATE TABLE t (a, b)",
            "DROP COLUMN IF EXISTS b",
            native("ALTER TABLE t DROP COLUMN b"),
        ),
        (
            "CREATE TABLE t (a)",
            "ADD c INT NOT NULL DEFAULT 1",
            native("ALTER TABLE t ADD COLUMN c INT NOT NULL DEFAULT 1"),
        ),
        (
            "CREATE TABLE t (a INT NOT NULL)",
            "ALTER a SET NOT NULL",
            Ok(Alteration::Nothing),
        ),
        (
            "CREATE TABLE t (a)",
            "ALTER a DROP NOT NULL, ALTER a DROP DEFAULT",
            Ok(Alteration::Nothing),
        ),
        (
            "CREATE TABLE t (a)",
            "ADD COLUMN IF NOT EXISTS A INT UNIQUE",
            Ok(Alteration::Nothing),
        ),
        (
            "CREATE TABLE t (a)",
            "DROP CONSTRAINT IF EXISTS x, DROP COLUMN IF EXISTS b",
            Ok(Alteration::Nothing),
        ),
    ] {
        assert_eq!(plan_for(&[table], actions), expected, "{actions}\n{table}");
    }
}
