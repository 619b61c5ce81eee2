//! What no schema holds, and is gone with an object that is created again: its privileges and its owner.

use crate::change::{Change, Hazard, Verb};
use crate::model::{ObjectKind, Schema};
use crate::postgres::name::{self, quote};

/// The kinds of what is lost, as the query of what is not compared names them.
const KINDS: [&str; 2] = ["privileges", "owner"];

/// Says of what is dropped to be created again that it loses its privileges or its owner.
pub(super) fn say_lost(changes: &mut [Change], from: &Schema) {
    for change in changes
        .iter_mut()
        .filter(|change| change.verb == Verb::TakeAway)
    {
        let object = &change.object;
        let own = match object.kind {
            // Its name has the types of its arguments.
            ObjectKind::Routine => format!("{}.{}", quote(&object.schema), object.name),
            _ => name::full(&object.schema, &object.name),
        };
        let (whole, part) = (format!(" {own}"), format!(" column {own}."));
        for kind in KINDS {
            let names = from.not_compared.get(kind).into_iter().flatten();
            let mut names = names.filter(|name| name.ends_with(&whole) || name.contains(&part));
            if names.next().is_some() {
                let why = match kind {
                    "owner" => format!("{} gets another owner", change.object),
                    _ => format!(
                        "the privileges on {} are lost: GRANT them again",
                        change.object
                    ),
                };
                change.hazards.push(Hazard::BreaksProgram(why));
            }
        }
    }
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
            ("privileges", "function public.f(integer)"),
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
        check(
            Verb::TakeAway,
            ObjectKind::Routine,
            "f(integer)",
            &["the privileges on routine f(integer) are lost: GRANT them again"],
        );
        check(
            Verb::TakeAway,
            ObjectKind::Table,
            "t",
            &["the privileges on table t are lost: GRANT them again"],
        );
    }
}
