//! `cargo alembic merge`

use alembic_history::Chain;
use clap::Args;

use crate::context::Context;
use crate::new_revision::{RevisionDraft, Statements};
use crate::output::lines::join;
use crate::output::{Cause, Diagnostic, Hint, Response, Result, Subcommand, Suggestion};
use crate::workspace::Access;

/// Arguments of `cargo alembic merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The revisions to merge: ids, labels or `heads`
    #[arg(value_name = "REVISION", default_value = "heads")]
    revisions: Vec<String>,
    /// The message of the merge revision
    #[arg(short, long, value_name = "MESSAGE")]
    message: Option<String>,
    /// The revision's id [default: 12 random hexadecimal digits]
    #[arg(long, value_name = "ID")]
    rev_id: Option<String>,
    /// A label for the branch; can be repeated
    #[arg(long, value_name = "LABEL")]
    branch_label: Vec<String>,
    /// Allow merging revisions that other revisions already follow
    #[arg(long)]
    splice: bool,
}

impl MergeArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let owner = context.only_crate(&Access::default())?;
        let graph = owner.graph();
        let mut follows = Vec::new();
        for text in &self.revisions {
            let expression = owner.parse(text)?;
            for node in owner.resolve_parents(&expression)? {
                if follows.contains(&node) {
                    let id = &graph[node].id;
                    let title = format!("revision {id} is named twice");
                    return Err(Diagnostic::new(Cause::Arguments, title)
                        .help("name each revision once")
                        .into());
                }
                follows.push(node);
            }
        }
        if follows.len() < 2 {
            let title = match graph.ids(&follows).as_slice() {
                [] => "nothing to merge: no revisions".to_owned(),
                ids => format!("nothing to merge: {} is a single revision", join(ids)),
            };
            let heads = Suggestion::for_crate(Subcommand::Heads, owner.name());
            return Err(Diagnostic::new(Cause::Revision, title)
                .note(format!("in crate `{}`", owner.name()))
                .help(
                    Hint::from("name at least two revisions; list the heads with ").command(heads),
                )
                .into());
        }
        for node in &follows {
            // A head that another one depends on is still a head until a revision follows it.
            let below = graph.followed_by(*node);
            if let Some(ancestor) = follows.iter().find(|other| below.contains(**other)) {
                let (ancestor, id) = (&graph[*ancestor].id, &graph[*node].id);
                let title = format!("nothing to merge: {id} already follows {ancestor}");
                return Err(Diagnostic::new(Cause::Revision, title)
                    .note(format!("in crate `{}`", owner.name()))
                    .help("name revisions that do not follow each other")
                    .into());
            }
        }
        let message = self.message.unwrap_or_else(|| {
            let ids = graph.ids(&follows);
            let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            format!("merge {}", ids.join(" and "))
        });
        let outcome = RevisionDraft {
            owner: &owner,
            message,
            id: self.rev_id,
            follows,
            splice: self.splice,
            branch_labels: &self.branch_label,
            depends_on: Vec::new(),
            folder: None,
            statements: Statements::None,
        }
        .write(context)?;
        if owner.configuration.settings.chain == Chain::Linear {
            context.shell.status(
                "Note",
                "the history now branches and merges, which the build and `cargo alembic test` \
                 refuse unless `chain = \"merged\"` is set under [package.metadata.alembic]",
            );
        }
        Ok(outcome)
    }
}
