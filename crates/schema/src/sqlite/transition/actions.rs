//! The actions of `ALTER TABLE` that make one table of another.

use alembic_sql::{ColumnOutline, quote};

use crate::change::{Change, Hazard, Statement, Verb};
use crate::model::{ObjectId, ObjectKind};
use crate::sqlite::facts::{ColumnFacts, ConstraintFacts, Facts};
use crate::sqlite::names::Demand;
use crate::sqlite::native;
use crate::sqlite::rows::changed;

/// An action of `ALTER TABLE`, and what it is to people.
pub(super) struct Action {
    verb: Verb,
    object: ObjectId,
    sentence: String,
    hazards: Vec<Hazard>,
    /// What follows the name of the table.
    pub(super) sql: String,
}

impl Action {
    /// Returns the change that the action is by itself.
    pub(super) fn change(self, table: &ObjectId) -> Change {
        let statement = format!("ALTER TABLE {} {}", quote(&table.name), self.sql);
        Change {
            verb: self.verb,
            object: self.object,
            sentence: self.sentence,
            hazards: self.hazards,
            statements: vec![Statement::new(statement)],
        }
    }
}

/// Returns the actions that come closest to the table afterwards, in their order.
pub(super) fn between(table: &ObjectId, before: &Facts, after: &Facts) -> Vec<Action> {
    let mut actions = Actions {
        table,
        actions: Vec::new(),
    };
    let is_dropped = |name: &String| after.column(name).is_none();
    let is_added = |name: &String| before.column(name).is_none();
    let (mut gone, mut new) = (
        difference(&before.constraints, &after.constraints),
        difference(&after.constraints, &before.constraints),
    );
    let renamed: Vec<(&ConstraintFacts, &ConstraintFacts)> = gone
        .iter()
        .filter_map(|old| {
            let is_same = |new: &&&ConstraintFacts| new.compared == old.compared;
            let new = new.iter().find(is_same)?;
            (old.written.is_some() && new.written.is_some()).then_some((*old, *new))
        })
        .collect();
    gone.retain(|old| !renamed.iter().any(|(known, _)| std::ptr::eq(*known, *old)));
    new.retain(|new| !renamed.iter().any(|(_, known)| std::ptr::eq(*known, *new)));
    for constraint in gone {
        if !constraint.columns.iter().any(is_dropped) {
            actions.drop_constraint(constraint);
        }
    }
    for (old, new) in renamed {
        actions.rename_constraint(old, new);
    }
    for column in &after.columns {
        match before.column(&column.name) {
            None => actions.add_column(column),
            Some(known) => actions.alter_column(known, column, after.strict),
        }
    }
    for column in &before.columns {
        if is_dropped(&column.name) {
            actions.drop_column(column);
        }
    }
    for constraint in new {
        if !constraint.column.as_ref().is_some_and(is_added) {
            actions.add_constraint(constraint);
        }
    }
    actions.actions
}

/// Returns the constraints that another table does not have, as often as it lacks them.
fn difference<'f>(
    constraints: &'f [ConstraintFacts],
    others: &[ConstraintFacts],
) -> Vec<&'f ConstraintFacts> {
    let mut others: Vec<_> = others.iter().map(ConstraintFacts::key).collect();
    constraints
        .iter()
        .filter(|constraint| {
            let found = others.iter().position(|other| *other == constraint.key());
            found.map(|found| others.swap_remove(found)).is_none()
        })
        .collect()
}

struct Actions<'t> {
    table: &'t ObjectId,
    actions: Vec<Action>,
}

