//! The comparison of two schemas on one engine.

use std::collections::BTreeSet;

use alembic_migrate::Dialect;
use alembic_migrate::schema::{Change, DiffOptions, ObjectId, Schema, Verb, diff};
use alembic_schema::{Filter, Rename, Way};

use super::answers::Answers;
use super::origin::Origin;
use crate::database::scratch::Scratch;
use crate::explain;
use crate::output::Result;
use crate::replay::Replay;
use crate::schemas::{Target, changes, not_compared, renames};

/// The comparison of two schemas on one engine.
pub(super) struct Side<'r> {
    pub(super) replay: Replay<'r>,
    /// A database with the schema before.
    pub(super) origin: Origin,
    /// The schema before.
    pub(super) before: Schema,
    pub(super) target: Schema,
    /// What the target does not state, in words.
    pub(super) unstated: Option<String>,
    pub(super) filter: Filter,
    pub(super) options: DiffOptions,
    /// The changes that make the target, renames first.
    pub(super) upgrade: Vec<Change>,
    /// The changes that take them back.
    pub(super) downgrade: Vec<Change>,
    /// What is detected and cannot be written.
    pub(super) omissions: Vec<Omission>,
    renames: Vec<Rename>,
    /// The schema before, with the names that the target has.
    renamed: Schema,
    /// The objects that are not compared, because their changes cannot be written.
    omitted: BTreeSet<ObjectId>,
}

/// A change that is detected and cannot be written.
pub(super) struct Omission {
    /// The change, as a person says it.
    pub(super) sentence: String,
    /// Why it cannot be written.
    pub(super) reason: String,
}

impl<'r> Side<'r> {
    pub(super) fn compare(
        replay: Replay<'r>,
        mut origin: Origin,
        filter: &Filter,
        answers: &Answers,
        options: DiffOptions,
    ) -> Result<Self> {
        let mut before = replay.inspect(&mut origin.scratch)?;
        filter.apply(&mut before);
        let stated = Target::read(&replay, &before)?;
        let dropped = answers.dropped(&before)?;
        let completed = |current: &Schema| {
            let mut target = stated.completed(current, &dropped);
            filter.apply(&mut target);
            target
        };
        let renames = answers.find(&before, &completed(&before), &stated.renames)?;
        let renamed = match renames.as_slice() {
            [] => before.clone(),
            renames => {
                let mut copy = origin.scratch.copy()?;
                renames::execute(renames, &copy)?;
                let mut renamed = replay.inspect(&mut copy)?;
                filter.apply(&mut renamed);
                renamed
            }
        };
        let target = completed(&renamed);
        answers.check(&renamed, &target)?;
        let mut side = Self {
            replay,
            origin,
            before,
            unstated: stated.unstated(&target),
            target,
            filter: filter.clone(),
            options,
            upgrade: Vec::new(),
            downgrade: Vec::new(),
            omissions: Vec::new(),
            renames,
            renamed,
            omitted: BTreeSet::new(),
        };
        side.find_changes()?;
        Ok(side)
    }

    /// Compares the schemas, without objects that need each other in a circle.
    fn find_changes(&mut self) -> Result<()> {
        let (upgrade, downgrade) = loop {
            let upgrade = diff(&self.renamed, &self.target, self.options);
            let both = upgrade.and_then(|upgrade| {
                let downgrade = diff(&self.target, &self.renamed, self.options)?;
                Ok((upgrade, downgrade))
            });
            let error = match both {
                Ok(both) => break both,
                Err(error) => error,
            };
            let circle: BTreeSet<ObjectId> = error.cycle.iter().cloned().collect();
            if circle.is_subset(&self.omitted) {
                return Err(explain::circle(
                    &error,
                    self.replay.owner.name(),
                    self.dialect(),
                ));
            }
            self.omissions.extend(circle.iter().map(|id| Omission {
                sentence: format!("changed {id}"),
                reason: error.to_string(),
            }));
            self.leave_out(circle);
        };
        self.upgrade = renames::changes(&self.renames);
        self.upgrade.extend(upgrade);
        self.downgrade = downgrade;
        self.downgrade
            .extend(renames::changes(&renames::reversed(&self.renames)));
        Ok(())
    }

    fn leave_out(&mut self, objects: BTreeSet<ObjectId>) {
        self.omitted.extend(objects);
        for schema in [&mut self.before, &mut self.renamed, &mut self.target] {
            schema.leave_out(|id| self.omitted.contains(id));
        }
    }

    /// Leaves objects out of the comparison, because their changes cannot be written; returns whether that
    /// is possible.
    pub(super) fn omit(&mut self, objects: &BTreeSet<ObjectId>, reason: &str) -> Result<bool> {
        let all = || self.upgrade.iter().chain(&self.downgrade);
        let concerns = |change: &&Change| objects.contains(&change.object);
        if objects.is_empty()
            || all()
                .filter(concerns)
                .any(|change| change.verb == Verb::Rename)
        {
            return Ok(false);
        }
        let mut changes = self.upgrade.iter().filter(concerns).peekable();
        let sentences: Vec<String> = match changes.peek() {
            Some(_) => changes.map(|change| change.sentence.clone()).collect(),
            // Only the way back fails; nothing is changed then that it could not take back.
            None => objects.iter().map(|id| format!("changed {id}")).collect(),
        };
        let tables = objects.iter().filter_map(|id| self.target.table_of(id));
        let tables: BTreeSet<ObjectId> = tables.collect();
        // A database that keeps the text of a whole table compares that.
        for next in [objects.clone(), tables] {
            if next.is_subset(&self.omitted) {
                continue;
            }
            self.leave_out(next);
            self.find_changes()?;
            if !self
                .upgrade
                .iter()
                .chain(&self.downgrade)
                .any(|change| concerns(&change))
            {
                let reason = reason.to_owned();
                self.omissions
                    .extend(sentences.into_iter().map(|sentence| Omission {
                        sentence,
                        reason: reason.clone(),
                    }));
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.replay.engine.dialect()
    }

    /// Returns the engine as a heading names it, unless it is the only one.
    pub(super) fn named(&self, sides: &[Self]) -> Option<Dialect> {
        (sides.len() > 1).then(|| self.dialect())
    }

    pub(super) fn changes(&self, way: Way) -> &[Change] {
        match way {
            Way::Upgrade => &self.upgrade,
            Way::Downgrade => &self.downgrade,
        }
    }

    /// Returns what the schemas have and no comparison looks at.
    pub(super) fn not_compared(&self) -> Vec<String> {
        not_compared(&self.before, &self.target)
    }

    /// Returns how the schema of a database differs from an expected one.
    pub(super) fn differences(
        &self,
        scratch: &mut Scratch,
        expected: &Schema,
    ) -> Result<Vec<Change>> {
        let mut found = self.replay.inspect(scratch)?;
        self.filter.apply(&mut found);
        found.leave_out(|id| self.omitted.contains(id));
        let owner = self.replay.owner;
        let mut left = changes(owner, &found, expected, self.options)?;
        if left.is_empty() {
            left = changes(owner, expected, &found, self.options)?;
        }
        Ok(left)
    }
}
