//! `cargo alembic show`

use clap::Args;

use crate::args::DatabaseArgs;
use crate::context::Context;
use crate::output::json::{AnswerJson, Revisions};
use crate::output::lines::block;
use crate::output::{Answer, Response, Result};
use crate::workspace::{Access, crates_matching};

/// Arguments of `cargo alembic show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The revisions to show: an id, `head`, `current`, or `-1` for the one below the heads
    #[arg(value_name = "REVISION", allow_negative_numbers = true)]
    revision: String,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl ShowArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&Access::of_files(&self.database))?;
        let chosen = crates_matching(crates, &[&self.revision])?;
        let mut answers = Vec::new();
        for next in &chosen {
            let (history, nodes) = (
                next.history(),
                next.find_revisions(&self.revision, context.shell)?,
            );
            let text = nodes
                .iter()
                .map(|node| block(history, *node, &[]) + "\n")
                .collect();
            let json = AnswerJson::Revisions(Revisions::new(history, &nodes, None));
            answers.push(Answer::new(next.name(), json, text));
        }
        Ok(Response::sections(answers, chosen.len()))
    }
}
