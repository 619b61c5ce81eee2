//! Finds what happens to each object, and what has to get out of its way.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::change::{Change, Verb};
use crate::comparison::{Comparison, Fate, InPlace, Move, MoveKind, Transition};
use crate::engine::room;
use crate::model::{Object, ObjectId, Schema};

/// What happens to the objects of two schemas.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The objects that only the second schema has, and those that are created again.
    pub(super) created: BTreeSet<ObjectId>,
    /// The objects that only the first schema has, and those that are created again.
    pub(super) dropped: BTreeSet<ObjectId>,
    /// The objects that only get another name: old, new, and what gives it.
    pub(super) renamed: Vec<(ObjectId, ObjectId, InPlace)>,
    /// The changes of objects that stay.
    pub(super) altered: BTreeMap<ObjectId, InPlace>,
}

/// Changes that are made at once, and the objects that exist, or are gone, after them.
#[derive(Debug, Default)]
pub(super) struct Operation {
    pub(super) changes: Vec<Change>,
    pub(super) creates: BTreeSet<ObjectId>,
    pub(super) alters: BTreeSet<ObjectId>,
    pub(super) drops: BTreeSet<ObjectId>,
    /// The objects that others create, change or drop before.
    pub(super) follows: BTreeSet<ObjectId>,
    /// The objects that others create, change or drop afterwards.
    pub(super) precedes: BTreeSet<ObjectId>,
    /// Where it brings a table, if it does nothing else.
    pub(super) moves: Option<MoveKind>,
}

impl Operation {
    /// Makes an operation of the move of a table.
    pub(super) fn of_move(step: &Move) -> Self {
        Self {
            changes: vec![step.change.clone()],
            follows: step.follows.clone(),
            precedes: step.precedes.clone(),
            moves: Some(step.kind),
            ..Self::default()
        }
    }

    /// Makes an operation of what changes an object in place.
    fn in_place(alteration: &InPlace, comparison: Comparison<'_>) -> Self {
        let mut operation = Self {
            changes: alteration.changes.clone(),
            alters: alteration.disturbs.clone(),
            ..Self::default()
        };
        for settled in &alteration.settles {
            let before = comparison.from.objects.contains_key(settled);
            let set = match (before, comparison.to.objects.contains_key(settled)) {
                (true, false) => &mut operation.drops,
                (false, _) => &mut operation.creates,
                (true, true) => &mut operation.alters,
            };
            set.insert(settled.clone());
        }
        operation
    }

    /// Lets the creation of a table wait for changes of those that the table is created in.
    pub(super) fn wait(&mut self, waiting: &BTreeMap<ObjectId, BTreeSet<ObjectId>>) {
        let firsts = self.creates.iter().filter_map(|id| waiting.get(id));
        self.follows.extend(firsts.flatten().cloned());
    }

    /// Returns the objects that it creates, changes or drops.
    pub(super) fn touches(&self) -> impl Iterator<Item = &ObjectId> {
        let ids = self.creates.iter().chain(&self.alters);
        ids.chain(&self.drops)
    }
}

/// Finds what happens to each object.
pub(super) fn find(comparison: Comparison<'_>) -> Found {
    let Comparison { from, to, .. } = comparison;
    let room = room(to.dialect);
    let Split {
        dropped,
        kept,
        created,
    } = split(from, to);
    let whole = |ids: Vec<&ObjectId>| {
        let ids = ids.into_iter().filter(|id| !(room.is_part)(id));
        ids.cloned().collect()
    };
    let mut found = Found {
        created: whole(created),
        dropped: whole(dropped),
        ..Found::default()
    };
    found.find_renamed(comparison);
    let mut away = BTreeMap::new();
    for (id, objects) in kept.into_iter().filter(|(id, _)| !(room.is_part)(id)) {
        match (room.transition)(id, objects, comparison) {
            Transition::Same => {}
            Transition::Alter(alteration) => {
                for disturbed in &alteration.disturbs {
                    away.insert(disturbed.clone(), Fate::Disturbed);
                }
                found.altered.insert(id.clone(), alteration);
            }
            Transition::Replace => found.replace(id),
        }
    }
    found.leave_out_settled();
    for id in &found.dropped {
        away.insert(id.clone(), Fate::Dropped);
    }
    found.take_away_dependents(away, comparison);
    found
}

