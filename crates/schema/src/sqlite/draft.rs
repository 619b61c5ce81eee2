//! A table's definition while actions change it.

use alembic_sql::{
    AlterAction, ColumnChange, ColumnConstraintKind, ColumnOutline, ConstraintOutline, Dialect,
    DroppedConstraint, Reference, Span, TableConstraintKind, TableOutline, Tokens, quote,
};

use super::catalog::{Catalog, Object, ObjectKind};
use super::edit::Edits;
use super::error::{AlterError, Dependent};
use super::mention::{self, mentions};
use super::names::{Demand, Named, Place, constraints};
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
    /// Whether constraints that have an index of their own were added or dropped.
    pub(super) moves_indexes: bool,
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
            AlterAction::RenameConstraint { from, to } => {
                self.rename_constraint(from.kept(), to.written())
            }
            AlterAction::RenameTable { .. }
            | AlterAction::RenameColumn { .. }
            | AlterAction::Other => {
                unreachable!("only actions that `is_ours` names are given to a draft")
            }
        }
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
        edits.insert(end, format!("{}{definition}", self.separator()));
        for constraint in &column.constraints {
            let demand = match &constraint.kind {
                ColumnConstraintKind::PrimaryKey { .. } => {
                    self.require_no_primary_key()?;
                    Some(Demanded::PrimaryKey(vec![column.name.clone()]))
                }
                ColumnConstraintKind::Unique => Some(Demanded::Unique(vec![column.name.clone()])),
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
                | ColumnConstraintKind::Collate
                | ColumnConstraintKind::Deferral
                | ColumnConstraintKind::Generated { .. }
                | ColumnConstraintKind::Nothing => None,
            };
            self.demands.extend(demand.map(|demand| (number, demand)));
        }
        self.moves_indexes = true;
        self.sources.push(Source::Default);
        self.edit(edits)
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
        Ok(Demanded::ForeignKey {
            columns: own.to_vec(),
            parent: parent.name.clone(),
            parent_columns: columns,
        })
    }

    fn add_constraint(&mut self, number: usize, definition: &str) -> Changed {
        let Some(constraint) = ConstraintOutline::read(definition) else {
            let definition = definition.to_owned();
            return Err(AlterError::UnreadableDefinition { definition });
        };
        let known = constraints(&self.sql, &self.outline);
        if let Some(name) = &constraint.name
            && known
                .iter()
                .any(|known| known.is_written && is_called(known, &name.name))
        {
            return Err(AlterError::ConstraintExists {
                table: self.name(),
                constraint: name.name.clone(),
            });
        }
        let demand = match &constraint.kind {
            TableConstraintKind::PrimaryKey { columns, .. } => {
                self.require_no_primary_key()?;
                self.moves_indexes = true;
                Demanded::PrimaryKey(self.known(columns)?)
            }
            TableConstraintKind::Unique { columns } => {
                self.moves_indexes = true;
                Demanded::Unique(self.known(columns)?)
            }
            TableConstraintKind::Check { expression } => {
                Demanded::Check(expression.text(definition).to_owned())
            }
            TableConstraintKind::ForeignKey { columns, reference } => {
                let columns = self.known(columns)?;
                self.foreign_key(&columns, reference)?
            }
            TableConstraintKind::Nothing => {
                let definition = definition.to_owned();
                return Err(AlterError::UnreadableDefinition { definition });
            }
        };
        self.demands.push((number, demand));
        let mut edits = Edits::default();
        edits.insert(self.end(), format!("{}{definition}", self.separator()));
        self.edit(edits)
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

    fn alter_column(&mut self, number: usize, column: &str, change: &ColumnChange) -> Changed {
        let index = self.index_of(column)?;
        let column = self.outline.columns[index].clone();
        let type_end = column.type_span.unwrap_or(column.name_span).end;
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
                self.convert(number, index, to, using.as_deref());
                match column.type_span {
                    Some(span) => edits.replace(span, to.clone()),
                    None => edits.insert(type_end, format!(" {to}")),
                }
                if let Some(collation) = collation {
                    let collation = format!("COLLATE {}", collation.written());
                    let known = of(|kind| *kind == ColumnConstraintKind::Collate).next();
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
        self.edit(edits)
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
            };
            self.demands.push((number, converted));
        }
    }

    fn drop_column(&mut self, index: usize) -> Changed {
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
        for (number, constraint) in self.outline.constraints.iter().enumerate() {
            if self.has_column(&constraint.kind, &column.name) {
                if let TableConstraintKind::PrimaryKey { .. } = constraint.kind
                    && self.outline.without_rowid
                {
                    return Err(AlterError::NeedsPrimaryKey { table: self.name() });
                }
                self.remove_constraint(&mut edits, number);
            }
        }
        let is_key = column
            .constraints
            .iter()
            .any(|constraint| matches!(constraint.kind, ColumnConstraintKind::PrimaryKey { .. }));
        if is_key && self.outline.without_rowid {
            return Err(AlterError::NeedsPrimaryKey { table: self.name() });
        }
        match (column.separator, self.outline.columns.get(index + 1)) {
            (Some(separator), _) => {
                edits.remove(&self.sql, separator);
                edits.remove(&self.sql, column.span);
            }
            (None, Some(next)) => {
                edits.replace(column.span, "");
                if let Some(separator) = next.separator {
                    edits.remove_first(&self.sql, separator);
                }
            }
            (None, None) => edits.remove(&self.sql, column.span),
        }
        self.moves_indexes = true;
        self.sources.remove(index);
        self.dropped.push(column.name);
        self.edit(edits)
    }

    fn has_column(&self, kind: &TableConstraintKind, column: &str) -> bool {
        let has = |columns: &[String]| {
            let mut columns = columns.iter();
            columns.any(|name| name.eq_ignore_ascii_case(column))
        };
        match kind {
            TableConstraintKind::PrimaryKey { columns, .. }
            | TableConstraintKind::Unique { columns } => has(columns),
            TableConstraintKind::Check { expression } => mentions(&self.sql, *expression, column),
            TableConstraintKind::ForeignKey { columns, reference } => {
                has(columns)
                    || reference.table.eq_ignore_ascii_case(&self.table.name)
                        && has(&reference.columns)
            }
            TableConstraintKind::Nothing => false,
        }
    }

    fn remove_constraint(&self, edits: &mut Edits, index: usize) {
        let constraint = &self.outline.constraints[index];
        if let Some(separator) = constraint.separator {
            edits.remove(&self.sql, separator);
        }
        edits.remove(&self.sql, constraint.span);
    }

    fn require_unneeded(&self, what: String, by: Vec<Dependent>) -> Changed {
        match by.is_empty() {
            true => Ok(()),
            false => Err(AlterError::Needed { what, by }),
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
        found.extend(self.foreign_keys_to(std::slice::from_ref(&column.name), true));
        found
    }

    /// Returns the foreign keys of other tables that refer to columns of this one: to any of them,
    /// or to exactly these.
    fn foreign_keys_to(&self, columns: &[String], any: bool) -> Vec<Dependent> {
        let key = primary_key(&self.outline).unwrap_or_default();
        let tables = self.catalog.objects.iter().filter(|object| {
            object.kind == ObjectKind::Table
                && object.database == self.table.database
                && !object.name.eq_ignore_ascii_case(&self.table.name)
        });
        let mut found = Vec::new();
        for child in tables {
            let outline = child.sql.as_deref().and_then(TableOutline::read);
            for (own, reference) in outline.iter().flat_map(references) {
                let parents = match reference.columns.as_slice() {
                    [] => key.as_slice(),
                    columns => columns,
                };
                let is_one = |parent: &String| {
                    let mut columns = columns.iter();
                    columns.any(|column| column.eq_ignore_ascii_case(parent))
                };
                let refers = match any {
                    true => parents.iter().any(is_one),
                    false => parents.len() == columns.len() && parents.iter().all(is_one),
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

    /// Finds the constraint that a statement names.
    fn find(&self, constraint: &DroppedConstraint) -> Result<Named, AlterError> {
        let known = constraints(&self.sql, &self.outline);
        let same = |columns: &[String], names: &[alembic_sql::Name]| {
            columns.len() == names.len()
                && columns
                    .iter()
                    .zip(names)
                    .all(|(column, name)| column.eq_ignore_ascii_case(name.kept()))
        };
        let text = |sql: &str| {
            let tokens = Tokens::new(sql, Dialect::Sqlite).without_trivia();
            let words: Vec<String> = tokens
                .map(|token| token.span.text(sql).to_ascii_lowercase())
                .collect();
            words
        };
        let is_meant = |named: &&Named| match (constraint, &named.demand) {
            (DroppedConstraint::Named(name), _) => is_called(named, name.kept()),
            (DroppedConstraint::PrimaryKey, Demand::PrimaryKey(_)) => true,
            (DroppedConstraint::Unique(names), Demand::Unique(columns))
            | (DroppedConstraint::ForeignKey(names), Demand::ForeignKey(columns)) => {
                same(columns, names)
            }
            (DroppedConstraint::Check(wanted), Demand::Check(expression)) => {
                text(expression.text(&self.sql)) == text(wanted)
            }
            _ => false,
        };
        let shown = || match constraint {
            DroppedConstraint::Named(name) => name.kept().to_owned(),
            DroppedConstraint::PrimaryKey => "PRIMARY KEY".to_owned(),
            DroppedConstraint::Unique(names) => format!("UNIQUE ({})", written(names)),
            DroppedConstraint::ForeignKey(names) => format!("FOREIGN KEY ({})", written(names)),
            DroppedConstraint::Check(expression) => format!("CHECK ({expression})"),
        };
        let found: Vec<&Named> = known.iter().filter(is_meant).collect();
        // A name that is written counts before one that is not.
        let written: Vec<&&Named> = found.iter().filter(|named| named.is_written).collect();
        match (written.as_slice(), found.as_slice()) {
            ([one], _) if matches!(constraint, DroppedConstraint::Named(_)) => Ok((**one).clone()),
            (_, [one]) => Ok((*one).clone()),
            (_, []) => Err(AlterError::NoConstraint {
                table: self.name(),
                constraint: shown(),
                known: known
                    .iter()
                    .filter_map(|known| known.name.clone())
                    .collect(),
            }),
            _ => Err(AlterError::SeveralConstraints {
                table: self.name(),
                constraint: shown(),
            }),
        }
    }

    fn drop_constraint(&mut self, found: &Named) -> Changed {
        match &found.demand {
            Demand::PrimaryKey(columns) => {
                if self.outline.without_rowid {
                    return Err(AlterError::NeedsPrimaryKey { table: self.name() });
                }
                self.moves_indexes = true;
                let by = self.foreign_keys_to(columns, false);
                self.require_unneeded("the primary key".to_owned(), by)?;
            }
            Demand::Unique(columns) => {
                self.moves_indexes = true;
                if !self.is_unique_otherwise(columns, found.place) {
                    let by = self.foreign_keys_to(columns, false);
                    self.require_unneeded(format!("UNIQUE ({})", columns.join(", ")), by)?;
                }
            }
            Demand::NotNull | Demand::ForeignKey(_) | Demand::Check(_) => {}
        }
        let mut edits = Edits::default();
        match found.place {
            Place::Column(column, number) => {
                let column = &self.outline.columns[column];
                edits.remove(&self.sql, column.constraints[number].span);
            }
            Place::Table(index) => self.remove_constraint(&mut edits, index),
        }
        self.edit(edits)
    }

    /// Returns whether columns are unique by something other than the constraint at `place`.
    fn is_unique_otherwise(&self, columns: &[String], place: Place) -> bool {
        let same = |others: &[String]| {
            others.len() == columns.len()
                && others.iter().all(|other| {
                    let mut columns = columns.iter();
                    columns.any(|column| column.eq_ignore_ascii_case(other))
                })
        };
        let by_constraint = constraints(&self.sql, &self.outline).iter().any(|known| {
            known.place != place
                && match &known.demand {
                    Demand::PrimaryKey(others) | Demand::Unique(others) => same(others),
                    Demand::NotNull | Demand::ForeignKey(_) | Demand::Check(_) => false,
                }
        });
        let by_index = self.catalog.indexes(self.table).any(|index| {
            let sql = index.sql.as_deref().unwrap_or_default();
            let is_unique = sql.get(..13) == Some("CREATE UNIQUE");
            let parts = index_parts(sql);
            is_unique && same(&mention::columns_in(sql, parts).collect::<Vec<_>>())
        });
        by_constraint || by_index
    }

    fn rename_constraint(&mut self, from: &str, to: &str) -> Changed {
        let to_name = mention::name(to);
        let known = constraints(&self.sql, &self.outline);
        let mut written = known.iter().filter(|known| known.is_written);
        if written.any(|known| is_called(known, &to_name) && !from.eq_ignore_ascii_case(&to_name)) {
            return Err(AlterError::ConstraintExists {
                table: self.name(),
                constraint: to_name,
            });
        }
        let tokens = alembic_sql::quote(from);
        let wanted = known.iter().filter(|known| is_called(known, from));
        let wanted: Vec<&Named> = wanted.collect();
        let found = match wanted.as_slice() {
            [] => {
                return Err(AlterError::NoConstraint {
                    table: self.name(),
                    constraint: tokens,
                    known: known
                        .iter()
                        .filter_map(|known| known.name.clone())
                        .collect(),
                });
            }
            [one] => *one,
            several => match several.iter().filter(|known| known.is_written).count() {
                1 => several
                    .iter()
                    .find(|known| known.is_written)
                    .expect("one was counted"),
                _ => {
                    return Err(AlterError::SeveralConstraints {
                        table: self.name(),
                        constraint: from.to_owned(),
                    });
                }
            },
        };
        let (name, span) = match found.place {
            Place::Column(column, number) => {
                let constraint = &self.outline.columns[column].constraints[number];
                (&constraint.name, constraint.span)
            }
            Place::Table(index) => {
                let constraint = &self.outline.constraints[index];
                (&constraint.name, constraint.span)
            }
        };
        let mut edits = Edits::default();
        match name {
            Some(name) => edits.replace(name.span, to),
            None => edits.insert(span.start, format!("CONSTRAINT {to} ")),
        }
        self.edit(edits)
    }
}

fn written(names: &[alembic_sql::Name]) -> String {
    let names: Vec<&str> = names.iter().map(alembic_sql::Name::written).collect();
    names.join(", ")
}

fn is_called(named: &Named, name: &str) -> bool {
    let known = named.name.as_deref();
    known.is_some_and(|known| known.eq_ignore_ascii_case(name))
}

/// Returns a default in SQLite's grammar, which asks for parentheses around expressions.
fn default_value(to: &str) -> String {
    let probe = format!("c DEFAULT {to}");
    let is_read = ColumnOutline::read(&probe).is_some_and(|column| column.constraints.len() == 1);
    let is_word = |word: &str| to.eq_ignore_ascii_case(word);
    let is_name = to.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && !to.ends_with('\'')
        && ![
            "NULL",
            "TRUE",
            "FALSE",
            "CURRENT_TIMESTAMP",
            "CURRENT_DATE",
            "CURRENT_TIME",
        ]
        .into_iter()
        .any(is_word);
    match is_read && !is_name {
        true => to.to_owned(),
        false => format!("({to})"),
    }
}

/// Returns the columns of the primary key.
pub(super) fn primary_key(outline: &TableOutline) -> Option<Vec<String>> {
    let of_table = outline.constraints.iter().find_map(|constraint| {
        let TableConstraintKind::PrimaryKey { columns, .. } = &constraint.kind else {
            return None;
        };
        Some(columns.clone())
    });
    of_table.or_else(|| {
        let column = outline.columns.iter().find(|column| {
            let mut constraints = column.constraints.iter();
            constraints.any(|constraint| {
                matches!(constraint.kind, ColumnConstraintKind::PrimaryKey { .. })
            })
        })?;
        Some(vec![column.name.clone()])
    })
}

/// Returns the column that is another name of the rowid.
pub(super) fn rowid_alias<'o>(sql: &str, outline: &'o TableOutline) -> Option<&'o ColumnOutline> {
    if outline.without_rowid {
        return None;
    }
    let key = primary_key(outline)?;
    let [name] = key.as_slice() else {
        return None;
    };
    let column = outline.column(name)?;
    let is_integer = column
        .type_span
        .is_some_and(|span| mention::name(span.text(sql)).eq_ignore_ascii_case("INTEGER"));
    // As SQLite has it, `DESC` counts here, and not in a constraint of the table.
    let is_descending = column.constraints.iter().any(|constraint| {
        matches!(
            constraint.kind,
            ColumnConstraintKind::PrimaryKey {
                descending: true,
                ..
            }
        )
    });
    (is_integer && !is_descending).then_some(column)
}

/// Returns whether the table keeps the highest number that a row had.
pub(super) fn has_sequence(outline: &TableOutline) -> bool {
    let of_table = outline.constraints.iter().any(|constraint| {
        matches!(
            constraint.kind,
            TableConstraintKind::PrimaryKey {
                autoincrement: true,
                ..
            }
        )
    });
    let mut columns = outline.columns.iter();
    of_table
        || columns.any(|column| {
            column.constraints.iter().any(|constraint| {
                matches!(
                    constraint.kind,
                    ColumnConstraintKind::PrimaryKey {
                        autoincrement: true,
                        ..
                    }
                )
            })
        })
}

/// Returns the foreign keys of a table: its columns, and what they refer to.
fn references(outline: &TableOutline) -> Vec<(Vec<String>, Reference)> {
    let mut found = Vec::new();
    for column in &outline.columns {
        for constraint in &column.constraints {
            if let ColumnConstraintKind::References(reference) = &constraint.kind {
                found.push((vec![column.name.clone()], reference.clone()));
            }
        }
    }
    for constraint in &outline.constraints {
        if let TableConstraintKind::ForeignKey { columns, reference } = &constraint.kind {
            found.push((columns.clone(), reference.clone()));
        }
    }
    found
}

/// Returns the span of an index's columns, without the parentheses.
fn index_parts(sql: &str) -> Span {
    let mut depth = 0_usize;
    let mut start = None;
    for token in Tokens::new(sql, Dialect::Sqlite).without_trivia() {
        match token.span.text(sql) {
            "(" => {
                depth += 1;
                start = start.or(Some(token.span.end));
            }
            ")" => {
                depth -= 1;
                if let (0, Some(start)) = (depth, start) {
                    return Span::new(start, token.span.start);
                }
            }
            _ => {}
        }
    }
    Span::new(sql.len(), sql.len())
}

/// Returns whether an index, view or trigger mentions a column of the name.
pub(super) fn object_mentions(object: &Object, column: &str) -> bool {
    let sql = object.sql.as_deref().unwrap_or_default();
    let start = match object.kind {
        // Its name and its table are no columns.
        ObjectKind::Index => index_parts(sql).start,
        ObjectKind::Table | ObjectKind::View | ObjectKind::Trigger => 0,
    };
    mentions(sql, Span::new(start, sql.len()), column)
}

/// Returns the columns of `UPDATE OF` in a trigger.
fn update_columns(sql: &str) -> Vec<String> {
    let words: Vec<&str> = Tokens::new(sql, Dialect::Sqlite)
        .without_trivia()
        .map(|token| token.span.text(sql))
        .collect();
    let is = |index: usize, word: &str| {
        words
            .get(index)
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    let end = (0..words.len()).find(|index| is(*index, "ON"));
    let start =
        (0..end.unwrap_or_default()).find(|index| is(*index, "UPDATE") && is(index + 1, "OF"));
    match (start, end) {
        (Some(start), Some(end)) => words[start + 2..end]
            .iter()
            .filter(|word| **word != ",")
            .map(|word| mention::name(word))
            .collect(),
        _ => Vec::new(),
    }
}

/// Returns a name as it is written in statements.
pub(super) fn quoted(name: &str) -> String {
    quote(name)
}
