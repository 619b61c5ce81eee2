//! How objects of SQLite become others.

mod actions;

use alembic_sql::{Dialect, StatementKind, TableOutline, quote, split};

use self::actions::Action;
use super::catalog::{Catalog, Object as CatalogObject, ObjectKind as CatalogKind};
use super::draft::Draft;
use super::facts::Facts;
use crate::change::{Change, Hazard, Statement, Verb};
use crate::comparison::{Comparison, InPlace, Transition};
use crate::model::{Definition, Object, ObjectId, ObjectKind, Table};

/// Returns how the object that both schemas have becomes that of the second one.
pub(crate) fn transition(
    id: &ObjectId,
    [before, after]: [&Object; 2],
    comparison: Comparison<'_>,
) -> Transition {
    let is_same = match (&before.definition, &after.definition) {
        (Definition::Table(before), Definition::Table(after)) => {
            return of_table(id, before, after, comparison);
        }
        (Definition::Index(before), Definition::Index(after)) => {
            before.unique == after.unique
                && before.table.eq_ignore_ascii_case(&after.table)
                && tokens(&before.definition) == tokens(&after.definition)
        }
        (Definition::View(before), Definition::View(after)) => {
            normalized(&before.query) == normalized(&after.query)
        }
        (Definition::Statement(before), Definition::Statement(after)) => {
            normalized(before) == normalized(after)
        }
        (before, after) => before == after,
    };
    match is_same {
        true => Transition::Same,
        false => Transition::Replace,
    }
}

fn normalized(sql: &str) -> String {
    alembic_sql::normalized(sql, Dialect::Sqlite)
}

/// Returns the tokens of an index, in which words mean the same in any case.
fn tokens(sql: &str) -> String {
    normalized(sql).to_ascii_lowercase()
}

fn of_table(
    id: &ObjectId,
    before: &Table,
    after: &Table,
    comparison: Comparison<'_>,
) -> Transition {
    let text = |table: &Table| table.sql.clone().unwrap_or_default();
    let (before_sql, after_sql) = (text(before), text(after));
    let (before_facts, after_facts) = (Facts::read(&before_sql), Facts::read(&after_sql));
    let (Some(before), Some(after)) = (before_facts, after_facts) else {
        return match normalized(&before_sql) == normalized(&after_sql) {
            true => Transition::Same,
            false => Transition::Replace,
        };
    };
    if before.same(&after, comparison.options.column_order) {
        return Transition::Same;
    }
    let catalog = catalog(id, comparison);
    let actions = actions::between(id, &before, &after);
    let reached = reached(&catalog, id, &actions)
        .is_some_and(|facts| facts.same(&after, comparison.options.column_order));
    let changes = match reached {
        true => actions
            .into_iter()
            .map(|action| action.change(id))
            .collect(),
        false => vec![rebuild(id, &before, &after, &after_sql)],
    };
    Transition::Alter(InPlace {
        changes,
        ..InPlace::default()
    })
}

/// Returns what actions make of the table, if they can be carried out.
fn reached(catalog: &Catalog, table: &ObjectId, actions: &[Action]) -> Option<Facts> {
    let written: Vec<&str> = actions.iter().map(|action| action.sql.as_str()).collect();
    let name = quote(&table.name);
    let statement = format!("ALTER TABLE {name} {}", written.join(", "));
    let found = split(&statement, Dialect::Sqlite);
    let [statement] = found.statements.as_slice() else {
        return None;
    };
    let StatementKind::AlterTable(altered) = &statement.kind else {
        return None;
    };
    let object = catalog.find(&altered.table)?;
    let mut draft = Draft::new(catalog, object).ok()?;
    for (number, action) in altered.actions.iter().enumerate() {
        let is_ours = super::is_ours(action);
        let applied = is_ours.then(|| draft.apply(number, action))?;
        applied.ok()?;
    }
    Facts::read(&draft.sql)
}

/// Returns the catalog when the table is changed: its own indexes and triggers that are others
/// afterwards are gone, and what its foreign keys refer to exists. Of the indexes of other tables, it has
/// those that stay whatever the order of the changes.
fn catalog(table: &ObjectId, comparison: Comparison<'_>) -> Catalog {
    let mut catalog = Catalog::new(vec!["main".to_owned()]);
    let Comparison { from, to, .. } = comparison;
    let needs = to.get(table).map(|after| after.needs.clone());
    let needs = needs.unwrap_or_default();
    let stays = |owner: &str| {
        let mut needed = needs.iter();
        let owner = needed.find(|needed| needed.name.eq_ignore_ascii_case(owner));
        owner.is_some_and(|owner| {
            let [before, after] = [from, to].map(|schema| schema.get(owner));
            before.map(|object| &object.definition) == after.map(|object| &object.definition)
        })
    };
    let before = from
        .objects
        .iter()
        .filter(|(id, object)| match &object.definition {
            Definition::Table(_) => true,
            Definition::Index(index) => {
                let after = to.get(id).map(|after| &after.definition);
                (index.table.eq_ignore_ascii_case(&table.name) || stays(&index.table))
                    && matches!(after, Some(Definition::Index(after)) if after.sql == index.sql)
            }
            _ => id.kind == ObjectKind::Trigger && to.objects.contains_key(id),
        });
    let created = to
        .objects
        .iter()
        .filter(|(id, _)| needs.contains(*id) && !from.objects.contains_key(id));
    for (id, object) in before.chain(created) {
        let (kind, table, sql) = match &object.definition {
            Definition::Table(known) => {
                // What the table refers to afterwards is changed before it.
                let after = needs.contains(id).then(|| to.get(id)).flatten();
                let known = match after.map(|after| &after.definition) {
                    Some(Definition::Table(after)) => after,
                    _ => known,
                };
                (CatalogKind::Table, id.name.clone(), known.sql.clone())
            }
            Definition::Index(index) => (
                CatalogKind::Index,
                index.table.clone(),
                Some(index.sql.clone()),
            ),
            Definition::Statement(sql) => (
                CatalogKind::Trigger,
                id.parent.clone().unwrap_or_default(),
                Some(sql.clone()),
            ),
            _ => continue,
        };
        catalog.objects.push(CatalogObject {
            database: "main".to_owned(),
            kind,
            name: id.name.to_string(),
            table: table.to_string(),
            sql,
        });
    }
    catalog
}

/// Returns the change of a table into one that no other form of `ALTER TABLE` makes of it.
fn rebuild(id: &ObjectId, before: &Facts, after: &Facts, sql: &str) -> Change {
    let definition =
        TableOutline::read(sql).map_or(sql, |outline| sql[outline.name.end..].trim_start());
    let table = quote(&id.name);
    let mut hazards: Vec<Hazard> = before
        .columns
        .iter()
        .filter(|column| {
            let after = after.column(&column.name);
            column.generated.is_none() && after.is_none_or(|after| after.generated.is_some())
        })
        .map(|column| Hazard::DestroysValues(id.part(ObjectKind::Column, &column.name)))
        .collect();
    hazards.push(Hazard::Rewrites(id.clone()));
    hazards.push(Hazard::MayFail(
        "rows do not fit the new definition".to_owned(),
    ));
    Change {
        verb: Verb::Alter,
        object: id.clone(),
        sentence: format!("rebuilt {id}"),
        hazards,
        statements: vec![Statement::new(format!(
            "ALTER TABLE {table} REBUILD AS {definition}"
        ))],
    }
}
