//! Reads entities in the expanded format, whose parts are written out: as the compact format states the
//! same.

use heck::ToSnakeCase;
use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Expr, Field, ItemImpl, LitStr, Type, Variant};

use super::arguments::Arguments;
use super::chain::{Chain, Unreadable, add_code, arms, body, last_segment, method, text_of};
use super::entity::{Entity, Reader};
use super::relation::variant;
use super::{Scope, TRAITS};
use crate::model::{Rule, Text};
use crate::written::{Finding, Findings, plain_name};

/// What is in the module of an entity.
#[derive(Default)]
pub(in crate::scan) struct Parts {
    /// The structs and enums.
    pub(in crate::scan) inputs: Vec<DeriveInput>,
    /// The implementations of the traits of entities.
    pub(in crate::scan) impls: Vec<ItemImpl>,
}

impl Parts {
    fn input(&self, name: &str) -> Option<&DeriveInput> {
        self.inputs.iter().find(|input| input.ident == name)
    }

    fn implementation(&self, of: &str, for_type: &str) -> Option<&ItemImpl> {
        let is_it = |item: &&ItemImpl| {
            trait_of(item) == Some(of)
                && matches!(&*item.self_ty, Type::Path(path) if path.path.is_ident(for_type))
        };
        self.impls.iter().find(is_it)
    }
}

/// Returns which of the traits of entities is implemented.
pub(in crate::scan) fn trait_of(item: &ItemImpl) -> Option<&'static str> {
    let (_, path, _) = item.trait_.as_ref()?;
    let last = path.segments.last()?;
    TRAITS.into_iter().find(|name| last.ident == name)
}

/// Reads a struct with `derive(DeriveEntity)` and the parts of the entity.
pub(in crate::scan) fn read_expanded(
    input: &DeriveInput,
    parts: &Parts,
    scope: &dyn Scope,
) -> Result<Entity, Vec<Finding>> {
    let mut findings = Findings::default();
    let mut table = Arguments::read(&input.attrs, &mut findings);
    let named = |argument: &str, usual: &str, findings: &mut Findings| {
        let text = table.text(argument, findings);
        text.map_or_else(|| usual.to_owned(), |text| text.value())
    };
    let model = named("model", "Model", &mut findings);
    let column = named("column", "Column", &mut findings);
    let key = named("primary_key", "PrimaryKey", &mut findings);
    let own = plain_name(&input.ident);
    if let Some(item) = parts.implementation("EntityName", &own) {
        for name in ["table_name", "schema_name", "comment"] {
            let Some(method) = method(item, name) else {
                continue;
            };
            let text = text_of(method).unwrap_or_else(|Unreadable| {
                let help = "return a string, or write the entity in the compact format, with \
                            `DeriveEntityModel`";
                let place = method.sig.ident.span();
                findings.add_with_help(place, "this name cannot be read", help);
                Some(LitStr::new("", place))
            });
            if let Some(text) = text {
                table.add_text(name, &text.value(), text.span());
            }
        }
    }
    let lost = |name: &str, findings: &mut Findings| {
        let help = "write it into the module of the entity; or leave the table to the revisions: \
                    `#[cfg_attr(not(alembic), derive(DeriveEntity))]`";
        let text = format!("`{name}` of this entity is not found");
        findings.add_with_help(input.ident.span(), text, help);
    };
    let definitions = parts
        .implementation("ColumnTrait", &column)
        .and_then(|item| method(item, "def"))
        .map(|method| arms(method, &mut findings));
    if definitions.is_none() {
        lost(&format!("impl ColumnTrait for {column}"), &mut findings);
    }
    for name in [&model, &column, &key] {
        if parts.input(name).is_none() {
            lost(name, &mut findings);
        }
    }
    let key_of = parts.input(&key).map(variants).unwrap_or_default();
    let key_names: Vec<String> = key_of.iter().map(|one| plain_name(&one.ident)).collect();
    let numbers = parts
        .implementation("PrimaryKeyTrait", &key)
        .and_then(|item| method(item, "auto_increment"))
        .map(|method| body(method).cloned());
    let columns = parts.input(&column).map(variants).unwrap_or_default();
    let fields = parts.input(&model).map(fields).unwrap_or_default();
    let definitions = definitions.unwrap_or_default();
    let mut stated = Vec::new();
    for one in columns {
        let name = plain_name(&one.ident);
        let definition = definitions.iter().find(|(variant, _)| **variant == name);
        let Some((_, definition)) = definition else {
            findings.add(
                one.ident.span(),
                format!("the column `{name}` has no definition"),
            );
            continue;
        };
        let of_variant = Arguments::read(&one.attrs, &mut findings);
        let mut arguments = Arguments::default();
        let written = of_variant.text("column_name", &mut findings);
        let written = written.map_or_else(|| name.to_snake_case(), |text| text.value());
        arguments.add_text("column_name", &written, one.ident.span());
        arguments.add_text("enum_name", &name, one.ident.span());
        if key_names.contains(&name) {
            arguments.add_word("primary_key", one.ident.span());
            if let Some(Some(numbers)) = &numbers {
                arguments.add("auto_increment", numbers.span(), Some(numbers.clone()));
            }
        }
        let Ok(stored) = read_definition(definition, &mut arguments, &mut findings) else {
            continue;
        };
        let field = fields.iter().find(|field| is_of(field, &name));
        stated.push((one.ident.clone(), stored_type(stored, field), arguments));
    }
    let mut reader = Reader::new(&table, input.ident.span(), scope, findings);
    for (ident, stored, arguments) in &stated {
        reader.read(ident, stored.as_ref(), arguments);
    }
    let mut entity = reader.entity(&table)?;
    order_key(&mut entity, &key_names);
    Ok(entity)
}

