//! Reads enums and newtypes.

use std::collections::{BTreeMap, BTreeSet};

use syn::spanned::Spanned;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Fields, LitStr};

use super::arguments::{Arguments, of_attributes};
use super::clauses::field_name;
use super::column::data_type;
use super::{Finding, Findings, Paths, Reading, sql_text};
use crate::model::{EnumModel, Text, TypeModel};
use crate::naming::table_name;

const OF_ENUM: &[&str] = &["crate", "native", "rename_all", "schema"];
const OF_VARIANT: &[&str] = &["rename"];
const OF_NEWTYPE: &[&str] = &["crate", "length", "precision", "scale", "type"];

pub(super) fn read(input: &DeriveInput) -> Result<Reading<TypeModel>, Vec<Finding>> {
    let mut findings = Findings::default();
    if let Some(parameter) = input.generics.params.first() {
        findings.add(parameter.span(), "a type that is stored has no parameters");
    }
    let mut paths = Paths::default();
    let model = match &input.data {
        Data::Enum(data) => read_enum(input, data, &mut paths, &mut findings).map(TypeModel::Enum),
        Data::Struct(data) => read_newtype(input, data, &mut paths, &mut findings),
        Data::Union(_) => {
            findings.add(input.ident.span(), "a union cannot be stored");
            None
        }
    };
    findings.or(())?;
    match model {
        Some(model) => Ok(Reading {
            model,
            paths,
            fields: BTreeMap::new(),
        }),
        None => Err(Vec::new()),
    }
}

fn read_newtype(
    input: &DeriveInput,
    data: &DataStruct,
    paths: &mut Paths,
    findings: &mut Findings,
) -> Option<TypeModel> {
    let mut fields = data.fields.iter();
    let (Some(field), None, Fields::Unnamed(_)) = (fields.next(), fields.next(), &data.fields)
    else {
        findings.add_with_help(
            input.ident.span(),
            "only a newtype or an enum is the type of a column",
            "use a tuple struct with one field: `struct UserId(i64);`",
        );
        return None;
    };
    for misplaced in of_attributes(&field.attrs, &["column"], findings) {
        findings.add_with_help(
            misplaced.span(),
            "this is said of the newtype, not of its field",
            "write it above the struct",
        );
    }
    let all = of_attributes(&input.attrs, &["column"], findings);
    let arguments = Arguments::sort(all, OF_NEWTYPE, &[], findings);
    paths.library = arguments.library(findings);
    let (stored, nullable) = data_type(field, &arguments, paths, findings);
    if nullable {
        findings.add_with_help(
            field.span(),
            "a type cannot be NULL itself",
            "use `Option` for the fields of the struct that may be NULL",
        );
    }
    stored.map(TypeModel::Newtype)
}

fn read_enum(
    input: &DeriveInput,
    data: &DataEnum,
    paths: &mut Paths,
    findings: &mut Findings,
) -> Option<EnumModel> {
    let all = of_attributes(&input.attrs, &["column"], findings);
    let arguments = Arguments::sort(all, OF_ENUM, &[], findings);
    paths.library = arguments.library(findings);
    let style = arguments.text("rename_all", findings);
    let style = style.and_then(|text| Style::read(&text, findings));
    let native = match arguments.get("native") {
        Some(super::arguments::Argument::Word(word)) => {
            let own = table_name(&field_name(&input.ident));
            sql_text::name_at(own, word.span(), findings)
        }
        Some(argument) => {
            let text = argument.text(findings);
            text.and_then(|text| sql_text::name(&text, findings))
        }
        None => None,
    };
    let schema = arguments.text("schema", findings);
    if let Some(schema) = &schema
        && arguments.get("native").is_none()
    {
        findings.add(schema.span(), "only a `native` enum is in a schema");
    }
    let schema = schema.and_then(|schema| sql_text::name(&schema, findings));
    let mut values: Vec<Text> = Vec::new();
    let mut seen = BTreeSet::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            findings.add(
                variant.span(),
                "a variant with fields cannot be stored as a text",
            );
        }
        let all = of_attributes(&variant.attrs, &["column"], findings);
        let arguments = Arguments::sort(all, OF_VARIANT, &[], findings);
        let value = match arguments.text("rename", findings) {
            Some(text) => enum_value(&text, native.is_some(), findings),
            None => {
                let name = field_name(&variant.ident);
                let value = style.map_or_else(|| name.clone(), |style| style.apply(&name));
                enum_value(
                    &LitStr::new(&value, variant.ident.span()),
                    native.is_some(),
                    findings,
                )
            }
        };
        if let Some(value) = value {
            if !seen.insert(value.clone()) {
                let text = format!("another variant is stored as `{value}`, too");
                findings.add(variant.ident.span(), text);
            }
            values.push(value);
        }
    }
    if data.variants.is_empty() {
        findings.add(input.ident.span(), "an enum without variants has no values");
    }
    Some(EnumModel {
        values: values.into(),
        native,
        schema,
        is_checked: true,
    })
}

/// Returns the text of a variant; a native enum's may not be longer than a name.
fn enum_value(text: &LitStr, is_native: bool, findings: &mut Findings) -> Option<Text> {
    let value = text.value();
    match is_native || value.contains('\0') {
        true => sql_text::name(text, findings),
        false => Some(value.into()),
    }
}

/// How the names of variants are written, as serde and sqlx call it.
#[derive(Clone, Copy)]
enum Style {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

const STYLES: [(&str, Style); 8] = [
    ("lowercase", Style::Lower),
    ("UPPERCASE", Style::Upper),
    ("PascalCase", Style::Pascal),
    ("camelCase", Style::Camel),
    ("snake_case", Style::Snake),
    ("SCREAMING_SNAKE_CASE", Style::ScreamingSnake),
    ("kebab-case", Style::Kebab),
    ("SCREAMING-KEBAB-CASE", Style::ScreamingKebab),
];

impl Style {
    fn read(text: &LitStr, findings: &mut Findings) -> Option<Self> {
        let value = text.value();
        let found = STYLES.iter().find(|(name, _)| *name == value);
        if found.is_none() {
            let all = STYLES.map(|(name, _)| format!("`{name}`")).join(", ");
            findings.add_with_help(text.span(), "unknown style", format!("known are {all}"));
        }
        found.map(|(_, style)| *style)
    }

    /// Writes the name of a variant, as serde does: each capital begins a word.
    fn apply(self, variant: &str) -> String {
        let snake = || {
            let mut snake = String::new();
            for (index, letter) in variant.char_indices() {
                if index > 0 && letter.is_uppercase() {
                    snake.push('_');
                }
                snake.extend(letter.to_lowercase());
            }
            snake
        };
        match self {
            Self::Lower => variant.to_lowercase(),
            Self::Upper => variant.to_uppercase(),
            Self::Pascal => variant.to_owned(),
            Self::Camel => {
                let mut letters = variant.chars();
                let first = letters.next().map(|first| first.to_lowercase().to_string());
                first.unwrap_or_default() + letters.as_str()
            }
            Self::Snake => snake(),
            Self::ScreamingSnake => snake().to_uppercase(),
            Self::Kebab => snake().replace('_', "-"),
            Self::ScreamingKebab => snake().to_uppercase().replace('_', "-"),
        }
    }
}
