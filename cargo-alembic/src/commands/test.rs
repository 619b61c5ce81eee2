//! `cargo alembic test`

use std::fmt::Write;

use anstyle::AnsiColor;
use clap::Args;

use alembic_history::Code;
use alembic_migrate::Dialect;

use super::write_answers;
use crate::context::Context;
use crate::database::Database;
use crate::diagnostic::{Diagnostic, Error, Result};
use crate::exit::Exit;
use crate::json::{CheckJson, TestJson};
use crate::member::{Loaded, load_all};
use crate::requirements;
use crate::scratch::{self, Engine};
use crate::trial::{self, Check, Made, Verdict};
use crate::url::{DatabaseUrl, PostgresUrl};

/// Arguments of `cargo alembic test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// A PostgreSQL server to make databases on, by the URL of one of its databases, which is left
    /// alone; instead of the one that is configured
    #[arg(long, value_name = "URL", help_heading = "Database")]
    url: Option<String>,
}

impl TestArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        if let Some(url) = &self.url
            && Dialect::of_url(url) == Some(Dialect::Sqlite)
        {
            return Err(Diagnostic::new(
                "`--url` names a server to make databases on, and SQLite has none",
            )
            .help("leave it out: SQLite's databases are made in memory")
            .exit(Exit::Usage));
        }
        let members = load_all(context.members()?, self.url.as_deref())?;
        let ordered = requirements::ordered(context, members)?;
        let mut answers = Vec::new();
        let mut failed = None;
        for crate_ in &ordered.chosen {
            context.shell.status("Testing", crate_.name());
            let (engines, server) = self.engines(crate_);
            let mut made = vec![trial::chain(crate_)];
            let below = ordered.below(crate_);
            for engine in &engines {
                made.extend(trial::run(crate_, &below, engine));
            }
            // As long as there is nothing but SQLite, nobody needs to be told.
            let is_named = engines
                .iter()
                .any(|engine| engine.dialect() == Dialect::Postgres);
            made.extend(server);
            let json = TestJson {
                checks: made.iter().map(json).collect(),
            };
            let text = made.iter().map(|made| line(made, is_named));
            answers.push((crate_, json, text.collect::<String>()));
            for Made {
                check,
                dialect,
                verdict,
            } in made
            {
                if let Verdict::Failed(mut error) = verdict {
                    let name = crate_.name();
                    let mut note = format!("check `{}` of crate `{name}`", check.name());
                    if let Some(dialect) = dialect.filter(|_| is_named) {
                        note = format!("{note} on {}", dialect.product());
                    }
                    for fault in &mut error.diagnostics {
                        fault.notes.push(note.clone());
                    }
                    Error::add(&mut failed, error);
                }
            }
        }
        for left in scratch::left() {
            let what = format_args!("the database {left}, which could not be dropped");
            context.shell.status("Leaving", what);
        }
        write_answers(context, ordered.chosen.len() > 1, answers)?;
        failed.map_or(Ok(Exit::Success), Err)
    }

    /// Finds where a crate's migrations can be tried, and what is to be said of a server.
    fn engines(&self, loaded: &Loaded) -> (Vec<Engine>, Option<Made>) {
        let mut engines = Vec::new();
        if loaded.dialects.contains(&Dialect::Sqlite) {
            engines.push(Engine::Sqlite);
        }
        let verdict = if loaded.dialects.contains(&Dialect::Postgres) {
            let server = self.server(loaded, !engines.is_empty());
            match server.and_then(|url| url.as_ref().map(Engine::postgres).transpose()) {
                Ok(Some(engine)) => {
                    engines.push(engine);
                    None
                }
                Ok(None) => Some(Verdict::Skipped(format!(
                    "no PostgreSQL server is known: name one with `--url`, or in {}",
                    loaded.member.settings.url_env
                ))),
                Err(error) => Some(Verdict::Failed(error)),
            }
        } else {
            let why = "`--url` is passed over, since its `dialects` have no `postgres`";
            self.url.as_ref().map(|_| Verdict::Skipped(why.to_owned()))
        };
        let made = verdict.map(|verdict| Made {
            check: Check::Server,
            dialect: Some(Dialect::Postgres),
            verdict,
        });
        (engines, made)
    }

    /// Finds the server that an argument, the environment or the configuration names; a crate that
    /// is for nothing else must have one.
    fn server(&self, loaded: &Loaded, is_optional: bool) -> Result<Option<PostgresUrl>> {
        let name = loaded.name();
        match Database::find(&loaded.member, self.url.as_deref())? {
            Some(Database {
                url: DatabaseUrl::Postgres(url),
            }) => Ok(Some(url)),
            _ if is_optional => Ok(None),
            _ => Err(Diagnostic::new(format!(
                "crate `{name}` is for PostgreSQL, and no server is known"
            ))
            .code(Code::NoServer)
            .help(format!(
                "name one of its databases with `--url postgres://...`, or in the environment \
                 variable {}; that database is left alone",
                loaded.member.settings.url_env
            ))
            .exit(Exit::Configuration)),
        }
    }
}

fn line(made: &Made, is_named: bool) -> String {
    let (word, color, details) = match &made.verdict {
        Verdict::Passed(details) => ("ok", AnsiColor::Green, details.as_str()),
        Verdict::Skipped(why) => ("skipped", AnsiColor::Yellow, why.as_str()),
        Verdict::Failed(_) => ("FAILED", AnsiColor::Red, "see below"),
    };
    let style = color.on_default().bold();
    let mut line = String::new();
    let name = made.check.name();
    let _ = write!(line, "{style}{word:>7}{style:#}  {name:<12}  ");
    if let Some(dialect) = made.dialect.filter(|_| is_named) {
        let _ = write!(line, "{}: ", dialect.product());
    }
    line + details + "\n"
}

fn json(made: &Made) -> CheckJson {
    let (word, details) = match &made.verdict {
        Verdict::Passed(details) => ("passed", vec![details.clone()]),
        Verdict::Skipped(why) => ("skipped", vec![why.clone()]),
        Verdict::Failed(error) => {
            let titles = error.diagnostics.iter().map(|fault| fault.title.clone());
            ("failed", titles.collect())
        }
    };
    CheckJson {
        name: made.check.name().to_owned(),
        dialect: made.dialect.map(|dialect| dialect.to_string()),
        verdict: word.to_owned(),
        details,
    }
}