impl Actions<'_> {
    fn push(
        &mut self,
        verb: Verb,
        object: ObjectId,
        sentence: String,
        hazards: Vec<Hazard>,
        sql: String,
    ) {
        self.actions.push(Action {
            verb,
            object,
            sentence,
            hazards,
            sql,
        });
    }

    fn column(&self, name: &str) -> ObjectId {
        self.table.part(ObjectKind::Column, name)
    }

    fn constraint(&self, name: &str) -> ObjectId {
        self.table.part(ObjectKind::Constraint, name)
    }

    fn rewrites(&self) -> Hazard {
        Hazard::Rewrites(self.table.clone())
    }

    fn add_column(&mut self, column: &ColumnFacts) {
        let id = self.column(&column.name);
        let mut hazards = Vec::new();
        if column.not_null.is_some() && column.default.is_none() && column.generated.is_none() {
            hazards.push(Hazard::MayFail(format!("{} has rows", self.table.name)));
        }
        let outline = ColumnOutline::read(&column.sql);
        if outline.is_none_or(|outline| !native::can_add(&column.sql, &outline)) {
            hazards.push(self.rewrites());
        }
        let (sentence, sql) = (format!("added {id}"), format!("ADD COLUMN {}", column.sql));
        self.push(Verb::Create, id, sentence, hazards, sql);
    }

    fn drop_column(&mut self, column: &ColumnFacts) {
        let id = self.column(&column.name);
        let hazards = match column.generated {
            Some(_) => Vec::new(),
            None => vec![Hazard::DestroysValues(id.clone())],
        };
        let sql = format!("DROP COLUMN {}", quote(&column.name));
        self.push(
            Verb::Drop,
            id.clone(),
            format!("removed {id}"),
            hazards,
            sql,
        );
    }

    fn alter_column(&mut self, before: &ColumnFacts, after: &ColumnFacts, is_strict: bool) {
        let id = self.column(&before.name);
        let name = quote(&before.name);
        let (old, new) = (before.compared_default(), after.compared_default());
        let default = after.default.as_deref();
        let has_other_type = before.compared_type() != after.compared_type();
        let collations = [before, after].map(|column| {
            let collation = column.collation.as_deref().unwrap_or("BINARY");
            collation.to_ascii_uppercase()
        });
        if has_other_type || collations[0] != collations[1] {
            let collation = match collations[0] == collations[1] {
                true => String::new(),
                false => format!(" COLLATE {}", quoted_collation(after)),
            };
            let data_type = &after.data_type;
            let sentence = match has_other_type {
                true => format!(
                    "changed the type of {id} from {} to {}",
                    before.data_type, data_type
                ),
                false => format!(
                    "changed the collation of {id} from {} to {}",
                    collations[0], collations[1]
                ),
            };
            let mut hazards = vec![self.rewrites()];
            if changed(&name, &before.data_type, data_type, is_strict).is_some() {
                let why = format!("values of {} would be others", before.name);
                hazards.push(Hazard::MayFail(why));
            }
            let sql = format!("ALTER COLUMN {name} TYPE {data_type}{collation}");
            self.push(Verb::Alter, id.clone(), sentence, hazards, sql);
        }
        if old != new {
            let (sentence, sql) = match default {
                Some(default) => (
                    format!("set the default of {id} to {default}"),
                    format!("ALTER COLUMN {name} SET DEFAULT {default}"),
                ),
                None => (
                    format!("removed the default of {id}"),
                    format!("ALTER COLUMN {name} DROP DEFAULT"),
                ),
            };
            let hazards = vec![self.rewrites()];
            self.push(Verb::Alter, id.clone(), sentence, hazards, sql);
        }
        match (&before.not_null, &after.not_null) {
            (None, Some(_)) => {
                let hazards = vec![self.rewrites(), Hazard::RefusesNull(id.clone())];
                let sentence = format!("made {id} NOT NULL");
                let sql = format!("ALTER COLUMN {name} SET NOT NULL");
                self.push(Verb::Alter, id, sentence, hazards, sql);
            }
            (Some(_), None) => {
                let sentence = format!("made {id} nullable");
                let hazards = vec![self.rewrites()];
                let sql = format!("ALTER COLUMN {name} DROP NOT NULL");
                self.push(Verb::Alter, id, sentence, hazards, sql);
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    fn drop_constraint(&mut self, constraint: &ConstraintFacts) {
        let id = self.constraint(&constraint.name);
        let columns: Vec<String> = constraint.columns.iter().map(|name| quote(name)).collect();
        let columns = columns.join(", ");
        let what = match (&constraint.written, &constraint.demand) {
            (Some(name), _) => format!("CONSTRAINT {}", quote(name)),
            (None, Demand::PrimaryKey(_)) => "PRIMARY KEY".to_owned(),
            (None, Demand::Unique(_)) => format!("UNIQUE ({columns})"),
            (None, Demand::ForeignKey(_)) => format!("FOREIGN KEY ({columns})"),
            (None, Demand::Check(_) | Demand::NotNull) => constraint.definition.trim().to_owned(),
        };
        let hazards = vec![self.rewrites()];
        let sentence = format!("removed {id}");
        self.push(Verb::Drop, id, sentence, hazards, format!("DROP {what}"));
    }

    fn rename_constraint(&mut self, old: &ConstraintFacts, new: &ConstraintFacts) {
        let id = self.constraint(&new.name);
        let sentence = format!("renamed constraint {} to {}", old.name, new.name);
        let sql = format!(
            "RENAME CONSTRAINT {} TO {}",
            quote(&old.name),
            quote(&new.name)
        );
        let hazards = vec![self.rewrites()];
        self.push(Verb::Rename, id, sentence, hazards, sql);
    }

    fn add_constraint(&mut self, constraint: &ConstraintFacts) {
        let id = self.constraint(&constraint.name);
        let why = match constraint.demand {
            Demand::PrimaryKey(_) | Demand::Unique(_) => "rows have the same values",
            Demand::ForeignKey(_) => "rows refer to nothing",
            Demand::Check(_) | Demand::NotNull => "rows do not pass it",
        };
        let hazards = vec![self.rewrites(), Hazard::MayFail(why.to_owned())];
        let name = match &constraint.written {
            Some(name) => format!("CONSTRAINT {} ", quote(name)),
            None => String::new(),
        };
        let sentence = format!("added {id}");
        let sql = format!("ADD {name}{}", constraint.definition.trim());
        self.push(Verb::Create, id, sentence, hazards, sql);
    }
}

/// Returns the collation of a column, in quotes only if they are needed: as a rule, it is written in
/// capitals.
fn quoted_collation(column: &ColumnFacts) -> String {
    let Some(collation) = column.collation.as_deref() else {
        return "BINARY".to_owned();
    };
    match quote(&collation.to_ascii_lowercase()).starts_with('"') {
        true => quote(collation),
        false => collation.to_owned(),
    }
}