/// The objects of two schemas.
#[derive(Default)]
struct Split<'s> {
    /// Those that only the first schema has.
    dropped: Vec<&'s ObjectId>,
    /// Those that both have, as they are in each.
    kept: Vec<(&'s ObjectId, [&'s Object; 2])>,
    /// Those that only the second schema has.
    created: Vec<&'s ObjectId>,
}

/// Splits the objects of two schemas, which are both read in their order.
fn split<'s>(from: &'s Schema, to: &'s Schema) -> Split<'s> {
    let mut split = Split::default();
    let (mut before, mut after) = (from.objects.iter(), to.objects.iter());
    let (mut old, mut new) = (before.next(), after.next());
    loop {
        let order = match (old, new) {
            (Some((old, _)), Some((new, _))) => old.cmp(new),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return split,
        };
        match (order, old, new) {
            (Ordering::Equal, Some((id, before)), Some((_, after))) => {
                split.kept.push((id, [before, after]));
            }
            (Ordering::Less, Some((id, _)), _) => split.dropped.push(id),
            (Ordering::Greater, _, Some((id, _))) => split.created.push(id),
            _ => unreachable!("what is compared is there"),
        }
        if order.is_le() {
            old = before.next();
        }
        if order.is_ge() {
            new = after.next();
        }
    }
}

impl Found {
    fn find_renamed(&mut self, comparison: Comparison<'_>) {
        let renamed = room(comparison.to.dialect).renamed;
        for old in self.dropped.clone() {
            let mut created = self
                .created
                .iter()
                .filter(|new| old.kind == new.kind && old.schema == new.schema);
            let found = created.find_map(|new| {
                let rename = renamed(&old, new, comparison)?;
                Some((new.clone(), rename))
            });
            if let Some((new, rename)) = found {
                self.dropped.remove(&old);
                self.created.remove(&new);
                self.renamed.push((old, new, rename));
            }
        }
    }

    /// Returns what the changes of other objects do already.
    fn settled(&self) -> BTreeSet<ObjectId> {
        let renames = self.renamed.iter().map(|(_, _, rename)| rename);
        let alterations = self.altered.values().chain(renames);
        let settled = alterations.flat_map(|alteration| alteration.settles.clone());
        settled.collect()
    }

    /// Leaves out what the changes of other objects do already.
    fn leave_out_settled(&mut self) {
        for id in self.settled() {
            self.created.remove(&id);
            self.dropped.remove(&id);
            self.altered.remove(&id);
        }
    }

    fn replace(&mut self, id: &ObjectId) {
        self.altered.remove(id);
        self.dropped.insert(id.clone());
        self.created.insert(id.clone());
    }

    /// Lets the objects that the change of another one would have looked after stand for themselves.
    fn give_up_settled(&mut self, id: &ObjectId, comparison: Comparison<'_>) {
        let Some(alteration) = self.altered.remove(id) else {
            return;
        };
        self.replace_all(alteration.settles, comparison);
    }

    /// Drops and creates objects, as far as each of the schemas has them.
    fn replace_all(&mut self, ids: BTreeSet<ObjectId>, comparison: Comparison<'_>) {
        for id in ids {
            if comparison.from.objects.contains_key(&id) {
                self.dropped.insert(id.clone());
            }
            if comparison.to.objects.contains_key(&id) {
                self.created.insert(id);
            }
        }
    }

    /// Drops and creates what would be renamed, if it cannot stay where it is.
    fn give_up_rename(&mut self, id: &ObjectId, must_go: impl Fn(&ObjectId) -> bool) {
        let mut renames = self.renamed.iter();
        if let Some(at) = renames.position(|(old, _, _)| old == id)
            && must_go(id)
        {
            let (old, new, _) = self.renamed.swap_remove(at);
            self.dropped.insert(old);
            self.created.insert(new);
        }
    }

    /// Drops and creates what would get the names of each other.
    pub(super) fn give_up_renames(
        &mut self,
        names: &BTreeSet<ObjectId>,
        comparison: Comparison<'_>,
    ) {
        let mut away = BTreeMap::new();
        let (given_up, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.renamed)
            .into_iter()
            .partition(|(old, _, _)| names.contains(old));
        self.renamed = kept;
        for (old, new, rename) in given_up {
            self.replace_all(rename.settles, comparison);
            away.insert(old.clone(), Fate::Dropped);
            self.dropped.insert(old);
            self.created.insert(new);
        }
        self.take_away_dependents(away, comparison);
    }