fn variants(input: &DeriveInput) -> Vec<&Variant> {
    match &input.data {
        Data::Enum(data) => data.variants.iter().collect(),
        Data::Struct(_) | Data::Union(_) => Vec::new(),
    }
}

fn fields(input: &DeriveInput) -> Vec<&Field> {
    match &input.data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(_) | Data::Union(_) => Vec::new(),
    }
}

/// Returns whether a field holds the values of a column. `Self` cannot be the name of a variant.
fn is_of(field: &Field, column: &str) -> bool {
    let name = field.ident.as_ref().map(variant);
    name.is_some_and(|name| name == column.trim_end_matches('_'))
}

/// Reads what a column is defined by, as in `ColumnType::Text.def().unique()`, and returns the type of
/// Rust that says how it is stored, if one does.
fn read_definition(
    definition: &Expr,
    arguments: &mut Arguments,
    findings: &mut Findings,
) -> Result<Option<syn::Path>, Unreadable> {
    let chain = Chain::of(definition);
    let stored = named_type(chain.start);
    let is_def = |(name, _): &(&Ident, Option<&Expr>)| *name == "def";
    let (before, calls) = match chain.calls.iter().position(is_def) {
        Some(place) => (&chain.calls[..place], &chain.calls[place + 1..]),
        // Before sea-orm 0.11, the type of an enum was a definition.
        None if stored.is_some() => (&[][..], &chain.calls[..]),
        None => (&chain.calls[..], &[][..]),
    };
    let is_defined = before.len() < chain.calls.len() || stored.is_some();
    let mut before = before.iter();
    if !is_defined || !before.all(|(name, _)| *name == "get_column_type" || *name == "to_owned") {
        let help = "write `ColumnType::...`, and `def()` after it";
        findings.add_with_help(definition.span(), "this definition cannot be read", help);
        return Err(Unreadable);
    }
    for (name, argument) in calls {
        match (name.to_string().as_str(), argument) {
            ("null" | "nullable", None) => arguments.add_word("nullable", name.span()),
            ("unique" | "indexed", None) => arguments.add_word(&name.to_string(), name.span()),
            ("seaography_ignore", None) => {}
            (
                "unique_key" | "renamed_from" | "comment" | "extra" | "default_value",
                Some(argument),
            ) => arguments.add(&name.to_string(), name.span(), Some((*argument).clone())),
            ("default", Some(argument)) => add_code(arguments, "default_expr", argument),
            _ => findings.add(name.span(), format!("what `{name}` does is not known")),
        }
    }
    if stored.is_none() {
        add_code(arguments, "column_type", chain.start);
    }
    Ok(stored)
}

/// Returns the type in `Kind::db_type()`: an enum, or another type that says how it is stored.
fn named_type(start: &Expr) -> Option<syn::Path> {
    let Expr::Call(call) = start else {
        return None;
    };
    let name = last_segment(&call.func)?;
    let Expr::Path(path) = &*call.func else {
        return None;
    };
    let mut path = path.path.clone();
    path.segments.pop();
    path.segments.pop_punct();
    let is_type = (name == "db_type" || name == "column_type") && !path.segments.is_empty();
    is_type.then_some(path)
}

/// Returns the type whose values a column holds. Whether it may be NULL is said by the definition.
fn stored_type(stated: Option<syn::Path>, field: Option<&&Field>) -> Option<Type> {
    match stated {
        Some(path) => Some(Type::Path(syn::TypePath { qself: None, path })),
        None => field.map(|field| {
            let inner = super::types::argument_of(&field.ty, "Option");
            inner.unwrap_or(&field.ty).clone()
        }),
    }
}

/// Puts the columns of the key into the order that the enum of the key has.
fn order_key(entity: &mut Entity, names: &[String]) {
    let constraints = entity.reading.model.columns.constraints.to_mut();
    for constraint in constraints {
        if let Rule::PrimaryKey { fields } = &mut constraint.rule {
            let place = |field: &Text| names.iter().position(|name| name == field);
            fields.to_mut().sort_by_key(place);
        }
    }
}
