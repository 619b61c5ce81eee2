//! Reads what an entity refers to.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase;
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Expr, ItemImpl, LitStr, Path};

use super::ENTITY;
use super::arguments::Arguments;
use super::chain::{Chain, add_code, arms, last_segment, method};
use crate::model::{
    Action, Constraint, Link, Member, Part, Rule, TableModel, Target, Text, Timing,
};
use crate::written::{Finding, Findings, Paths, Reading, Wanted, plain_name};

/// What the relations of an entity state.
pub(in crate::scan) struct Relations {
    /// The name of the entity.
    pub(in crate::scan) entity: String,
    /// The keys, with the columns that they are on as the enum of columns calls them.
    keys: Vec<Reference>,
}

/// A foreign key.
pub(super) struct Reference {
    entity: Path,
    from: Vec<String>,
    to: Vec<String>,
    on_delete: Option<Action>,
    on_update: Option<Action>,
    name: Option<Text>,
}

impl Relations {
    /// Adds the keys to the entity.
    pub(in crate::scan) fn add_to(self, entity: &mut Reading<TableModel>) {
        for key in self.keys {
            let constraint = key.constraint(&mut entity.paths);
            add(&mut entity.model, constraint);
        }
    }
}

/// Adds a key to an entity. Several may refer from the same columns, and would be called the same.
pub(super) fn add(entity: &mut TableModel, mut key: Constraint) {
    let Rule::ForeignKey { fields, .. } = &key.rule else {
        return;
    };
    let is_on_them = |known: &&Constraint| matches!(&known.rule, Rule::ForeignKey { fields: own, .. } if own == fields);
    let number = entity.columns.constraints.iter().filter(is_on_them).count() + 1;
    if number > 1 && key.name.is_none() {
        let columns: Vec<&str> = fields
            .iter()
            .map(|field| column_name(entity, field))
            .collect();
        key.name = Some(format!("fk-{}-{}-{number}", entity.name, columns.join("_")).into());
    }
    entity.columns.constraints.to_mut().push(key);
}

/// Removes the keys to columns by which no entity tells rows apart, since such a relation is there for
/// queries only, and those that another relation states, too.
pub(in crate::scan) fn remove_impossible(tables: &mut BTreeMap<String, TableModel>) {
    let unique: BTreeMap<String, Vec<BTreeSet<Text>>> = tables
        .iter()
        .map(|(key, table)| (key.clone(), unique_columns(table)))
        .collect();
    for table in tables.values_mut() {
        let mut seen = BTreeSet::new();
        table.columns.constraints.to_mut().retain(|constraint| {
            let Rule::ForeignKey {
                fields: own,
                target: Target::Struct { table, fields },
                ..
            } = &constraint.rule
            else {
                return true;
            };
            let known = match table {
                Link::Path(path) => unique.get(&**path),
                Link::Model(_) => None,
            };
            if let Link::Path(path) = table
                && !seen.insert((own.clone(), path.clone(), fields.clone()))
            {
                return false;
            }
            let fields: BTreeSet<Text> = fields.iter().cloned().collect();
            // What leads nowhere is reported.
            known.is_none_or(|known| known.contains(&fields))
        });
    }
}

/// Returns the columns by which rows are told apart, by their fields.
fn unique_columns(table: &TableModel) -> Vec<BTreeSet<Text>> {
    let constraints = table.columns.constraints.iter();
    let constraints = constraints.filter_map(|one| match &one.rule {
        Rule::PrimaryKey { fields } | Rule::Unique { fields, .. } => {
            Some(fields.iter().cloned().collect())
        }
        Rule::Check { .. } | Rule::ForeignKey { .. } => None,
    });
    let indexes = table.columns.indexes.iter().filter(|index| index.unique);
    let indexes = indexes.map(|index| {
        let parts = index.parts.iter();
        let parts = parts.filter_map(|part| match part {
            Part::Field(field) => Some(field.clone()),
            Part::Sql(_) => None,
        });
        parts.collect()
    });
    constraints.chain(indexes).collect()
}

pub(super) fn column_name<'m>(entity: &'m TableModel, field: &'m str) -> &'m str {
    let mut columns = entity
        .columns
        .members
        .iter()
        .filter_map(|member| match member {
            Member::Column(column) => Some(column),
            Member::Flatten { .. } => None,
        });
    let found = columns.find(|column| column.field == field);
    found.map_or(field, |column| &column.name)
}

/// Reads an enum with `derive(DeriveRelation)`.
pub(in crate::scan) fn read_relations(input: &DeriveInput) -> Result<Relations, Vec<Finding>> {
    let mut findings = Findings::default();
    let of_enum = Arguments::read(&input.attrs, &mut findings);
    let entity = of_enum.text("entity", &mut findings);
    let entity = entity.map_or_else(|| ENTITY.to_owned(), |entity| entity.value());
    let mut keys = Vec::new();
    if let Data::Enum(data) = &input.data {
        for variant in &data.variants {
            let arguments = Arguments::read(&variant.attrs, &mut findings);
            if let Some(entity) = arguments.code::<Path>("belongs_to", &mut findings) {
                keys.extend(reference(
                    entity,
                    variant.ident.span(),
                    &arguments,
                    &mut findings,
                ));
            }
        }
    }
    findings.or(Relations { entity, keys })
}

