//! The comparison of two schemas on one engine.

use alembic_migrate::Dialect;
use alembic_migrate::schema::{Change, DiffOptions, Schema};
use alembic_schema::{Filter, Rename, Way};

use super::origin::Origin;
use super::renames::{self, Answers};
use crate::database::scratch::Scratch;
use crate::output::Result;
use crate::replay::Replay;
use crate::schemas::{changes, not_compared, target};

/// The comparison of two schemas on one engine.
pub(super) struct Side<'r> {
    pub(super) replay: Replay<'r>,
    /// A database with the schema before.
    pub(super) origin: Origin,
    /// The schema before.
    pub(super) before: Schema,
    pub(super) target: Schema,
    pub(super) filter: Filter,
    pub(super) options: DiffOptions,
    /// The changes that make the target, renames first.
    pub(super) upgrade: Vec<Change>,
    /// The changes that take them back.
    pub(super) downgrade: Vec<Change>,
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
        let mut target = replay.inspect(&mut target(&replay)?)?;
        filter.apply(&mut target);
        let renames = answers.find(&before, &target)?;
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
        answers.check(&renamed, &target)?;
        let owner = replay.owner;
        let mut upgrade = renames::changes(&renames);
        upgrade.extend(changes(owner, &renamed, &target, options)?);
        let mut downgrade = changes(owner, &target, &renamed, options)?;
        let reversed: Vec<Rename> = renames.iter().rev().map(Rename::reversed).collect();
        downgrade.extend(renames::changes(&reversed));
        Ok(Self {
            replay,
            origin,
            before,
            target,
            filter: filter.clone(),
            options,
            upgrade,
            downgrade,
        })
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

    pub(super) fn schemas(&self) -> [&Schema; 2] {
        [&self.before, &self.target]
    }

    /// Returns what the schemas have and no comparison looks at.
    pub(super) fn not_compared(&self) -> Vec<String> {
        not_compared(self.schemas())
    }

    /// Returns how the schema of a database differs from an expected one.
    pub(super) fn differences(
        &self,
        scratch: &mut Scratch,
        expected: &Schema,
    ) -> Result<Vec<Change>> {
        let mut found = self.replay.inspect(scratch)?;
        self.filter.apply(&mut found);
        let owner = self.replay.owner;
        let mut left = changes(owner, &found, expected, self.options)?;
        if left.is_empty() {
            left = changes(owner, expected, &found, self.options)?;
        }
        Ok(left)
    }
}
