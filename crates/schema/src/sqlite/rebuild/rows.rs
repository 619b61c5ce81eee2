//! The rows of a table before and after a rebuild.

use alembic_sql::{ColumnConstraintKind, ColumnOutline, Span, literal, quote};

use super::planner::{Aside, Planner};
use crate::sqlite::draft::{Source, is_bare_word};
use crate::sqlite::keys::primary_key;
use crate::sqlite::rows::{Demanded, RowSource};

impl Planner<'_> {
    /// Returns the rows before, as they are.
    pub(super) fn old(&self, aside: &Aside) -> RowSource {
        let columns = self.stored_before().map(|name| {
            let expression = quote(&name);
            (name, expression)
        });
        let columns: Vec<(String, String)> = columns.collect();
        let mut source = RowSource {
            from: self.qualified(&aside.name),
            name: self.table.name.clone(),
            key: self.key(aside),
            columns,
        };
        // The value is what the row is told by.
        let changed = self
            .draft
            .demands
            .iter()
            .find_map(|(_, demand)| match demand {
                Demanded::Type { column, .. } => Some(column.clone()),
                _ => None,
            });
        if let Some(column) = changed {
            let value = RowSource::tell(&[(column.clone(), quote(&column))]);
            source.key = format!("{} || ': ' || {value}", source.key);
        }
        source
    }

    /// Returns the expression that tells a row before to people.
    pub(super) fn key(&self, aside: &Aside) -> String {
        match (primary_key(self.before), &aside.rowid) {
            (Some(key), _) => {
                let columns = key.into_iter().map(|name| {
                    let expression = quote(&name);
                    (name, expression)
                });
                RowSource::tell(&columns.collect::<Vec<_>>())
            }
            (None, Some(rowid)) => RowSource::tell(&[("rowid".to_owned(), rowid.clone())]),
            (None, None) => "'a row'".to_owned(),
        }
    }

    /// Returns the rows before, as they are to become.
    pub(super) fn source(&self, aside: &Aside) -> RowSource {
        let mut columns = Vec::new();
        for (column, source) in self.draft.outline.columns.iter().zip(&self.draft.sources) {
            let expression = match source {
                Source::Column(name) => quote(name),
                Source::Expression(expression) => format!("(\n{expression}\n)"),
                Source::Default if self.is_kept(column) => quote(&column.name),
                Source::Default => self.default_of(column),
            };
            columns.push((column.name.clone(), expression));
        }
        RowSource {
            from: self.qualified(&aside.name),
            name: self.table.name.clone(),
            key: self.key(aside),
            columns,
        }
    }

    /// Returns whether a column is one of the table before.
    fn is_kept(&self, column: &ColumnOutline) -> bool {
        let is_dropped = |name: &String| name.eq_ignore_ascii_case(&column.name);
        self.before.column(&column.name).is_some() && !self.draft.dropped.iter().any(is_dropped)
    }

    fn default_of(&self, column: &ColumnOutline) -> String {
        let text = |span: Span| span.text(&self.draft.sql);
        let mut constraints = column.constraints.iter();
        let value = constraints.find_map(|constraint| match constraint.kind {
            ColumnConstraintKind::Default { value } if is_bare_word(text(value)) => {
                Some(literal(text(value)))
            }
            ColumnConstraintKind::Default { value: span }
            | ColumnConstraintKind::Generated {
                expression: span, ..
            } => Some(text(span).to_owned()),
            _ => None,
        });
        // A comment at its end would swallow the parenthesis.
        value.map_or_else(|| "NULL".to_owned(), |value| format!("(\n{value}\n)"))
    }

    /// Returns the rows of the new table.
    pub(super) fn new_rows(&self) -> RowSource {
        let outline = &self.draft.outline;
        let columns = outline.columns.iter().map(|column| {
            let expression = quote(&column.name);
            (column.name.clone(), expression)
        });
        let columns: Vec<(String, String)> = columns.collect();
        let key = primary_key(outline).map(|key| {
            let key = key.into_iter().map(|name| {
                let expression = quote(&name);
                (name, expression)
            });
            RowSource::tell(&key.collect::<Vec<_>>())
        });
        RowSource {
            from: self.qualified(&self.table.name),
            name: self.table.name.clone(),
            key: key.unwrap_or_else(|| RowSource::tell(&columns)),
            columns,
        }
    }
}
