//! The actions of `ALTER TABLE`.

use super::{BOTH, POSTGRES, SQLITE, kind};
use crate::{AlterAction, ColumnChange, Dialect, DroppedConstraint, Name, StatementKind};

fn written(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(Name::written).collect();
    names.join("+")
}

/// Returns an action as a text.
fn told(action: &AlterAction) -> String {
    let flag = |word: &str, is_set: bool| {
        if is_set {
            format!(" {word}")
        } else {
            String::new()
        }
    };
    match action {
        AlterAction::RenameTable { to } => format!("rename to {}", to.written()),
        AlterAction::RenameColumn { from, to } => {
            format!("rename column {} to {}", from.written(), to.written())
        }
        AlterAction::RenameConstraint { from, to } => {
            format!("rename constraint {} to {}", from.written(), to.written())
        }
        AlterAction::AddColumn {
            name,
            if_not_exists,
            definition,
            has_reference,
        } => format!(
            "add {}: {definition}{}{}",
            name.written(),
            flag("(unless it exists)", *if_not_exists),
            flag("(refers)", *has_reference)
        ),
        AlterAction::AddConstraint {
            definition,
            has_reference,
        } => format!(
            "add constraint: {definition}{}",
            flag("(refers)", *has_reference)
        ),
        AlterAction::AlterColumn { column, change } => {
            let change = match change {
                ColumnChange::SetType {
                    to,
                    collation,
                    using,
                } => format!(
                    "type {to}|{}|{}",
                    collation.as_ref().map_or("", Name::written),
                    using.as_deref().unwrap_or_default()
                ),
                ColumnChange::SetNotNull => "set not null".to_owned(),
                ColumnChange::DropNotNull => "drop not null".to_owned(),
                ColumnChange::SetDefault { to } => format!("default {to}"),
                ColumnChange::DropDefault => "drop default".to_owned(),
            };
            format!("alter {}: {change}", column.written())
        }
        AlterAction::DropColumn {
            column,
            if_exists,
            cascade,
        } => format!(
            "drop {}{}{}",
            column.written(),
            flag("(if it exists)", *if_exists),
            flag("(cascade)", *cascade)
        ),
        AlterAction::DropConstraint {
            constraint,
            if_exists,
            cascade,
        } => {
            let constraint = match constraint {
                DroppedConstraint::Named(name) => name.written().to_owned(),
                DroppedConstraint::PrimaryKey => "primary key".to_owned(),
                DroppedConstraint::Unique(columns) => format!("unique {}", written(columns)),
                DroppedConstraint::ForeignKey(columns) => {
                    format!("foreign key {}", written(columns))
                }
                DroppedConstraint::Check(expression) => format!("check {expression}"),
            };
            format!(
                "drop constraint {constraint}{}{}",
                flag("(if it exists)", *if_exists),
                flag("(cascade)", *cascade)
            )
        }
        AlterAction::Rebuild { definition } => format!("rebuild as {definition}"),
        AlterAction::Other => "other".to_owned(),
    }
}

fn check(dialects: &[Dialect], rows: &[(&str, &[&str])]) {
    for dialect in dialects {
        for (actions, expected) in rows {
            let statement = format!("ALTER TABLE t {actions}");
            let StatementKind::AlterTable(table) = kind(&statement, *dialect) else {
                panic!("{dialect}: not an ALTER TABLE: {statement}");
            };
            assert_eq!(table.table.written(), "t", "{statement}");
            let found: Vec<String> = table.actions.iter().map(told).collect();
            assert_eq!(found, *expected, "{dialect}: {statement}");
        }
    }
}

#[test]
fn columns_are_altered_in_standard_forms() {
    check(
        BOTH,
        &[
            ("ALTER a TYPE INT", &["alter a: type INT||"]),
            (
                "alter column \"a b\" set data type varchar (10, 2)",
                &["alter \"a b\": type varchar (10, 2)||"],
            ),
            (
                "ALTER a TYPE double precision USING a::text || ', '",
                &["alter a: type double precision||a::text || ', '"],
            ),
            (
                "ALTER a TYPE TEXT COLLATE \"C\" USING coalesce(a, 'using') -- why\n",
                &["alter a: type TEXT|\"C\"|coalesce(a, 'using')"],
            ),
            (
                "ALTER COLUMN a SET NOT NULL, ALTER b DROP NOT NULL",
                &["alter a: set not null", "alter b: drop not null"],
            ),
            (
                "ALTER a SET DEFAULT (1, 2), ALTER a DROP DEFAULT",
                &["alter a: default (1, 2)", "alter a: drop default"],
            ),
            (
                "ALTER a SET DEFAULT 'x, y' || f(1, 2)",
                &["alter a: default 'x, y' || f(1, 2)"],
            ),
            // What is cut off, or more than one knows.
            ("ALTER a", &["other"]),
            ("ALTER a TYPE", &["other"]),
            ("ALTER a TYPE INT USING", &["other"]),
            ("ALTER a SET DEFAULT", &["other"]),
            ("ALTER a SET NOT NULL x", &["other"]),
            (
                "ALTER a SET STATISTICS 5, ALTER b SET NOT NULL",
                &["other", "alter b: set not null"],
            ),
        ],
    );
}

