//! Puts what is stated into a schema.

use std::collections::BTreeSet;

use super::key::{Demand, Key, folded, keys, mentions};
use crate::engine::room;
use crate::model::{Column, Definition, Object, ObjectId, ObjectKind, Schema};

/// A schema that gets what another one states.
pub(super) struct Merge<'s> {
    stated: &'s Schema,
    current: &'s Schema,
    left: &'s BTreeSet<ObjectId>,
    dropped: &'s BTreeSet<ObjectId>,
    whole: Schema,
}

impl<'s> Merge<'s> {
    pub(super) fn new(
        stated: &'s Schema,
        current: &'s Schema,
        left: &'s BTreeSet<ObjectId>,
        dropped: &'s BTreeSet<ObjectId>,
    ) -> Self {
        let whole = current.clone();
        Self {
            stated,
            current,
            left,
            dropped,
            whole,
        }
    }

    /// Puts everything in, and returns the whole.
    pub(super) fn finish(mut self) -> Schema {
        for (id, object) in &self.stated.objects {
            match (&object.definition, id.kind) {
                (Definition::Enum(labels), _) => self.add_labels(id, object, labels),
                (Definition::Table(_), _) => self.put_table(id, object),
                // The parts of tables go with them.
                _ if self.stated.table_of(id).is_some() => {}
                _ => self.add(id, object),
            }
        }
        let dropped = self.dropped.iter();
        for table in dropped.filter(|id| self.stated.get(id).is_none()) {
            self.whole
                .leave_out(|id| id == table && id.kind == ObjectKind::Table);
        }
        self.whole
    }

    fn add(&mut self, id: &ObjectId, object: &Object) {
        let entry = self.whole.objects.entry(id.clone());
        entry.or_insert_with(|| object.clone());
    }

    /// Adds the labels that an enum lacks: those that no model has any more may be in use.
    fn add_labels(&mut self, id: &ObjectId, object: &Object, labels: &[String]) {
        let enums = self.whole.objects.iter_mut();
        let mut enums = enums.filter(|(known, _)| known.kind == id.kind && known.name == id.name);
        match enums.next().map(|(_, known)| &mut known.definition) {
            Some(Definition::Enum(known)) => {
                for label in labels {
                    if !known.contains(label) {
                        known.push(label.clone());
                    }
                }
            }
            _ => self.add(id, object),
        }
    }

    fn put_table(&mut self, table: &ObjectId, object: &Object) {
        if self.whole.get(table).is_none() {
            let all = self.stated.objects.iter();
            for (id, part) in all.filter(|(id, _)| self.stated.table_of(id).as_ref() == Some(table))
            {
                self.whole.objects.insert(id.clone(), part.clone());
            }
            return;
        }
        self.put_comment(table, object);
        for (id, column) in self.stated.columns(table) {
            self.put_column(table, id, column);
        }
        for (id, column) in self.current.columns(table) {
            let is_stated = self.stated.get(id).is_some() || self.is_left(id);
            if !is_stated && (self.dropped.contains(id) || self.needs_value(id, column)) {
                self.drop_column(table, id);
            }
        }
        for key in keys(self.stated, table) {
            self.put_key(table, &key);
        }
    }

    /// Returns whether no row can be inserted without a value for a column.
    fn needs_value(&self, id: &ObjectId, column: &Column) -> bool {
        let has_value = column.default.is_some()
            || column.generated.is_some()
            || column.identity.is_some()
            || self.current.get(&id.of_kind(ObjectKind::Default)).is_some();
        column.not_null && !has_value
    }

    fn put_comment(&mut self, id: &ObjectId, object: &Object) {
        if let Some(known) = self.whole.objects.get_mut(id)
            && object.comment.is_some()
        {
            known.comment.clone_from(&object.comment);
        }
    }

    fn is_left(&self, column: &ObjectId) -> bool {
        let is_it = |left: &ObjectId| {
            let folded = |name: &str| folded(self.current, name);
            let parents = [left, column].map(|id| id.parent.as_deref().map(folded));
            parents[0] == parents[1]
                && left.schema == column.schema
                && folded(&left.name) == folded(&column.name)
        };
        self.left.iter().any(is_it)
    }

