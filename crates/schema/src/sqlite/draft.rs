//! A table's definition while actions change it.

mod columns;
mod constraints;
mod redefine;

pub(super) use columns::is_bare_word;

use alembic_sql::{AlterAction, ColumnConstraintKind, ColumnOutline, Reference, TableOutline};

use super::catalog::{Catalog, Object, ObjectKind};
use super::edit::Edits;
use super::error::{AlterError, Dependent};
use super::keys::{is_unique, primary_key, references, rowid_alias};
use super::names::{Demand, Named, constraints};
use super::rows::Demanded;

/// Where the values of a column come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From this column of the table before.
    Column(String),
    /// From an expression over the table before.
    Expression(String),
    /// From the column's own default, or its expression.
    Default,
}

/// A table's definition, and what was asked of it.
pub(super) struct Draft<'c> {
    catalog: &'c Catalog,
    table: &'c Object,
    pub(super) sql: String,
    pub(super) outline: TableOutline,
    /// Where the values of each column come from.
    pub(super) sources: Vec<Source>,
    pub(super) dropped: Vec<String>,
    /// What the rows must fulfil, each with the number of its action.
    pub(super) demands: Vec<(usize, Demanded)>,
    /// The columns whose values another type may change, each with the number of its action.
    pub(super) converted: Vec<(usize, String)>,
    /// Whether constraints that have an index of their own were added or dropped.
    pub(super) moves_indexes: bool,
}

/// Which of some columns a foreign key must refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    /// One of them.
    Any,
    /// All of them, and no other.
    All,
    /// The primary key, by naming no columns.
    Key,
}

type Changed = Result<(), AlterError>;

impl<'c> Draft<'c> {
    pub(super) fn new(catalog: &'c Catalog, table: &'c Object) -> Result<Self, AlterError> {
        let sql = table.sql.clone().unwrap_or_default();
        let Some(outline) = TableOutline::read(&sql) else {
            let table = table.name.clone();
            return Err(AlterError::UnreadableTable { table });
        };
        let columns = outline.columns.iter();
        let sources = columns.map(|column| match column.is_generated() {
            true => Source::Default,
            false => Source::Column(column.name.clone()),
        });
        Ok(Self {
            catalog,
            table,
            sources: sources.collect(),
            sql,
            outline,
            dropped: Vec::new(),
            demands: Vec::new(),
            converted: Vec::new(),
            moves_indexes: false,
        })
    }

    /// Carries out an action, by its number.
    pub(super) fn apply(&mut self, number: usize, action: &AlterAction) -> Changed {
        match action {
            AlterAction::AddColumn {
                name,
                if_not_exists,
                definition,
                ..
            } => match self.outline.column(name.kept()) {
                Some(_) if *if_not_exists => Ok(()),
                Some(_) => Err(AlterError::ColumnExists {
                    table: self.name(),
                    column: name.kept().to_owned(),
                }),
                None => self.add_column(number, definition),
            },
            AlterAction::AddConstraint { definition, .. } => {
                self.add_constraint(number, definition)
            }
            AlterAction::AlterColumn { column, change } => {
                self.alter_column(number, column.kept(), change)
            }
            AlterAction::DropColumn { cascade: true, .. }
            | AlterAction::DropConstraint { cascade: true, .. } => Err(AlterError::Cascade),
            AlterAction::DropColumn {
                column, if_exists, ..
            } => match self.index_of(column.kept()) {
                Ok(index) => self.drop_column(index),
                Err(_) if *if_exists => Ok(()),
                Err(error) => Err(error),
            },
            AlterAction::DropConstraint {
                constraint,
                if_exists,
                ..
            } => match self.find(constraint) {
                Ok(found) => self.drop_constraint(&found),
                Err(AlterError::NoConstraint { .. }) if *if_exists => Ok(()),
                Err(error) => Err(error),
            },
            AlterAction::Rebuild { definition } => self.redefine(number, definition),
            AlterAction::RenameConstraint { from, to } => {
                self.rename_constraint(from, to.written())
            }
            AlterAction::RenameTable { .. }
            | AlterAction::RenameColumn { .. }
            | AlterAction::Other => {
                unreachable!("only actions that `is_ours` names are given to a draft")
            }
        }
    }

    /// Returns what the rows must fulfil after all actions, each with the number of its action: what
    /// a later action drops demands nothing.
    pub(super) fn demands(&self) -> impl Iterator<Item = &(usize, Demanded)> {
        let known: Vec<Demand> = constraints(&self.sql, &self.outline)
            .into_iter()
            .map(|named| named.demand)
            .collect();
        self.demands.iter().filter(move |(_, demand)| match demand {
            Demanded::PrimaryKey(columns) => known.contains(&Demand::PrimaryKey(columns.clone())),
            Demanded::Unique(columns) => known.contains(&Demand::Unique(columns.clone())),
            Demanded::ForeignKey { columns, .. } => {
                known.contains(&Demand::ForeignKey(columns.clone()))
            }
            Demanded::Type { column, .. } => self.sources.contains(&Source::Column(column.clone())),
            Demanded::NotNull(column) => self.outline.column(column).is_some(),
            Demanded::Check(_) => true,
        })
    }

