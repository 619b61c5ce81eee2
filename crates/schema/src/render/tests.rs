//! Sections and summaries, as rows of data.

use super::*;

fn change(verb: Verb, kind: ObjectKind, name: &str, statements: &[Statement]) -> Change {
    Change {
        verb,
        object: ObjectId::new(kind, "", name),
        sentence: String::new(),
        hazards: Vec::new(),
        statements: statements.to_vec(),
    }
}

fn create(sql: &str) -> Change {
    change(Verb::Create, ObjectKind::Table, "t", &[Statement::new(sql)])
}

fn risky(sql: &str, why: &str) -> Change {
    Change {
        hazards: vec![Hazard::MayFail(why.to_owned())],
        ..create(sql)
    }
}

fn alone(sql: &str) -> Change {
    change(Verb::Alter, ObjectKind::Enum, "e", &[Statement::alone(sql)])
}

fn upgrade(parts: &[(Option<Dialect>, Vec<Change>)]) -> String {
    let parts = parts.iter().map(|(named, changes)| Part {
        named: *named,
        dialect: named.unwrap_or(Dialect::Sqlite),
        changes,
    });
    sections(Way::Upgrade, &parts.collect::<Vec<_>>(), Hazard::sentence)
}

#[test]
fn changes_are_sections() {
    let (sqlite, postgres) = (Some(Dialect::Sqlite), Some(Dialect::Postgres));
    for (parts, expected) in [
        (vec![], "-- alembic: upgrade\n"),
        (
            vec![(None, vec![create("A"), create("B")])],
            "-- alembic: upgrade\nA;\nB;\n",
        ),
        (
            vec![(None, vec![create("A (\n  x\n)"), create("B"), create("C")])],
            "-- alembic: upgrade\nA (\n  x\n);\n\nB;\nC;\n",
        ),
        (
            vec![(
                None,
                vec![create("A"), risky("B", "it is\nMonday"), create("C")],
            )],
            "-- alembic: upgrade\nA;\n\n-- fails if it is Monday\nB;\n\nC;\n",
        ),
        // A comment at the end would swallow the semicolon.
        (
            vec![(None, vec![create("A -- all\n"), create("B /* all */")])],
            "-- alembic: upgrade\nA -- all\n;\n\nB /* all */\n;\n",
        ),
        (
            vec![(sqlite, vec![create("A")]), (postgres, vec![create("B")])],
            "-- alembic: upgrade sqlite\nA;\n\n-- alembic: upgrade postgres\nB;\n",
        ),
        (
            vec![(
                postgres,
                vec![create("A"), alone("B"), alone("C"), create("D")],
            )],
            "-- alembic: upgrade postgres\nA;\n\n\
             -- alembic: upgrade postgres no-transaction\nB;\n\n\
             -- alembic: upgrade postgres no-transaction\nC;\n\n\
             -- alembic: upgrade postgres\nD;\n",
        ),
    ] {
        assert_eq!(upgrade(&parts), expected);
    }
}

#[test]
fn summaries_count() {
    let destroying = |verb, kind, name: &str| {
        let mut change = change(verb, kind, name, &[]);
        change.hazards = vec![Hazard::DestroysRows(change.object.clone())];
        change
    };
    let rebuilt = |name: &str| {
        let mut change = change(Verb::Alter, ObjectKind::Table, name, &[]);
        change.hazards = vec![Hazard::Rewrites(change.object.clone())];
        change
    };
    let plain = |verb, kind| change(verb, kind, "x", &[]);
    for (changes, expected) in [
        (vec![], ""),
        (
            vec![
                destroying(Verb::Drop, ObjectKind::Table, "a"),
                plain(Verb::Create, ObjectKind::Column),
                plain(Verb::Create, ObjectKind::Column),
                rebuilt("b"),
                rebuilt("c"),
            ],
            "+2 columns, -1 table (destroys its rows), 2 tables rebuilt",
        ),
        (
            vec![
                destroying(Verb::Drop, ObjectKind::Table, "a"),
                destroying(Verb::Drop, ObjectKind::Table, "b"),
            ],
            "-2 tables (destroys their rows)",
        ),
        (
            vec![
                destroying(Verb::Drop, ObjectKind::Column, "a"),
                plain(Verb::Drop, ObjectKind::Column),
            ],
            "-2 columns (1 of them destroy values)",
        ),
        (
            vec![
                plain(Verb::TakeAway, ObjectKind::View),
                plain(Verb::PutBack, ObjectKind::View),
                plain(Verb::Create, ObjectKind::Index),
                plain(Verb::Create, ObjectKind::Index),
                plain(Verb::Create, ObjectKind::Policy),
                plain(Verb::Create, ObjectKind::Policy),
                plain(Verb::Rename, ObjectKind::Column),
                plain(Verb::Alter, ObjectKind::Column),
            ],
            "+2 indexes, +2 policies, 1 column renamed, 1 column changed, 1 view recreated",
        ),
    ] {
        assert_eq!(summary(&changes), expected);
    }
}
