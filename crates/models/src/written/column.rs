//! Reads one field.

use alembic_sql::Dialect;
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{Attribute, Field, Type};

use super::arguments::{Argument, Arguments, of_attributes};
use super::clauses::{Clauses, field_name};
use super::rust_type::{self, Family, Stored};
use super::{Findings, Paths, Wanted, sql_text};
use crate::model::{Column, DataType, Each, Generated, Identity, Link, Member, Text};

const KNOWN: &[&str] = &[
    "collation",
    "comment",
    "default",
    "deferrable",
    "deferred",
    "flatten",
    "generated",
    "identity",
    "length",
    "name",
    "on_delete",
    "on_update",
    "precision",
    "primary_key",
    "references",
    "renamed_from",
    "scale",
    "skip",
    "type",
    "unique",
];
const REPEATED: &[&str] = &["check", "index"];
/// What stands only beside `references`.
const OF_REFERENCES: [&str; 4] = ["deferrable", "deferred", "on_delete", "on_update"];

/// Reads a field, if it is stored.
pub(super) fn read(
    field: &Field,
    clauses: &mut Clauses,
    paths: &mut Paths,
    findings: &mut Findings,
) -> Option<Member> {
    let Some(ident) = &field.ident else {
        findings.add(field.span(), "a column needs a name");
        return None;
    };
    let all = of_attributes(&field.attrs, &["table", "column"], findings);
    let count = all.len();
    let arguments = Arguments::sort(all, KNOWN, REPEATED, findings);
    for whole in ["flatten", "skip"] {
        if let Some(span) = arguments.span(whole)
            && count > 1
        {
            findings.add(span, format!("`{whole}` stands alone"));
        }
    }
    if arguments.word("skip", findings) {
        clauses.no_columns.push(field_name(ident));
        return None;
    }
    if arguments.word("flatten", findings) {
        clauses.no_columns.push(field_name(ident));
        return flattened(ident, &field.ty, paths, findings);
    }
    let reader = Reader {
        ident,
        name: field_name(ident),
        arguments: &arguments,
    };
    let column = reader.column(field, paths, findings);
    reader.clauses(clauses, paths, findings);
    if let Some(column) = &column {
        reader.check(column, findings);
    }
    column.map(Member::Column)
}

fn flattened(
    ident: &Ident,
    field: &Type,
    paths: &mut Paths,
    findings: &mut Findings,
) -> Option<Member> {
    if let Type::Path(path) = field
        && path.qself.is_none()
        && path
            .path
            .segments
            .iter()
            .all(|segment| segment.arguments.is_none())
    {
        return Some(Member::Flatten {
            field: field_name(ident).into(),
            columns: Link::Path(paths.keep(Wanted::Columns, &path.path)),
        });
    }
    findings.add_with_help(
        field.span(),
        "only a struct can be flattened",
        "use a struct without parameters that has `#[derive(Columns)]`",
    );
    None
}

struct Reader<'a> {
    ident: &'a Ident,
    name: String,
    arguments: &'a Arguments,
}

