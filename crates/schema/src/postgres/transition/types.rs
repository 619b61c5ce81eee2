//! Changes of extensions and types.

use std::collections::{BTreeMap, BTreeSet};

use alembic_sql::literal;

use super::Alteration;
use crate::change::{Hazard, Statement};
use crate::comparison::Comparison;
use crate::model::{Attribute, Definition, Domain, Extension, ObjectId, ObjectKind, Schema};
use crate::postgres::create::{self, column};
use crate::postgres::name::{self, quote};
use crate::postgres::{cast, facts, kept};

/// Adds what moves an extension; its version is not compared.
pub(super) fn extension(
    alteration: &mut Alteration,
    before: &Extension,
    after: &Extension,
) -> bool {
    if before.schema != after.schema {
        if !before.relocatable {
            return false;
        }
        let id = alteration.id.clone();
        let (own, schema) = (quote(&id.name), quote(&after.schema));
        let sql = format!("ALTER EXTENSION {own} SET SCHEMA {schema}");
        alteration.add(format!("moved {id} to the schema {}", after.schema), [sql]);
    }
    true
}

/// Adds what gives an enum other labels.
pub(super) fn labels(
    alteration: &mut Alteration,
    before: &[String],
    after: &[String],
    comparison: Comparison<'_>,
) -> bool {
    if before == after {
        return true;
    }
    if !kept::is_extended(before, after) {
        let gone = before.iter().filter(|label| !after.contains(label));
        let gone: Vec<&str> = gone.map(String::as_str).collect();
        swap(alteration, comparison);
        if !gone.is_empty() {
            let why = format!("a value is one of {}", gone.join(", "));
            alteration.risk(Hazard::MayFail(why));
        }
        return true;
    }
    let id = alteration.id.clone();
    let own = name::of(&id);
    for (at, label) in after.iter().enumerate() {
        if before.contains(label) {
            continue;
        }
        // The labels before this one exist by now.
        let is_last = after[at..].iter().all(|label| !before.contains(label));
        let place = match at.checked_sub(1) {
            _ if is_last => String::new(),
            Some(previous) => format!(" AFTER {}", literal(&after[previous])),
            None => {
                let mut rest = after[at..].iter();
                let next = rest.find(|label| before.contains(label));
                next.map_or_else(String::new, |next| format!(" BEFORE {}", literal(next)))
            }
        };
        let sql = format!("ALTER TYPE {own} ADD VALUE {}{place}", literal(label));
        alteration.add_statements(
            format!("added {label} to {id}"),
            vec![Statement::alone(sql)],
        );
    }
    true
}

/// Returns whether values of a type may be stored somewhere.
fn is_stored(id: &ObjectId, comparison: Comparison<'_>) -> bool {
    let mut dependents = comparison.from.dependents(id);
    dependents.any(|(user, _)| {
        matches!(
            user.kind,
            ObjectKind::Column | ObjectKind::Table | ObjectKind::Composite | ObjectKind::Domain
        )
    })
}