    fn name(&self) -> String {
        self.table.name.clone()
    }

    fn index_of(&self, column: &str) -> Result<usize, AlterError> {
        let mut columns = self.outline.columns.iter();
        let found = columns.position(|known| known.name.eq_ignore_ascii_case(column));
        found.ok_or_else(|| AlterError::NoColumn {
            table: self.name(),
            column: column.to_owned(),
        })
    }

    fn edit(&mut self, edits: Edits) -> Changed {
        self.sql = edits.apply(&self.sql);
        let table = self.name();
        let read = TableOutline::read(&self.sql);
        self.outline = read.ok_or(AlterError::UnreadableTable { table })?;
        Ok(())
    }

    /// Returns the end of the last column or constraint.
    fn end(&self) -> usize {
        let last_column = self.outline.columns.last().map(|column| column.span.end);
        let last = self.outline.constraints.last();
        last.map(|constraint| constraint.span.end)
            .or(last_column)
            .unwrap_or_default()
    }

    /// Returns what stands between two columns: a comma, and the space after it.
    fn separator(&self) -> String {
        let last = self.outline.columns.last();
        let start = match last {
            Some(column) => column.span.start,
            None => self.end(),
        };
        let before = &self.sql[..start];
        let space = &before[before.trim_end().len()..];
        let is_line = space.contains('\n');
        let is_first = last.is_none_or(|column| column.separator.is_none());
        match is_line || !is_first && !space.is_empty() {
            true => format!(",{space}"),
            false => ", ".to_owned(),
        }
    }

    fn add_column(&mut self, number: usize, definition: &str) -> Changed {
        let Some(column) = ColumnOutline::read(definition) else {
            let definition = definition.to_owned();
            return Err(AlterError::UnreadableDefinition { definition });
        };
        let last = self.outline.columns.last();
        let end = last.map_or_else(|| self.end(), |column| column.span.end);
        let mut edits = Edits::default();
        edits.insert_item(&self.sql, end, &self.separator(), definition);
        let (mut demands, mut has_index) = (Vec::new(), false);
        for constraint in &column.constraints {
            let demand = match &constraint.kind {
                ColumnConstraintKind::PrimaryKey { .. } => {
                    self.require_no_primary_key()?;
                    has_index = true;
                    Some(Demanded::PrimaryKey(vec![column.name.clone()]))
                }
                ColumnConstraintKind::Unique => {
                    has_index = true;
                    Some(Demanded::Unique(vec![column.name.clone()]))
                }
                ColumnConstraintKind::NotNull => Some(Demanded::NotNull(column.name.clone())),
                ColumnConstraintKind::Check { expression } => {
                    Some(Demanded::Check(expression.text(definition).to_owned()))
                }
                ColumnConstraintKind::References(reference) => {
                    let own = vec![column.name.clone()];
                    Some(self.foreign_key(&own, reference)?)
                }
                ColumnConstraintKind::Null
                | ColumnConstraintKind::Default { .. }
                | ColumnConstraintKind::Collate { .. }
                | ColumnConstraintKind::Deferral
                | ColumnConstraintKind::Generated { .. }
                | ColumnConstraintKind::Nothing => None,
            };
            demands.extend(demand.map(|demand| (number, demand)));
        }
        self.moves_indexes |= has_index;
        self.sources.push(Source::Default);
        self.edit(edits)?;
        // SQLite numbers the rows.
        if self.numbered().as_deref() == Some(column.name.as_str()) {
            demands.retain(|(_, demand)| {
                !matches!(demand, Demanded::PrimaryKey(_) | Demanded::NotNull(_))
            });
        }
        self.demands.extend(demands);
        Ok(())
    }

    fn require_no_primary_key(&self) -> Changed {
        let has_one = |named: Named| matches!(named.demand, Demand::PrimaryKey(_));
        match constraints(&self.sql, &self.outline)
            .into_iter()
            .any(has_one)
        {
            true => Err(AlterError::HasPrimaryKey { table: self.name() }),
            false => Ok(()),
        }
    }

