//! Puts together what several structs say about one table: the columns of flattened structs, the
//! tables that are referred to, the types with a derive of their own, and the names that follow
//! from them.

mod column;
mod faults;
mod table;

use std::borrow::Cow;

use alembic_sql::quote;

use crate::fault::ModelFault;
use crate::model::{
    Column, ColumnsModel, Constraint, Index, Link, Member, Naming, Part, Rule, TableModel, Target,
    Text, TypeModel,
};
use crate::naming::{NameKind, Names};

pub(crate) use table::{
    LinkedColumn, LinkedConstraint, LinkedIndex, LinkedRule, LinkedTable, LinkedTarget, Stored,
};

/// Where the structs are that models name by their paths.
pub(crate) trait Known {
    /// Returns the table of a struct.
    fn table(&self, path: &str) -> Option<&TableModel>;
    /// Returns the columns of a struct.
    fn columns(&self, path: &str) -> Option<&ColumnsModel>;
    /// Returns how the values of a type are stored.
    fn data_type(&self, path: &str) -> Option<&TypeModel>;
}

/// Compiled models name no struct by its path.
pub(crate) struct Compiled;

impl Known for Compiled {
    fn table(&self, _: &str) -> Option<&TableModel> {
        None
    }

    fn columns(&self, _: &str) -> Option<&ColumnsModel> {
        None
    }

    fn data_type(&self, _: &str) -> Option<&TypeModel> {
        None
    }
}

fn follow<'k, T>(
    link: &'k Link<T>,
    known: impl FnOnce(&'k str) -> Option<&'k T>,
) -> Result<&'k T, ModelFault> {
    match link {
        Link::Model(model) => Ok(model()),
        Link::Path(path) => {
            known(path).ok_or_else(|| ModelFault::new(format!("no model `{path}`")))
        }
    }
}

/// The columns of a table's struct and of those that it flattens, in order.
struct Flat<'k> {
    naming: Option<&'k Naming>,
    columns: Vec<&'k Column>,
    constraints: Vec<&'k Constraint>,
    indexes: Vec<&'k Index>,
}

impl<'k> Flat<'k> {
    fn of(model: &'k ColumnsModel, known: &'k dyn Known) -> Result<Self, ModelFault> {
        let mut flat = Self {
            naming: None,
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
        };
        flat.add(model, known, 0)?;
        Ok(flat)
    }

    fn add(
        &mut self,
        model: &'k ColumnsModel,
        known: &'k dyn Known,
        depth: usize,
    ) -> Result<(), ModelFault> {
        const DEEPEST: usize = 32;
        if depth > DEEPEST {
            return Err(ModelFault::new("a struct flattens itself"));
        }
        self.naming = self.naming.or(model.naming.as_ref());
        for member in &*model.members {
            match member {
                Member::Column(column) => self.columns.push(column),
                Member::Flatten { field, columns } => {
                    let flattened = follow(columns, |path| known.columns(path));
                    let added = flattened.and_then(|model| self.add(model, known, depth + 1));
                    added.map_err(|fault| fault.at(field))?;
                }
            }
        }
        self.constraints.extend(&*model.constraints);
        self.indexes.extend(&*model.indexes);
        Ok(())
    }

    /// Returns the column of a field.
    fn column(&self, field: &str) -> Result<&'k Column, ModelFault> {
        let mut columns = self.columns.iter();
        let found = columns.find(|column| column.field == field);
        found.copied().ok_or_else(|| {
            ModelFault::new(format!("no field is called `{field}`"))
                .with_help("name a field of the struct, or of one that it flattens")
        })
    }

    fn names(&self, fields: &[Text]) -> Result<Vec<&'k str>, ModelFault> {
        let names = fields.iter();
        names.map(|field| Ok(&*self.column(field)?.name)).collect()
    }

    /// Returns the column that a part of an index is in SQL: `created_at DESC`.
    fn ordered_column(&self, sql: &str) -> Option<&'k str> {
        let mut words = sql.split_whitespace();
        let name = words.next()?;
        let is_order = |word: &str| {
            let words = ["asc", "desc", "nulls", "collate"];
            words.contains(&word.to_ascii_lowercase().as_str()) || word.ends_with("_ops")
        };
        let column = self.columns.iter().find(|column| *column.name == *name)?;
        words.next().is_none_or(is_order).then_some(&*column.name)
    }

    fn primary_key(&self) -> Result<Vec<&'k str>, ModelFault> {
        let key = self.constraints.iter().find_map(|one| match &one.rule {
            Rule::PrimaryKey { fields } => Some(fields),
            Rule::Unique { .. } | Rule::Check { .. } | Rule::ForeignKey { .. } => None,
        });
        key.map_or(Ok(Vec::new()), |fields| self.names(fields))
    }
}