/// Reads an `impl RelationTrait`, where the relations are written out.
pub(in crate::scan) fn read_relation_impl(item: &ItemImpl) -> Result<Relations, Vec<Finding>> {
    let mut findings = Findings::default();
    let of_variants = method(item, "def").map(|method| arms(method, &mut findings));
    let mut entity = ENTITY.to_owned();
    let mut keys = Vec::new();
    for (_, code) in of_variants.unwrap_or_default() {
        let chain = Chain::of(code);
        let (kind, referred) = match chain.start {
            Expr::Call(call) => (last_segment(&call.func), call.args.first()),
            _ => (None, None),
        };
        // What is reversed is stated by the other entity.
        let is_other = chain.calls.iter().any(|(name, _)| *name == "rev");
        match kind.map(ToString::to_string).as_deref() {
            Some("belongs_to") if !is_other => {}
            Some("has_one" | "has_many" | "has_many_via" | "belongs_to") => continue,
            _ if is_other || matches!(code, Expr::Macro(_)) => continue,
            _ => {
                let help = "write `Entity::belongs_to(...)`, or `#[cfg(not(alembic))]` on the `impl`, to \
                            leave its keys to the revisions";
                findings.add_with_help(code.span(), "this relation cannot be read", help);
                continue;
            }
        }
        let Some(Expr::Path(referred)) = referred else {
            findings.add(code.span(), "which entity this refers to cannot be read");
            continue;
        };
        if let Expr::Call(call) = chain.start
            && let Expr::Path(path) = &*call.func
            && let Some(own) = path.path.segments.iter().rev().nth(1)
        {
            entity = plain_name(&own.ident);
        }
        let mut arguments = Arguments::default();
        for (name, argument) in &chain.calls {
            let Some(argument) = argument else {
                continue;
            };
            match name.to_string().as_str() {
                "from" | "to" => add_code(&mut arguments, &name.to_string(), argument),
                "on_delete" | "on_update" => {
                    let action = last_segment(argument).map_or_else(String::new, plain_name);
                    arguments.add_text(&name.to_string(), &action, argument.span());
                }
                "fk_name" => arguments.add("fk_name", name.span(), Some((*argument).clone())),
                _ => {}
            }
        }
        if chain.calls.iter().any(|(name, _)| *name == "skip_fk") {
            arguments.add_word("skip_fk", code.span());
        }
        keys.extend(reference(
            referred.path.clone(),
            code.span(),
            &arguments,
            &mut findings,
        ));
    }
    findings.or(Relations { entity, keys })
}

/// Reads the arguments of a relation that refers to an entity; nothing, if it is no foreign key.
pub(super) fn reference(
    entity: Path,
    span: Span,
    arguments: &Arguments,
    findings: &mut Findings,
) -> Option<Reference> {
    if arguments.has("skip_fk") {
        return None;
    }
    let columns = |name: &str, findings: &mut Findings| -> Vec<String> {
        if !arguments.has(name) {
            findings.add_with_help(
                span,
                format!("the relation has no `{name}`"),
                format!(
                    "name the columns: `{name} = \"...\"`; without a foreign key, write `skip_fk`"
                ),
            );
        }
        let columns = arguments.columns(name, findings).into_iter();
        columns.map(|column| variant(&column)).collect()
    };
    let (from, to) = (columns("from", findings), columns("to", findings));
    let mut action = |name: &str| {
        let text = arguments.text(name, findings)?;
        action_of(&text, findings)
    };
    let (on_delete, on_update) = (action("on_delete"), action("on_update"));
    let name = arguments.text("fk_name", findings);
    Some(Reference {
        entity,
        from,
        to,
        on_delete,
        on_update,
        name: name.map(|name| name.value().into()),
    })
}

impl Reference {
    /// Returns the key as a constraint.
    pub(super) fn constraint(self, paths: &mut Paths) -> Constraint {
        let texts = |columns: &[String]| -> Vec<Text> {
            let columns = columns.iter();
            columns.map(|column| column.clone().into()).collect()
        };
        let fields = texts(&self.from);
        let target = Target::Struct {
            table: Link::Path(paths.keep(Wanted::Table, &self.entity)),
            fields: texts(&self.to).into(),
        };
        Constraint {
            name: self.name,
            rule: Rule::ForeignKey {
                fields: fields.into(),
                target,
                on_delete: self.on_delete,
                on_update: self.on_update,
                timing: Timing::Immediate,
            },
        }
    }
}

/// Returns the name of a column in the enum of columns: of `cake_id`, `CakeId`.
pub(super) fn variant(name: &Ident) -> String {
    plain_name(name).to_upper_camel_case()
}

fn action_of(text: &LitStr, findings: &mut Findings) -> Option<Action> {
    match text.value().as_str() {
        "NoAction" => Some(Action::NoAction),
        "Restrict" => Some(Action::Restrict),
        "Cascade" => Some(Action::Cascade),
        "SetNull" => Some(Action::SetNull),
        "SetDefault" => Some(Action::SetDefault),
        _ => {
            let help = "known are `NoAction`, `Restrict`, `Cascade`, `SetNull`, `SetDefault`";
            findings.add_with_help(text.span(), "unknown action", help);
            None
        }
    }
}