/// Adds what puts a new type into the place of the old one, in all columns; domains over it need new ones
/// as well.
pub(super) fn swap(alteration: &mut Alteration, comparison: Comparison<'_>) {
    let id = alteration.id.clone();
    let types = with_domains(&id, comparison);
    let mut statements = Vec::new();
    for renamed in &types {
        statements.extend(renames(renamed, comparison.from));
    }
    for new in &types {
        let parts = domain_parts(new, comparison.to);
        statements.extend(create::create(new, &parts, comparison).statements);
        if *new != id {
            let old_parts = domain_parts(new, comparison.from);
            alteration
                .made
                .settles
                .extend(parts.into_iter().chain(old_parts));
            alteration.made.settles.insert(new.clone());
        }
    }
    let mut tables: BTreeMap<ObjectId, Vec<String>> = BTreeMap::new();
    for used in &types {
        for (user, _) in comparison.from.dependents(used) {
            let actions = conversion(alteration, used, user, comparison);
            if !actions.is_empty() {
                let mut table = facts::owner_table(user);
                if user.kind == ObjectKind::Composite {
                    table = user.clone();
                }
                tables.entry(table).or_default().extend(actions);
            }
        }
    }
    for (table, actions) in tables {
        let word = match table.kind {
            ObjectKind::Composite => "TYPE",
            _ => "TABLE",
        };
        statements.push(Statement::new(format!(
            "ALTER {word} {} {}",
            name::of(&table),
            actions.join(",\n    ")
        )));
        if word == "TABLE" {
            alteration.hazards.push(Hazard::Rewrites(table));
        }
    }
    for gone in types.iter().rev() {
        let word = match gone.kind {
            ObjectKind::Domain => "DOMAIN",
            _ => "TYPE",
        };
        let old = name::qualified(&gone.schema, &old_name(gone));
        statements.push(Statement::new(format!("DROP {word} {old}")));
    }
    alteration.made.disturbs.extend(types);
    alteration.add_statements(
        format!("put another {id} into the place of the old one"),
        statements,
    );
}

/// Returns a type and the domains over it that stay, each after what it is over.
fn with_domains(id: &ObjectId, comparison: Comparison<'_>) -> Vec<ObjectId> {
    let mut types = vec![id.clone()];
    let mut at = 0;
    while let Some(base) = types.get(at).cloned() {
        for (user, _) in comparison.from.dependents(&base) {
            let stays = comparison.to.objects.contains_key(user);
            if user.kind == ObjectKind::Domain && stays {
                types.push(user.clone());
            }
        }
        at += 1;
    }
    types
}

fn old_name(id: &ObjectId) -> String {
    name::chosen(&id.name, "", "old")
}

/// Returns the statements that make the names of a type free: those of a range are also functions, and
/// there are two.
fn renames(id: &ObjectId, schema: &Schema) -> Vec<Statement> {
    let (own, old) = (name::of(id), quote(&old_name(id)));
    let mut renames = vec![format!("ALTER TYPE {own} RENAME TO {old}")];
    let range = match facts::definition(schema, id) {
        Some(Definition::Statement(sql)) if id.kind == ObjectKind::Range => sql.as_str(),
        _ => "",
    };
    let option = |name: &str| {
        let (_, value) = range.split_once(name)?;
        let value = value.split(", ").next()?;
        Some(value.trim_end_matches(')'))
    };
    if let Some(subtype) = option("(subtype = ") {
        for bounds in ["", ", text"] {
            renames.push(format!(
                "ALTER FUNCTION {own}({subtype}, {subtype}{bounds}) RENAME TO {old}"
            ));
        }
    }
    if let Some(multirange) = option("multirange_type_name = ") {
        let old = quote(&name::chosen(&id.name, "multirange", "old"));
        renames.push(format!("ALTER TYPE {multirange} RENAME TO {old}"));
        renames.push(format!("ALTER FUNCTION {multirange}() RENAME TO {old}"));
    }
    renames.into_iter().map(Statement::new).collect()
}

/// Adds what puts a new range type into the place of the old one, if columns use it.
pub(super) fn range(alteration: &mut Alteration, comparison: Comparison<'_>) -> bool {
    let id = alteration.id.clone();
    let is_stored = id.kind == ObjectKind::Range && is_stored(&id, comparison);
    if is_stored {
        swap(alteration, comparison);
    }
    is_stored
}

/// Returns the constraints of a domain, which its creation includes.
fn domain_parts(id: &ObjectId, schema: &Schema) -> BTreeSet<ObjectId> {
    let parts = schema.parts(id, ObjectKind::Constraint);
    let parts = parts.filter(|_| id.kind == ObjectKind::Domain);
    parts.map(|(part, _)| part.clone()).collect()
}

