//! `cargo alembic revision`

use std::path::PathBuf;

use alembic_history::{Expression, Node, ResolveError, RevisionId};
use alembic_migrate::schema::{Cost, DiffOptions};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::args::ComparedArgs;
use crate::autogenerate::{Answers, Autogenerate};
use crate::context::Context;
use crate::engines::engines;
use crate::explain;
use crate::new_revision::{RevisionDraft, Statements};
use crate::output::lines::join;
use crate::output::{Cause, Diagnostic, Error, Response, Result};
use crate::workspace::{Access, Crate, access_to};

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
    #[command(flatten)]
    pub(super) autogenerate: AutogenerateArgs,
}

/// The arguments of `--autogenerate`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Autogenerate")]
pub(super) struct AutogenerateArgs {
    /// Write what makes the target schema of the schema that the revisions make
    #[arg(long)]
    autogenerate: bool,
    /// The schema to begin with: what the revisions make, or what the database has
    #[arg(
        long,
        value_enum,
        value_name = "SCHEMA",
        default_value_t,
        requires = "autogenerate"
    )]
    from: Start,
    /// A table or column that was renamed, as `users=people` or `users.name=full_name`; can be repeated
    #[arg(long, value_name = "OLD=NEW", requires = "autogenerate")]
    rename: Vec<String>,
    /// A table or column that was not renamed, but is to be dropped; can be repeated
    #[arg(long, value_name = "NAME", requires = "autogenerate")]
    drop: Vec<String>,
    /// The costs of changes that may be written; stop at others
    #[arg(
        long,
        value_name = "COST",
        value_delimiter = ',',
        requires = "autogenerate",
        value_parser = PossibleValuesParser::new(Cost::ALL.map(Cost::as_str))
            .map(|name| Cost::named(&name).unwrap_or(Cost::Destructive))
    )]
    allow: Option<Vec<Cost>>,
    /// Write the forms of PostgreSQL that lock no table for long
    #[arg(long, requires = "autogenerate")]
    online: bool,
    /// Compare the order of columns, too, and rebuild tables of SQLite that have another one
    #[arg(long, requires = "autogenerate")]
    column_order: bool,
    /// The database to count in what would be lost, and to begin with for `--from database`, instead of
    /// the one that DATABASE_URL or the configuration names
    #[arg(long, value_name = "URL", requires = "autogenerate")]
    pub(super) url: Option<String>,
    /// Print the file instead of writing it
    #[arg(long, requires = "autogenerate")]
    dry_run: bool,
    #[command(flatten)]
    compared: ComparedArgs,
}

/// The schema that a revision is generated from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Start {
    /// What the revisions make.
    #[default]
    History,
    /// What the database has, which must be at the heads.
    Database,
}

impl RevisionArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let owner = context.only_crate(&Access {
            url: self.autogenerate.url.clone(),
            ..Access::default()
        })?;
        let head = owner.parse(&self.head)?;
        let follows = follows(&owner, &head)?;
        let draft = RevisionDraft {
            owner: &owner,
            message: self.message,
            id: self.rev_id,
            follows,
            splice: self.splice,
            branch_labels: &self.branch_label,
            depends_on: self.depends_on,
            folder: self.version_path.as_deref(),
            statements: Statements::ToBeWritten,
        };
        let args = self.autogenerate;
        if !args.autogenerate {
            return draft.write(context);
        }
        let url = args.url.as_deref();
        let compared = match args.from {
            Start::Database => Some(owner.database()?),
            Start::History => None,
        };
        let urls = [args.compared.scratch_url.as_deref(), url];
        let engines = engines(&owner, &urls, compared)?;
        let named: Vec<String> = draft.other_crates().map(ToOwned::to_owned).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let workspace = context.workspace()?;
        let mut crates = vec![owner.clone()];
        for name in &named {
            if let Some(other) = workspace.find_crate(name)? {
                let access = access_to(&other, std::slice::from_ref(&owner))?;
                crates.push(workspace.read(other, &access)?);
            }
        }
        let order = workspace.order(crates)?;
        Autogenerate {
            answers: Answers {
                renamed: args.rename,
                dropped: args.drop,
            },
            allow: args.allow,
            from_database: args.from == Start::Database,
            dry_run: args.dry_run,
            strictness: args.compared.strict.into(),
            options: DiffOptions {
                online: args.online,
                column_order: args.column_order,
            },
            url,
            include: &args.compared.include_objects,
            exclude: &args.compared.exclude_objects,
        }
        .run(
            context,
            &owner,
            &order.below_with(&owner, &named),
            &engines,
            draft,
        )
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