/// Puts a table together, and reports everything that does not fit.
pub(crate) fn link<'k>(
    model: &'k TableModel,
    known: &'k dyn Known,
) -> Result<LinkedTable<'k>, Vec<ModelFault>> {
    let flat = Flat::of(&model.columns, known).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let names = Names {
        table: &model.name,
        naming: flat.naming.unwrap_or(&Naming::POSTGRES),
    };
    let mut columns = Vec::new();
    let mut checks = Vec::new();
    for column in &flat.columns {
        match column::link(column, known) {
            Ok(linked) => {
                checks.extend(column::check_of_enum(&linked, &names));
                columns.push(linked);
            }
            Err(fault) => faults.push(fault.at(&column.field)),
        }
    }
    let mut constraints = Vec::new();
    for constraint in &flat.constraints {
        match link_constraint(constraint, &flat, known, &names) {
            Ok(linked) => constraints.push(linked),
            Err(fault) => faults.push(at_first(fault, fields_of(&constraint.rule))),
        }
    }
    for check in checks {
        match check {
            Ok(check) => constraints.push(check),
            Err(fault) => faults.push(fault),
        }
    }
    let mut indexes = Vec::new();
    for index in &flat.indexes {
        match link_index(index, &flat, &names) {
            Ok(linked) => indexes.push(linked),
            Err(fault) => {
                let first = index.parts.first().and_then(|part| match part {
                    Part::Field(field) => Some(field),
                    Part::Sql(_) => None,
                });
                faults.push(at_first(fault, first));
            }
        }
    }
    let table = LinkedTable {
        model,
        columns,
        constraints,
        indexes,
    };
    faults.extend(faults::faults_of(&table));
    match faults.is_empty() {
        true => Ok(table),
        false => Err(faults),
    }
}

/// Returns the first field that a constraint is about.
fn fields_of(rule: &Rule) -> Option<&Text> {
    match rule {
        Rule::PrimaryKey { fields }
        | Rule::Unique { fields, .. }
        | Rule::ForeignKey { fields, .. } => fields.first(),
        Rule::Check { field, .. } => field.as_ref(),
    }
}

fn at_first(fault: ModelFault, field: Option<&Text>) -> ModelFault {
    match field {
        Some(field) => fault.at(field),
        None => fault,
    }
}

fn link_constraint<'k>(
    constraint: &'k Constraint,
    flat: &Flat<'k>,
    known: &'k dyn Known,
    names: &Names<'_>,
) -> Result<LinkedConstraint<'k>, ModelFault> {
    let (kind, columns, referenced, rule) = match &constraint.rule {
        Rule::PrimaryKey { fields } => {
            let columns = flat.names(fields)?;
            let rule = LinkedRule::PrimaryKey(columns.clone());
            (NameKind::PrimaryKey, columns, "", rule)
        }
        Rule::Unique {
            fields,
            nulls_not_distinct,
            timing,
        } => {
            let columns = flat.names(fields)?;
            let rule = LinkedRule::Unique {
                columns: columns.clone(),
                nulls_not_distinct: *nulls_not_distinct,
                timing: *timing,
            };
            (NameKind::Unique, columns, "", rule)
        }
        Rule::Check { field, expression } => {
            let column = match field {
                Some(field) => Some(&*flat.column(field)?.name),
                None => None,
            };
            let rule = LinkedRule::Check {
                column,
                expression: Cow::Borrowed(expression),
            };
            (NameKind::Check, column.into_iter().collect(), "", rule)
        }
        Rule::ForeignKey {
            fields,
            target,
            on_delete,
            on_update,
            timing,
        } => {
            let columns = flat.names(fields)?;
            let target = link_target(target, columns.len(), known)?;
            let rule = LinkedRule::ForeignKey {
                columns: columns.clone(),
                target: target.clone(),
                on_delete: *on_delete,
                on_update: *on_update,
                timing: *timing,
            };
            (NameKind::ForeignKey, columns, target.table, rule)
        }
    };
    let name = match &constraint.name {
        Some(name) => Some(name.clone()),
        None => names.constraint(kind, &columns, referenced)?,
    };
    Ok(LinkedConstraint { name, rule })
}

fn link_target<'k>(
    target: &'k Target,
    count: usize,
    known: &'k dyn Known,
) -> Result<LinkedTarget<'k>, ModelFault> {
    let target = match target {
        Target::Named {
            schema,
            table,
            columns,
        } => LinkedTarget {
            schema: schema.as_deref(),
            table,
            columns: columns.iter().map(|column| &**column).collect(),
        },
        Target::Struct { table, fields } => {
            let model = follow(table, |path| known.table(path))?;
            let flat = Flat::of(&model.columns, known)?;
            let columns = match fields.is_empty() {
                true => flat.primary_key()?,
                false => flat.names(fields)?,
            };
            if columns.is_empty() {
                let text = format!("table `{}` has no primary key to refer to", model.name);
                return Err(ModelFault::new(text).with_help(
                    "name the fields that the key refers to: `references(Struct, field)`",
                ));
            }
            LinkedTarget {
                schema: model.schema.as_deref(),
                table: &model.name,
                columns,
            }
        }
    };
    if !target.columns.is_empty() && target.columns.len() != count {
        return Err(ModelFault::new(format!(
            "the key has {}, and refers to {} of `{}`",
            columns(count),
            columns(target.columns.len()),
            target.table
        )));
    }
    Ok(target)
}

fn columns(count: usize) -> String {
    match count {
        1 => "1 column".to_owned(),
        count => format!("{count} columns"),
    }
}

fn link_index<'k>(
    index: &'k Index,
    flat: &Flat<'k>,
    names: &Names<'_>,
) -> Result<LinkedIndex<'k>, ModelFault> {
    let mut parts = Vec::new();
    let mut in_name = Vec::new();
    for part in &*index.parts {
        match part {
            Part::Field(field) => {
                let name = &*flat.column(field)?.name;
                parts.push(quote(name));
                in_name.push(name);
            }
            Part::Sql(sql) => {
                parts.push(sql.to_string());
                in_name.push(flat.ordered_column(sql).unwrap_or("expr"));
            }
        }
    }
    let name = match &index.name {
        Some(name) => name.clone(),
        None => names.index(&in_name)?,
    };
    Ok(LinkedIndex {
        name,
        index,
        parts,
        include: flat.names(&index.include)?,
    })
}