/// Returns the actions that give what uses a type the new one.
fn conversion(
    alteration: &mut Alteration,
    used: &ObjectId,
    user: &ObjectId,
    comparison: Comparison<'_>,
) -> Vec<String> {
    let name = quote(&user.name);
    if user.kind == ObjectKind::Composite {
        let own = name::full(&used.schema, &used.name);
        let Some(Definition::Composite(attributes)) = facts::definition(comparison.to, user) else {
            return Vec::new();
        };
        if alteration.id.kind == ObjectKind::Domain {
            let why = "values do not fit into the new type".to_owned();
            alteration.hazards.push(Hazard::MayFail(why));
        }
        let uses = attributes
            .iter()
            .filter(|attribute| attribute.data_type.trim_end_matches("[]") == own);
        return uses
            .map(|attribute| {
                format!(
                    "ALTER ATTRIBUTE {} TYPE {}",
                    quote(&attribute.name),
                    attribute.data_type
                )
            })
            .collect();
    }
    let (Some(before), Some(after)) = (
        facts::column(comparison.from, user),
        facts::column(comparison.to, user),
    ) else {
        return Vec::new();
    };
    if before.data_type != after.data_type || before.inherited || before.generated.is_some() {
        return Vec::new();
    }
    if !kept::is_kept_table(&facts::owner_table(user), comparison.from, comparison.to) {
        return Vec::new();
    }
    alteration.made.disturbs.insert(user.clone());
    let heirs = facts::heirs(comparison.to, user);
    alteration.made.disturbs.extend(heirs);
    let data_type = &after.data_type;
    let using = match alteration.id.kind {
        // It is called the same in both, and what is under it is not.
        ObjectKind::Domain => cast::using(&user.name, data_type, data_type, comparison),
        _ if data_type.ends_with("[]") => Some(format!("{name}::text[]::{data_type}")),
        _ => Some(format!("{name}::text::{data_type}")),
    };
    let using = using.map_or_else(String::new, |using| format!(" USING {using}"));
    let conversion = cast::conversion(data_type, data_type, comparison);
    alteration
        .hazards
        .extend(conversion.hazard(user, data_type));
    let mut actions = Vec::new();
    let default = user.of_kind(ObjectKind::Default);
    if comparison.from.objects.contains_key(&default) {
        actions.push(format!("ALTER COLUMN {name} DROP DEFAULT"));
        alteration.made.settles.insert(default.clone());
    }
    actions.push(format!("ALTER COLUMN {name} TYPE {data_type}{using}"));
    if let Some(expression) = facts::default(comparison.to, user) {
        actions.push(format!("ALTER COLUMN {name} SET DEFAULT {expression}"));
        alteration.made.settles.insert(default);
    }
    actions
}

