//! A whole new definition for a table.

use alembic_sql::{ColumnConstraintKind, Reference, Span, TableOutline};

use super::{Changed, Draft, Source};
use crate::sqlite::catalog::ObjectKind;
use crate::sqlite::edit::Edits;
use crate::sqlite::error::{AlterError, Dependent};
use crate::sqlite::keys::references;
use crate::sqlite::mention::update_columns;
use crate::sqlite::names::{Demand, constraints};
use crate::sqlite::rows::Demanded;

impl Draft<'_> {
    /// Replaces everything that follows the name of the table. Columns keep their values by their
    /// names; those that are new get their defaults, and those that are left out are dropped.
    pub(super) fn redefine(&mut self, number: usize, definition: &str) -> Changed {
        let (before, sources) = (self.outline.clone(), self.sources.clone());
        let before_sql = self.sql.clone();
        let mut edits = Edits::default();
        let rest = Span::new(before.name.end, self.sql.len());
        edits.replace(rest, format!(" {definition}"));
        if TableOutline::read(&format!("CREATE TABLE t {definition}")).is_none() {
            let definition = definition.to_owned();
            return Err(AlterError::UnreadableDefinition { definition });
        }
        let numbered = self.numbered();
        self.edit(edits)?;
        self.moves_indexes = true;
        self.sources = Vec::new();
        let after = self.outline.clone();
        for column in &after.columns {
            let mut known = before.columns.iter().zip(&sources);
            let found = known.find(|(known, _)| known.name.eq_ignore_ascii_case(&column.name));
            self.sources.push(match found {
                Some((known, source)) if !column.is_generated() => match source {
                    // What was computed becomes a value.
                    Source::Default if known.is_generated() => Source::Column(known.name.clone()),
                    Source::Default | Source::Column(_) | Source::Expression(_) => source.clone(),
                },
                _ => Source::Default,
            });
        }
        for column in &before.columns {
            if after.column(&column.name).is_none() {
                self.require_unused(&column.name)?;
                self.dropped.push(column.name.clone());
            }
        }
        self.demand_types(number, (&before_sql, &before));
        self.demand_constraints(number, (&before_sql, &before))?;
        self.let_sqlite_number();
        self.demand_numbers(number, numbered.as_deref());
        Ok(())
    }

    /// Refuses to leave a column out that triggers need. Foreign keys of other tables may follow, and
    /// are looked at when everything is done.
    fn require_unused(&self, column: &str) -> Changed {
        let triggers = self.catalog.triggers(self.table).filter(|trigger| {
            let of = update_columns(trigger.sql.as_deref().unwrap_or_default());
            of.iter().any(|name| name.eq_ignore_ascii_case(column))
        });
        let found = triggers.map(|trigger| Dependent::Object {
            kind: ObjectKind::Trigger,
            name: trigger.name.clone(),
        });
        self.require_unneeded(format!("the column `{column}`"), found.collect())
    }

    /// Demands nothing of a new column for which SQLite chooses the numbers.
    fn let_sqlite_number(&mut self) {
        let Some(column) = self.numbered() else {
            return;
        };
        let mut columns = self.outline.columns.iter().zip(&self.sources);
        if columns.any(|(known, source)| known.name == column && *source == Source::Default) {
            self.demands.retain(|(_, demand)| match demand {
                Demanded::PrimaryKey(columns) => *columns != [column.clone()],
                Demanded::NotNull(name) => *name != column,
                Demanded::Unique(_)
                | Demanded::Check(_)
                | Demanded::ForeignKey { .. }
                | Demanded::Type { .. } => true,
            });
        }
    }

    /// Demands that values stay what they are in columns of other types.
    fn demand_types(&mut self, number: usize, (before_sql, before): (&str, &TableOutline)) {
        let is_strict = [before.strict, self.outline.strict];
        for (column, source) in self.outline.columns.iter().zip(&self.sources) {
            let Source::Column(from) = source else {
                continue;
            };
            let Some(known) = before.column(from) else {
                continue;
            };
            let (old, new) = (
                known.type_span.map_or("", |span| span.text(before_sql)),
                column.type_span.map_or("", |span| span.text(&self.sql)),
            );
            // In a STRICT table, ANY keeps every value as it is; in others, it is as NUMERIC.
            let changes_rules = match is_strict {
                [false, true] => true,
                [true, false] => new.eq_ignore_ascii_case("ANY"),
                [true, true] | [false, false] => false,
            };
            if changes_rules || !old.eq_ignore_ascii_case(new) {
                // What may hold any value is as a column without a type.
                let is_free = before.strict && old.eq_ignore_ascii_case("ANY");
                let converted = Demanded::Type {
                    column: from.clone(),
                    before: if is_free {
                        String::new()
                    } else {
                        old.to_owned()
                    },
                    to: new.to_owned(),
                    is_strict: self.outline.strict,
                };
                self.demands.push((number, converted));
            }
        }
    }

    /// Demands of the rows what constraints say that the table did not have.
    fn demand_constraints(
        &mut self,
        number: usize,
        (before_sql, before): (&str, &TableOutline),
    ) -> Changed {
        let known = demanded(before_sql, before);
        let new = demanded(&self.sql, &self.outline);
        for (demand, reference) in new {
            if known.contains(&(demand.clone(), reference.clone())) {
                continue;
            }
            let demand = match (demand, reference) {
                (Demanded::ForeignKey { columns, .. }, Some(reference)) => {
                    match self.foreign_key(&columns, &reference) {
                        // What follows may make what it refers to; if not, the end of the run refuses it.
                        Err(
                            AlterError::NoTable { .. }
                            | AlterError::NoColumn { .. }
                            | AlterError::NoKey { .. },
                        ) => continue,
                        Err(AlterError::KeyLength { .. }) if reference.columns.is_empty() => {
                            continue;
                        }
                        demand => demand?,
                    }
                }
                (demand, _) => demand,
            };
            self.demands.push((number, demand));
        }
        Ok(())
    }
}

type Known = (Demanded, Option<Reference>);

/// Returns what the constraints of a table demand, and what each foreign key refers to.
fn demanded(sql: &str, outline: &TableOutline) -> Vec<Known> {
    let mut found = Vec::new();
    for column in &outline.columns {
        let mut constraints = column.constraints.iter();
        if constraints.any(|constraint| constraint.kind == ColumnConstraintKind::NotNull) {
            found.push((Demanded::NotNull(column.name.clone()), None));
        }
    }
    for named in constraints(sql, outline) {
        found.push(match named.demand {
            Demand::NotNull | Demand::ForeignKey(_) => continue,
            Demand::PrimaryKey(columns) => (Demanded::PrimaryKey(columns), None),
            Demand::Unique(columns) => (Demanded::Unique(columns), None),
            Demand::Check(span) => (Demanded::Check(span.text(sql).to_owned()), None),
        });
    }
    for (columns, reference) in references(outline) {
        let key = Demanded::ForeignKey {
            columns,
            parent: reference.table.clone(),
            parent_columns: reference.columns.clone(),
        };
        found.push((key, Some(reference)));
    }
    found
}
