//! The objects of other crates in the same database, as far as they are known.

use std::collections::HashSet;

use alembic_history::Direction;
use alembic_schema::{Definition, Object, ObjectId, ObjectKind, Schema};
use alembic_sql::{NamedObject, ObjectClass};

use crate::engine::Engine;
use crate::runner::Runner;
use crate::target::Target;

/// The objects that are known to be other crates', and not to be this one's.
pub(crate) struct OtherObjects {
    own: Vec<NamedObject>,
    others: Vec<NamedObject>,
}

impl OtherObjects {
    /// Collects the objects known for one of `crates`: what the revisions create, whether or not later ones
    /// drop it, what is older, and what the target schemas create.
    pub(crate) fn known(crates: &[(Runner<'_>, Target)], index: usize) -> Self {
        let (own, others): (Vec<_>, Vec<_>) =
            crates.iter().enumerate().partition(|(at, _)| *at == index);
        let named = |crates: Vec<(usize, &(Runner<'_>, Target))>| {
            let crates = crates.into_iter();
            let named = crates.flat_map(|(_, (runner, target))| named_objects(runner, target));
            named.collect()
        };
        Self {
            own: named(own),
            others: named(others),
        }
    }

    /// Returns those of a schema, with the parts of those that are no tables.
    pub(crate) fn of(&self, engine: &dyn Engine, schema: &Schema) -> HashSet<ObjectId> {
        let objects = schema.objects.iter();
        let found = objects.filter(|(id, object)| {
            let named = named_by(id, object, schema);
            named.is_some_and(|(class, name)| self.contains(engine, class, name))
        });
        found.map(|(id, _)| id.clone()).collect()
    }

    fn contains(&self, engine: &dyn Engine, class: ObjectClass, name: &str) -> bool {
        let has = |known: &[NamedObject]| {
            known
                .iter()
                .any(|known| known.class == class && engine.is_same_table(known.name.kept(), name))
        };
        has(&self.others) && !has(&self.own)
    }
}

/// Returns the objects that a crate's SQL gives names to.
fn named_objects(runner: &Runner<'_>, target: &Target) -> Vec<NamedObject> {
    let dialect = runner.dialect;
    let files = runner.base.iter().chain(&target.schema);
    let files = files.flat_map(|file| file.text.statements(dialect));
    let nodes = runner.history.graph().nodes();
    let revisions = nodes.flat_map(|node| runner.all_statements(node, Direction::Upgrade));
    let statements = files.chain(revisions);
    statements
        .filter_map(|statement| NamedObject::of(statement, dialect))
        .collect()
}

/// Returns the class and the name with which SQL names an object, or the one that it is a part of.
fn named_by<'o>(
    id: &'o ObjectId,
    object: &'o Object,
    schema: &Schema,
) -> Option<(ObjectClass, &'o str)> {
    let name = id.name.as_str();
    let class = match id.kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView => {
            ObjectClass::Relation
        }
        ObjectKind::Enum | ObjectKind::Composite | ObjectKind::Range | ObjectKind::Domain => {
            ObjectClass::Type
        }
        ObjectKind::Sequence | ObjectKind::SequenceOwner => ObjectClass::Sequence,
        ObjectKind::Routine => {
            let name = name.split_once('(').map_or(name, |(name, _)| name);
            return Some((ObjectClass::Routine, name));
        }
        ObjectKind::Schema => ObjectClass::Schema,
        ObjectKind::Extension => ObjectClass::Extension,
        ObjectKind::Collation => ObjectClass::Collation,
        ObjectKind::Statistics => ObjectClass::Statistics,
        ObjectKind::TextSearchDictionary | ObjectKind::TextSearchConfiguration => {
            ObjectClass::TextSearch
        }
        ObjectKind::Index => match &object.definition {
            Definition::Index(index) => return Some((ObjectClass::Relation, &index.table)),
            _ => return None,
        },
        // What is on a table goes with it; these can be on a view, or on a domain.
        ObjectKind::Rule | ObjectKind::Trigger => {
            return Some((ObjectClass::Relation, id.parent.as_ref()?));
        }
        ObjectKind::Constraint => {
            let domain = id.parent.as_ref()?;
            let found = ObjectId::new(ObjectKind::Domain, id.schema.as_str(), domain);
            return schema
                .get(&found)
                .map(|_| (ObjectClass::Type, domain.as_str()));
        }
        ObjectKind::Column
        | ObjectKind::Default
        | ObjectKind::Policy
        | ObjectKind::Operator
        | ObjectKind::Cast => return None,
    };
    Some((class, name))
}
