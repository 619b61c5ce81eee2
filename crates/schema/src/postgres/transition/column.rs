//! Changes of columns and their defaults.

use super::{Alteration, numbering};
use crate::change::{Hazard, Statement};
use crate::comparison::Comparison;
use crate::model::{Column, ObjectId, ObjectKind};
use crate::postgres::cast::{self, Conversion};
use crate::postgres::name::{self, quote};
use crate::postgres::{create, facts, sequence};

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
    if before == after {
        return true;
    }
    let name = quote(&id.name);
    let table = facts::owner_table(&id);
    let is_retyped = before.data_type != after.data_type || before.collation != after.collation;
    let owner = name::owner(&id);
    let mut actions = Vec::new();
    let mut freed = None;
    match (&before.generated, &after.generated) {
        (None, None) => {}
        (Some(old), Some(new)) if old == new => {}
        (Some(old), None) if old.stored => {
            let action = format!("ALTER COLUMN {name} DROP EXPRESSION");
            match is_retyped {
                // The server looks at the column as it is before the statement.
                true => freed = Some(format!("ALTER TABLE {owner} {action}")),
                false => actions.push(action),
            }
        }
        (_, _) => return false,
    }
    let numbering = numbering::numbering(alteration, before, after, comparison);
    let mut statements: Vec<String> = freed.into_iter().chain(numbering.before).collect();
    let mut added = Vec::new();
    match (
        is_retyped,
        before.identity.is_some(),
        after.identity.is_some(),
    ) {
        // Columns of some types cannot number themselves.
        (true, true, false) => {
            let actions = numbering.actions.join(", ");
            statements.push(format!("ALTER TABLE {owner} {actions}"));
        }
        (true, false, true) => {
            actions.extend(numbering.actions);
            let action = actions.pop().unwrap_or_default();
            added.push(format!("ALTER TABLE {owner} {action}"));
        }
        (_, _, _) => actions.extend(numbering.actions),
    }
    let mut hazards = Vec::new();
    if is_retyped {
        actions.extend(retype(alteration, before, after, comparison));
        let conversion = cast::conversion(&before.data_type, &after.data_type, comparison);
        if conversion != Conversion::Free {
            hazards.push(Hazard::Rewrites(table.clone()));
        }
        hazards.extend(conversion.hazard(&id, &after.data_type));
    }
    let mut late = Vec::new();
    match (before.not_null, after.not_null) {
        (false, true) => {
            let action = format!("ALTER COLUMN {name} SET NOT NULL");
            if comparison.options.online && after.identity.is_none() {
                late = validated_not_null(&id, &action);
            } else {
                // The numbering asks for it.
                actions.insert(0, action);
                hazards.push(Hazard::ScansLocked(table));
            }
            hazards.push(Hazard::RefusesNull(id.clone()));
            let is_filled = after.identity.is_some()
                || after.generated.is_some()
                || facts::default(comparison.to, &id).is_some();
            if !is_filled {
                let why = format!("a program that leaves out {} fails", id.name);
                hazards.push(Hazard::BreaksProgram(why));
            }
        }
        (true, false) => actions.push(format!("ALTER COLUMN {name} DROP NOT NULL")),
        (true, true) | (false, false) => {}
    }
    actions.extend(create::column::options(&id.name, Some(before), after));
    if !actions.is_empty() {
        statements.push(format!("ALTER TABLE {owner} {}", actions.join(",\n    ")));
    }
    statements.extend(added);
    statements.extend(numbering.after);
    if is_retyped {
        statements.extend(sequence::continued_after_values(&id, comparison));
        statements.extend(defaults_of_heirs(alteration, comparison));
    }
    let statements = statements.into_iter().map(Statement::new).chain(late);
    let statements: Vec<Statement> = statements.collect();
    if !statements.is_empty() {
        alteration.add_statements(sentence(&id.to_string(), before, after), statements);
        for hazard in hazards {
            alteration.risk(hazard);
        }
    }
    true
}

/// Returns the statements that refuse NULL without reading all rows while nobody can write: the lock of
/// the first one is gone when the rows are read.
fn validated_not_null(id: &ObjectId, action: &str) -> Vec<Statement> {
    let (owner, column) = (name::owner(id), quote(&id.name));
    let table = id.parent.as_deref().unwrap_or_default();
    let check = quote(&name::chosen(table, &id.name, "not_null"));
    vec![
        Statement::new(format!(
            "ALTER TABLE {owner} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID"
        )),
        Statement::alone(format!("ALTER TABLE {owner} VALIDATE CONSTRAINT {check}")),
        Statement::new(format!("ALTER TABLE {owner} {action}")),
        Statement::new(format!("ALTER TABLE {owner} DROP CONSTRAINT {check}")),
    ]
}

