//! `cargo alembic branches`

use std::fmt::Write;

use alembic_history::History;
use clap::Args;

use crate::context::Context;
use crate::output::json::{AnswerJson, BranchPoint, Branches, RevisionJson};
use crate::output::lines::{Parts, block, line};
use crate::output::{Answer, Response, Result};
use crate::workspace::Access;

/// Arguments of `cargo alembic branches`.
#[derive(Debug, Args)]
pub struct BranchesArgs {
    /// Show each branch point in full
    #[arg(short, long)]
    verbose: bool,
}

impl BranchesArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&Access::default())?;
        let answers = crates.iter().map(|next| {
            let (json, text) = self.branches(next.history());
            Answer::new(next.name(), AnswerJson::Branches(json), text)
        });
        Ok(Response::sections(answers.collect(), crates.len()))
    }

    fn branches(&self, history: &History) -> (Branches, String) {
        let graph = history.graph();
        let mut text = String::new();
        let mut branch_points = Vec::new();
        let marks = Parts {
            labels: true,
            tree: true,
            ..Parts::default()
        };
        for node in graph
            .newest_first()
            .filter(|node| graph.is_branch_point(*node))
        {
            let _ = match self.verbose {
                true => writeln!(text, "{}", block(history, node, &[])),
                false => writeln!(text, "{}", line(graph, node, marks, &[])),
            };
            let children = graph.children(node);
            let parts = Parts {
                message: self.verbose,
                ..marks
            };
            let indent = " ".repeat(graph[node].id.as_str().chars().count());
            for child in children {
                let _ = writeln!(text, "{indent} -> {}", line(graph, *child, parts, &[]));
            }
            text.push('\n');
            let revision = |node| RevisionJson::new(history, node, None);
            branch_points.push(BranchPoint {
                revision: revision(node),
                branches_into: children.iter().copied().map(revision).collect(),
            });
        }
        (Branches { branch_points }, text)
    }
}
