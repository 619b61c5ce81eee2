//! Writes one table.

use alembic_sql::{Dialect, literal, quote};

use super::{Rules, qualified};
use crate::fault::ModelFault;
use crate::link::{
    LinkedColumn, LinkedConstraint, LinkedIndex, LinkedRule, LinkedTable, LinkedTarget,
};
use crate::model::{Action, Timing};
use crate::order::Address;

/// The statements for one table.
pub(super) struct Statements {
    /// The table, its indexes and its comments.
    pub(super) create: String,
    /// What can only be added when all tables are there.
    pub(super) late: Vec<String>,
}

pub(super) fn create(
    table: &LinkedTable<'_>,
    dialect: Dialect,
    is_later: &dyn Fn(Address<'_>) -> bool,
) -> Result<Statements, Vec<ModelFault>> {
    let rules = super::rules(dialect);
    let writer = Writer {
        table,
        rules,
        dialect,
    };
    let mut lines = Vec::new();
    let mut faults = Vec::new();
    let mut late = Vec::new();
    for column in &table.columns {
        match writer.column(column, is_later) {
            Ok(line) => lines.push(line),
            Err(fault) => faults.push(fault),
        }
    }
    for constraint in &table.constraints {
        let Some(text) = writer.constraint(constraint) else {
            continue;
        };
        if writer.is_late(constraint, is_later) {
            late.push(format!("ALTER TABLE {} ADD {text};\n", writer.name()));
        } else if writer.inline(constraint).is_none() {
            lines.push(text);
        }
    }
    let options = (rules.options)(table.model);
    let mut create = format!(
        "CREATE TABLE {} (\n    {}\n){options};\n",
        writer.name(),
        lines.join(",\n    ")
    );
    for index in &table.indexes {
        if (rules.exists)(index.index.engines) {
            create += &writer.index(index);
        }
    }
    create += &writer.comments();
    match faults.is_empty() {
        true => Ok(Statements { create, late }),
        false => Err(faults),
    }
}

struct Writer<'t, 'k> {
    table: &'t LinkedTable<'k>,
    rules: &'static Rules,
    dialect: Dialect,
}

impl Writer<'_, '_> {
    fn name(&self) -> String {
        self.qualified(self.table.model.schema.as_deref(), &self.table.model.name)
    }

    fn qualified(&self, schema: Option<&str>, name: &str) -> String {
        qualified(schema.filter(|_| self.rules.has_schemas), name)
    }

    fn column(
        &self,
        linked: &LinkedColumn<'_>,
        is_later: &dyn Fn(Address<'_>) -> bool,
    ) -> Result<String, ModelFault> {
        let column = linked.column;
        let Some(type_name) = (self.rules.type_name)(self.table.model, linked) else {
            let engine = self.dialect.product();
            let text = format!("{engine} has no type for column `{}`", column.name);
            return Err(ModelFault::new(text)
                .with_help(
                    "say the type for each engine: `type(sqlite = \"...\", postgres = \"...\")`",
                )
                .at(&column.field));
        };
        let mut line = format!("{} {type_name}", quote(&column.name));
        if let Some(collation) = (self.rules.text)(&column.collation) {
            line += &format!(" COLLATE {}", quote(collation));
        }
        if let Some(generated) = &column.generated
            && let Some(expression) = (self.rules.text)(&generated.expression)
        {
            let stored = if generated.stored {
                "STORED"
            } else {
                "VIRTUAL"
            };
            line += &format!(" GENERATED ALWAYS AS ({expression}) {stored}");
        }
        if let Some(identity) = column.identity {
            line += (self.rules.identity)(identity);
        } else if !column.nullable {
            line += " NOT NULL";
        }
        if let Some(default) = (self.rules.text)(&column.default) {
            line += &format!(" DEFAULT {}", (self.rules.default)(default));
        }
        for constraint in &self.table.constraints {
            if self.inline(constraint) == Some(&*column.name)
                && !self.is_late(constraint, is_later)
                && let Some(text) = self.rule_of_column(constraint)
            {
                line += " ";
                line += &text;
            }
        }
        Ok(line)
    }

    /// Returns the column that a constraint is written with: the only one that it is about, unless
    /// it is a named one, which reads better for itself.
    fn inline<'c>(&self, constraint: &'c LinkedConstraint<'_>) -> Option<&'c str> {
        if constraint.name.is_some() {
            return None;
        }
        match &constraint.rule {
            LinkedRule::PrimaryKey(columns)
            | LinkedRule::Unique { columns, .. }
            | LinkedRule::ForeignKey { columns, .. } => match columns.as_slice() {
                [column] => Some(column),
                _ => None,
            },
            LinkedRule::Check { column, .. } => *column,
        }
    }

    /// Returns whether a constraint refers to a table that is not there yet.
    fn is_late(
        &self,
        constraint: &LinkedConstraint<'_>,
        is_later: &dyn Fn(Address<'_>) -> bool,
    ) -> bool {
        self.rules.adds_constraints
            && match &constraint.rule {
                LinkedRule::ForeignKey { target, .. } => is_later((target.schema, target.table)),
                LinkedRule::PrimaryKey(_)
                | LinkedRule::Unique { .. }
                | LinkedRule::Check { .. } => false,
            }
    }

    /// Returns a constraint as it is written after a column.
    fn rule_of_column(&self, constraint: &LinkedConstraint<'_>) -> Option<String> {
        Some(match &constraint.rule {
            LinkedRule::PrimaryKey(_) => "PRIMARY KEY".to_owned(),
            LinkedRule::Unique {
                nulls_not_distinct,
                timing,
                ..
            } => format!(
                "UNIQUE{}{}",
                self.nulls(*nulls_not_distinct),
                self.unique_timing(*timing)
            ),
            LinkedRule::Check { expression, .. } => {
                format!("CHECK ({})", (self.rules.text)(expression)?)
            }
            LinkedRule::ForeignKey {
                target,
                on_delete,
                on_update,
                timing,
                ..
            } => self.references(target, *on_delete, *on_update, *timing),
        })
    }

    /// Returns a constraint as it is written for itself, if the engine has it.
    fn constraint(&self, constraint: &LinkedConstraint<'_>) -> Option<String> {
        let name = constraint.name.as_ref();
        let name = name.map_or_else(String::new, |name| format!("CONSTRAINT {} ", quote(name)));
        let rule = match &constraint.rule {
            LinkedRule::PrimaryKey(columns) => format!("PRIMARY KEY ({})", list(columns)),
            LinkedRule::Unique {
                columns,
                nulls_not_distinct,
                timing,
            } => format!(
                "UNIQUE{} ({}){}",
                self.nulls(*nulls_not_distinct),
                list(columns),
                self.unique_timing(*timing)
            ),
            LinkedRule::Check { .. } => self.rule_of_column(constraint)?,
            LinkedRule::ForeignKey { columns, .. } => format!(
                "FOREIGN KEY ({}) {}",
                list(columns),
                self.rule_of_column(constraint)?
            ),
        };
        Some(name + &rule)
    }

    fn references(
        &self,
        target: &LinkedTarget<'_>,
        on_delete: Option<Action>,
        on_update: Option<Action>,
        timing: Timing,
    ) -> String {
        let mut text = format!("REFERENCES {}", self.qualified(target.schema, target.table));
        if !target.columns.is_empty() {
            text += &format!(" ({})", list(&target.columns));
        }
        if let Some(action) = on_delete {
            text += &format!(" ON DELETE {}", action_sql(action));
        }
        if let Some(action) = on_update {
            text += &format!(" ON UPDATE {}", action_sql(action));
        }
        text + timing_sql(timing)
    }

    fn nulls(&self, nulls_not_distinct: bool) -> &'static str {
        match nulls_not_distinct && self.rules.has_methods {
            true => " NULLS NOT DISTINCT",
            false => "",
        }
    }

    fn unique_timing(&self, timing: Timing) -> &'static str {
        match self.rules.defers_unique {
            true => timing_sql(timing),
            false => "",
        }
    }

    fn index(&self, linked: &LinkedIndex<'_>) -> String {
        let index = linked.index;
        let unique = if index.unique { "UNIQUE " } else { "" };
        let method = index.method.as_ref().filter(|_| self.rules.has_methods);
        let method = method.map_or_else(String::new, |method| format!(" USING {}", quote(method)));
        let mut text = format!(
            "CREATE {unique}INDEX {} ON {}{method} ({})",
            quote(&linked.name),
            self.name(),
            linked.parts.join(", ")
        );
        if self.rules.has_methods && !linked.include.is_empty() {
            text += &format!(" INCLUDE ({})", list(&linked.include));
        }
        text += self.nulls(index.nulls_not_distinct);
        if let Some(condition) = (self.rules.text)(&index.condition) {
            text += &format!(" WHERE {condition}");
        }
        text + ";\n"
    }

    fn comments(&self) -> String {
        if !self.rules.has_comments {
            return String::new();
        }
        let mut text = String::new();
        if let Some(comment) = &self.table.model.comment {
            text += &format!(
                "COMMENT ON TABLE {} IS {};\n",
                self.name(),
                literal(comment)
            );
        }
        for LinkedColumn { column, .. } in &self.table.columns {
            if let Some(comment) = &column.comment {
                let name = quote(&column.name);
                let comment = literal(comment);
                text += &format!("COMMENT ON COLUMN {}.{name} IS {comment};\n", self.name());
            }
        }
        text
    }
}

fn list(columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quote(column)).collect();
    columns.join(", ")
}

fn action_sql(action: Action) -> &'static str {
    match action {
        Action::NoAction => "NO ACTION",
        Action::Restrict => "RESTRICT",
        Action::Cascade => "CASCADE",
        Action::SetNull => "SET NULL",
        Action::SetDefault => "SET DEFAULT",
    }
}

fn timing_sql(timing: Timing) -> &'static str {
    match timing {
        Timing::Immediate => "",
        Timing::Deferrable => " DEFERRABLE",
        Timing::Deferred => " DEFERRABLE INITIALLY DEFERRED",
    }
}
