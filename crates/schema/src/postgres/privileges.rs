//! What no schema holds, and is gone with an object that is created again: its privileges and its owner.

use std::collections::BTreeSet;

use crate::change::{Change, Hazard, Verb};
use crate::model::{ObjectId, ObjectKind, Schema};
use crate::postgres::name::{self, quote};

/// Says of what is dropped to be created again that it loses its privileges or its owner.
pub(super) fn say_lost(changes: &mut [Change], from: &Schema) {
    let [granted, owned] = ["privileges", "owner"].map(|kind| {
        let names = from.not_compared.get(kind).into_iter().flatten();
        let found: BTreeSet<String> = names.flat_map(|name| read(name)).collect();
        found
    });
    if granted.is_empty() && owned.is_empty() {
        return;
    }
    let gone = changes.iter_mut();
    for change in gone.filter(|change| change.verb == Verb::TakeAway) {
        let Some(own) = identity(&change.object) else {
            continue;
        };
        if granted.contains(&own) {
            change.hazards.push(Hazard::BreaksProgram(format!(
                "the privileges on {} are lost: GRANT them again",
                change.object
            )));
        }
        if owned.contains(&own) {
            let why = format!("{} gets another owner", change.object);
            change.hazards.push(Hazard::BreaksProgram(why));
        }
    }
}

/// Returns what an object is called among those that have privileges or owners.
fn identity(id: &ObjectId) -> Option<String> {
    match id.kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Sequence => {
            let own = name::full(&id.schema, &id.name);
            Some(format!("relation {own}"))
        }
        ObjectKind::Column => {
            let owner = name::full(&id.schema, id.parent.as_deref()?);
            Some(format!("column {owner}.{}", quote(&id.name)))
        }
        // Its name has the types of its arguments.
        ObjectKind::Routine => Some(routine(&format!("{}.{}", quote(&id.schema), id.name))),
        _ => None,
    }
}

/// Returns what the server says has privileges or an owner; what a column has, its table has.
fn read(name: &str) -> Vec<String> {
    if let Some((_, column)) = name.split_once(" column ") {
        let owner = column.rsplit_once('.').map(|(owner, _)| owner);
        let owner = owner.map(|owner| format!("relation {owner}"));
        return owner
            .into_iter()
            .chain([format!("column {column}")])
            .collect();
    }
    let relations = ["table ", "view ", "materialized view ", "sequence "];
    let relation = relations.iter().find_map(|kind| name.strip_prefix(kind));
    let routines = ["function ", "procedure ", "aggregate "];
    let called = routines.iter().find_map(|kind| name.strip_prefix(kind));
    let relation = relation.map(|own| format!("relation {own}"));
    relation.into_iter().chain(called.map(routine)).collect()
}

fn routine(own: &str) -> String {
    let own = own.replace("pg_catalog.", "").replace(", ", ",");
    format!("routine {own}")
}

#[cfg(test)]
mod tests {
    use alembic_sql::Dialect;

    use super::say_lost;
    use crate::change::{Change, Verb};
    use crate::model::{ObjectId, ObjectKind, Schema};

    #[test]
    fn what_is_created_again_loses_its_privileges_and_its_owner() {
        let mut from = Schema::new(Dialect::Postgres);
        for (kind, name) in [
            ("privileges", "view public.w"),
            ("privileges", "function public.f(integer,pg_catalog.text)"),
            ("privileges", "table column public.t.a"),
            ("owner", "view public.w"),
        ] {
            let names = from.not_compared.entry(kind.to_owned()).or_default();
            names.insert(name.to_owned());
        }
        let check = |verb, kind, name: &str, expected: &[&str]| {
            let object = ObjectId::new(kind, "public", name);
            let mut changes = [Change {
                verb,
                sentence: String::new(),
                hazards: Vec::new(),
                statements: Vec::new(),
                object,
            }];
            say_lost(&mut changes, &from);
            let found = changes[0].hazards.iter().map(|hazard| hazard.sentence());
            assert_eq!(found.collect::<Vec<_>>(), expected, "{name}");
        };
        check(
            Verb::TakeAway,
            ObjectKind::View,
            "w",
            &[
                "the privileges on view w are lost: GRANT them again",
                "view w gets another owner",
            ],
        );
        check(Verb::Drop, ObjectKind::View, "w", &[]);
        check(Verb::TakeAway, ObjectKind::View, "v", &[]);
        check(Verb::TakeAway, ObjectKind::Trigger, "w", &[]);
        check(
            Verb::TakeAway,
            ObjectKind::Routine,
            "f(integer, text)",
            &["the privileges on routine f(integer, text) are lost: GRANT them again"],
        );
        check(
            Verb::TakeAway,
            ObjectKind::Table,
            "t",
            &["the privileges on table t are lost: GRANT them again"],
        );
    }
}