fn sentence(id: &str, before: &Column, after: &Column) -> String {
    if before.data_type != after.data_type {
        let (old, new) = (&before.data_type, &after.data_type);
        return format!("changed the type of {id} from {old} to {new}");
    }
    match (before.not_null, after.not_null) {
        (false, true) => format!("made {id} NOT NULL"),
        (true, false) => format!("made {id} nullable"),
        (true, true) | (false, false) => format!("changed {id}"),
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
    alteration.made.disturbs.insert(id.clone());
    // Who joins or leaves does so before or afterwards.
    let heirs = facts::heirs(comparison.to, &id).into_iter();
    let old_heirs = facts::heirs(comparison.from, &id);
    let heirs = heirs.filter(|heir| old_heirs.contains(heir));
    alteration.made.disturbs.extend(heirs);
    let using = cast::using(&id.name, &before.data_type, &after.data_type, comparison);
    let mut action = format!("ALTER COLUMN {name} TYPE {}", after.data_type);
    if let Some(collation) = &after.collation {
        action += &format!(" COLLATE {collation}");
    }
    if let Some(using) = &using {
        action += &format!(" USING {using}");
    }
    let mut actions = Vec::new();
    let default = id.of_kind(ObjectKind::Default);
    if alteration.made.settles.contains(&default) {
        return vec![action];
    }
    let old = facts::default(comparison.from, &id);
    let new = facts::default(comparison.to, &id);
    // The server converts a default that can be assigned.
    let is_kept = using.is_none() && old == new;
    if !is_kept {
        if old.is_some() {
            actions.push(format!("ALTER COLUMN {name} DROP DEFAULT"));
            alteration.made.settles.insert(default.clone());
        }
        actions.push(action);
        if let Some(new) = new {
            actions.push(format!("ALTER COLUMN {name} SET DEFAULT {new}"));
            alteration.made.settles.insert(default);
        }
        return actions;
    }
    actions.push(action);
    actions
}

/// Returns the statements that give the inherited columns their defaults, if that of the parent's column was
/// taken away or set with its type: what is done to it is done to them.
fn defaults_of_heirs(alteration: &mut Alteration, comparison: Comparison<'_>) -> Vec<String> {
    let Comparison { from, to, .. } = comparison;
    let id = alteration.id.clone();
    let default = id.of_kind(ObjectKind::Default);
    if !alteration.made.settles.contains(&default) {
        return Vec::new();
    }
    let mut statements = Vec::new();
    let old_heirs = facts::heirs(from, &id);
    let heirs = facts::heirs(to, &id).into_iter();
    for heir in heirs.filter(|heir| old_heirs.contains(heir)) {
        let own = facts::default(to, &heir);
        if own != facts::default(to, &id) {
            let action = match own {
                Some(own) => format!("SET DEFAULT {own}"),
                None => "DROP DEFAULT".to_owned(),
            };
            statements.push(format!(
                "ALTER TABLE {} ALTER COLUMN {} {action}",
                facts::only(&heir, to),
                quote(&heir.name)
            ));
        }
        alteration
            .made
            .settles
            .insert(heir.of_kind(ObjectKind::Default));
    }
    statements
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
            alteration.add(format!("made {id} NOT NULL"), [sql]);
        }
        (true, false) if !follows => {
            let sql = format!("ALTER TABLE {owner} ALTER COLUMN {name} DROP NOT NULL");
            alteration.add(format!("made {id} nullable"), [sql]);
        }
        (_, _) => {}
    }
    let options = create::column::options(&id.name, Some(before), after);
    if !options.is_empty() {
        let sql = format!("ALTER TABLE {owner} {}", options.join(", "));
        alteration.add(format!("changed {id}"), [sql]);
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
        let column = id.of_kind(ObjectKind::Column);
        let continued = sequence::continued_after_values(&column, comparison);
        let statements = std::iter::once(sql).chain(continued);
        alteration.add(
            format!("changed the {id} from {before} to {after}"),
            statements,
        );
    }
    true
}
