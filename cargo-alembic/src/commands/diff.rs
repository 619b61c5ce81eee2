//! `cargo alembic diff`

use alembic_history::Code;
use clap::Args;

use crate::args::ComparedArgs;
use crate::context::Context;
use crate::engines::{engine_of, engines};
use crate::output::json::AnswerJson;
use crate::output::{Answer, Cause, Diagnostic, Error, Layout, Response, Result};
use crate::replay::Replay;
use crate::schemas::{Differ, Source, changes_script, changes_text, filter_for};
use crate::workspace::{Access, Crate};

/// Arguments of `cargo alembic diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The schema before: `target`, `history`, `history@REVISION`, `database`, a URL or a file of SQL
    #[arg(default_value = "history")]
    from: String,
    /// The schema afterwards, written in the same ways
    #[arg(default_value = "target")]
    to: String,
    /// Print the SQL that makes the second schema of the first
    #[arg(long)]
    sql: bool,
    #[command(flatten)]
    compared: ComparedArgs,
}

impl DiffArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let owner = context.only_crate(&Access::default())?;
        let compared = &self.compared;
        let differ = Differ {
            from: (&self.from, Source::parse(&self.from, &owner)?),
            to: (&self.to, Source::parse(&self.to, &owner)?),
            filter: filter_for(&owner, &compared.include_objects, &compared.exclude_objects)?,
            strictness: compared.strict.into(),
        };
        let scratch_url = compared.scratch_url.as_deref();
        let all = match differ.databases().as_slice() {
            // Whatever the revisions are written for.
            [from, to] if from.dialect() == to.dialect() => {
                vec![engine_of(&owner, from, scratch_url)?]
            }
            [_, _] => return Err(self.different_engines()),
            one => engines(&owner, &[scratch_url, self.url()], one.first().copied())?,
        };
        let engines = differ.engines(&all);
        if engines.is_empty() {
            return Err(self.engine_without_revisions(&owner));
        }
        let order = context.workspace()?.order(vec![owner.clone()])?;
        let below = order.below(&owner);
        let mut found = Vec::new();
        for engine in engines {
            let replay = Replay {
                owner: &owner,
                below: &below,
                engine,
            };
            found.push(differ.compare(context, &replay)?);
        }
        if found.iter().all(|engine| engine.changes.is_empty()) {
            let what = format_args!("No changes detected ({})", owner.name());
            context.shell.status("Finished", what);
        }
        let json = AnswerJson::Diff(differ.json(&found));
        let answer = match self.sql {
            true => Answer::verbatim(owner.name(), json, changes_script(&found)),
            false => Answer::new(owner.name(), json, changes_text(&found)),
        };
        let layout = match self.sql {
            true => Layout::Scripts,
            false => Layout::Plain,
        };
        Ok(Response::new(vec![answer], layout))
    }

    fn different_engines(&self) -> Error {
        let title = format!("`{}` and `{}` are of different engines", self.from, self.to);
        Diagnostic::new(Cause::Arguments, title)
            .code(Code::UnknownSchema)
            .note("a schema is read by its own engine, and compared with another of it")
            .help("compare each with `history` or `target`")
            .into()
    }

    fn engine_without_revisions(&self, owner: &Crate) -> Error {
        let dialects: Vec<&str> = owner
            .dialects
            .iter()
            .map(|dialect| dialect.name())
            .collect();
        let title = format!(
            "`{}` and `{}` have no engine in common: the revisions of {} are written for {}",
            self.from,
            self.to,
            owner.name(),
            dialects.join(" and ")
        );
        Diagnostic::new(Cause::Arguments, title)
            .code(Code::UnknownSchema)
            .help("name the engines in `dialects`, or compare the database with another database")
            .into()
    }

    /// Returns the URL among the schemas: its server can have the temporary databases, too.
    fn url(&self) -> Option<&str> {
        let mut schemas = [&self.from, &self.to].into_iter();
        let is_url = |text: &&String| alembic_migrate::Dialect::of_url(text).is_some();
        schemas.find(is_url).map(String::as_str)
    }
}
