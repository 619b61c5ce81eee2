//! Reads a struct.

use std::collections::BTreeMap;

use proc_macro2::Span;
use syn::{Data, DeriveInput, Fields, FieldsNamed};

use super::arguments::{Argument, Arguments, of_attributes};
use super::clauses::{Clauses, field_name};
use super::column::{self, comment};
use super::{Finding, Findings, Paths, Reading, sql_text};
use crate::model::{ColumnsModel, Member, Naming, TableModel, Text};
use crate::naming::{PLACEHOLDERS, table_name};

const OF_TABLE: &[&str] = &[
    "comment",
    "crate",
    "name",
    "naming",
    "primary_key",
    "renamed_from",
    "schema",
    "strict",
    "without_rowid",
];
const OF_COLUMNS: &[&str] = &["crate", "naming", "primary_key"];
const REPEATED: &[&str] = &["check", "foreign_key", "index", "unique"];

pub(super) fn read_table(input: &DeriveInput) -> Result<Reading<TableModel>, Vec<Finding>> {
    let mut findings = Findings::default();
    let all = of_attributes(&input.attrs, &["table"], &mut findings);
    let arguments = Arguments::sort(all, OF_TABLE, REPEATED, &mut findings);
    let read = read_struct(input, &arguments, &mut findings);
    let mut name_of = |key: &str| {
        let text = arguments.text(key, &mut findings)?;
        sql_text::name(&text, &mut findings)
    };
    let name = name_of("name");
    let schema = name_of("schema");
    let renamed_from = name_of("renamed_from");
    let name = match arguments.get("name") {
        Some(_) => name,
        None => {
            let name = table_name(&field_name(&input.ident));
            sql_text::name_at(name, input.ident.span(), &mut findings)
        }
    };
    let model = TableModel {
        name: name.unwrap_or_default(),
        schema,
        renamed_from,
        comment: comment(&arguments, &input.attrs, &mut findings),
        strict: arguments.word("strict", &mut findings),
        without_rowid: arguments.word("without_rowid", &mut findings),
        columns: read.model,
    };
    findings.or(Reading {
        model,
        paths: read.paths,
        fields: read.fields,
    })
}

pub(super) fn read_columns(input: &DeriveInput) -> Result<Reading<ColumnsModel>, Vec<Finding>> {
    let mut findings = Findings::default();
    let all = of_attributes(&input.attrs, &["table"], &mut findings);
    let arguments = Arguments::sort(all, OF_COLUMNS, REPEATED, &mut findings);
    let read = read_struct(input, &arguments, &mut findings);
    findings.or(read)
}

fn read_struct(
    input: &DeriveInput,
    arguments: &Arguments,
    findings: &mut Findings,
) -> Reading<ColumnsModel> {
    if let Some(parameter) = input.generics.type_params().next() {
        findings.add(parameter.ident.span(), "a table has no type parameters");
    }
    if let Some(parameter) = input.generics.const_params().next() {
        findings.add(parameter.ident.span(), "a table has no parameters");
    }
    let mut paths = Paths {
        library: arguments.library(findings),
        ..Paths::default()
    };
    let mut clauses = Clauses::new(&input.ident);
    let mut spans = BTreeMap::new();
    let mut members = Vec::new();
    if let Some(argument) = arguments.get("primary_key") {
        clauses.primary_key(argument, findings);
    }
    for argument in arguments.all("unique") {
        clauses.unique(argument, findings);
    }
    for argument in arguments.all("check") {
        clauses.check(None, argument, findings);
    }
    for argument in arguments.all("foreign_key") {
        clauses.foreign_key(argument, &mut paths, findings);
    }
    for argument in arguments.all("index") {
        clauses.index(argument, findings);
    }
    let before = clauses.constraints.len();
    let indexes_before = clauses.indexes.len();
    if let Some(fields) = named_fields(input, findings) {
        members.reserve_exact(fields.named.len());
        for field in &fields.named {
            if let Some(ident) = &field.ident {
                spans.insert(field_name(ident), ident.span());
            }
            members.extend(column::read(field, &mut clauses, &mut paths, findings));
        }
    }
    // What stands on the fields comes first.
    clauses.constraints.rotate_left(before);
    clauses.indexes.rotate_left(indexes_before);
    check(&clauses, &members, &spans, findings);
    let model = ColumnsModel {
        naming: arguments
            .get("naming")
            .and_then(|argument| naming(argument, findings)),
        members: members.into(),
        constraints: clauses.constraints.into(),
        indexes: clauses.indexes.into(),
    };
    Reading {
        model,
        paths,
        fields: spans,
    }
}

