//! How objects that both schemas have become those of the second one.

pub(super) mod attached;
mod column;
pub(super) mod numbering;
mod table;
mod types;
mod view;

pub(crate) use numbering::how_to_number;

use super::{comment, facts};
use crate::change::{Change, Hazard, Statement, Verb};
use crate::comparison::{Comparison, InPlace, Transition};
use crate::model::{Definition, Object, ObjectId, ObjectKind};

/// Returns how an object becomes that of the second schema.
pub(crate) fn transition(
    id: &ObjectId,
    [before, after]: [&Object; 2],
    comparison: Comparison<'_>,
) -> Transition {
    // What becomes of other objects makes no difference to most of them.
    let stands_alone = matches!(id.kind, ObjectKind::Column | ObjectKind::SequenceOwner);
    if stands_alone && before.definition == after.definition && before.comment == after.comment {
        return Transition::Same;
    }
    let mut alteration = Alteration::new(id, comment::is_of_domain(after));
    let is_possible = alter(&mut alteration, before, after, comparison);
    if !is_possible {
        return Transition::Replace;
    }
    if before.comment != after.comment {
        let statement = comment::statement(id, after, after.comment.as_deref());
        alteration.add(format!("changed the comment on {id}"), [statement.sql]);
    }
    alteration.done()
}

/// Adds what makes one object of another, and returns whether that is possible.
fn alter(
    alteration: &mut Alteration,
    before: &Object,
    after: &Object,
    comparison: Comparison<'_>,
) -> bool {
    use Definition as D;
    match (&before.definition, &after.definition) {
        (D::Schema, D::Schema) => true,
        (D::Extension(before), D::Extension(after)) => types::extension(alteration, before, after),
        (D::Enum(before), D::Enum(after)) => types::labels(alteration, before, after, comparison),
        (D::Composite(before), D::Composite(after)) => {
            types::composite(alteration, before, after, comparison)
        }
        (D::Domain(before), D::Domain(after)) => {
            types::domain(alteration, before, after, comparison)
        }
        (D::Sequence(before), D::Sequence(after)) => numbering::sequence(alteration, before, after),
        (D::SequenceOwner(..), D::SequenceOwner(table, column)) => {
            let is_same = before.definition == after.definition;
            is_same || numbering::owner(alteration, table, column)
        }
        (D::Table(before), D::Table(after)) => table::table(alteration, before, after, comparison),
        (D::Column(before), D::Column(after)) => {
            column::column(alteration, before, after, comparison)
        }
        (D::Default(before), D::Default(after)) => {
            column::default(alteration, before, after, comparison)
        }
        (D::Constraint(before), D::Constraint(after)) => {
            attached::constraint(alteration, before, after, comparison)
        }
        (D::Index(before), D::Index(after)) => {
            attached::index(alteration, before, after, comparison)
        }
        (D::View(before), D::View(after)) => view::view(alteration, before, after),
        (D::Routine(old), D::Routine(new)) => {
            let is_early = facts::mentions_changes(after, comparison);
            view::routine(alteration, old, new, is_early)
        }
        (D::Trigger(before), D::Trigger(after)) => attached::trigger(alteration, before, after),
        (D::Statistics(before), D::Statistics(after)) => {
            attached::statistics(alteration, before, after)
        }
        (D::Statements(before), D::Statements(after)) => before == after,
        (D::Statement(before), D::Statement(after)) => {
            before == after || types::range(alteration, comparison)
        }
        (
            D::Schema
            | D::Extension(_)
            | D::Enum(_)
            | D::Composite(_)
            | D::Domain(_)
            | D::Sequence(_)
            | D::SequenceOwner(..)
            | D::Table(_)
            | D::Column(_)
            | D::Default(_)
            | D::Constraint(_)
            | D::Index(_)
            | D::View(_)
            | D::Routine(_)
            | D::Trigger(_)
            | D::Statistics(_)
            | D::Statements(_)
            | D::Statement(_),
            _,
        ) => false,
    }
}

/// What changes an object in place.
struct Alteration {
    id: ObjectId,
    /// Whether it is a constraint of a domain.
    is_of_domain: bool,
    /// The hazards of the change that is added next.
    hazards: Vec<Hazard>,
    made: InPlace,
}

impl Alteration {
    fn new(id: &ObjectId, is_of_domain: bool) -> Self {
        Self {
            id: id.clone(),
            is_of_domain,
            hazards: Vec::new(),
            made: InPlace::default(),
        }
    }

    /// Adds a change.
    fn add(
        &mut self,
        sentence: impl Into<String>,
        statements: impl IntoIterator<Item = impl Into<String>>,
    ) {
        let statements = statements.into_iter().map(Statement::new).collect();
        self.add_statements(sentence, statements);
    }

    /// Adds a change whose statements may stand alone.
    fn add_statements(&mut self, sentence: impl Into<String>, statements: Vec<Statement>) {
        self.made.changes.push(Change {
            verb: Verb::Alter,
            object: self.id.clone(),
            sentence: sentence.into(),
            hazards: std::mem::take(&mut self.hazards),
            statements,
        });
    }

    /// Adds a hazard of the last change.
    fn risk(&mut self, hazard: Hazard) {
        if let Some(change) = self.made.changes.last_mut() {
            change.hazards.push(hazard);
        }
    }

    fn done(self) -> Transition {
        match self.made.changes.is_empty() {
            true => Transition::Same,
            false => Transition::Alter(self.made),
        }
    }
}
