//! `cargo alembic dump`

use alembic_history::Code;
use alembic_migrate::Dialect;
use alembic_schema::Filter;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::args::ComparedArgs;
use crate::context::Context;
use crate::database::scratch::Engine;
use crate::engines::engines;
use crate::output::json::{AnswerJson, DumpJson};
use crate::output::{Answer, Cause, Diagnostic, Error, Layout, Response, Result};
use crate::replay::Replay;
use crate::schemas::{Dump, Source, filter_for, report_not_compared, target_files};
use crate::workspace::{Access, Crate, CrateOrder, TargetFile};

/// Arguments of `cargo alembic dump`.
#[derive(Debug, Args)]
pub struct DumpArgs {
    /// The schema: `history`, `history@REVISION`, `target`, `database`, a URL or a file of SQL
    #[arg(default_value = "history")]
    schema: String,
    /// Write the schema that the revisions make into the file that `schema` configures
    #[arg(
        long,
        conflicts_with_all = ["schema", "dialect", "include_objects", "exclude_objects"],
    )]
    write: bool,
    /// The dialect of the SQL, for a crate of several
    #[arg(
        long,
        value_name = "DIALECT",
        value_parser = PossibleValuesParser::new(Dialect::ALL.iter().map(|dialect| dialect.name()))
            .try_map(|name| name.parse::<Dialect>()),
    )]
    dialect: Option<Dialect>,
    #[command(flatten)]
    compared: ComparedArgs,
}

impl DumpArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let access = Access {
            // It is only read where it is asked for.
            target: TargetFile::Optional,
            ..Access::default()
        };
        let order = context.workspace()?.order(context.crates(&access)?)?;
        let mut answers = Vec::new();
        for next in &order.chosen {
            let engines = engines(next, &[self.compared.scratch_url.as_deref()], None)?;
            match self.write {
                true => answers.extend(self.write(context, &order, next, &engines)?),
                false => answers.push(self.print(context, &order, next, &engines)?),
            }
        }
        let layout = match self.write {
            true => Layout::Plain,
            false => Layout::Scripts,
        };
        Ok(Response::new(answers, layout))
    }

    /// Writes the files of the target schema.
    fn write(
        &self,
        context: &Context,
        order: &CrateOrder,
        owner: &Crate,
        engines: &[Engine],
    ) -> Result<Vec<Answer>> {
        let files = target_files(owner, order, engines)?;
        for (dump, _) in &files.dumps {
            self.report(context, owner, dump)?;
        }
        let written = files.write()?.into_iter();
        let answers = written.map(|(dump, path)| {
            context.shell.status("Wrote", &path);
            answer(owner, dump, Some(path))
        });
        Ok(answers.collect())
    }

    /// Prints the schema, on the engine that was chosen, or else on the first one.
    fn print(
        &self,
        context: &Context,
        order: &CrateOrder,
        owner: &Crate,
        engines: &[Engine],
    ) -> Result<Answer> {
        let source = Source::parse(&self.schema, owner)?;
        let wanted = self.dialect.or(source.dialect());
        let is_wanted = |engine: &&Engine| wanted.is_none_or(|dialect| dialect == engine.dialect());
        let Some(engine) = engines.iter().find(is_wanted) else {
            return Err(unknown_dialect(owner));
        };
        let replay = Replay {
            owner,
            below: &order.below(owner),
            engine,
        };
        let filter = self.filter(owner)?;
        let mut below = replay.inspect(&mut replay.below()?)?;
        let mut schema = source.read(context, &replay)?;
        filter.apply(&mut below);
        filter.apply(&mut schema);
        let dump = Dump::new(owner, &below, &schema, engine.dialect())?;
        self.report(context, owner, &dump)?;
        Ok(answer(owner, dump, None))
    }

    fn filter(&self, owner: &Crate) -> Result<Filter> {
        let compared = &self.compared;
        filter_for(owner, &compared.include_objects, &compared.exclude_objects)
    }

    fn report(&self, context: &Context, owner: &Crate, dump: &Dump) -> Result<()> {
        let strictness = self.compared.strict.into();
        report_not_compared(context, owner, &dump.not_compared, strictness)
    }
}

/// Returns the answer for SQL that was printed, or written to the file at `path`.
fn answer(owner: &Crate, dump: Dump, path: Option<String>) -> Answer {
    let text = match path {
        Some(_) => String::new(),
        None => dump.sql.clone(),
    };
    let json = DumpJson {
        dialect: dump.dialect.to_string(),
        sql: dump.sql,
        path,
        not_compared: dump.not_compared,
    };
    Answer::verbatim(owner.name(), AnswerJson::Dump(json), text)
}

fn unknown_dialect(owner: &Crate) -> Error {
    let title = format!("crate `{}` is not written for this engine", owner.name());
    Diagnostic::new(Cause::Arguments, title)
        .code(Code::UncheckedDialect)
        .help("add it to `dialects` under [package.metadata.alembic], or choose another")
        .into()
}
