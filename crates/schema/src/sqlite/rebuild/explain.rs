//! Why a step of a rebuild fails: which rows do not fit.

use alembic_sql::{ColumnConstraintKind, ColumnOutline, quote};

use super::planner::{Aside, Planner, numbered};
use super::{Explanation, StepTask};
use crate::sqlite::catalog::{Object, TEMP};
use crate::sqlite::keys::key_parts;
use crate::sqlite::mention::{IndexTerm, KeyPart, index_condition, index_terms, is_unique_index};
use crate::sqlite::names::{Demand, Named, Place, constraints};
use crate::sqlite::rows::{Check, Compared, Demanded, RowSource, parenthesized};

impl Planner<'_> {
    /// Returns what explains why the rows cannot be copied: they go into a table that has the new
    /// columns without their constraints, so that they are what they would become, and are looked at
    /// there.
    pub(super) fn explain_copy(&self, aside: &Aside) -> Explanation {
        let (name, definition) = self.lenient_table();
        let outline = &self.draft.outline;
        let row = numbered("alembic_row", |name| outline.column(name).is_some());
        let row = quote(&row);
        let table = format!("{TEMP}.{}", quote(&name));
        let strict = if outline.strict { " STRICT" } else { "" };
        let (mut into, mut from) = self.copied();
        into.insert(0, row.clone());
        from.insert(0, self.key(aside));
        let statements = vec![
            format!("CREATE TABLE {table} ({row} TEXT, {definition}){strict}"),
            format!(
                "INSERT INTO {table} ({}) SELECT {} FROM {} AS {}",
                into.join(", "),
                from.join(", "),
                self.qualified(&aside.name),
                quote(&self.table.name)
            ),
        ];
        let rows = RowSource {
            from: table,
            name: self.table.name.clone(),
            key: row,
        };
        let mut checks: Vec<Check> = constraints(&self.draft.sql, outline)
            .iter()
            .flat_map(|constraint| self.explain_constraint(&rows, constraint))
            .collect();
        checks.sort_by_key(|check| check.action);
        Explanation {
            task: StepTask::Copy,
            statements,
            checks,
        }
    }

    /// Returns the name and the columns of the table for an explanation. It has the name of the table
    /// itself, by which expressions may qualify its columns, unless a temporary table has it.
    fn lenient_table(&self) -> (String, String) {
        let own = &self.table.name;
        let is_taken = self.catalog.has(TEMP, own) || self.table.database == TEMP;
        let name = match is_taken {
            true => self.unused("alembic_new"),
            false => own.clone(),
        };
        let columns = self.draft.outline.columns.iter();
        let columns = columns.map(|column| self.lenient_column(column));
        (name, columns.collect::<Vec<_>>().join(", "))
    }

    /// Returns the definition of a column without what could refuse a value.
    fn lenient_column(&self, column: &ColumnOutline) -> String {
        let sql = &self.draft.sql;
        let mut parts = vec![column.name_span.text(sql)];
        parts.extend(column.type_span.map(|span| span.text(sql)));
        let kept = column.constraints.iter().filter(|constraint| {
            matches!(
                constraint.kind,
                ColumnConstraintKind::Default { .. }
                    | ColumnConstraintKind::Collate { .. }
                    | ColumnConstraintKind::Generated { .. }
            )
        });
        parts.extend(kept.map(|constraint| constraint.span.text(sql)));
        parts.join(" ")
    }

    fn explain_constraint(&self, rows: &RowSource, constraint: &Named) -> Vec<Check> {
        let (sql, outline) = (self.draft.sql.as_str(), &self.draft.outline);
        match &constraint.demand {
            Demand::NotNull => {
                let Place::Column(index, _) = constraint.place else {
                    return Vec::new();
                };
                let column = &outline.columns[index].name;
                let action = self.action(
                    std::slice::from_ref(column),
                    |demanded| matches!(demanded, Demanded::NotNull(name) if name == column),
                );
                let columns = [column.clone()];
                vec![rows.nulls(action, &columns, &[quote(column)])]
            }
            Demand::Check(span) => {
                let expression = span.text(sql);
                let action = self.action(&[], |demanded| {
                    matches!(demanded, Demanded::Check(demanded) if demanded == expression)
                });
                vec![rows.failing(action, expression)]
            }
            Demand::PrimaryKey(columns) | Demand::Unique(columns) => {
                let action = self.action(columns, |demanded| match demanded {
                    Demanded::PrimaryKey(demanded) | Demanded::Unique(demanded) => {
                        demanded == columns
                    }
                    _ => false,
                });
                let parts = key_parts(outline, constraint).unwrap_or_default();
                let compared: Vec<Compared> = parts.iter().map(compared).collect();
                let duplicates = rows.duplicates(action, &compared, None);
                let is_required = outline.without_rowid || outline.strict;
                match &constraint.demand {
                    Demand::PrimaryKey(_) if is_required => {
                        let values: Vec<String> =
                            columns.iter().map(|column| quote(column)).collect();
                        vec![rows.nulls(action, columns, &values), duplicates]
                    }
                    _ => vec![duplicates],
                }
            }
            Demand::ForeignKey(_) => Vec::new(),
        }
    }

    /// Returns the number of the action that is at fault if rows do not fit: the one that demands it, else
    /// the one that converts one of the columns, else the one that converts any.
    fn action(&self, columns: &[String], is_meant: impl Fn(&Demanded) -> bool) -> usize {
        let mut demands = self.draft.demands.iter();
        let demanded = demands.find(|(_, demand)| is_meant(demand));
        let conversions = || self.draft.converted.iter();
        let own = || conversions().find(|(_, column)| columns.contains(column));
        let converted = || own().or_else(|| conversions().next());
        let demanded = demanded.map(|(action, _)| *action);
        demanded
            .or_else(|| Some(converted()?.0))
            .unwrap_or_default()
    }

    /// Returns what explains why a unique index cannot be created on the new table.
    pub(super) fn explain_index(&self, index: &Object) -> Option<Explanation> {
        let sql = index.sql.as_deref().unwrap_or_default();
        if !is_unique_index(sql) {
            return None;
        }
        let terms = index_terms(sql);
        let columns = terms.iter().filter_map(|term| match term {
            IndexTerm::Column(part) => Some(part.column.clone()),
            IndexTerm::Expression(_) => None,
        });
        let columns: Vec<String> = columns.collect();
        let compared: Vec<Compared> = terms
            .iter()
            .map(|term| match term {
                IndexTerm::Column(part) => compared(part),
                IndexTerm::Expression(expression) => Compared {
                    expression: parenthesized(expression),
                    name: expression.clone(),
                },
            })
            .collect();
        let action = self.action(&columns, |_| false);
        let rows = self.new_rows();
        Some(Explanation {
            task: StepTask::restore(index),
            statements: Vec::new(),
            checks: vec![rows.duplicates(action, &compared, index_condition(sql))],
        })
    }
}

fn compared(part: &KeyPart) -> Compared {
    let collation = part.collation.as_deref();
    let collation = collation.map(|collation| format!(" COLLATE {}", quote(collation)));
    Compared {
        expression: format!("{}{}", quote(&part.column), collation.unwrap_or_default()),
        name: part.column.clone(),
    }
}
