//! Reads the struct of an entity.

use std::collections::BTreeMap;

use heck::ToSnakeCase;
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Expr, Field, Fields, LitStr, Type};

use super::arguments::Arguments;
use super::relation::{add, reference, variant};
use super::types::{argument_of, column_type, field_type, path_of};
use super::value::in_style;
use super::{Scope, default};
use crate::model::{
    Column, ColumnsModel, Constraint, DataType, Each, Engines, Identity, Index, Member, Part, Rule,
    TableModel, Text, Timing,
};
use crate::written::{Finding, Findings, Paths, Reading, plain_name};

/// An entity.
pub(in crate::scan) struct Entity {
    pub(in crate::scan) reading: Reading<TableModel>,
    /// The columns of which nothing is stated.
    pub(in crate::scan) left: Vec<Text>,
}

/// Reads a struct with `derive(DeriveEntityModel)`.
pub(in crate::scan) fn read_entity(
    input: &DeriveInput,
    scope: &dyn Scope,
) -> Result<Entity, Vec<Finding>> {
    let mut findings = Findings::default();
    let arguments = Arguments::read(&input.attrs, &mut findings);
    let mut reader = Reader::new(&arguments, input.ident.span(), scope, findings);
    if let Data::Struct(data) = &input.data
        && let Fields::Named(fields) = &data.fields
    {
        for field in &fields.named {
            reader.read_field(field);
        }
    }
    reader.entity(&arguments)
}

/// Reads the fields of an entity. Columns are found by their names in the enum of columns.
pub(super) struct Reader<'s> {
    scope: &'s dyn Scope,
    style: Option<LitStr>,
    table: Text,
    columns: Vec<Column>,
    key: Vec<Text>,
    constraints: Vec<Constraint>,
    relations: Vec<Constraint>,
    indexes: Vec<Index>,
    /// The unique indexes of several columns.
    uniques: BTreeMap<String, Vec<Part>>,
    left: Vec<Text>,
    paths: Paths,
    spans: BTreeMap<String, Span>,
    findings: Findings,
}

impl<'s> Reader<'s> {
    /// Begins an entity at a place, with the arguments of it.
    pub(super) fn new(
        arguments: &Arguments,
        place: Span,
        scope: &'s dyn Scope,
        mut findings: Findings,
    ) -> Self {
        let name = arguments.text("table_name", &mut findings);
        if name.is_none() && !arguments.has("table_name") {
            let help = "write `#[sea_orm(table_name = \"...\")]`";
            findings.add_with_help(place, "the entity has no name of a table", help);
        }
        Self {
            scope,
            style: arguments.text("rename_all", &mut findings),
            table: name.map(|name| name.value().into()).unwrap_or_default(),
            columns: Vec::new(),
            key: Vec::new(),
            constraints: Vec::new(),
            relations: Vec::new(),
            indexes: Vec::new(),
            uniques: BTreeMap::new(),
            left: Vec::new(),
            paths: Paths::default(),
            spans: BTreeMap::new(),
            findings,
        }
    }

    fn read_field(&mut self, field: &Field) {
        let Some(ident) = &field.ident else {
            return;
        };
        let arguments = Arguments::read(&field.attrs, &mut self.findings);
        if !self.read_relation(field, &arguments) {
            self.read(ident, Some(&field.ty), &arguments);
        }
    }

    /// Reads a column, of which the type of its values and the arguments are known.
    pub(super) fn read(&mut self, ident: &Ident, field: Option<&Type>, arguments: &Arguments) {
        let findings = &mut self.findings;
        let plain = plain_name(ident);
        let of_enum = arguments.text("enum_name", findings);
        let variant = match &of_enum {
            Some(name) => name.value(),
            None => variant(ident),
        };
        let written = arguments.text("column_name", findings);
        let name = match (written, &self.style) {
            (Some(name), _) => name.value(),
            (None, Some(style)) => in_style(&variant, style, findings).unwrap_or_default(),
            // As sea-orm does: what it could not find again by the name of the variant.
            (None, None) if plain != self::variant(ident).to_snake_case() => plain.to_snake_case(),
            (None, None) => variant.to_snake_case(),
        };
        if arguments.has("ignore") {
            self.left.push(name.into());
            return;
        }
        self.spans.insert(variant.clone(), ident.span());
        if arguments.has("select_as") || arguments.has("save_as") {
            self.left.push(name.clone().into());
        }
        let place = field.map_or_else(|| ident.span(), Spanned::span);
        let read = field.map(|field| field_type(field, self.scope, &mut self.paths));
        let read = read.unwrap_or_default();
        let span = arguments.span("column_type").unwrap_or(place);
        let stated = arguments.code::<Expr>("column_type", findings);
        let is_stated = stated.is_some();
        let stated = stated.and_then(|code| column_type(&code, span, findings));
        let data_type = match (stated, read.stored) {
            (Some(each), _) => DataType::Sql(each),
            (None, _) if is_stated => return,
            (None, Some(stored)) => stored,
            (None, None) => {
                let help = "say how it is stored: `#[sea_orm(column_type = \"...\")]`";
                findings.add_with_help(place, "this type is not known", help);
                return;
            }
        };
        let mut column = Column {
            field: variant.into(),
            name: name.into(),
            renamed_from: arguments
                .text("renamed_from", findings)
                .map(|text| text.value().into()),
            data_type,
            nullable: read.nullable || arguments.has("nullable"),
            identity: None,
            default: Each::default(),
            generated: None,
            collation: Each::default(),
            comment: arguments
                .text("comment", findings)
                .map(|text| text.value().into()),
        };
        if let Some(value) = arguments.value("default_value") {
            column.default = default::value(value, value.span(), findings).unwrap_or_default();
        } else if let Some(code) = arguments.code::<Expr>("default_expr", findings) {
            let span = arguments
                .value("default_expr")
                .map_or_else(Span::call_site, Spanned::span);
            column.default = default::expression(&code, span, findings).unwrap_or_default();
        }
        if arguments.has("primary_key") {
            self.key.push(column.field.clone());
            let numbers = arguments.flag("auto_increment").unwrap_or(true) && read.is_integer;
            column.identity = numbers.then_some(Identity::ByDefault);
        }
        self.read_keys(&column.field, arguments);
        self.columns.push(column);
    }

