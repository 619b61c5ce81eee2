//! `cargo alembic revision`

use std::path::PathBuf;

use alembic_history::{Expression, Node, ResolveError, RevisionId};
use clap::Args;

use crate::context::Context;
use crate::explain;
use crate::new_revision::{RevisionDraft, Statements};
use crate::output::lines::join;
use crate::output::{Cause, Diagnostic, Error, Response, Result};
use crate::workspace::{Access, Crate};

/// Arguments of `cargo alembic revision`.
#[derive(Debug, Args)]
pub struct RevisionArgs {
    /// What the revision does
    #[arg(short, long, value_name = "MESSAGE", default_value = "empty message")]
    message: String,
    /// The revision's id [default: 12 random hexadecimal digits]
    #[arg(long, value_name = "ID")]
    rev_id: Option<String>,
    /// The revision to follow: an id, `branch@head`, or `base` to start a new line
    #[arg(
        long,
        value_name = "REVISION",
        default_value = "head",
        allow_negative_numbers = true
    )]
    head: String,
    /// Allow following a revision that others already follow, which starts a branch
    #[arg(long)]
    splice: bool,
    /// A label for the branch; can be repeated
    #[arg(long, value_name = "LABEL")]
    branch_label: Vec<String>,
    /// A revision or label that must be applied first; can be repeated
    #[arg(long, value_name = "REVISION", value_delimiter = ',')]
    depends_on: Vec<String>,
    /// The folder to write to, if the crate has several
    #[arg(long, value_name = "FOLDER")]
    version_path: Option<PathBuf>,
}

impl RevisionArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let owner = context.only_crate(&Access::default())?;
        let head = owner.parse(&self.head)?;
        let follows = follows(&owner, &head)?;
        RevisionDraft {
            owner: &owner,
            message: self.message,
            id: self.rev_id,
            follows,
            splice: self.splice,
            branch_labels: &self.branch_label,
            depends_on: self.depends_on,
            folder: self.version_path.as_deref(),
            statements: Statements::ToBeWritten,
        }
        .write(context)
    }
}

/// Finds the revisions that the new one will follow.
fn follows(owner: &Crate, head: &Expression) -> Result<Vec<Node>> {
    match owner.graph().resolve_parents(head) {
        Ok(follows) => Ok(follows),
        Err(ResolveError::MultipleHeads { heads, .. }) => Err(several_heads(owner, &heads)),
        Err(error) => Err(owner.explain_expression(&error, None)),
    }
}

fn several_heads(owner: &Crate, heads: &[RevisionId]) -> Error {
    let (graph, name) = (owner.graph(), owner.name());
    let chain = owner.configuration.settings.chain;
    let title = format!("multiple heads are present: {}", join(heads));
    let mut diagnostic = Diagnostic::new(Cause::Revision, title).note(format!("in crate `{name}`"));
    for head in heads.iter().filter_map(|id| graph.node(id.as_str())) {
        let revision = &graph[head];
        diagnostic = diagnostic.note(format!("{}: {}", revision.id, revision.message));
    }
    diagnostic
        .help(explain::one_head(heads, name, chain))
        .help("or name the one to follow with `--head`")
        .into()
}
