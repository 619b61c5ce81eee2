//! Changes of columns and their defaults.

use super::{Alteration, numbering};
use crate::change::Hazard;
use crate::diff::Comparison;
use crate::model::Column;
use crate::postgres::name::{self, quote};
use crate::postgres::{cast, create, facts};

/// Adds what makes one column of another.
pub(super) fn column(
    alteration: &mut Alteration,
    before: &Column,
    after: &Column,
    comparison: Comparison<'_>,
) -> bool {
    let id = alteration.id.clone();
    if before.inherited && after.inherited {
        inherited(alteration, before, after, comparison);
        return true;
    }
    let name = quote(&id.name);
    let table = facts::owner_table(&id);
    let mut actions = Vec::new();
    match (&before.generated, &after.generated) {
        (None, None) => {}
        (Some(old), Some(new)) if old == new => {}
        (Some(old), None) if old.stored => {
            actions.push(format!("ALTER COLUMN {name} DROP EXPRESSION"));
        }
        (_, _) => return false,
    }
    let is_retyped = before.data_type != after.data_type || before.collation != after.collation;
    let numbering = numbering::numbering(alteration, before, after, comparison);
    let mut statements = numbering.before;
    actions.extend(numbering.actions);
    let mut hazards = Vec::new();
    if is_retyped {
        actions.extend(retype(alteration, before, after, comparison));
        hazards.push(Hazard::Rewrites(table.clone()));
        if may_lose(&before.data_type, &after.data_type) {
            let why = format!("values of {} are not of the new type", id.name);
            hazards.push(Hazard::MayFail(why));
        }
    }
    match (before.not_null, after.not_null) {
        (false, true) => {
            // It is true before the numbering begins, which asks for it.
            actions.insert(0, format!("ALTER COLUMN {name} SET NOT NULL"));
            hazards.push(Hazard::Scans(table));
            hazards.push(Hazard::MayFail(format!("{} is NULL in a row", id.name)));
        }
        (true, false) => actions.push(format!("ALTER COLUMN {name} DROP NOT NULL")),
        (true, true) | (false, false) => {}
    }
    actions.extend(create::column::options(&id.name, Some(before), after));
    if !actions.is_empty() {
        let owner = name::owner(&id);
        statements.push(format!("ALTER TABLE {owner} {}", actions.join(",\n    ")));
    }
    statements.extend(numbering.after);
    if !statements.is_empty() {
        alteration.add(sentence(&id.to_string(), before, after), statements);
        for hazard in hazards {
            alteration.risk(hazard);
        }
    }
    true
}

fn sentence(id: &str, before: &Column, after: &Column) -> String {
    if before.data_type != after.data_type {
        let (old, new) = (&before.data_type, &after.data_type);
        return format!("change the type of {id} from {old} to {new}");
    }
    match (before.not_null, after.not_null) {
        (false, true) => format!("make {id} NOT NULL"),
        (true, false) => format!("let {id} be NULL"),
        (true, true) | (false, false) => format!("change {id}"),
    }
}

/// Returns the actions that give a column another type.
fn retype(
    alteration: &mut Alteration,
    before: &Column,
    after: &Column,
    comparison: Comparison<'_>,
) -> Vec<String> {
    let id = alteration.id.clone();
    let name = quote(&id.name);
    alteration.disturbs.insert(id.clone());
    alteration.disturbs.extend(facts::heirs(comparison.to, &id));
    let using = cast::using(&id.name, &before.data_type, &after.data_type, comparison);
    let mut action = format!("ALTER COLUMN {name} TYPE {}", after.data_type);
    if let Some(collation) = &after.collation {
        action += &format!(" COLLATE {collation}");
    }
    if let Some(using) = &using {
        action += &format!(" USING {using}");
    }
    let mut actions = Vec::new();
    let default = facts::default_of(&id);
    if alteration.settles.contains(&default) {
        return vec![action];
    }
    let old = facts::default(comparison.from, &id);
    let new = facts::default(comparison.to, &id);
    // The server converts a default that can be assigned.
    let is_kept = using.is_none() && old == new;
    if !is_kept {
        if old.is_some() {
            actions.push(format!("ALTER COLUMN {name} DROP DEFAULT"));
            alteration.settles.insert(default.clone());
        }
        actions.push(action);
        if let Some(new) = new {
            actions.push(format!("ALTER COLUMN {name} SET DEFAULT {new}"));
            alteration.settles.insert(default);
        }
        return actions;
    }
    actions.push(action);
    actions
}

/// Returns whether a value of one type may not be one of another type.
fn may_lose(before: &str, after: &str) -> bool {
    let widens = [
        ("smallint", &["integer", "bigint", "numeric", "text"][..]),
        (
            "integer",
            &["bigint", "numeric", "double precision", "text"][..],
        ),
        ("bigint", &["numeric", "text"][..]),
        ("real", &["double precision"][..]),
        ("date", &["timestamp without time zone"][..]),
    ];
    let is_wider = widens
        .iter()
        .any(|(from, to)| *from == before && to.contains(&after));
    let length = |data_type: &str| -> Option<u32> {
        let rest = data_type.strip_prefix("character varying(")?;
        rest.strip_suffix(')')?.parse().ok()
    };
    let is_longer = match (length(before), length(after)) {
        (Some(before), Some(after)) => after >= before,
        (Some(_), None) => matches!(after, "text" | "character varying"),
        (None, _) => {
            before == "character varying" && after == "text"
                || before == "text" && after == "character varying"
        }
    };
    !is_wider && !is_longer
}

/// Adds what the change of the parent's column does not do to an inherited one.
fn inherited(
    alteration: &mut Alteration,
    before: &Column,
    after: &Column,
    comparison: Comparison<'_>,
) {
    let id = alteration.id.clone();
    let name = quote(&id.name);
    let owner = name::owner(&id);
    let parent = facts::inherited_from(comparison.to, &id);
    let parent_before = facts::inherited_from(comparison.from, &id);
    let refuses = |schema, parent: &Option<_>| {
        parent
            .as_ref()
            .and_then(|parent| facts::column(schema, parent))
            .is_some_and(|column| column.not_null)
    };
    let follows = refuses(comparison.from, &parent_before) != refuses(comparison.to, &parent);
    match (before.not_null, after.not_null) {
        (false, true) if !follows => {
            let sql = format!("ALTER TABLE {owner} ALTER COLUMN {name} SET NOT NULL");
            alteration.add(format!("make {id} NOT NULL"), [sql]);
        }
        (true, false) if !follows => {
            let sql = format!("ALTER TABLE {owner} ALTER COLUMN {name} DROP NOT NULL");
            alteration.add(format!("let {id} be NULL"), [sql]);
        }
        (_, _) => {}
    }
    let options = create::column::options(&id.name, Some(before), after);
    if !options.is_empty() {
        let sql = format!("ALTER TABLE {owner} {}", options.join(", "));
        alteration.add(format!("change {id}"), [sql]);
    }
}

/// Adds what makes one default of another.
pub(super) fn default(
    alteration: &mut Alteration,
    before: &str,
    after: &str,
    comparison: Comparison<'_>,
) -> bool {
    if before != after {
        let id = alteration.id.clone();
        let sql = format!(
            "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {after}",
            facts::only(&id, comparison.to),
            quote(&id.name)
        );
        alteration.add(format!("change the {id} from {before} to {after}"), [sql]);
    }
    true
}
