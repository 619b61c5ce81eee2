//! Changes of views and routines.

use super::Alteration;
use crate::model::{ObjectKind, Routine, View};
use crate::postgres::{comment, create, name};

/// Adds what makes one view of another.
pub(super) fn view(alteration: &mut Alteration, before: &View, after: &View) -> bool {
    let id = alteration.id.clone();
    let is_stored = id.kind == ObjectKind::MaterializedView;
    if before.query != after.query || before.columns != after.columns {
        let can_grow = after.columns.starts_with(&before.columns);
        if is_stored || !can_grow {
            return false;
        }
        let sql = create::view_sql(&id, after, "CREATE OR REPLACE");
        alteration.add(format!("changed {id}"), [sql]);
    } else if before.options != after.options {
        let word = match is_stored {
            true => "MATERIALIZED VIEW",
            false => "VIEW",
        };
        let own = name::of(&id);
        let mut statements = Vec::new();
        if let Some(reset) = super::table::reset(&before.options, &after.options) {
            statements.push(format!("ALTER {word} {own} {reset}"));
        }
        if let Some(set) = super::table::set(&before.options, &after.options) {
            statements.push(format!("ALTER {word} {own} {set}"));
        }
        alteration.add(format!("changed the options of {id}"), statements);
    }
    if is_stored && before.is_filled != after.is_filled {
        let data = match after.is_filled {
            true => "WITH DATA",
            false => "WITH NO DATA",
        };
        let sql = format!("REFRESH MATERIALIZED VIEW {} {data}", name::of(&id));
        alteration.add(format!("changed whether {id} is filled"), [sql]);
    }
    let comments = comment::of_columns(&id, Some(before), after);
    if !comments.is_empty() {
        let comments = comments.into_iter().map(|statement| statement.sql);
        alteration.add(format!("changed the comments on columns of {id}"), comments);
    }
    true
}

/// Adds what makes one routine of another, before what it mentions has changed or after that.
pub(super) fn routine(
    alteration: &mut Alteration,
    before: &Routine,
    after: &Routine,
    is_early: bool,
) -> bool {
    if before.sql == after.sql && before.kind == after.kind {
        return true;
    }
    let is_replaceable = before.kind == after.kind
        && before.signature == after.signature
        && after.kind != "AGGREGATE";
    if !is_replaceable {
        return false;
    }
    let mut statements = Vec::new();
    if is_early {
        statements.push("SET LOCAL check_function_bodies = off".to_owned());
    }
    statements.push(after.sql.clone());
    let sentence = format!("changed {}", alteration.id);
    alteration.add(sentence, statements);
    true
}
