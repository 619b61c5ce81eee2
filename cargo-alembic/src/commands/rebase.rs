//! `cargo alembic rebase`

use alembic_history::{Chain, Node, NodeSet, RebaseError};
use clap::Args;

use crate::args::DatabaseArgs;
use crate::context::Context;
use crate::git::Git;
use crate::output::json::{AnswerJson, RebaseJson, RebasedJson, strings};
use crate::output::lines::join;
use crate::output::{
    Answer, Cause, Diagnostic, Error, Hint, Layout, Response, Result, Subcommand, Suggestion,
    display_path,
};
use crate::rebase::{AppliedRevisions, RebasedFiles};
use crate::workspace::{Access, Crate};

/// Arguments of `cargo alembic rebase`.
#[derive(Debug, Args)]
pub struct RebaseArgs {
    /// Your revisions, with everything that follows them [default: those that the git branch of the
    /// others does not have]
    #[arg(value_name = "REVISION")]
    revisions: Vec<String>,
    /// The revision to put them on [default: the head of the others]
    #[arg(long, value_name = "REVISION")]
    onto: Option<String>,
    /// The git branch of the others [default: the upstream of the current branch, the other side of
    /// an unfinished merge, or the main branch]
    #[arg(long, value_name = "GIT_REF", conflicts_with = "revisions")]
    base: Option<String>,
    /// Date the revisions anew, and name their files after that
    #[arg(long)]
    dates: bool,
    /// Show the changes of the files, and make none
    #[arg(long)]
    dry_run: bool,
    /// Leave the database alone, which has none of your revisions
    #[arg(long, conflicts_with = "url", help_heading = "Database")]
    no_database: bool,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl RebaseArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let access = Access::from(&self.database);
        let owner = context.only_crate(&access)?;
        let graph = owner.graph();
        let own = self.own(context, &owner)?;
        let chain = owner.configuration.settings.chain;
        let onto = self.onto.as_deref().map(|onto| only_revision(&owner, onto));
        let plan = graph.plan_rebase(&own, onto.transpose()?, chain);
        let plan = plan.map_err(|error| explain(&owner, &error))?;
        let files = RebasedFiles::new(&owner, &plan, self.dates)?;
        let ids = graph.ids(&own.iter().collect::<Vec<_>>());
        // A database only knows what follows what.
        let applied = match self.no_database || !files.move_revisions() {
            true => None,
            false => AppliedRevisions::find(&owner, &own, &plan)?,
        };
        let changed = files.changed();
        let json = AnswerJson::Rebase(RebaseJson {
            onto: graph[plan.onto].id.to_string(),
            revisions: changed
                .iter()
                .map(|file| RebasedJson {
                    id: file.id.to_string(),
                    down_revisions: strings(&file.revises),
                    path: display_path(&file.path),
                })
                .collect(),
        });
        let answer = |text| Answer::new(owner.name(), json, text);
        if files.are_as_before() {
            let onto = &graph[plan.onto].id;
            let what = format_args!("{} already on top of {onto}", join(&ids));
            context.shell.status("Unchanged", what);
            return Ok(Response::new(vec![answer(String::new())], Layout::Plain));
        }
        if self.dry_run {
            if let Some(applied) = &applied {
                applied.announce(context.shell);
            }
            return Ok(Response::new(vec![answer(files.diff())], Layout::Plain));
        }
        // What can fail without a database does so before one is touched.
        let changes = files.stage()?;
        if let Some(applied) = &applied {
            applied.revert(context)?;
        }
        changes.commit().map_err(|error| match &applied {
            Some(applied) => applied.after_failed_write(error),
            None => error,
        })?;
        files.report(context.shell);
        let other = match applied {
            Some(applied) => {
                applied.apply_again(context)?;
                "another"
            }
            None => "a",
        };
        if files.move_revisions() {
            let what = format_args!(
                "{other} database that has applied {} must go down through {} with the files from \
                 before",
                join(&ids),
                if ids.len() == 1 { "it" } else { "them" },
            );
            context.shell.status("Note", what);
        }
        Ok(Response::new(vec![answer(String::new())], Layout::Plain))
    }

    /// Finds the revisions to put on top of the others.
    fn own(&self, context: &Context, owner: &Crate) -> Result<NodeSet> {
        let graph = owner.graph();
        if !self.revisions.is_empty() {
            let mut named = Vec::new();
            for text in &self.revisions {
                let expression = owner.parse(text)?;
                named.extend(owner.resolve(&expression, None)?);
            }
            return Ok(graph.with_followers(&named));
        }
        let configuration = &owner.configuration;
        let git = Git::at(&configuration.folder);
        let base = git.base(self.base.as_deref())?;
        let theirs = git.revisions(&base, &configuration.folders())?;
        let own: Vec<Node> = graph
            .nodes()
            .filter(|node| !theirs.contains(&graph[*node].id))
            .collect();
        let what = format_args!("the revisions that {} does not have", base.name);
        context.shell.status("Taking", what);
        let refused = |title: String| -> Error {
            Diagnostic::new(Cause::Revision, title)
                .note(format!("in crate `{}`", owner.name()))
                .help("name the branch of the others with `--base`, or your revisions")
                .into()
        };
        if own.is_empty() {
            return Err(refused(format!("{} has all revisions", base.name)));
        }
        let moved = graph.with_followers(&own);
        if let Some(other) = moved.iter().find(|node| !own.contains(node)) {
            let id = &graph[other].id;
            let title = format!(
                "revision {id} of {} follows revisions that it does not have",
                base.name
            );
            return Err(refused(title));
        }
        let heads: Vec<Node> = graph.heads().collect();
        if heads.len() > 1 && heads.iter().all(|head| own.contains(head)) {
            let title = format!(
                "{} has none of the heads {}",
                base.name,
                join(&graph.ids(&heads))
            );
            return Err(refused(title));
        }
        Ok(moved)
    }
}

fn only_revision(owner: &Crate, text: &str) -> Result<Node> {
    let expression = owner.parse(text)?;
    match owner.resolve(&expression, None)?.as_slice() {
        [only] => Ok(*only),
        _ => {
            let title = format!("`--onto {text}` does not name one revision");
            Err(Diagnostic::new(Cause::Revision, title)
                .help("name one by its id")
                .into())
        }
    }
}

fn explain(owner: &Crate, error: &RebaseError) -> Error {
    let name = owner.name();
    let diagnostic = Diagnostic::new(Cause::Revision, error.to_string());
    let diagnostic = diagnostic.note(format!("in crate `{name}`"));
    let diagnostic = match error {
        RebaseError::SeveralHeads(heads) => {
            let merge = Suggestion::for_crate(Subcommand::Merge, name).arguments(heads);
            let diagnostic = diagnostic
                .help("name all of your revisions, or the revision to put them on with `--onto`");
            match owner.configuration.settings.chain {
                Chain::Merged => {
                    diagnostic.help(Hint::from("or merge the others with ").command(merge))
                }
                Chain::Linear => diagnostic,
            }
        }
        RebaseError::NoOthers => diagnostic.help("name fewer revisions"),
        RebaseError::OntoItself(_) => diagnostic.help("choose another one with `--onto`"),
        RebaseError::NotAHead(..) => {
            diagnostic.help("put them on a head, or name what follows it, too")
        }
    };
    diagnostic.into()
}
