//! `cargo alembic revision`

use std::path::PathBuf;

use alembic_history::{Expression, Graph, Node, ResolveError};
use clap::Args;

use crate::context::Context;
use crate::diagnostic::{Diagnostic, Result};
use crate::exit::Exit;
use crate::explain;
use crate::lines::join;
use crate::member::Loaded;
use crate::new_revision::Request;

/// Arguments of `cargo alembic revision`.
#[derive(Debug, Args)]
pub struct RevisionArgs {
    /// What the revision does
    #[arg(short, long, value_name = "MESSAGE", default_value = "empty message")]
    message: String,
    /// The revision's id, instead of 12 random digits
    #[arg(long, value_name = "ID")]
    rev_id: Option<String>,
    /// The revision to follow, `branch@head`, or `base` to begin a new line
    #[arg(
        long,
        value_name = "REVISION",
        default_value = "head",
        allow_negative_numbers = true
    )]
    head: String,
    /// Follow a revision that others follow already, and so begin a branch
    #[arg(long)]
    splice: bool,
    /// A label for the branch; may be given several times
    #[arg(long, value_name = "LABEL")]
    branch_label: Vec<String>,
    /// A revision or label that must be applied first; may be given several times
    #[arg(long, value_name = "REVISION", value_delimiter = ',')]
    depends_on: Vec<String>,
    /// Which of the crate's folders to write to
    #[arg(long, value_name = "FOLDER")]
    version_path: Option<PathBuf>,
}

impl RevisionArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let loaded = context.member()?.load(None)?;
        let head = loaded.parse(&self.head)?;
        let follows = follows(&loaded, &head)?;
        Request {
            loaded: &loaded,
            message: self.message,
            id: self.rev_id,
            follows,
            splice: self.splice,
            branch_labels: &self.branch_label,
            depends_on: self.depends_on,
            folder: self.version_path.as_deref(),
        }
        .write(context)
    }
}

/// Finds what the new revision is to follow.
fn follows(loaded: &Loaded, head: &Expression) -> Result<Vec<Node>> {
    match loaded.graph().resolve(head, None) {
        Ok(follows) => Ok(follows),
        Err(ResolveError::MultipleHeads { heads, .. }) => Err(several_heads(loaded, &heads)),
        Err(error) => Err(explain::resolve(&error, loaded.name())),
    }
}

fn several_heads(
    loaded: &Loaded,
    heads: &[alembic_history::RevisionId],
) -> crate::diagnostic::Error {
    let graph: &Graph = loaded.graph();
    let name = loaded.name();
    let mut diagnostic = Diagnostic::new(format!("multiple heads are present: {}", join(heads)))
        .note(format!("in crate `{name}`"));
    for head in heads.iter().filter_map(|id| graph.node(id.as_str())) {
        let revision = &graph[head];
        diagnostic = diagnostic.note(format!("{}: {}", revision.id, revision.message));
    }
    diagnostic
        .help(format!(
            "make them one with `cargo alembic merge -p {name} {}`, where `chain = \"merged\"` \
             allows it",
            join(heads).replace(", ", " ")
        ))
        .help("or name the one to follow with `--head`")
        .exit(Exit::Revision)
}
