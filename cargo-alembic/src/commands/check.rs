//! `cargo alembic check`

use clap::Args;

use crate::args::ComparedArgs;
use crate::context::Context;
use crate::engines::engines;
use crate::output::json::AnswerJson;
use crate::output::{Answer, Response, Result};
use crate::replay::Replay;
use crate::schemas::{Differ, Source, changes_text, filter_for};
use crate::workspace::{Access, Crate};

/// Arguments of `cargo alembic check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    compared: ComparedArgs,
}

impl CheckArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let order = context
            .workspace()?
            .order(context.crates(&Access::default())?)?;
        let mut answers = Vec::new();
        let mut differing = Vec::new();
        // If no crate has a target, that is the error, as it is for one crate.
        let any_has_target = order.chosen.iter().any(Crate::has_target);
        let is_checked = |known: &&Crate| known.has_target() || !any_has_target;
        for next in order.chosen.iter().filter(is_checked) {
            let differ = Differ {
                from: ("history", Source::heads()),
                to: ("target", Source::Target),
                filter: filter_for(
                    next,
                    &self.compared.include_objects,
                    &self.compared.exclude_objects,
                )?,
                strictness: self.compared.strict.into(),
            };
            let engines = engines(next, &[self.compared.scratch_url.as_deref()], None)?;
            let below = order.below(next);
            let mut found = Vec::new();
            for engine in &engines {
                let replay = Replay {
                    owner: next,
                    below: &below,
                    engine,
                };
                found.push(differ.compare(context, &replay)?);
            }
            let changes: usize = found.iter().map(|engine| engine.changes.len()).sum();
            match changes {
                0 => {
                    let what = format_args!("No changes detected ({})", next.name());
                    context.shell.status("Finished", what);
                }
                changes => differing.push((next.name().to_owned(), changes)),
            }
            let json = AnswerJson::Diff(differ.json(&found));
            answers.push(Answer::new(next.name(), json, changes_text(&found)));
        }
        Ok(Response::findings(answers, order.chosen.len()).with_differing(differing))
    }
}
