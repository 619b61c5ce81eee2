//! `cargo alembic heads`

use clap::Args;

use super::write_answers;
use crate::context::Context;
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::json::Revisions;
use crate::lines::{Parts, block, line};
use crate::member::load_all;

/// Arguments of `cargo alembic heads`.
#[derive(Debug, Args)]
pub struct HeadsArgs {
    /// Show everything about each revision
    #[arg(short, long)]
    verbose: bool,
    /// Leave out revisions that another one depends on
    #[arg(long)]
    resolve_dependencies: bool,
}

impl HeadsArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let loaded = load_all(context.members()?, None)?;
        let mut answers = Vec::new();
        for crate_ in &loaded {
            let graph = crate_.graph();
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
                    true => block(crate_, *node, &[]) + "\n",
                    false => line(graph, *node, parts, &[]) + "\n",
                })
                .collect();
            answers.push((crate_, Revisions::new(crate_, &heads, None), text));
        }
        write_answers(context, loaded.len() > 1, answers)?;
        Ok(Exit::Success)
    }
}
