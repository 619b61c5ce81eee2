//! `cargo alembic dump`

use std::path::PathBuf;

use alembic_history::Code;
use alembic_migrate::Dialect;
use alembic_migrate::schema::DiffOptions;
use alembic_schema::script;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::args::ComparedArgs;
use crate::context::Context;
use crate::database::scratch::Engine;
use crate::engines::engines;
use crate::new_file::FileChanges;
use crate::output::json::{AnswerJson, DumpJson};
use crate::output::{Answer, Cause, Diagnostic, Layout, Response, Result, display_path};
use crate::replay::Replay;
use crate::schemas::{Source, changes, filter_for, not_compared, report_not_compared};
use crate::workspace::{Access, Crate, CrateOrder, SchemaFile, TargetFile};

/// Arguments of `cargo alembic dump`.
#[derive(Debug, Args)]
pub struct DumpArgs {
    /// The schema: `history`, `history@REVISION`, `target`, `database`, a URL or a file of SQL
    #[arg(default_value = "history")]
    schema: String,
    /// Write the schema that the revisions make into the file that `schema` configures
    #[arg(long, conflicts_with_all = ["schema", "dialect"])]
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

/// A schema as SQL.
struct Dump {
    dialect: Dialect,
    sql: String,
    not_compared: Vec<String>,
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
            let all = engines(next, &[self.compared.scratch_url.as_deref()])?;
            let source = Source::parse(&self.schema, next)?;
            let wanted = self.dialect.or(source.dialect());
            let is_wanted =
                |engine: &&Engine| wanted.is_none_or(|dialect| dialect == engine.dialect());
            let mut outcome = Err(self.unknown_dialect(next));
            for engine in all.iter().filter(is_wanted) {
                outcome = self.dumped(context, &order, next, (engine, &all), &source);
                // One engine may not read what another one writes.
                if outcome.is_ok() || !self.write {
                    break;
                }
            }
            let (dump, path) = outcome?;
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
            answers.push(Answer::verbatim(next.name(), AnswerJson::Dump(json), text));
        }
        let layout = match self.write {
            true => Layout::Plain,
            false => Layout::Scripts,
        };
        Ok(Response::new(answers, layout))
    }

    /// Dumps the schema on one of the engines, and writes it if that was asked for.
    fn dumped(
        &self,
        context: &Context,
        order: &CrateOrder,
        owner: &Crate,
        (engine, all): (&Engine, &[Engine]),
        source: &Source,
    ) -> Result<(Dump, Option<String>)> {
        let dump = self.dump(context, order, owner, engine, source)?;
        let path = match self.write {
            true => Some(self.write(context, order, owner, all, &dump)?),
            false => None,
        };
        Ok((dump, path))
    }

    fn unknown_dialect(&self, owner: &Crate) -> crate::output::Error {
        let title = format!("crate `{}` is not written for this engine", owner.name());
        Diagnostic::new(Cause::Arguments, title)
            .code(Code::UncheckedDialect)
            .help("add it to `dialects` under [package.metadata.alembic], or choose another")
            .into()
    }

    fn dump(
        &self,
        context: &Context,
        order: &CrateOrder,
        owner: &Crate,
        engine: &Engine,
        source: &Source,
    ) -> Result<Dump> {
        let replay = Replay {
            owner,
            below: &order.below(owner),
            engine,
        };
        let compared = &self.compared;
        let filter = filter_for(owner, &compared.include_objects, &compared.exclude_objects)?;
        let mut below = replay.inspect(&mut replay.below()?)?;
        let mut schema = source.read(context, &replay)?;
        filter.apply(&mut below);
        filter.apply(&mut schema);
        report_not_compared(context, owner, [&schema], compared.strict.into())?;
        let changes = changes(owner, &below, &schema, DiffOptions::default())?;
        Ok(Dump {
            dialect: engine.dialect(),
            sql: script(&changes, engine.dialect()),
            not_compared: not_compared([&schema]),
        })
    }

    /// Writes the target schema, once every engine has made the schema of the revisions of it.
    fn write(
        &self,
        context: &Context,
        order: &CrateOrder,
        owner: &Crate,
        engines: &[Engine],
        dump: &Dump,
    ) -> Result<String> {
        let Some(name) = &owner.configuration.settings.schema else {
            let title = format!("crate `{}` has no file for its target schema", owner.name());
            return Err(Diagnostic::new(Cause::Configuration, title)
                .code(Code::NoTarget)
                .help("name one with `schema = \"schema.sql\"` under [package.metadata.alembic]")
                .into());
        };
        let text = owner.history().schema_head(owner.name()) + &dump.sql;
        let path: PathBuf = owner.configuration.folder.join(name);
        let shown = display_path(&path);
        let file = SchemaFile {
            path: shown.clone().into(),
            text: text.clone(),
        };
        for engine in engines {
            let replay = Replay {
                owner,
                below: &order.below(owner),
                engine,
            };
            let made = replay.inspect(&mut replay.created_by(&file)?)?;
            let expected = replay.inspect(&mut replay.at("heads")?)?;
            let left = changes(owner, &made, &expected, DiffOptions::default())?;
            if let Some(first) = left.first() {
                let title = format!(
                    "the SQL of {} does not make the schema of the revisions on {}",
                    dump.dialect.product(),
                    engine.dialect().product()
                );
                return Err(Diagnostic::new(Cause::Check, title)
                    .code(Code::SchemaDiffers)
                    .note(format!("left: {}", first.sentence))
                    .help("nothing was written")
                    .into());
            }
        }
        let mut files = FileChanges::default();
        files.write(&path, &text)?;
        files.commit()?;
        context.shell.status("Wrote", &shown);
        Ok(shown)
    }
}