    fn put_column(&mut self, table: &ObjectId, id: &ObjectId, stated: &Column) {
        let Some(object) = self.stated.get(id) else {
            return;
        };
        let default = id.of_kind(ObjectKind::Default);
        let Some(Definition::Column(known)) = self.whole.get(id).map(|known| &known.definition)
        else {
            let position = self.whole.columns(table).len() + 1;
            let column = Column {
                position,
                ..stated.clone()
            };
            let object = Object {
                definition: Definition::Column(column.into()),
                ..object.clone()
            };
            self.whole.objects.insert(id.clone(), object);
            if let Some(default_object) = self.stated.get(&default) {
                self.whole.objects.insert(default, default_object.clone());
            }
            return;
        };
        if self.is_left(id) {
            return;
        }
        let mut column = known.clone();
        if !(room(self.current.dialect).fits)(&stated.data_type, &known.data_type, self.current) {
            column.data_type.clone_from(&stated.data_type);
        }
        if known.generated.is_none() && !self.is_in_primary_key(table, &id.name) {
            column.not_null = stated.not_null;
        }
        if stated.default.is_some() {
            column.default.clone_from(&stated.default);
        }
        let becomes_nullable = known.not_null && !column.not_null;
        if let Some(known) = self.whole.objects.get_mut(id) {
            known.definition = Definition::Column(column);
        }
        self.put_comment(id, object);
        if let Some(stated) = self.stated.get(&default) {
            self.whole.objects.insert(default, stated.clone());
        }
        if becomes_nullable {
            self.drop_not_null(table, &id.name);
        }
    }

    /// Returns whether a column is in a primary key, which says by itself whether it can be NULL.
    fn is_in_primary_key(&self, table: &ObjectId, column: &str) -> bool {
        let column = folded(self.current, column);
        let all = keys(self.current, table)
            .into_iter()
            .chain(keys(self.stated, table));
        let mut primary = all.filter(|key| key.demand == Demand::PrimaryKey);
        primary.any(|key| key.columns.contains(&column))
    }

    /// Removes the constraint by which a column refuses NULL, where that is an object.
    fn drop_not_null(&mut self, table: &ObjectId, column: &str) {
        let constraints = self.whole.parts(table, ObjectKind::Constraint);
        let own = constraints.filter(|(_, object)| match &object.definition {
            Definition::Constraint(one) => {
                one.kind == crate::model::ConstraintKind::NotNull
                    && one.columns == [column.to_owned()]
            }
            _ => false,
        });
        let own: Vec<ObjectId> = own.map(|(id, _)| id.clone()).collect();
        for id in own {
            self.whole.objects.remove(&id);
        }
    }

    /// Removes a column, and those parts of its table that cannot be without it.
    fn drop_column(&mut self, table: &ObjectId, column: &ObjectId) {
        let name = folded(self.current, &column.name);
        let goes = |id: &ObjectId, object: &Object| match &object.definition {
            Definition::SequenceOwner(of, own) => *of == table.name && *own == column.name,
            Definition::Constraint(constraint) => {
                let mut columns = constraint.columns.iter();
                columns.any(|one| folded(self.current, one) == name)
            }
            Definition::Index(index) => {
                object.needs.contains(column) || mentions(self.current, index, &column.name)
            }
            Definition::Column(_) => id == column,
            _ => object.needs.contains(column),
        };
        let all = self.whole.objects.iter();
        let parts = all.filter(|(id, object)| {
            let is_part = self.whole.table_of(id).as_ref() == Some(table);
            let is_owner = id.kind == ObjectKind::SequenceOwner && id.schema == table.schema;
            (is_part || is_owner) && goes(id, object)
        });
        for id in parts.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            // The sequence of a column goes with it.
            if id.kind == ObjectKind::SequenceOwner {
                let sequence = id.of_kind(ObjectKind::Sequence);
                self.whole.objects.remove(&sequence);
            }
            self.whole.objects.remove(&id);
        }
    }

    /// Puts a constraint or an index in, unless another one already demands as much.
    fn put_key(&mut self, table: &ObjectId, key: &Key) {
        let Some(object) = self.stated.get(&key.id) else {
            return;
        };
        let known = keys(&self.whole, table);
        if key.demand == Demand::Other || known.iter().any(|known| key.is_met_by(known)) {
            return;
        }
        let replaced = known.iter().find(|known| match key.demand {
            Demand::PrimaryKey => known.demand == Demand::PrimaryKey,
            Demand::ForeignKey(_) => key.refers_alike(known),
            Demand::Unique | Demand::Index | Demand::Check(_) | Demand::Other => false,
        });
        let Some(replaced) = replaced else {
            self.whole.objects.insert(key.id.clone(), object.clone());
            return;
        };
        // It keeps its name.
        let mut object = object.clone();
        if let (Definition::Constraint(new), Some(Definition::Constraint(old))) = (
            &mut object.definition,
            self.whole.get(&replaced.id).map(|known| &known.definition),
        ) {
            new.is_named = old.is_named;
        }
        self.whole.objects.insert(replaced.id.clone(), object);
    }
}
