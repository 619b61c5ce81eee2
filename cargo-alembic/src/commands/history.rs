//! `cargo alembic history`

use alembic_history::{Expression, Node, Range, ResolveError, Symbol};
use clap::Args;

use crate::args::DatabaseArgs;
use crate::context::Context;
use crate::explain;
use crate::output::json::{AnswerJson, Revisions};
use crate::output::lines::{Parts, block, line};
use crate::output::{Answer, Response, Result};
use crate::workspace::{Access, Crate, crates_matching};

/// Arguments of `cargo alembic history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Show only this range: `START:END`, where either end may be omitted
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    rev_range: Option<String>,
    /// Show each revision in full
    #[arg(short, long)]
    verbose: bool,
    /// Mark the revisions that the database is at
    #[arg(short, long)]
    indicate_current: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl HistoryArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&Access::of_files(&self.database))?;
        let text = self.rev_range.as_deref().unwrap_or(":").trim();
        let range: Range = text.parse().map_err(|error| {
            let names: Vec<&str> = crates.iter().map(Crate::name).collect();
            explain::resolve(&ResolveError::Syntax(error), &names.join("`, `"), None)
        })?;
        let ends = [&range.start, &range.end];
        let named: Vec<&str> = ends
            .iter()
            .filter_map(|end| end.as_ref().map(Expression::as_str))
            .collect();
        let chosen = crates_matching(crates, &named)?;
        let current = |end: &&Option<Expression>| {
            end.as_ref()
                .is_some_and(|end| end.symbol == Some(Symbol::Current))
        };
        let asks_database = self.indicate_current || ends.iter().any(current);
        if asks_database {
            context.workspace()?.check_databases(&chosen)?;
        }
        let mut answers = Vec::new();
        for next in &chosen {
            let current = match asks_database {
                true => {
                    next.report_missing_database(context.shell)?;
                    Some(next.current(next.database()?)?)
                }
                false => None,
            };
            answers.push(self.history(next, &range, current.as_deref())?);
        }
        Ok(Response::sections(answers, chosen.len()))
    }

    /// Lists the revisions of one crate; `rows` are the ones that its database is at.
    fn history(&self, own: &Crate, range: &Range, rows: Option<&[Node]>) -> Result<Answer> {
        let (history, graph) = (own.history(), own.graph());
        let nodes = graph
            .range(range, rows)
            .map_err(|error| own.explain_expression(&error, rows))?;
        let marked = rows.filter(|_| self.indicate_current);
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
                true => block(history, *node, current) + "\n",
                false => line(graph, *node, parts, current) + "\n",
            })
            .collect();
        let json = AnswerJson::Revisions(Revisions::new(history, &nodes, marked));
        Ok(Answer::new(own.name(), json, text))
    }
}