impl Reader<'_> {
    fn column(&self, field: &Field, paths: &mut Paths, findings: &mut Findings) -> Option<Column> {
        let arguments = self.arguments;
        let name = match arguments.get("name") {
            Some(argument) => {
                let text = argument.text(findings);
                text.and_then(|text| sql_text::name(&text, findings))
            }
            None => sql_text::name_at(self.name.clone(), self.ident.span(), findings),
        };
        let renamed_from = arguments.text("renamed_from", findings);
        let renamed_from = renamed_from.and_then(|text| sql_text::name(&text, findings));
        let (data_type, nullable) = data_type(field, arguments, paths, findings);
        let mut each = |name: &str| {
            let argument = arguments.get(name);
            argument.map_or_else(Each::default, |argument| sql_text::each(argument, findings))
        };
        let default = each("default");
        let collation = each("collation");
        Some(Column {
            field: self.name.clone().into(),
            name: name?,
            renamed_from,
            data_type: data_type?,
            nullable,
            identity: self.identity(findings),
            default,
            generated: self.generated(findings),
            collation,
            comment: comment(arguments, &field.attrs, findings),
        })
    }

    fn identity(&self, findings: &mut Findings) -> Option<Identity> {
        match self.arguments.get("identity")? {
            Argument::Word(_) => Some(Identity::ByDefault),
            Argument::Value(_, value) if value.key().is_some_and(|key| key == "always") => {
                Some(Identity::Always)
            }
            other => {
                findings.add_with_help(
                    other.span(),
                    "unknown identity",
                    "write `identity` or `identity = always`",
                );
                None
            }
        }
    }

    fn generated(&self, findings: &mut Findings) -> Option<Generated> {
        let argument = self.arguments.get("generated")?;
        let mut rest = argument.clone();
        let mut stored = true;
        if let Argument::List(_, arguments) = &mut rest {
            let is_virtual = |one: &Argument| one.key().is_some_and(|key| key == "virtual");
            for argument in arguments.iter().filter(|one| is_virtual(one)) {
                argument.expect_word(findings);
                stored = false;
            }
            arguments.retain(|one| !is_virtual(one));
        }
        Some(Generated {
            expression: sql_text::each(&rest, findings),
            stored,
        })
    }

    fn clauses(&self, clauses: &mut Clauses, paths: &mut Paths, findings: &mut Findings) {
        let arguments = self.arguments;
        let key = arguments
            .get("primary_key")
            .or_else(|| arguments.get("identity"));
        match key {
            Some(argument @ (Argument::Word(_) | Argument::List(..))) => {
                clauses.primary_key_of(&self.name, argument, findings);
            }
            // `identity = always`
            Some(Argument::Value(name, _)) => {
                clauses.primary_key_of(&self.name, &Argument::Word(name.clone()), findings);
            }
            Some(Argument::Text(_) | Argument::Number(_) | Argument::Path(_)) | None => {}
        }
        if let Some(argument) = arguments.get("unique") {
            clauses.unique_of(&self.name, argument, findings);
        }
        for argument in arguments.all("check") {
            clauses.check(Some(&self.name), argument, findings);
        }
        for argument in arguments.all("index") {
            clauses.index_of(&self.name, argument, findings);
        }
        match arguments.get("references") {
            Some(argument) => {
                clauses.references_of(&self.name, argument, arguments, paths, findings);
            }
            None => {
                let lonely = OF_REFERENCES.iter().filter_map(|name| arguments.get(name));
                for argument in lonely {
                    findings.add_with_help(
                        argument.span(),
                        "no foreign key stands beside this",
                        "add `references(Struct)`",
                    );
                }
            }
        }
    }

    /// Finds attributes that contradict each other or the type.
    fn check(&self, column: &Column, findings: &mut Findings) {
        let at = |name: &str| {
            self.arguments
                .span(name)
                .unwrap_or_else(|| self.ident.span())
        };
        let both = |a: &'static str, b: &'static str| {
            let has = |name| self.arguments.get(name).is_some();
            (has(a) && has(b)).then(|| (at(b), format!("`{a}` and `{b}` exclude each other")))
        };
        for (span, text) in [
            both("identity", "default"),
            both("generated", "default"),
            both("identity", "generated"),
            both("type", "length"),
            both("type", "precision"),
            both("deferrable", "deferred"),
        ]
        .into_iter()
        .flatten()
        {
            findings.add(span, text);
        }
        let is_key = ["primary_key", "identity"]
            .iter()
            .find(|name| self.arguments.get(name).is_some());
        if let Some(name) = is_key
            && column.nullable
        {
            findings.add_with_help(
                at(name),
                "a column of the primary key cannot be NULL",
                "use the type without `Option`",
            );
        }
    }
}

/// Returns the comment on a table or column: a text, or the doc comment if only the word is there.
pub(super) fn comment(
    arguments: &Arguments,
    attributes: &[Attribute],
    findings: &mut Findings,
) -> Option<Text> {
    let argument = arguments.get("comment")?;
    if let Argument::Word(word) = argument {
        let comment = doc_comment(attributes);
        if comment.is_empty() {
            findings.add_with_help(
                word.span(),
                "no doc comment to take",
                "write one, or `comment = \"...\"`",
            );
        }
        return Some(comment.into());
    }
    Some(argument.text(findings)?.value().into())
}

fn doc_comment(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let syn::Meta::NameValue(doc) = &attribute.meta
            && doc.path.is_ident("doc")
            && let syn::Expr::Lit(literal) = &doc.value
            && let syn::Lit::Str(text) = &literal.lit
        {
            lines.push(text.value().trim().to_owned());
        }
    }
    lines.join("\n").trim().to_owned()
}