fn named_fields<'i>(input: &'i DeriveInput, findings: &mut Findings) -> Option<&'i FieldsNamed> {
    let what = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields),
            Fields::Unnamed(_) => "a tuple struct",
            Fields::Unit => "a struct without fields",
        },
        Data::Enum(_) => "an enum",
        Data::Union(_) => "a union",
    };
    findings.add_with_help(
        input.ident.span(),
        format!("{what} has no columns"),
        "use a struct with named fields",
    );
    None
}

/// Finds what the attributes say of fields that are not there, or cannot be that.
fn check(
    clauses: &Clauses,
    members: &[Member],
    spans: &BTreeMap<String, Span>,
    findings: &mut Findings,
) {
    let columns = members.iter().filter_map(|member| match member {
        Member::Column(column) => Some(column),
        Member::Flatten { .. } => None,
    });
    let columns: BTreeMap<&str, bool> = columns
        .map(|column| (&*column.field, column.nullable))
        .collect();
    let flattens = members
        .iter()
        .any(|member| matches!(member, Member::Flatten { .. }));
    for mention in &clauses.mentions {
        let name = field_name(mention);
        if clauses.no_columns.contains(&name) {
            findings.add(mention.span(), format!("`{name}` is not a column"));
        }
        // A field that is wrong is reported itself.
        let is_field = columns.contains_key(name.as_str()) || spans.contains_key(&name);
        if !is_field && !flattens {
            findings.add(mention.span(), format!("no field is called `{name}`"));
        }
    }
    for second in clauses.keys.iter().skip(1) {
        findings.add_with_help(
            *second,
            "a table has one primary key",
            "name several columns in one key: `primary_key(a, b)` on the struct",
        );
    }
    for field in &clauses.key_fields {
        if columns.get(field_name(field).as_str()) == Some(&true) {
            findings.add_with_help(
                field.span(),
                "a column of the primary key cannot be NULL",
                "use the type without `Option`",
            );
        }
    }
    for (field, span) in &clauses.set_to_null {
        if columns.get(field.as_str()) == Some(&false) {
            findings.add_with_help(
                *span,
                format!("`{field}` cannot become NULL"),
                "use `Option` for its type, or another action",
            );
        }
    }
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for member in members {
        if let Member::Column(column) = member
            && let Some(other) = names.insert(column.name.to_ascii_lowercase(), &column.field)
        {
            let span = spans.get(&*column.field).copied();
            let text = format!("`{other}` is the column `{}`, too", column.name);
            findings.add(span.unwrap_or_else(Span::call_site), text);
        }
    }
    let mut before: BTreeMap<String, &str> = BTreeMap::new();
    for member in members {
        if let Member::Column(column) = member
            && let Some(from) = &column.renamed_from
            && let Some(other) = before.insert(from.to_ascii_lowercase(), &column.field)
        {
            let span = spans.get(&*column.field).copied();
            let text = format!("`{other}` was the column `{from}`, too");
            findings.add(span.unwrap_or_else(Span::call_site), text);
        }
    }
}

/// Reads `naming = sqlalchemy` and `naming(index = "ix_{table}_{column}")`.
fn naming(argument: &Argument, findings: &mut Findings) -> Option<Naming> {
    let help = "write `naming = postgres`, `naming = sqlalchemy`, or templates: \
                `naming(index = \"ix_{table}_{columns}\")`";
    match argument {
        Argument::Value(_, value) => match value.key().map(ToString::to_string).as_deref() {
            Some("postgres") => return Some(Naming::POSTGRES),
            Some("sqlalchemy") => return Some(Naming::SQLALCHEMY),
            _ => {}
        },
        Argument::List(_, arguments) => return templates(arguments.clone(), findings),
        Argument::Text(_) | Argument::Number(_) | Argument::Path(_) | Argument::Word(_) => {}
    }
    findings.add_with_help(argument.span(), "unknown naming", help);
    None
}

fn templates(arguments: Vec<Argument>, findings: &mut Findings) -> Option<Naming> {
    const KEYS: &[&str] = &["check", "foreign_key", "index", "primary_key", "unique"];
    let arguments = Arguments::sort(arguments, KEYS, &[], findings);
    let mut template = |key: &str| -> Option<Text> {
        let text = arguments.text(key, findings)?;
        let template = text.value();
        let mut rest = template.clone();
        for placeholder in PLACEHOLDERS {
            rest = rest.replace(placeholder, "");
        }
        if rest.contains(['{', '}']) {
            let all = PLACEHOLDERS.map(|one| format!("`{one}`")).join(", ");
            findings.add_with_help(
                text.span(),
                "unknown placeholder",
                format!("known are {all}"),
            );
            return None;
        }
        Some(template.into())
    };
    Some(Naming {
        primary_key: template("primary_key"),
        unique: template("unique"),
        check: template("check"),
        foreign_key: template("foreign_key"),
        index: template("index").unwrap_or(Naming::POSTGRES.index),
    })
}
