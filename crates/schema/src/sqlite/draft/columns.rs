//! Actions on columns.

use alembic_sql::{ColumnChange, ColumnConstraintKind, ColumnOutline, Span, TableConstraintKind};

use super::{Changed, Draft, Match, Source};
use crate::sqlite::catalog::ObjectKind;
use crate::sqlite::edit::Edits;
use crate::sqlite::error::{AlterError, Dependent};
use crate::sqlite::keys::{primary_key, rowid_alias};
use crate::sqlite::mention::{mentions, reads, update_columns};
use crate::sqlite::rows::Demanded;

impl Draft<'_> {
    pub(super) fn alter_column(
        &mut self,
        number: usize,
        column: &str,
        change: &ColumnChange,
    ) -> Changed {
        let index = self.index_of(column)?;
        let column = self.outline.columns[index].clone();
        let type_end = column.type_span.unwrap_or(column.name_span).end;
        if column.is_generated() && change.sets_values() {
            return Err(AlterError::Generated {
                table: self.name(),
                column: column.name,
            });
        }
        let numbered = self.numbered();
        let mut edits = Edits::default();
        let of = |wanted: fn(&ColumnConstraintKind) -> bool| {
            let constraints = column.constraints.iter();
            constraints
                .filter(move |constraint| wanted(&constraint.kind))
                .map(|constraint| constraint.span)
        };
        match change {
            ColumnChange::SetType {
                to,
                collation,
                using,
            } => {
                self.check_type(&column, to)?;
                if using
                    .as_deref()
                    .is_some_and(|using| reads(using, &self.table.name))
                {
                    return Err(AlterError::ReadsItself { table: self.name() });
                }
                self.convert(number, index, to, using.as_deref());
                match column.type_span {
                    Some(span) => edits.replace(span, to.clone()),
                    None => edits.insert(type_end, format!(" {to}")),
                }
                if let Some(collation) = collation {
                    let collation = format!("COLLATE {}", collation.written());
                    let known =
                        of(|kind| matches!(kind, ColumnConstraintKind::Collate { .. })).next();
                    match known {
                        Some(span) => edits.replace(span, collation),
                        None => edits.insert(type_end, format!(" {collation}")),
                    }
                }
            }
            ColumnChange::SetNotNull => {
                if of(|kind| *kind == ColumnConstraintKind::NotNull)
                    .next()
                    .is_some()
                {
                    return Ok(());
                }
                match of(|kind| *kind == ColumnConstraintKind::Null).next() {
                    Some(span) => edits.replace(span, "NOT NULL"),
                    None => edits.insert(type_end, " NOT NULL"),
                }
                self.demands
                    .push((number, Demanded::NotNull(column.name.clone())));
            }
            ColumnChange::DropNotNull => {
                let key = primary_key(&self.outline).unwrap_or_default();
                if key
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(&column.name))
                {
                    return Err(AlterError::InPrimaryKey {
                        table: self.name(),
                        column: column.name,
                    });
                }
                for span in of(|kind| *kind == ColumnConstraintKind::NotNull) {
                    edits.remove(&self.sql, span);
                }
            }
            ColumnChange::SetDefault { to } => {
                let default = format!("DEFAULT {}", default_value(to));
                let mut known = of(|kind| matches!(kind, ColumnConstraintKind::Default { .. }));
                match known.next() {
                    Some(span) => edits.replace(span, default),
                    None => {
                        let first = column.constraints.first();
                        let at = first
                            .filter(|first| first.kind == ColumnConstraintKind::NotNull)
                            .map_or(type_end, |first| first.span.end);
                        edits.insert(at, format!(" {default}"));
                    }
                }
            }
            ColumnChange::DropDefault => {
                for span in of(|kind| matches!(kind, ColumnConstraintKind::Default { .. })) {
                    edits.remove(&self.sql, span);
                }
            }
        }
        self.edit(edits)?;
        self.demand_numbers(number, numbered.as_deref());
        Ok(())
    }

    /// Refuses to take the type from the column that numbers the rows.
    fn check_type(&self, column: &ColumnOutline, to: &str) -> Changed {
        let alias = rowid_alias(&self.sql, &self.outline);
        let is_alias = alias.is_some_and(|alias| alias.name == column.name);
        match is_alias && !to.eq_ignore_ascii_case("INTEGER") {
            true => Err(AlterError::NumbersRows {
                table: self.name(),
                column: column.name.clone(),
                to: to.to_owned(),
            }),
            false => Ok(()),
        }
    }

    fn convert(&mut self, number: usize, index: usize, to: &str, using: Option<&str>) {
        let column = &self.outline.columns[index];
        self.converted.push((number, column.name.clone()));
        if let Some(using) = using {
            self.sources[index] = Source::Expression(using.to_owned());
            return;
        }
        let before = column.type_span.map_or("", |span| span.text(&self.sql));
        if let Source::Column(from) = &self.sources[index] {
            let converted = Demanded::Type {
                column: from.clone(),
                before: before.to_owned(),
                to: to.to_owned(),
                is_strict: self.outline.strict,
            };
            self.demands.push((number, converted));
        }
    }

    pub(super) fn drop_column(&mut self, index: usize) -> Changed {
        let column = self.outline.columns[index].clone();
        if self.outline.columns.len() == 1 {
            return Err(AlterError::LastColumn {
                table: self.name(),
                column: column.name,
            });
        }
        let what = format!("the column `{}`", column.name);
        self.require_unneeded(what, self.column_dependents(&column))?;
        let mut edits = Edits::default();
        for (number, other) in self.outline.columns.iter().enumerate() {
            for constraint in &other.constraints {
                if number != index
                    && let ColumnConstraintKind::Check { expression } = constraint.kind
                    && mentions(&self.sql, expression, &column.name)
                {
                    edits.remove(&self.sql, constraint.span);
                }
            }
        }
        let mut removed = Vec::new();
        for (number, constraint) in self.outline.constraints.iter().enumerate() {
            if self.has_column(&constraint.kind, &column.name) {
                if let TableConstraintKind::PrimaryKey { .. } = constraint.kind
                    && self.outline.without_rowid
                {
                    return Err(AlterError::NeedsPrimaryKey { table: self.name() });
                }
                removed.push(number);
            }
        }
        self.remove_constraints(&mut edits, &removed);
        let is_key = column
            .constraints
            .iter()
            .any(|constraint| matches!(constraint.kind, ColumnConstraintKind::PrimaryKey { .. }));
        if is_key && self.outline.without_rowid {
            return Err(AlterError::NeedsPrimaryKey { table: self.name() });
        }
        let following = self.following_separator(index, &removed);
        match (column.separator, following) {
            // The comment before it is that of the column before, which stays.
            (Some(separator), Some(following))
                if has_comment(&self.sql, separator.end, column.span.start)
                    && !has_comment(&self.sql, column.span.end, following.start) =>
            {
                edits.replace(column.span, "");
                edits.remove_first(&self.sql, following);
            }
            (Some(separator), _) => {
                edits.remove(&self.sql, separator);
                edits.remove(&self.sql, column.span);
            }
            (None, Some(following)) => {
                edits.replace(column.span, "");
                edits.remove_first(&self.sql, following);
            }
            (None, None) => edits.remove(&self.sql, column.span),
        }
        self.moves_indexes = true;
        self.sources.remove(index);
        self.dropped.push(column.name);
        self.edit(edits)
    }

    /// Returns the comma after a column, unless it goes with one of the constraints that are removed.
    fn following_separator(&self, index: usize, removed: &[usize]) -> Option<Span> {
        match self.outline.columns.get(index + 1) {
            Some(next) => next.separator,
            None if removed.contains(&0) => None,
            None => self.outline.constraints.first()?.separator,
        }
    }

    fn has_column(&self, kind: &TableConstraintKind, column: &str) -> bool {
        let has = |columns: &[String]| {
            let mut columns = columns.iter();
            columns.any(|name| name.eq_ignore_ascii_case(column))
        };
        match kind {
            TableConstraintKind::PrimaryKey { columns, .. }
            | TableConstraintKind::Unique { columns, .. } => has(columns),
            TableConstraintKind::Check { expression } => mentions(&self.sql, *expression, column),
            TableConstraintKind::ForeignKey { columns, .. } => has(columns),
            TableConstraintKind::Nothing => false,
        }
    }

    /// Returns what needs a column, except what is compiled afterwards.
    fn column_dependents(&self, column: &ColumnOutline) -> Vec<Dependent> {
        let mut found = Vec::new();
        for other in &self.outline.columns {
            for constraint in &other.constraints {
                if let ColumnConstraintKind::Generated { expression, .. } = constraint.kind
                    && other.name != column.name
                    && mentions(&self.sql, expression, &column.name)
                {
                    let column = other.name.clone();
                    found.push(Dependent::GeneratedColumn { column });
                }
            }
        }
        for trigger in self.catalog.triggers(self.table) {
            let of = update_columns(trigger.sql.as_deref().unwrap_or_default());
            if of
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&column.name))
            {
                found.push(Dependent::Object {
                    kind: ObjectKind::Trigger,
                    name: trigger.name.clone(),
                });
            }
        }
        found.extend(self.foreign_keys_to(std::slice::from_ref(&column.name), Match::Any));
        found
    }
}

/// Returns a default in SQLite's grammar, which asks for parentheses around expressions.
fn default_value(to: &str) -> String {
    let probe = format!("c DEFAULT {to}");
    let is_read = ColumnOutline::read(&probe).is_some_and(|column| column.constraints.len() == 1);
    match is_read && !is_bare_word(to) {
        true => to.to_owned(),
        false => format!("({to})"),
    }
}

/// Returns whether a default is a word, which SQLite takes for a text, and is no value otherwise.
pub(in crate::sqlite) fn is_bare_word(value: &str) -> bool {
    let values = [
        "NULL",
        "TRUE",
        "FALSE",
        "CURRENT_TIMESTAMP",
        "CURRENT_DATE",
        "CURRENT_TIME",
    ];
    value.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && !value.ends_with('\'')
        && !values.iter().any(|known| value.eq_ignore_ascii_case(known))
}

/// Returns whether there is a comment between two tokens.
fn has_comment(sql: &str, start: usize, end: usize) -> bool {
    sql.get(start..end)
        .is_some_and(|between| !between.trim().is_empty())
}
