//! Plans and what they read, as rows of data, without a database; and what SQLite makes of values.

mod edits;
mod names;
mod offered;
mod refusals;
mod steps;
mod values;

use alembic_sql::{AlterAction, Dialect, SqlText, StatementKind, unquote};

use super::mention::index_parts;
use super::{AlterError, Alteration, Catalog, Object, ObjectKind, Rebuild, plan};

/// Returns the words of a statement up to the first parenthesis.
fn first_words(sql: &str) -> Vec<String> {
    let start = &sql[..index_parts(sql).start.saturating_sub(1)];
    let words = start.split_whitespace();
    words
        .map(|word| unquote(word).unwrap_or_else(|| word.to_owned()))
        .collect()
}

/// Returns the catalog of a database with these objects, all in `main`; their names have no spaces.
fn catalog(statements: &[&str]) -> Catalog {
    let mut catalog = Catalog::new(vec!["main".to_owned()]);
    for sql in statements {
        let words = first_words(sql);
        let at = |word: &str| words.iter().position(|found| found == word);
        let after = |word: &str| at(word).map(|index| words[index + 1].clone());
        let (kind, name) = [
            (ObjectKind::Trigger, after("TRIGGER")),
            (ObjectKind::Index, after("INDEX")),
            (ObjectKind::View, after("VIEW")),
            (ObjectKind::Table, after("TABLE")),
        ]
        .into_iter()
        .find_map(|(kind, name)| Some((kind, name?)))
        .expect("a kind that is known");
        let table = match kind {
            ObjectKind::Index | ObjectKind::Trigger => after("ON").expect("a table"),
            ObjectKind::Table | ObjectKind::View => name.clone(),
        };
        catalog.objects.push(Object {
            database: "main".to_owned(),
            kind,
            name,
            table,
            sql: Some((*sql).to_owned()),
        });
    }
    catalog
}

fn plan_in(catalog: &Catalog, statement: &str) -> Result<Alteration, AlterError> {
    let text = SqlText::new(statement);
    let split = text.split(Dialect::Sqlite);
    let StatementKind::AlterTable(table) = &split.statements[0].kind else {
        panic!("not an ALTER TABLE: {statement}");
    };
    let actions: Vec<&AlterAction> = table.actions.iter().collect();
    let planned = plan(catalog, &table.table, table.if_exists, &actions);
    planned.map_err(|(_, error)| error)
}

/// Plans an `ALTER TABLE t`, of which these are the actions.
fn plan_for(objects: &[&str], actions: &str) -> Result<Alteration, AlterError> {
    plan_in(&catalog(objects), &format!("ALTER TABLE t {actions}"))
}

fn rebuild_in(catalog: &Catalog, statement: &str) -> Rebuild {
    match plan_in(catalog, statement) {
        Ok(Alteration::Rebuild(rebuild)) => *rebuild,
        other => panic!("{statement}: {other:?}"),
    }
}

fn rebuild_for(objects: &[&str], actions: &str) -> Rebuild {
    rebuild_in(&catalog(objects), &format!("ALTER TABLE t {actions}"))
}

/// Returns the definition of the table after a change.
fn definition_after(table: &str, actions: &str) -> String {
    let rebuild = rebuild_for(&[table], actions);
    let mut expected = rebuild.expected.into_iter();
    let table = expected.find(|object| object.name == "t");
    table.and_then(|table| table.sql).unwrap_or_default()
}
