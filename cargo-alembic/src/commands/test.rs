//! `cargo alembic test`

use std::fmt::Write;

use alembic_history::Direction;
use alembic_migrate::Dialect;
use anstyle::AnsiColor;
use clap::Args;

use crate::context::Context;
use crate::database::scratch::{self, Engine};
use crate::engines;
use crate::explain;
use crate::newer_sql;
use crate::output::json::{AnswerJson, CheckJson, TestJson};
use crate::output::{Answer, Cause, Diagnostic, Error, Response, Result, printable};
use crate::trial::{self, Check, CheckResult, Verdict};
use crate::workspace::{Access, Crate};

/// Arguments of `cargo alembic test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The PostgreSQL server to create temporary databases on, instead of that of DATABASE_URL or the
    /// configuration: the URL of any of its databases, which is left untouched
    #[arg(
        long,
        visible_alias = "scratch-url",
        value_name = "URL",
        help_heading = "Database"
    )]
    url: Option<String>,
}

impl TestArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        if let Some(url) = &self.url
            && Dialect::of_url(url) == Some(Dialect::Sqlite)
        {
            let title = "`--url` names a server to create databases on, but SQLite has no server";
            return Err(Diagnostic::new(Cause::Arguments, title)
                .help("leave it out: SQLite databases are created in memory")
                .into());
        }
        let access = Access {
            url: self.url.clone(),
            ..Access::default()
        };
        let crates = context.crates(&access)?;
        let mut unsound = None;
        for next in &crates {
            for direction in [Direction::Upgrade, Direction::Downgrade] {
                if let Err(error) = next.check_sql(direction) {
                    Error::add(&mut unsound, error);
                }
            }
        }
        for next in &crates {
            for fault in next.history().empty_upgrades() {
                Error::add(&mut unsound, explain::fault(&fault, next.name()).into());
            }
        }
        if let Some(error) = unsound {
            return Err(error);
        }
        let order = context.workspace()?.order(crates)?;
        let mut answers = Vec::new();
        let mut failed = None;
        for next in &order.chosen {
            context.shell.status("Testing", next.name());
            newer_sql::report_all(context, next);
            let (engines, server) = self.engines(next);
            let mut results = vec![trial::chain(next)];
            results.extend(trial::lock(next));
            let below = order.below(next);
            let mut ladders = Vec::new();
            for engine in &engines {
                let (made, ladder) = trial::run(next, &below, engine);
                results.extend(made);
                ladders.push(ladder);
            }
            if let [one, other] = ladders.as_slice() {
                results.push(trial::engines(next, one.as_ref(), other.as_ref()));
            }
            // The engine is only named if PostgreSQL is among them.
            let is_named = engines.iter().any(Engine::is_server);
            results.extend(server);
            let json = AnswerJson::Test(TestJson {
                checks: results.iter().map(json).collect(),
            });
            let text = results
                .iter()
                .map(|result| line(result, is_named))
                .collect();
            answers.push(Answer::verbatim(next.name(), json, text));
            for result in results {
                let named = result.dialect.filter(|_| is_named);
                let mut check =
                    format!("check `{}` of crate `{}`", result.check.name(), next.name());
                if let Some(dialect) = named {
                    check = format!("{check} on {}", dialect.product());
                }
                if let Verdict::Failed(error) = result.verdict {
                    let faults = error.diagnostics.into_iter();
                    let faults = faults.map(|fault| fault.note(check.as_str()));
                    Error::add(&mut failed, faults.collect::<Vec<_>>().into());
                }
            }
        }
        for left in scratch::undropped_names() {
            let what = format_args!("the database {left}, which could not be dropped");
            context.shell.status("Leaving", what);
        }
        Ok(Response::sections(answers, order.chosen.len()).with_error(failed))
    }

    /// Finds the engines to test a crate's migrations on, and the result of the `server` check, if
    /// any.
    fn engines(&self, owner: &Crate) -> (Vec<Engine>, Option<CheckResult>) {
        let mut engines = Vec::new();
        if owner.dialects.contains(&Dialect::Sqlite) {
            engines.push(Engine::Sqlite(owner.configuration.sqlite_extensions()));
        }
        let verdict = if owner.dialects.contains(&Dialect::Postgres) {
            let server = match engines::server(owner, &[self.url.as_deref()]) {
                Ok(None) if engines.is_empty() => Err(engines::no_server(owner, "--url")),
                server => server,
            };
            match server.and_then(|url| url.as_ref().map(Engine::postgres).transpose()) {
                Ok(Some(engine)) => {
                    engines.push(engine);
                    None
                }
                Ok(None) => Some(Verdict::Skipped(format!(
                    "no PostgreSQL server is configured: name one with `--url` or in {}",
                    owner.configuration.settings.url_env
                ))),
                Err(error) => Some(Verdict::Failed(error)),
            }
        } else {
            let why = "`--url` is ignored: the crate's `dialects` do not include `postgres`";
            self.url.as_ref().map(|_| Verdict::Skipped(why.to_owned()))
        };
        let result = verdict.map(|verdict| CheckResult {
            check: Check::Server,
            dialect: Some(Dialect::Postgres),
            verdict,
        });
        (engines, result)
    }
}

fn line(result: &CheckResult, is_named: bool) -> String {
    let (word, color, details) = match &result.verdict {
        Verdict::Passed(details) => ("ok", AnsiColor::Green, details.as_str()),
        Verdict::Skipped(why) => ("skipped", AnsiColor::Yellow, why.as_str()),
        Verdict::Failed(_) => ("FAILED", AnsiColor::Red, "see below"),
    };
    let style = color.on_default().bold();
    let mut line = String::new();
    let name = result.check.name();
    let _ = write!(line, "{style}{word:>7}{style:#}  {name:<12}  ");
    if let Some(dialect) = result.dialect.filter(|_| is_named) {
        let _ = write!(line, "{}: ", dialect.product());
    }
    line + &printable(details) + "\n"
}

fn json(result: &CheckResult) -> CheckJson {
    let (word, details) = match &result.verdict {
        Verdict::Passed(details) => ("passed", vec![details.clone()]),
        Verdict::Skipped(why) => ("skipped", vec![why.clone()]),
        Verdict::Failed(error) => {
            let titles = error.diagnostics.iter().map(|fault| fault.title.clone());
            ("failed", titles.collect())
        }
    };
    CheckJson {
        name: result.check.name().to_owned(),
        dialect: result.dialect.map(|dialect| dialect.to_string()),
        verdict: word.to_owned(),
        details,
    }
}
