//! `cargo alembic show`

use alembic_history::{Expression, Symbol};
use clap::Args;

use super::{DatabaseArgs, write_answers};
use crate::context::Context;
use crate::database::Database;
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::json::Revisions;
use crate::lines::block;
use crate::member::{Loaded, load_all, that_know};

/// Arguments of `cargo alembic show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The revisions: an id, `head`, `current`, `-1` for the one below the heads
    #[arg(value_name = "REVISION", allow_negative_numbers = true)]
    revision: String,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl ShowArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let loaded = load_all(context.members()?, None)?;
        let chosen = that_know(&loaded, &[&self.revision])?;
        let several = chosen.len() > 1;
        let mut answers = Vec::new();
        for crate_ in chosen {
            let nodes = nodes_of(crate_, &self.revision, &self.database)?;
            let text = nodes
                .iter()
                .map(|node| block(crate_, *node, &[]) + "\n")
                .collect();
            answers.push((crate_, Revisions::new(crate_, &nodes, None), text));
        }
        write_answers(context, several, answers)?;
        Ok(Exit::Success)
    }
}

/// Finds the revisions that an expression names, asking the database where it needs to.
pub(super) fn nodes_of(
    loaded: &Loaded,
    revision: &str,
    database: &DatabaseArgs,
) -> Result<Vec<alembic_history::Node>> {
    let expression: Expression = loaded.parse(revision)?;
    let rows = if expression.symbol == Some(Symbol::Current) {
        let found = Database::of(&loaded.member, database.url.as_deref())?;
        Some(loaded.rows(&found.rows(loaded, database.lock_timeout)?, &found)?)
    } else {
        None
    };
    loaded.resolve(&expression, rows.as_deref())
}
