//! What is undone on a connection when a run on it ends before its time: its future is dropped, or
//! an observer panics.

use crate::request::{Effect, Execute, Task};

/// The statements that undo what a run has done to its connection so far.
///
/// A driver announces each statement's effect [before](Self::announce) it executes the statement, and
/// [settles](Self::settle) it afterwards. When a run ends before its time, the driver executes
/// [`statements`](Self::statements).
#[derive(Debug, Default)]
pub struct Undo {
    /// The statement that rolls back the open transaction.
    rollback: Option<String>,
    /// The statements that restore settings, in the order in which these were changed.
    restore: Vec<String>,
}

impl Undo {
    /// Notes the effect of a statement that is about to be executed.
    pub fn announce(&mut self, effect: Effect<'_>) {
        match effect {
            Effect::Begins { rollback } => self.rollback = Some(rollback.to_owned()),
            Effect::Sets { restore } if !self.restore.iter().any(|known| known == restore) => {
                self.restore.push(restore.to_owned());
            }
            Effect::Sets { .. } | Effect::Commits | Effect::RollsBack | Effect::Works => {}
        }
    }

    /// Notes whether the statement succeeded.
    pub fn settle(&mut self, effect: Effect<'_>, is_done: bool) {
        match (effect, is_done) {
            // Then the open transaction, if there is one, is not the run's.
            (Effect::Begins { .. }, false) | (Effect::Commits | Effect::RollsBack, true) => {
                self.rollback = None;
            }
            (Effect::Begins { .. }, true)
            | (Effect::Commits | Effect::RollsBack, false)
            | (Effect::Sets { .. } | Effect::Works, _) => {}
        }
    }

    /// Returns the statements that undo everything, in order: of several that restore a setting, the
    /// one that restores its first value is the last.
    pub fn statements(&self) -> impl Iterator<Item = Execute<'_>> {
        let rollback = self.rollback.iter().map(|sql| (Task::Rollback, sql));
        let restore = self.restore.iter().rev();
        let all = rollback.chain(restore.map(|sql| (Task::RestoreSettings(Vec::new()), sql)));
        all.map(|(task, sql)| Execute::new(task, sql.as_str()))
    }

    /// Forgets everything, since the run has come to its end and undone it by itself.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