/// Adds what gives a composite type other attributes.
pub(super) fn composite(
    alteration: &mut Alteration,
    before: &[Attribute],
    after: &[Attribute],
    comparison: Comparison<'_>,
) -> bool {
    let id = alteration.id.clone();
    let find = |attributes: &[Attribute], name: &str| {
        attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .cloned()
    };
    let kept = before.iter().filter(|old| find(after, &old.name).is_some());
    let new = after.iter().filter(|new| find(before, &new.name).is_none());
    let reached = kept.chain(new).map(|attribute| &attribute.name);
    let is_reached = reached.eq(after.iter().map(|attribute| &attribute.name));
    let is_stored = is_stored(&id, comparison);
    let is_retyped = kept::is_retyped(before, after);
    // Values that are stored are read again by the places of their attributes, so that these must stay.
    if !is_reached || is_retyped && !is_stored {
        return false;
    }
    let mut actions = Vec::new();
    for old in before {
        if find(after, &old.name).is_none() {
            actions.push(format!("DROP ATTRIBUTE {}", quote(&old.name)));
        }
    }
    for new in after {
        if find(before, &new.name).is_none() {
            actions.push(format!("ADD ATTRIBUTE {}", column::attribute(new)));
        }
    }
    if !actions.is_empty() {
        let typed = typed_tables(&id, comparison);
        for attribute in before.iter().chain(after) {
            let is_kept =
                find(before, &attribute.name).is_some() && find(after, &attribute.name).is_some();
            let columns = typed.iter().filter(|_| !is_kept);
            let columns = columns.map(|table| table.part(ObjectKind::Column, &*attribute.name));
            alteration.made.settles.extend(columns);
        }
        let cascade = match typed.is_empty() {
            true => "",
            false => " CASCADE",
        };
        let actions = actions.iter().map(|action| format!("{action}{cascade}"));
        let actions: Vec<String> = actions.collect();
        let sql = format!("ALTER TYPE {} {}", name::of(&id), actions.join(", "));
        alteration.add(format!("changed the attributes of {id}"), [sql]);
        if actions.iter().any(|action| action.starts_with("DROP")) && is_stored {
            alteration.risk(Hazard::DestroysValues(id.clone()));
        }
    }
    if is_retyped {
        // By then, the values have as many parts as the new ones.
        swap(alteration, comparison);
        let why = "values do not fit into the new attributes".to_owned();
        alteration.risk(Hazard::MayFail(why));
        return true;
    }
    for new in after {
        let old = find(before, &new.name).and_then(|old| old.comment);
        if old != new.comment {
            let sql = column::attribute_comment(&id, &new.name, new.comment.as_deref());
            alteration.add(format!("changed the comment on {id}.{}", new.name), [sql]);
        }
    }
    true
}

/// Returns the tables of a type before and afterwards, whose columns change with it.
fn typed_tables(id: &ObjectId, comparison: Comparison<'_>) -> Vec<ObjectId> {
    let of = |schema, table: &ObjectId| {
        facts::table(schema, table).and_then(|table| table.of_type.as_deref())
    };
    let dependents = comparison.from.dependents(id).map(|(user, _)| user);
    let tables = dependents.filter(|user| {
        let before = of(comparison.from, user);
        before.is_some() && before == of(comparison.to, user)
    });
    tables.cloned().collect()
}

/// Adds what makes one domain of another, besides its constraints.
pub(super) fn domain(
    alteration: &mut Alteration,
    before: &Domain,
    after: &Domain,
    comparison: Comparison<'_>,
) -> bool {
    let id = alteration.id.clone();
    if before.data_type != after.data_type || before.collation != after.collation {
        if !is_stored(&id, comparison) {
            return false;
        }
        let constraints = [comparison.from, comparison.to].map(|schema| domain_parts(&id, schema));
        let constraints = constraints.into_iter().flatten();
        alteration.made.settles.extend(constraints);
        swap(alteration, comparison);
        let demands = |schema| -> Vec<&Definition> {
            let parts = domain_parts(&id, schema).into_iter();
            let found = parts.filter_map(|part| facts::definition(schema, &part));
            found.collect()
        };
        let (old, new) = (demands(comparison.from), demands(comparison.to));
        if after.not_null && !before.not_null || new.iter().any(|demand| !old.contains(demand)) {
            let why = "values do not fulfil what the new type demands".to_owned();
            alteration.risk(Hazard::MayFail(why));
        }
        return true;
    }
    let head = format!("ALTER DOMAIN {}", name::of(&id));
    let mut statements = Vec::new();
    if before.default != after.default {
        statements.push(match &after.default {
            Some(default) => format!("{head} SET DEFAULT {default}"),
            None => format!("{head} DROP DEFAULT"),
        });
    }
    match (before.not_null, after.not_null) {
        (false, true) => statements.push(format!("{head} SET NOT NULL")),
        (true, false) => statements.push(format!("{head} DROP NOT NULL")),
        (true, true) | (false, false) => {}
    }
    if !statements.is_empty() {
        alteration.add(format!("changed {id}"), statements);
        if after.not_null && !before.not_null {
            alteration.risk(Hazard::MayFail(format!("a value of {id} is NULL")));
        }
    }
    true
}