    /// Reads what an attribute says about indexes and constraints of one column.
    fn read_keys(&mut self, field: &Text, arguments: &Arguments) {
        let findings = &mut self.findings;
        let fields = || vec![field.clone()].into();
        if arguments.has("unique") {
            self.constraints.push(unnamed(Rule::Unique {
                fields: fields(),
                nulls_not_distinct: false,
                timing: Timing::Immediate,
            }));
        } else if arguments.has("indexed") {
            self.indexes
                .push(index(None, false, vec![Part::Field(field.clone())]));
        }
        if let Some(name) = arguments.text("unique_key", findings) {
            let parts = self.uniques.entry(name.value()).or_default();
            parts.push(Part::Field(field.clone()));
        }
        if let Some(extra) = arguments.text("extra", findings) {
            match check_of(&extra.value()) {
                Some(expression) => self.constraints.push(unnamed(Rule::Check {
                    field: Some(field.clone()),
                    expression: Each {
                        sqlite: Some(expression.clone().into()),
                        postgres: Some(expression.into()),
                    },
                })),
                None => findings.add_with_help(
                    extra.span(),
                    "only a `CHECK (...)` can be read here",
                    "leave it to the revisions: `#[cfg_attr(not(alembic), sea_orm(extra = \"...\"))]`",
                ),
            }
        }
    }

    /// Reads a field that stands for a relation, and returns whether it is one.
    fn read_relation(&mut self, field: &Field, arguments: &Arguments) -> bool {
        let outer = ["BelongsTo", "HasOne", "HasMany"];
        let found = outer
            .iter()
            .find_map(|outer| Some((*outer, argument_of(&field.ty, outer)?)));
        let Some((outer, entity)) = found else {
            return false;
        };
        // A `HasOne` may be the side that refers, too.
        let refers = match outer {
            "BelongsTo" => arguments.has("from"),
            "HasOne" => arguments.has("from") && arguments.has("to"),
            _ => false,
        };
        let entity: &Type = argument_of(entity, "Option").unwrap_or(entity);
        if let Some(path) = path_of(entity).filter(|_| refers) {
            let key = reference(path.clone(), field.span(), arguments, &mut self.findings);
            let paths = &mut self.paths;
            self.relations.extend(key.map(|key| key.constraint(paths)));
        }
        true
    }

    /// Puts everything together.
    pub(super) fn entity(mut self, arguments: &Arguments) -> Result<Entity, Vec<Finding>> {
        let mut text = |name: &str| -> Option<Text> {
            let text = arguments.text(name, &mut self.findings)?;
            Some(text.value().into())
        };
        let schema = text("schema_name");
        let comment = text("comment");
        let columns = self.columns_model();
        let mut model = TableModel {
            name: self.table,
            schema,
            renamed_from: None,
            comment,
            strict: false,
            without_rowid: false,
            columns,
        };
        for key in self.relations {
            add(&mut model, key);
        }
        self.findings.or(Entity {
            reading: Reading {
                model,
                paths: self.paths,
                fields: self.spans,
            },
            left: self.left,
        })
    }

    fn columns_model(&mut self) -> ColumnsModel {
        let key = std::mem::take(&mut self.key);
        let is_single = key.len() == 1;
        if !is_single {
            for column in &mut self.columns {
                column.identity = None;
            }
        }
        if !key.is_empty() {
            let name = (!is_single).then(|| format!("pk-{}", self.table).into());
            let rule = Rule::PrimaryKey { fields: key.into() };
            self.constraints.insert(0, Constraint { name, rule });
        }
        for (name, parts) in std::mem::take(&mut self.uniques) {
            let name = format!("idx-{}-{name}", self.table);
            self.indexes.push(index(Some(name.into()), true, parts));
        }
        let members = std::mem::take(&mut self.columns)
            .into_iter()
            .map(Member::Column);
        ColumnsModel {
            naming: None,
            members: members.collect::<Vec<_>>().into(),
            constraints: std::mem::take(&mut self.constraints).into(),
            indexes: std::mem::take(&mut self.indexes).into(),
        }
    }
}

fn unnamed(rule: Rule) -> Constraint {
    Constraint { name: None, rule }
}

fn index(name: Option<Text>, unique: bool, parts: Vec<Part>) -> Index {
    Index {
        name,
        unique,
        nulls_not_distinct: false,
        parts: parts.into(),
        include: Vec::new().into(),
        method: None,
        condition: Each::default(),
        engines: Engines {
            sqlite: true,
            postgres: true,
        },
    }
}

/// Returns the expression of a `CHECK (...)`.
fn check_of(extra: &str) -> Option<String> {
    let (word, rest) = extra.trim().split_at_checked("CHECK".len())?;
    let inner = rest.trim().strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0_i32;
    let is_one = inner.chars().all(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth >= 0
    });
    (word.eq_ignore_ascii_case("CHECK") && is_one).then(|| inner.to_owned())
}
