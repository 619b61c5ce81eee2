//! The objects of other crates in the same database, as far as they are known.

use std::collections::{HashMap, HashSet};

use alembic_history::Direction;
use alembic_schema::{Definition, Object, ObjectId, ObjectKind, Schema};
use alembic_sql::{FileStatement, NamedObject, ObjectClass};

use crate::engine::Engine;
use crate::runner::Runner;
use crate::target::Target;

/// The objects that are known to be other crates', and not to be this one's.
pub(crate) struct OtherObjects {
    /// What this crate creates or changes.
    own: Vec<NamedObject>,
    /// What the others create.
    others: Vec<NamedObject>,
}

impl OtherObjects {
    /// Collects the objects known for one of `crates`: what the revisions create, whether or not later ones
    /// drop it, what is older, and what the target schemas create. What this one changes counts as its own.
    pub(crate) fn known(crates: &[(Runner<'_>, Target)], index: usize) -> Self {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (number, (runner, target)) in crates.iter().enumerate() {
            let dialect = runner.dialect;
            let statements = statements(runner, target).into_iter();
            match number == index {
                true => own.extend(
                    statements.filter_map(|statement| NamedObject::touched_by(statement, dialect)),
                ),
                false => others
                    .extend(statements.filter_map(|statement| NamedObject::of(statement, dialect))),
            }
        }
        Self { own, others }
    }

    /// Returns those of a schema, with what is on them and is not this crate's.
    pub(crate) fn of(&self, engine: &dyn Engine, schema: &Schema) -> HashSet<ObjectId> {
        let is_of_others = |id: &ObjectId, object: &Object| {
            let key = named_by(id, object)?;
            let is = |known: &[NamedObject]| known.iter().any(|known| key.is(engine, known));
            match (is(&self.own), is(&self.others)) {
                (true, _) => Some(false),
                (false, true) => Some(true),
                (false, false) => None,
            }
        };
        let objects = schema.objects.iter();
        let named = objects.filter_map(|(id, object)| Some((id, is_of_others(id, object)?)));
        let named: HashMap<&ObjectId, bool> = named.collect();
        let ids = schema.objects.keys();
        let found = ids.filter(|id| {
            let by_itself = named.get(id).copied();
            let with_owner = || named.get(&owner_of(id, schema)?).copied();
            by_itself.or_else(with_owner).unwrap_or(false)
        });
        found.cloned().collect()
    }
}

/// Returns all SQL of a crate that creates something.
fn statements<'r>(runner: &'r Runner<'_>, target: &'r Target) -> Vec<FileStatement<'r>> {
    let files = runner.base.iter().chain(&target.schema);
    let files = files.flat_map(|file| file.text.statements(runner.dialect));
    let nodes = runner.history.graph().nodes();
    let revisions = nodes.flat_map(|node| runner.all_statements(node, Direction::Upgrade));
    files.chain(revisions).collect()
}

/// How SQL names an object.
struct Key<'o> {
    class: ObjectClass,
    name: &'o str,
    on: Option<&'o str>,
}

impl Key<'_> {
    fn is(&self, engine: &dyn Engine, known: &NamedObject) -> bool {
        let on = known.on.as_ref().map(|on| on.kept());
        let is_on = match (self.on, on) {
            (Some(one), Some(other)) => engine.is_same_table(one, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.class == known.class && is_on && engine.is_same_table(known.name.kept(), self.name)
    }
}

/// Returns how SQL names an object; `None` for a part that is only named with what it is a part of.
fn named_by<'o>(id: &'o ObjectId, object: &Object) -> Option<Key<'o>> {
    let name = id.name.as_str();
    let whole = |class| Key {
        class,
        name,
        on: None,
    };
    let part = |class| Key {
        class,
        name,
        on: id.parent.as_deref(),
    };
    Some(match id.kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView => {
            whole(ObjectClass::Relation)
        }
        ObjectKind::Enum | ObjectKind::Composite | ObjectKind::Range | ObjectKind::Domain => {
            whole(ObjectClass::Type)
        }
        ObjectKind::Sequence | ObjectKind::SequenceOwner => whole(ObjectClass::Sequence),
        ObjectKind::Routine => Key {
            name: name.split_once('(').map_or(name, |(name, _)| name),
            ..whole(ObjectClass::Routine)
        },
        ObjectKind::Schema => whole(ObjectClass::Schema),
        ObjectKind::Extension => whole(ObjectClass::Extension),
        ObjectKind::Collation => whole(ObjectClass::Collation),
        ObjectKind::Statistics => whole(ObjectClass::Statistics),
        ObjectKind::TextSearchDictionary | ObjectKind::TextSearchConfiguration => {
            whole(ObjectClass::TextSearch)
        }
        // One that is a constraint's has its name.
        ObjectKind::Index => match &object.definition {
            Definition::Index(_) => whole(ObjectClass::Index),
            _ => return None,
        },
        ObjectKind::Trigger => part(ObjectClass::Trigger),
        ObjectKind::Rule => part(ObjectClass::Rule),
        ObjectKind::Policy => part(ObjectClass::Policy),
        ObjectKind::Column
        | ObjectKind::Default
        | ObjectKind::Constraint
        | ObjectKind::Operator
        | ObjectKind::Cast => return None,
    })
}

/// Returns what an object is a part of, or goes with when that is dropped.
fn owner_of(id: &ObjectId, schema: &Schema) -> Option<ObjectId> {
    schema.table_with(id).or_else(|| {
        let name = match schema.get(id).map(|object| &object.definition) {
            Some(Definition::Index(index)) => &index.table,
            _ => id.parent.as_ref()?,
        };
        let kinds = [
            ObjectKind::View,
            ObjectKind::MaterializedView,
            ObjectKind::Domain,
        ];
        let owners = kinds.map(|kind| ObjectId::new(kind, id.schema.as_str(), name));
        owners.into_iter().find(|owner| schema.get(owner).is_some())
    })
}