#[test]
fn columns_and_constraints_are_added_and_dropped() {
    check(
        BOTH,
        &[
            ("ADD a INT", &["add a: a INT"]),
            (
                "ADD COLUMN IF NOT EXISTS a INT REFERENCES p (x, y) ON DELETE CASCADE, ADD b",
                &[
                    "add a: a INT REFERENCES p (x, y) ON DELETE CASCADE (unless it exists) (refers)",
                    "add b: b",
                ],
            ),
            (
                "ADD unique_id INT, ADD exclude INT",
                &["add unique_id: unique_id INT", "add exclude: exclude INT"],
            ),
            (
                "ADD CONSTRAINT x CHECK (a IN (1, 2)), ADD UNIQUE (a, b)",
                &[
                    "add constraint: CONSTRAINT x CHECK (a IN (1, 2))",
                    "add constraint: UNIQUE (a, b)",
                ],
            ),
            (
                "ADD FOREIGN KEY (a) REFERENCES p",
                &["add constraint: FOREIGN KEY (a) REFERENCES p (refers)"],
            ),
            (
                "ADD EXCLUDE USING gist (a WITH =)",
                &["add constraint: EXCLUDE USING gist (a WITH =)"],
            ),
            ("DROP a", &["drop a"]),
            (
                "DROP COLUMN IF EXISTS a CASCADE, DROP COLUMN b RESTRICT",
                &["drop a (if it exists) (cascade)", "drop b"],
            ),
            (
                "DROP CONSTRAINT IF EXISTS \"x y\", DROP CONSTRAINT z CASCADE",
                &[
                    "drop constraint \"x y\" (if it exists)",
                    "drop constraint z (cascade)",
                ],
            ),
            ("RENAME TO u", &["rename to u"]),
            ("RENAME a TO b", &["rename column a to b"]),
            (
                "RENAME COLUMN a TO \"B c\"",
                &["rename column a to \"B c\""],
            ),
            ("RENAME CONSTRAINT a TO b", &["rename constraint a to b"]),
            ("DROP a b", &["other"]),
            ("DROP CONSTRAINT", &["other"]),
            ("RENAME a", &["other"]),
            ("ENABLE TRIGGER r", &["other"]),
        ],
    );
}

#[test]
fn constraints_are_dropped_by_what_they_say() {
    check(
        SQLITE,
        &[
            ("DROP PRIMARY KEY", &["drop constraint primary key"]),
            (
                "DROP UNIQUE IF EXISTS (a, [b c])",
                &["drop constraint unique a+[b c] (if it exists)"],
            ),
            (
                "DROP FOREIGN KEY (a), DROP CHECK (a IN (1, 2) /* c */)",
                &[
                    "drop constraint foreign key a",
                    "drop constraint check a IN (1, 2) /* c */",
                ],
            ),
            ("DROP UNIQUE", &["other"]),
            ("DROP UNIQUE (a + 1)", &["other"]),
            ("DROP CHECK a > 0", &["other"]),
        ],
    );
}

#[test]
fn postgres_knows_more_types_and_tables() {
    check(
        POSTGRES,
        &[
            (
                "ALTER a TYPE int[] USING ARRAY[a, 1], ADD b int[][] DEFAULT '{1,2}'",
                &[
                    "alter a: type int[]||ARRAY[a, 1]",
                    "add b: b int[][] DEFAULT '{1,2}'",
                ],
            ),
            (
                "ALTER a TYPE timestamp (3) with time zone",
                &["alter a: type timestamp (3) with time zone||"],
            ),
            (
                "ALTER a SET DEFAULT $$x, y$$",
                &["alter a: default $$x, y$$"],
            ),
            (
                "ALTER a DROP EXPRESSION, ALTER CONSTRAINT x DEFERRABLE",
                &["other", "other"],
            ),
        ],
    );
    for (statement, if_exists) in [
        (
            "ALTER TABLE IF EXISTS ONLY app.t ALTER a SET NOT NULL",
            true,
        ),
        ("ALTER TABLE app . t * ALTER a SET NOT NULL", false),
    ] {
        let StatementKind::AlterTable(table) = kind(statement, Dialect::Postgres) else {
            panic!("not an ALTER TABLE: {statement}");
        };
        assert_eq!(table.table.written(), "app.t", "{statement}");
        assert_eq!(table.if_exists, if_exists, "{statement}");
        let found: Vec<String> = table.actions.iter().map(told).collect();
        assert_eq!(found, ["alter a: set not null"], "{statement}");
    }
}
