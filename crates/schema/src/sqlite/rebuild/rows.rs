//! What the rows must fulfil, asked before and after they are copied.

use alembic_sql::{ColumnConstraintKind, Span, literal, quote};

use super::planner::{Aside, Planner, rowid};
use crate::sqlite::draft::{Source, is_bare_word};
use crate::sqlite::keys::primary_key;
use crate::sqlite::rows::{Check, Demanded, RowSource, parenthesized};

/// The checks of a rebuild.
#[derive(Default)]
pub(super) struct Requirements {
    /// Of the rows before.
    pub(super) before: Vec<Check>,
    /// Of the rows of the new table.
    pub(super) after: Vec<Check>,
}

impl Planner<'_> {
    /// Returns the checks for what SQLite takes without an error; everything else, the copy fails for.
    pub(super) fn requirements(&self, aside: &Aside) -> Requirements {
        let mut required = Requirements::default();
        for (action, demand) in self.draft.demands() {
            match demand {
                Demanded::Type {
                    column,
                    before,
                    to,
                    is_strict,
                } => {
                    let mut source = self.old(aside);
                    // The value is what the row is told by.
                    let value = RowSource::tell_columns(std::slice::from_ref(column));
                    source.key = format!("{} || ': ' || {value}", source.key);
                    let types = (before.as_str(), to.as_str());
                    let check = source.changed(*action, column, types, *is_strict);
                    required.before.extend(check);
                }
                // For SQLite, most primary keys may be NULL.
                Demanded::PrimaryKey(columns) => {
                    let values = columns.iter().map(|column| self.value(column));
                    // What is computed cannot be in a primary key, as SQLite will say.
                    if let Some(values) = values.collect::<Option<Vec<_>>>() {
                        let check = self.old(aside).nulls(*action, columns, &values);
                        required.before.push(check);
                    }
                }
                Demanded::ForeignKey {
                    columns,
                    parent,
                    parent_columns,
                } => {
                    let qualified = self.qualified(parent);
                    let parent = (parent.as_str(), qualified.as_str());
                    let own = self.new_rows();
                    let check = own.dangling(*action, columns, parent, parent_columns);
                    required.after.push(check);
                }
                Demanded::NotNull(_) | Demanded::Unique(_) | Demanded::Check(_) => {}
            }
        }
        required
    }

    /// Returns the rows before, as they are.
    fn old(&self, aside: &Aside) -> RowSource {
        RowSource {
            from: self.qualified(&aside.name),
            name: self.table.name.clone(),
            key: self.key(aside),
        }
    }

    /// Returns the expression that tells a row before to people.
    pub(super) fn key(&self, aside: &Aside) -> String {
        match (primary_key(self.before), &aside.rowid) {
            (Some(key), _) => RowSource::tell_columns(&key),
            (None, Some(rowid)) => RowSource::tell([("rowid", rowid.as_str())]),
            (None, None) => "'a row'".to_owned(),
        }
    }

    /// Returns the rows of the new table.
    pub(super) fn new_rows(&self) -> RowSource {
        let outline = &self.draft.outline;
        let key = match (primary_key(outline), rowid(outline)) {
            (Some(key), _) => RowSource::tell_columns(&key),
            (None, Some(rowid)) => RowSource::tell([("rowid", rowid)]),
            (None, None) => "'a row'".to_owned(),
        };
        RowSource {
            from: self.qualified(&self.table.name),
            name: self.table.name.clone(),
            key,
        }
    }

    /// Returns the expression, over the table before, for what a column is to become, unless the column is
    /// computed.
    fn value(&self, column: &str) -> Option<String> {
        let outline = &self.draft.outline;
        let mut columns = outline.columns.iter().zip(&self.draft.sources);
        let (column, source) = columns.find(|(known, _)| known.name == column)?;
        match source {
            Source::Column(name) => Some(quote(name)),
            Source::Expression(expression) => Some(parenthesized(expression)),
            Source::Default if column.is_generated() => None,
            Source::Default => {
                let mut constraints = column.constraints.iter();
                let value = constraints.find_map(|constraint| match constraint.kind {
                    ColumnConstraintKind::Default { value } => Some(self.default_value(value)),
                    _ => None,
                });
                Some(value.unwrap_or_else(|| "NULL".to_owned()))
            }
        }
    }

    fn default_value(&self, value: Span) -> String {
        match value.text(&self.draft.sql) {
            word if is_bare_word(word) => literal(word),
            value => parenthesized(value),
        }
    }
}
