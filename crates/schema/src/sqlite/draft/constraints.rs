//! Actions on constraints.

use alembic_sql::{
    ConstraintOutline, Dialect, DroppedConstraint, Name, TableConstraintKind, Tokens,
};

use super::{Changed, Draft, Match};
use crate::sqlite::edit::Edits;
use crate::sqlite::error::AlterError;
use crate::sqlite::keys::is_unique;
use crate::sqlite::mention;
use crate::sqlite::names::{Demand, Named, Place, constraints};
use crate::sqlite::rows::Demanded;

impl Draft<'_> {
    pub(super) fn add_constraint(&mut self, number: usize, definition: &str) -> Changed {
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
            TableConstraintKind::Unique { columns, .. } => {
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
        edits.insert_item(&self.sql, self.end(), &self.separator(), definition);
        let numbered = self.numbered();
        self.edit(edits)?;
        self.demand_numbers(number, numbered.as_deref());
        Ok(())
    }

    /// Removes constraints of the table, by their numbers in order.
    pub(super) fn remove_constraints(&self, edits: &mut Edits, removed: &[usize]) {
        let all = &self.outline.constraints;
        for index in removed.iter().copied() {
            // The next one may have none, and need this one.
            let next = (index + 1..all.len())
                .find(|next| all[*next].separator.is_some() || !removed.contains(next));
            let is_needed = next.is_some_and(|next| all[next].separator.is_none());
            if let (Some(separator), false) = (all[index].separator, is_needed) {
                edits.remove(&self.sql, separator);
            }
            edits.remove(&self.sql, all[index].span);
        }
    }

    /// Refuses to drop the constraint at a place if a foreign key refers to its columns.
    fn require_unreferenced(&self, what: String, columns: &[String], place: Place) -> Changed {
        let own = (self.sql.as_str(), &self.outline);
        match is_unique(self.catalog, self.table, own, columns, Some(place)) {
            true => Ok(()),
            false => self.require_unneeded(what, self.foreign_keys_to(columns, Match::All)),
        }
    }

    /// Finds the constraint that a statement names.
    pub(super) fn find(&self, constraint: &DroppedConstraint) -> Result<Named, AlterError> {
        let known = constraints(&self.sql, &self.outline);
        let same = |columns: &[String], names: &[Name]| {
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
        // A name that is written counts before one that is not. By what it says, the constraint is
        // meant that has no name to say.
        let is_named = matches!(constraint, DroppedConstraint::Named(_));
        let first = found.iter().filter(|named| named.is_written == is_named);
        let first: Vec<&&Named> = first.collect();
        match (first.as_slice(), found.as_slice()) {
            ([one], _) => Ok((**one).clone()),
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

    pub(super) fn drop_constraint(&mut self, found: &Named) -> Changed {
        match &found.demand {
            Demand::PrimaryKey(columns) => {
                if self.outline.without_rowid {
                    return Err(AlterError::NeedsPrimaryKey { table: self.name() });
                }
                self.moves_indexes = true;
                let what = "the primary key".to_owned();
                self.require_unneeded(what.clone(), self.foreign_keys_to(columns, Match::Key))?;
                self.require_unreferenced(what, columns, found.place)?;
            }
            Demand::Unique(columns) => {
                self.moves_indexes = true;
                let what = format!("UNIQUE ({})", columns.join(", "));
                self.require_unreferenced(what, columns, found.place)?;
            }
            Demand::NotNull | Demand::ForeignKey(_) | Demand::Check(_) => {}
        }
        let mut edits = Edits::default();
        match found.place {
            Place::Column(column, number) => {
                let column = &self.outline.columns[column];
                edits.remove(&self.sql, column.constraints[number].span);
            }
            Place::Table(index) => self.remove_constraints(&mut edits, &[index]),
        }
        self.edit(edits)
    }

    pub(super) fn rename_constraint(&mut self, from: &Name, to: &str) -> Changed {
        let to_name = mention::name(to);
        let known = constraints(&self.sql, &self.outline);
        let mut written = known.iter().filter(|known| known.is_written);
        if written
            .any(|known| is_called(known, &to_name) && !from.kept().eq_ignore_ascii_case(&to_name))
        {
            return Err(AlterError::ConstraintExists {
                table: self.name(),
                constraint: to_name,
            });
        }
        let found = self.find(&DroppedConstraint::Named(from.clone()))?;
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

fn written(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(Name::written).collect();
    names.join(", ")
}

fn is_called(named: &Named, name: &str) -> bool {
    let known = named.name.as_deref();
    known.is_some_and(|known| known.eq_ignore_ascii_case(name))
}
