//! `cargo alembic merge`

use alembic_history::Chain;
use clap::Args;

use crate::context::Context;
use crate::diagnostic::{Diagnostic, Result};
use crate::exit::Exit;
use crate::lines::join;
use crate::new_revision::Request;

/// Arguments of `cargo alembic merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The revisions to merge: ids, labels, `heads`
    #[arg(value_name = "REVISION", default_value = "heads")]
    revisions: Vec<String>,
    /// What the merge is for
    #[arg(short, long, value_name = "MESSAGE")]
    message: Option<String>,
    /// The revision's id, instead of 12 random digits
    #[arg(long, value_name = "ID")]
    rev_id: Option<String>,
    /// A label for the branch; may be given several times
    #[arg(long, value_name = "LABEL")]
    branch_label: Vec<String>,
    /// Merge revisions that others follow already
    #[arg(long)]
    splice: bool,
}

impl MergeArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let loaded = context.member()?.load(None)?;
        let graph = loaded.graph();
        let mut follows = Vec::new();
        for text in &self.revisions {
            let expression = loaded.parse(text)?;
            for node in loaded.resolve(&expression, None)? {
                if follows.contains(&node) {
                    let id = &graph[node].id;
                    return Err(Diagnostic::new(format!("revision {id} is named twice"))
                        .help("name each revision once")
                        .exit(Exit::Usage));
                }
                follows.push(node);
            }
        }
        if follows.len() < 2 {
            let title = match graph.ids(&follows).as_slice() {
                [] => "there is nothing to merge: no revisions".to_owned(),
                ids => format!("there is nothing to merge: {} stands alone", join(ids)),
            };
            return Err(Diagnostic::new(title)
                .note(format!("in crate `{}`", loaded.name()))
                .help("name at least two revisions; see them with `cargo alembic heads`")
                .exit(Exit::Revision));
        }
        for node in &follows {
            let below = graph.required_by(graph.requirements(*node));
            if let Some(ancestor) = follows.iter().find(|other| below.contains(**other)) {
                let (ancestor, id) = (&graph[*ancestor].id, &graph[*node].id);
                return Err(Diagnostic::new(format!(
                    "there is nothing to merge: {id} stands on {ancestor} already"
                ))
                .note(format!("in crate `{}`", loaded.name()))
                .help("name revisions of which none stands on another")
                .exit(Exit::Revision));
            }
        }
        let message = self.message.unwrap_or_else(|| {
            let ids = graph.ids(&follows);
            let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            format!("merge {}", ids.join(" and "))
        });
        let exit = Request {
            loaded: &loaded,
            message,
            id: self.rev_id,
            follows,
            splice: self.splice,
            branch_labels: &self.branch_label,
            depends_on: Vec::new(),
            folder: None,
        }
        .write(context)?;
        if loaded.member.settings.chain == Chain::Linear {
            context.shell.status(
                "Note",
                "the history branches and merges, which the build and `cargo alembic test` refuse unless \
                 `chain = \"merged\"` stands below [package.metadata.alembic]",
            );
        }
        Ok(exit)
    }
}
