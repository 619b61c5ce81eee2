//! `cargo alembic history`

use alembic_history::{Expression, Range, ResolveError, Symbol};
use clap::Args;

use super::{DatabaseArgs, write_answers};
use crate::context::Context;
use crate::database::{self, Database};
use crate::diagnostic::Result;
use crate::exit::Exit;
use crate::explain;
use crate::json::Revisions;
use crate::lines::{Parts, block, line};
use crate::member::{Loaded, load_all, that_know};

/// Arguments of `cargo alembic history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Show only these revisions: `START:END`, where either may be missing
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    rev_range: Option<String>,
    /// Show everything about each revision
    #[arg(short, long)]
    verbose: bool,
    /// Mark the revisions that the database is at
    #[arg(short, long)]
    indicate_current: bool,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl HistoryArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let loaded = load_all(context.members()?, None)?;
        let text = self.rev_range.as_deref().unwrap_or(":").trim();
        let range: Range = text.parse().map_err(|error| {
            let names: Vec<&str> = loaded.iter().map(Loaded::name).collect();
            explain::resolve(&ResolveError::Syntax(error), &names.join("`, `"))
        })?;
        let ends = [&range.start, &range.end];
        let named: Vec<&str> = ends
            .iter()
            .filter_map(|end| end.as_ref().map(Expression::as_str))
            .collect();
        let loaded: Vec<Loaded> = that_know(&loaded, &named)?.into_iter().cloned().collect();
        let current = |end: &&Option<Expression>| {
            end.as_ref()
                .is_some_and(|end| end.symbol == Some(Symbol::Current))
        };
        let asks_database = self.indicate_current || ends.iter().any(current);
        let databases = if asks_database {
            database::of_all(context, &loaded, self.database.url.as_deref())?
        } else {
            Vec::new()
        };
        let mut answers = Vec::new();
        for (index, crate_) in loaded.iter().enumerate() {
            let answer = self.history(crate_, &range, databases.get(index))?;
            answers.push((crate_, answer.0, answer.1));
        }
        write_answers(context, loaded.len() > 1, answers)?;
        Ok(Exit::Success)
    }

    fn history(
        &self,
        loaded: &Loaded,
        range: &Range,
        database: Option<&Database>,
    ) -> Result<(Revisions, String)> {
        let graph = loaded.graph();
        let rows = match database {
            Some(database) => {
                let rows = database.rows(loaded, self.database.lock_timeout)?;
                Some(loaded.rows(&rows, database)?)
            }
            None => None,
        };
        let nodes = graph
            .range(range, rows.as_deref())
            .map_err(|error| explain::resolve(&error, loaded.name()))?;
        let marked = rows.as_deref().filter(|_| self.indicate_current);
        let parts = Parts {
            parents: true,
            labels: true,
            tree: true,
            message: true,
        };
        let current = marked.unwrap_or_default();
        let text = nodes
            .iter()
            .map(|node| match self.verbose {
                true => block(loaded, *node, current) + "\n",
                false => line(graph, *node, parts, current) + "\n",
            })
            .collect();
        Ok((Revisions::new(loaded, &nodes, marked), text))
    }
}
