//! Reads the types that say how their values are stored.

use std::collections::BTreeMap;

use heck::{
    ToKebabCase, ToLowerCamelCase, ToShoutySnakeCase, ToSnakeCase, ToTitleCase, ToUpperCamelCase,
};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Expr, LitStr};

use super::Scope;
use super::arguments::Arguments;
use super::types::{column_type, field_type};
use crate::model::{DataType, Each, EnumModel, Text, TypeModel};
use crate::written::{Finding, Findings, Paths, Reading, plain_name};

type Read = Result<Reading<TypeModel>, Vec<Finding>>;

fn reading(model: Option<TypeModel>, paths: Paths, findings: Findings) -> Read {
    findings.or(())?;
    let model = model.ok_or_else(Vec::new)?;
    Ok(Reading {
        model,
        paths,
        fields: BTreeMap::new(),
    })
}

fn stored(each: Each) -> TypeModel {
    TypeModel::Newtype(DataType::Sql(each))
}

/// Reads an enum with `derive(DeriveActiveEnum)`.
pub(in crate::scan) fn read_active_enum(input: &DeriveInput) -> Read {
    let mut findings = Findings::default();
    let arguments = Arguments::read(&input.attrs, &mut findings);
    let db_type = arguments.text("db_type", &mut findings);
    let is_native = db_type.as_ref().is_some_and(|text| text.value() == "Enum");
    if !is_native {
        let span = db_type.map_or_else(|| input.ident.span(), |text| text.span());
        let code = arguments.code::<Expr>("db_type", &mut findings);
        let each = code.and_then(|code| column_type(&code, span, &mut findings));
        return reading(each.map(stored), Paths::default(), findings);
    }
    let name = match arguments.text("enum_name", &mut findings) {
        Some(name) => name.value(),
        None => plain_name(&input.ident).to_upper_camel_case(),
    };
    let style = arguments.text("rename_all", &mut findings);
    let mut values: Vec<Text> = Vec::new();
    if let Data::Enum(data) = &input.data {
        for variant in &data.variants {
            let of_variant = Arguments::read(&variant.attrs, &mut findings);
            let value = of_variant.text("string_value", &mut findings);
            let own = of_variant.text("rename", &mut findings);
            let value = match (value, own.as_ref().or(style.as_ref())) {
                (Some(value), _) => Some(value.value()),
                (None, Some(style)) => in_style(&plain_name(&variant.ident), style, &mut findings),
                (None, None) => {
                    let help = "write `string_value = \"...\"`, or `rename_all` on the enum";
                    findings.add_with_help(variant.span(), "the variant has no value", help);
                    None
                }
            };
            values.extend(value.map(Text::from));
        }
    }
    let model = TypeModel::Enum(EnumModel {
        values: values.into(),
        native: Some(name.into()),
        schema: None,
        is_checked: false,
    });
    reading(Some(model), Paths::default(), findings)
}

/// Reads a newtype with `derive(DeriveValueType)`, or a type that is stored as a text.
pub(in crate::scan) fn read_value_type(input: &DeriveInput, scope: &dyn Scope) -> Read {
    let mut findings = Findings::default();
    let mut paths = Paths::default();
    let arguments = Arguments::read(&input.attrs, &mut findings);
    if let Some(code) = arguments.code::<Expr>("column_type", &mut findings) {
        let span = input.ident.span();
        let each = column_type(&code, span, &mut findings);
        return reading(each.map(stored), paths, findings);
    }
    let is_text = arguments.has("value_type");
    let field = match &input.data {
        Data::Struct(data) => data.fields.iter().next().filter(|_| !is_text),
        Data::Enum(_) | Data::Union(_) => None,
    };
    let model = match field {
        Some(field) => {
            let read = field_type(&field.ty, scope, &mut paths);
            if read.stored.is_none() {
                let help = "write `#[sea_orm(column_type = \"...\")]` on the struct";
                findings.add_with_help(field.ty.span(), "this type is not known", help);
            }
            read.stored.map(TypeModel::Newtype)
        }
        None => super::types::text().map(stored),
    };
    reading(model, paths, findings)
}

/// Reads a struct with `derive(FromJsonQueryResult)`.
pub(in crate::scan) fn read_json(_: &DeriveInput) -> Read {
    reading(
        super::types::json().map(stored),
        Paths::default(),
        Findings::default(),
    )
}

/// Writes a name as `rename_all` says.
pub(super) fn in_style(name: &str, style: &LitStr, findings: &mut Findings) -> Option<String> {
    let text = match style.value().as_str() {
        "PascalCase" | "camel_case" => name.to_upper_camel_case(),
        "camelCase" => {
            let camel = name.to_upper_camel_case();
            let mut letters = camel.chars();
            let first = letters.next().map(|first| first.to_lowercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        }
        "mixed_case" => name.to_lower_camel_case(),
        "snake_case" | "snek_case" => name.to_snake_case(),
        "kebab-case" | "kebab_case" => name.to_kebab_case(),
        "SCREAMING_SNAKE_CASE" | "shouty_snake_case" | "shouty_snek_case" => {
            name.to_shouty_snake_case()
        }
        "SCREAMING-KEBAB-CASE" => name.to_kebab_case().to_uppercase(),
        "title_case" => name.to_title_case(),
        "lowercase" => name.to_lowercase(),
        "UPPERCASE" => name.to_uppercase(),
        _ => {
            findings.add(style.span(), "unknown style");
            return None;
        }
    };
    Some(text)
}