    /// Returns what a foreign key demands, if the columns that it refers to exist.
    fn foreign_key(&self, own: &[String], reference: &Reference) -> Result<Demanded, AlterError> {
        let is_self = reference.table.eq_ignore_ascii_case(&self.table.name);
        let parent = self
            .catalog
            .relation(&self.table.database, &reference.table);
        let Some(parent) = parent else {
            let table = reference.table.clone();
            return Err(AlterError::NoTable { table });
        };
        let read = match is_self {
            true => Some(self.outline.clone()),
            false => parent.sql.as_deref().and_then(TableOutline::read),
        };
        let Some(outline) = read else {
            let table = reference.table.clone();
            return Err(AlterError::UnreadableTable { table });
        };
        for column in &reference.columns {
            let is_own = is_self && own.contains(column);
            if !is_own && outline.column(column).is_none() {
                return Err(AlterError::NoColumn {
                    table: parent.name.clone(),
                    column: column.clone(),
                });
            }
        }
        let columns = match reference.columns.as_slice() {
            [] => primary_key(&outline).unwrap_or_default(),
            columns => columns.to_vec(),
        };
        let parent_sql = match is_self {
            true => self.sql.as_str(),
            false => parent.sql.as_deref().unwrap_or_default(),
        };
        let is_new = is_self && columns.iter().all(|column| own.contains(column));
        // Whatever its collations, a key may refer to the primary key without naming its columns.
        let is_key = is_new
            || reference.columns.is_empty()
            || is_unique(self.catalog, parent, (parent_sql, &outline), &columns, None);
        if columns.is_empty() || !is_key {
            return Err(AlterError::NoKey {
                table: parent.name.clone(),
                columns: reference.columns.clone(),
            });
        }
        if columns.len() != own.len() {
            return Err(AlterError::KeyLength {
                columns: own.to_vec(),
                parent_columns: columns,
            });
        }
        Ok(Demanded::ForeignKey {
            columns: own.to_vec(),
            parent: parent.name.clone(),
            parent_columns: columns,
        })
    }

    /// Returns columns by the names that the table gives them.
    fn known(&self, columns: &[String]) -> Result<Vec<String>, AlterError> {
        let columns = columns.iter();
        let known = columns.map(|column| {
            let index = self.index_of(column)?;
            Ok(self.outline.columns[index].name.clone())
        });
        known.collect()
    }

    fn require_unneeded(&self, what: String, by: Vec<Dependent>) -> Changed {
        match by.is_empty() {
            true => Ok(()),
            false => Err(AlterError::Needed { what, by }),
        }
    }

    /// Returns the column that numbers the rows.
    fn numbered(&self) -> Option<String> {
        Some(rowid_alias(&self.sql, &self.outline)?.name.clone())
    }

    /// If another column than before numbers the rows, its values must be numbers: SQLite would
    /// choose one for NULL.
    fn demand_numbers(&mut self, number: usize, before: Option<&str>) {
        let Some(column) = self.numbered() else {
            return;
        };
        let index = self
            .outline
            .columns
            .iter()
            .position(|known| known.name == column);
        let source = index.map(|index| &self.sources[index]);
        if before != Some(column.as_str())
            && let Some(Source::Column(from)) = source
        {
            let converted = Demanded::Type {
                column: from.clone(),
                before: String::new(),
                to: "INTEGER".to_owned(),
                is_strict: self.outline.strict,
            };
            self.demands.push((number, converted));
            let key = (number, Demanded::PrimaryKey(vec![column]));
            if !self.demands.contains(&key) {
                self.demands.push(key);
            }
        }
    }

    /// Returns the foreign keys that refer to columns of this table.
    fn foreign_keys_to(&self, columns: &[String], wanted: Match) -> Vec<Dependent> {
        let key = primary_key(&self.outline).unwrap_or_default();
        let tables = self.catalog.objects.iter().filter(|object| {
            object.kind == ObjectKind::Table && object.database == self.table.database
        });
        let mut found = Vec::new();
        for child in tables {
            let is_self = child.name.eq_ignore_ascii_case(&self.table.name);
            let outline = match is_self {
                true => Some(self.outline.clone()),
                false => child.sql.as_deref().and_then(TableOutline::read),
            };
            for (own, reference) in outline.iter().flat_map(references) {
                let parents = match reference.columns.as_slice() {
                    [] => key.as_slice(),
                    columns => columns,
                };
                let is_one = |parent: &String| {
                    let mut columns = columns.iter();
                    columns.any(|column| column.eq_ignore_ascii_case(parent))
                };
                let refers = match wanted {
                    // A foreign key of the table itself goes with its own column.
                    Match::Any => {
                        parents.iter().any(is_one) && !(is_self && own.iter().any(is_one))
                    }
                    Match::Key => reference.columns.is_empty(),
                    Match::All => parents.len() == columns.len() && parents.iter().all(is_one),
                };
                if refers && reference.table.eq_ignore_ascii_case(&self.table.name) {
                    found.push(Dependent::ForeignKey {
                        table: child.name.clone(),
                        columns: own,
                    });
                }
            }
        }
        found
    }
}
