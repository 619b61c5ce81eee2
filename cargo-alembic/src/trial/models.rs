//! What the structs of a crate state, against what its revisions make.

use std::collections::BTreeSet;

use alembic_history::Code;
use alembic_migrate::schema::DiffOptions;

use super::{Trial, Verdict};
use crate::output::{Cause, Diagnostic, Hint, Result, Subcommand, Suggestion};
use crate::schemas::{Target, changes, filter_for};

impl Trial<'_> {
    pub(super) fn models(&self) -> Result<Verdict> {
        let replay = &self.replay;
        let owner = replay.owner;
        let filter = filter_for(owner, &[], &[])?;
        let mut made = self.tracked()?.schema.clone();
        let mut stated = Target::read(replay, &made)?.completed(&made, &BTreeSet::new());
        filter.apply(&mut stated);
        filter.apply(&mut made);
        let found = changes(owner, &made, &stated, DiffOptions::default())?;
        if found.is_empty() {
            return Ok(Verdict::Passed("as the revisions make them".to_owned()));
        }
        let title = "the structs state another schema than the revisions make";
        let mut diagnostic = Diagnostic::new(Cause::Check, title).code(Code::SchemaDiffers);
        for change in found {
            diagnostic = diagnostic.note(change.sentence);
        }
        let generate = Suggestion::for_crate(Subcommand::Revision, owner.name());
        Err(diagnostic
            .help(
                Hint::from("write the revision with ").command(generate.argument("--autogenerate")),
            )
            .into())
    }
}
