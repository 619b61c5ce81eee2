//! Runs the revisions that were recorded on another scratch database, where they must make the same schema.

use alembic_history::Code;
use alembic_import::Recording;
use alembic_migrate::schema::DiffOptions;

use super::Recorder;
use crate::database::scratch::{Engine, Scratch};
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::replay::Replay;
use crate::schemas::{changes, filter_for};
use crate::workspace::Crate;

/// A proof of the revisions on one engine.
pub(super) struct Proof<'p> {
    /// The crate with its new revisions.
    pub(super) owner: &'p Crate,
    pub(super) recorder: &'p dyn Recorder,
    pub(super) engine: &'p Engine,
    pub(super) recording: &'p Recording,
}

/// When a schema differs.
#[derive(Clone, Copy)]
enum Difference {
    /// After the upgrades.
    Made,
    /// After the downgrades.
    Left,
}

impl Proof<'_> {
    /// Applies all revisions, and reverts those above the last one that cannot be; the project has done the
    /// one in `theirs`, and does the other there.
    pub(super) fn run(&self, theirs: &mut Scratch) -> Result<()> {
        let replay = Replay {
            owner: self.owner,
            below: &[],
            engine: self.engine,
        };
        let mut ours = replay.prepared()?;
        let migrations = &self.owner.migrations;
        let upgraded = migrations.upgrade(&mut ours.connection, "heads");
        upgraded.map_err(|error| unproved(replay.explain(error, &ours)))?;
        self.compare(&replay, &mut ours, theirs, Difference::Made)?;
        let reverted = self.reversible();
        if reverted.is_empty() {
            return Ok(());
        }
        self.recorder.revert(theirs, &reverted)?;
        for id in &reverted {
            let run = migrations.revert(&mut ours.connection, id);
            run.map_err(|error| unproved(replay.explain(error, &ours)))?;
        }
        self.compare(&replay, &mut ours, theirs, Difference::Left)
    }

    /// Returns the revisions that can be reverted before one that cannot be, the last one first.
    fn reversible(&self) -> Vec<&str> {
        let revisions = self.recording.revisions.iter().rev();
        let reversible = revisions.take_while(|revision| revision.raised.is_none());
        reversible.map(|revision| revision.id.as_str()).collect()
    }

    fn compare(
        &self,
        replay: &Replay<'_>,
        ours: &mut Scratch,
        theirs: &mut Scratch,
        difference: Difference,
    ) -> Result<()> {
        let filter = filter_for(self.owner, &[], &[])?;
        let (mut found, mut expected) = (replay.inspect(ours)?, replay.inspect(theirs)?);
        filter.apply(&mut found);
        filter.apply(&mut expected);
        let left = changes(self.owner, &found, &expected, DiffOptions::default())?;
        if left.is_empty() {
            return Ok(());
        }
        let product = self.engine.dialect().product();
        let tool = self.recorder.tool().shown;
        let title = match difference {
            Difference::Made => {
                format!("on {product}, the revisions make another schema than {tool}'s")
            }
            Difference::Left => format!(
                "on {product}, the revisions leave another schema than {tool}'s when they are reverted"
            ),
        };
        let mut diagnostic = Diagnostic::new(Cause::Check, title).code(Code::RevisionNotProved);
        for change in &left {
            diagnostic = diagnostic.note(format!("left: {}", change.sentence));
        }
        Err(unproved(diagnostic.into()))
    }
}

fn unproved(error: Error) -> Error {
    error
        .note("the revisions were recorded, and run in a temporary database to prove them")
        .help("nothing was written: leave objects out with `exclude` under [package.metadata.alembic], or mend the project")
}