    /// Adds what cannot stay where it is, because something that it needs does not.
    fn take_away_dependents(
        &mut self,
        mut away: BTreeMap<ObjectId, Fate>,
        comparison: Comparison<'_>,
    ) {
        let must_go = room(comparison.to.dialect).must_go;
        if away.is_empty() {
            return;
        }
        let mut dependents: HashMap<&ObjectId, Vec<&ObjectId>> = HashMap::new();
        for (id, object) in &comparison.from.objects {
            for needed in &object.needs {
                dependents.entry(needed).or_default().push(id);
            }
        }
        let mut settled = self.settled();
        let mut left: Vec<(ObjectId, Fate)> =
            away.iter().map(|(id, fate)| (id.clone(), *fate)).collect();
        while let Some((needed, fate)) = left.pop() {
            for dependent in dependents.get(&needed).into_iter().flatten() {
                self.give_up_rename(dependent, |old| must_go(old, &needed, fate, comparison));
                let stays = comparison.to.objects.contains_key(*dependent)
                    && !settled.contains(*dependent)
                    && away.get(*dependent) != Some(&Fate::Dropped);
                if stays && must_go(dependent, &needed, fate, comparison) {
                    if self.altered.contains_key(*dependent) {
                        self.give_up_settled(dependent, comparison);
                        settled = self.settled();
                    }
                    self.replace(dependent);
                    away.insert((*dependent).clone(), Fate::Dropped);
                    left.push(((*dependent).clone(), Fate::Dropped));
                }
            }
        }
    }

    /// Returns the operations; those in `apart` are not made together with their tables.
    pub(super) fn operations(
        &self,
        apart: &BTreeSet<ObjectId>,
        comparison: Comparison<'_>,
    ) -> Vec<Operation> {
        let room = room(comparison.to.dialect);
        let mut operations = Vec::new();
        for (old, new, rename) in &self.renamed {
            let mut operation = Operation::in_place(rename, comparison);
            operation.creates.insert(new.clone());
            operation.drops.insert(old.clone());
            operations.push(operation);
        }
        for (id, alteration) in &self.altered {
            let mut operation = Operation::in_place(alteration, comparison);
            operation.alters.insert(id.clone());
            operations.push(operation);
        }
        let whole: BTreeSet<ObjectId> = self.created.difference(apart).cloned().collect();
        let creations = grouped(&self.created, |id| (room.covers)(id, &whole, comparison));
        for (id, covered) in creations {
            let mut change = (room.create)(&id, &covered, comparison);
            if self.dropped.contains(&id) {
                change.verb = Verb::PutBack;
                change.sentence = format!("recreated {id}");
            }
            let mut creates = covered;
            creates.insert(id);
            operations.push(Operation {
                changes: vec![change],
                creates,
                ..Operation::default()
            });
        }
        let whole: BTreeSet<ObjectId> = self.dropped.difference(apart).cloned().collect();
        let drops = grouped(&self.dropped, |id| {
            (room.drops_with)(id, &whole, comparison)
        });
        for (id, along) in drops {
            let mut change = (room.drop)(&id, comparison);
            if self.created.contains(&id) {
                change.verb = Verb::TakeAway;
                change.sentence = format!("dropped {id} to recreate it");
            }
            let mut drops = along;
            drops.insert(id);
            operations.push(Operation {
                changes: vec![change],
                drops,
                ..Operation::default()
            });
        }
        operations
    }
}

/// Returns the objects that stand for themselves, each with those that it covers.
fn grouped(
    ids: &BTreeSet<ObjectId>,
    covers: impl Fn(&ObjectId) -> BTreeSet<ObjectId>,
) -> Vec<(ObjectId, BTreeSet<ObjectId>)> {
    let groups = ids.iter().map(|id| {
        let mut covered = covers(id);
        covered.remove(id);
        (id, covered)
    });
    let groups: Vec<(&ObjectId, BTreeSet<ObjectId>)> = groups.collect();
    let inner: BTreeSet<ObjectId> = groups
        .iter()
        .flat_map(|(_, covered)| covered.iter().cloned())
        .collect();
    // What nothing covers comes first, and what is left covers nothing that is taken.
    let (outer, others): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|(id, _)| !inner.contains(*id));
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    for (id, mut covered) in outer.into_iter().chain(others) {
        if taken.contains(id) {
            continue;
        }
        covered.retain(|other| taken.insert(other.clone()));
        found.push((id.clone(), covered));
    }
    found
}
