//! Where the comparison begins: the schema of the revisions, or that of a database.

use alembic_history::Code;
use alembic_migrate::options::Purge;

use crate::context::Context;
use crate::database::scratch::Scratch;
use crate::output::{Cause, Diagnostic, Hint, Result, Subcommand, Suggestion};
use crate::replay::Replay;
use crate::schemas::{database_with, inspect_database};

/// A database with the schema that the comparison begins with, at the heads.
pub(super) struct Origin {
    pub(super) scratch: Scratch,
}

impl Origin {
    /// Replays the revisions.
    pub(super) fn history(replay: &Replay<'_>) -> Result<Self> {
        let scratch = replay.at("heads")?;
        Ok(Self { scratch })
    }

    /// Copies the schema of the crate's database, if that is of this engine; it must be at the heads.
    pub(super) fn database(context: &Context, replay: &Replay<'_>) -> Result<Self> {
        let owner = replay.owner;
        let database = owner.database()?;
        if database.dialect() != replay.engine.dialect() {
            return Self::history(replay);
        }
        let status = owner.status(database)?;
        if !status.pending.is_empty() {
            let title = format!("database {} is not at the heads", database.url);
            let mut diagnostic = Diagnostic::new(Cause::Revision, title).code(Code::DatabaseBehind);
            for id in &status.pending {
                diagnostic = diagnostic.note(format!("{id} is pending"));
            }
            let upgrade = Suggestion::for_crate(Subcommand::Upgrade, owner.name());
            return Err(diagnostic
                .help(Hint::from("bring it there with ").command(upgrade))
                .help("or leave `--from database` out: the revisions are replayed then")
                .into());
        }
        let schema = inspect_database(context, owner, database)?;
        let path = format!("<{}>", database.url).into();
        let mut scratch = database_with(&schema, path, replay)?;
        if !owner.graph().is_empty() {
            let stamped = owner
                .migrations
                .stamp(&mut scratch.connection, &["heads"], Purge::No);
            stamped.map_err(|error| replay.explain(error, &scratch))?;
        }
        Ok(Self { scratch })
    }
}