/// Returns the type of a field's column, and whether it may be NULL.
pub(super) fn data_type(
    field: &Field,
    arguments: &Arguments,
    paths: &mut Paths,
    findings: &mut Findings,
) -> (Option<DataType>, bool) {
    let read = rust_type::read(&field.ty);
    let sizes = Sizes::read(arguments, findings);
    let stated = arguments
        .get("type")
        .map(|argument| sql_text::types(argument, findings));
    let stated = stated.unwrap_or_default();
    let is_whole = stated.sqlite.is_some() && stated.postgres.is_some();
    let data_type = match read.stored {
        Stored::Known { .. } | Stored::Derived { .. } | Stored::Unknown if is_whole => {
            Some(DataType::Sql(stated))
        }
        Stored::Known {
            each,
            family,
            assumed,
        } => {
            paths.assumed.extend(assumed);
            let own = sizes.apply(each, family, findings);
            if let Some(span) = arguments.span("identity")
                && family != Family::Integer
            {
                findings.add(span, "only integers number rows");
            }
            Some(DataType::Sql(Each {
                sqlite: stated.sqlite.or(own.sqlite),
                postgres: stated.postgres.or(own.postgres),
            }))
        }
        Stored::Derived { path, is_array } => {
            sizes.refuse(findings);
            Some(DataType::Derived {
                of: Link::Path(paths.keep(Wanted::Type, &path)),
                is_array,
                stated,
            })
        }
        Stored::Unknown => {
            unknown(&field.ty, arguments, findings);
            None
        }
    };
    (data_type, read.nullable)
}

fn unknown(field: &Type, arguments: &Arguments, findings: &mut Findings) {
    let help = "say how it is stored: `#[column(type = \"TEXT\")]`, or for each engine: \
                `#[column(type(sqlite = \"TEXT\", postgres = \"INET\"))]`, or leave it out: `#[column(skip)]`";
    match arguments.get("type") {
        Some(argument) => {
            let all = Dialect::ALL.iter().map(|dialect| dialect.product());
            let all: Vec<&str> = all.collect();
            let text = format!(
                "no column type is known for this field; say it for {}",
                all.join(" and ")
            );
            findings.add(argument.span(), text);
        }
        None => findings.add_with_help(field.span(), "no column type is known for this", help),
    }
}

/// The length, precision and scale of a type.
struct Sizes {
    length: Option<(Span, u32)>,
    precision: Option<(Span, u32)>,
    scale: Option<(Span, u32)>,
}

impl Sizes {
    fn read(arguments: &Arguments, findings: &mut Findings) -> Self {
        let mut number = |name: &str| {
            let argument = arguments.get(name)?;
            Some((argument.span(), argument.number(findings)?))
        };
        Self {
            length: number("length"),
            precision: number("precision"),
            scale: number("scale"),
        }
    }

    fn apply(&self, each: Each, family: Family, findings: &mut Findings) -> Each {
        let of_text = "only texts have a length";
        let of_decimal = "only decimal numbers have a precision";
        match (self.length, self.precision, self.scale) {
            (Some((span, _)), _, _) if family != Family::Text => findings.add(span, of_text),
            (_, Some((span, _)), _) | (_, _, Some((span, _))) if family != Family::Decimal => {
                findings.add(span, of_decimal);
            }
            (_, None, Some((span, _))) => {
                findings.add_with_help(span, "a scale needs a precision", "add `precision = 10`");
            }
            (Some((_, length)), _, _) => {
                let name = Some(Text::from(format!("VARCHAR({length})")));
                return Each {
                    sqlite: name.clone(),
                    postgres: name,
                };
            }
            (_, Some((_, precision)), scale) => {
                let scale = scale.map_or_else(String::new, |(_, scale)| format!(", {scale}"));
                return Each {
                    postgres: Some(format!("NUMERIC({precision}{scale})").into()),
                    ..each
                };
            }
            (None, None, None) => {}
        }
        each
    }

    fn refuse(&self, findings: &mut Findings) {
        let sizes = [self.length, self.precision, self.scale];
        for (span, _) in sizes.into_iter().flatten() {
            findings.add_with_help(
                span,
                "the type says itself how it is stored",
                "say it there, or `type = \"...\"` here",
            );
        }
    }
}
