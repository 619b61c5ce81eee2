//! `cargo alembic branches`

use std::fmt::Write;

use clap::Args;

use super::write_answers;
use crate::context::Context;
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::json::{BranchPoint, Branches, RevisionJson};
use crate::lines::{Parts, block, line};
use crate::member::{Loaded, load_all};

/// Arguments of `cargo alembic branches`.
#[derive(Debug, Args)]
pub struct BranchesArgs {
    /// Show everything about each branch point
    #[arg(short, long)]
    verbose: bool,
}

impl BranchesArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let loaded = load_all(context.members()?, None)?;
        let answers = loaded.iter().map(|crate_| {
            let (json, text) = self.branches(crate_);
            (crate_, json, text)
        });
        write_answers(context, loaded.len() > 1, answers.collect())?;
        Ok(Exit::Success)
    }

    fn branches(&self, loaded: &Loaded) -> (Branches, String) {
        let graph = loaded.graph();
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
                true => writeln!(text, "{}", block(loaded, node, &[])),
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
            let revision = |node| RevisionJson::new(loaded, node, None);
            branch_points.push(BranchPoint {
                revision: revision(node),
                branches_into: children.iter().copied().map(revision).collect(),
            });
        }
        (Branches { branch_points }, text)
    }
}
