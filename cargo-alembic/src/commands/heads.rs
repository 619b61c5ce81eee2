//! `cargo alembic heads`

use clap::Args;

use crate::context::Context;
use crate::output::json::{AnswerJson, Revisions};
use crate::output::lines::{Parts, block, line};
use crate::output::{Answer, Response, Result};
use crate::workspace::Access;

/// Arguments of `cargo alembic heads`.
#[derive(Debug, Args)]
pub struct HeadsArgs {
    /// Show each revision in full
    #[arg(short, long)]
    verbose: bool,
    /// Leave out revisions that another revision depends on
    #[arg(long)]
    resolve_dependencies: bool,
}

impl HeadsArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&Access::default())?;
        let mut answers = Vec::new();
        for next in &crates {
            let (history, graph) = (next.history(), next.graph());
            let heads: Vec<_> = graph
                .heads()
                .filter(|node| !self.resolve_dependencies || graph.is_real_head(*node))
                .collect();
            let parts = Parts {
                labels: true,
                ..Parts::default()
            };
            let text = heads
                .iter()
                .map(|node| match self.verbose {
                    true => block(history, *node, &[]) + "\n",
                    false => line(graph, *node, parts, &[]) + "\n",
                })
                .collect();
            let json = AnswerJson::Revisions(Revisions::new(history, &heads, None));
            answers.push(Answer::new(next.name(), json, text));
        }
        Ok(Response::sections(answers, crates.len()))
    }
}
