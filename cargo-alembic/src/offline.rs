//! Scripts instead of runs: `--sql`.

use alembic_history::{Code, Direction};
use alembic_migrate::{Dialect, PlanError, RunFault};
use alembic_run::{Obstacle, Runner, ScriptError};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::commands::DatabaseArgs;
use crate::context::Context;
use crate::database::{self, Database};
use crate::diagnostic::{Diagnostic, Error, Result};
use crate::exit::Exit;
use crate::explain;
use crate::json::{self, Format, ScriptJson};
use crate::member::{Loaded, Member, load_all, that_know};
use crate::requirements;
use crate::shell::answer_exactly;

/// The arguments of commands that can write a script.
#[derive(Clone, Debug, Args)]
pub(crate) struct OfflineArgs {
    /// Change nothing, and write SQL that does it to stdout, for psql or the sqlite3 shell
    #[arg(long, help_heading = "Offline")]
    pub(crate) sql: bool,
    /// What the SQL is for, instead of what the URL of the database says
    #[arg(
        long,
        value_name = "DIALECT",
        requires = "sql",
        value_parser = PossibleValuesParser::new(Dialect::ALL.iter().map(|dialect| dialect.name()))
            .try_map(|name| name.parse::<Dialect>()),
        help_heading = "Offline"
    )]
    dialect: Option<Dialect>,
}

impl OfflineArgs {
    /// Writes the script of every crate that knows `targets`, once all of them are planned.
    ///
    /// Where the command runs revisions, `direction` tells which way.
    pub(crate) fn write(
        &self,
        context: &Context,
        database: &DatabaseArgs,
        targets: &[&str],
        direction: Option<Direction>,
        script: impl Fn(Runner<'_>) -> std::result::Result<String, ScriptError>,
    ) -> Result<Exit> {
        let url = database.url.as_deref();
        let mut members = context.members()?;
        for member in &mut members {
            if let (None, Some(dialect)) = (&member.settings.dialects, self.dialect) {
                member.settings.dialects = Some(vec![dialect]);
            }
        }
        let loaded = load_all(members, url)?;
        let names: Vec<&str> = targets
            .iter()
            .flat_map(|target| target.split(':'))
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        let mut chosen: Vec<Loaded> = that_know(&loaded, &names)?.into_iter().cloned().collect();
        if let Some(direction) = direction {
            chosen = requirements::ordered(context, chosen)?.chosen;
            if direction == Direction::Downgrade {
                chosen.reverse();
            }
        }
        let mut scripts = Vec::new();
        for crate_ in &chosen {
            let dialect = self.dialect(&crate_.member, url)?;
            database::check_schema(&crate_.member, dialect)?;
            let migrations = crate_.migrations.clone();
            let migrations = migrations.lock_timeout(database.lock_timeout);
            let written = script(migrations.runner(dialect));
            let written = written.map_err(|error| explain(&error, crate_))?;
            scripts.push((crate_.name(), dialect, written));
        }
        match context.format {
            Format::Json => {
                let answers = scripts.into_iter().map(|(name, dialect, script)| {
                    let dialect = dialect.to_string();
                    (name.to_owned(), ScriptJson { dialect, script })
                });
                json::write(answers.collect())?;
            }
            Format::Text => {
                let several = scripts.len() > 1;
                let texts = scripts.into_iter().map(|(name, _, script)| match several {
                    true => format!("-- crate `{name}`\n{script}"),
                    false => script,
                });
                answer_exactly(&texts.collect::<Vec<_>>().join("\n"))?;
            }
        }
        Ok(Exit::Success)
    }

    /// Tells what a crate's script is for.
    fn dialect(&self, member: &Member, url: Option<&str>) -> Result<Dialect> {
        let only = match member.settings.dialects.as_deref() {
            Some([only]) if url.is_none() => Some(*only),
            _ => None,
        };
        if let Some(dialect) = self.dialect.or(only) {
            return Ok(dialect);
        }
        match Database::find(member, url)? {
            Some(database) => Ok(database.url.dialect()),
            None => Err(Diagnostic::new(format!(
                "nothing says what the script for crate `{}` is to be for",
                member.name
            ))
            .help("say it with `--dialect sqlite` or `--dialect postgres`")
            .exit(Exit::Usage)),
        }
    }
}

/// Explains why there is no script.
fn explain(error: &ScriptError, loaded: &Loaded) -> Error {
    let name = loaded.name();
    let diagnostic = Diagnostic::new(error.to_string()).note(format!("in crate `{name}`"));
    match error {
        ScriptError::Fault(fault) => match &**fault {
            RunFault::Plan(PlanError::NotADowngradeTarget { .. }) => diagnostic
                .help("write `START:END`, where END is below START")
                .exit(Exit::Revision),
            fault => explain::refused(fault, loaded),
        },
        ScriptError::NoStart { .. } => diagnostic
            .help("name the revision that the database is at, as in `ae10:head`")
            .exit(Exit::Revision),
        ScriptError::OpenRange { .. } => diagnostic
            .help("write `START:END`: the revision that the database is at, and where to go")
            .exit(Exit::Revision),
        ScriptError::SeveralStarts => diagnostic
            .help("write the same `START:` before every revision")
            .exit(Exit::Revision),
        ScriptError::Statement { place, obstacle } => {
            let place = explain::at(place, loaded);
            let diagnostic = Diagnostic::new(obstacle.to_string())
                .code(Code::NotScriptable)
                .place(place)
                .note(format!("in crate `{name}`"));
            let help = match obstacle {
                Obstacle::Parameter(_) => "write the value there",
                Obstacle::Terminator(_) => "join the line with another one",
                _ => "write names like `begin` in quotes, or the body as `$$ ... $$`",
            };
            diagnostic.help(help).exit(Exit::Migration)
        }
        ScriptError::SearchPath { path, .. } => diagnostic
            .code(Code::NotScriptable)
            .note(format!("its file is {}", path.display()))
            .help("set `version-table-schema`, so that the table is found by its full name")
            .exit(Exit::Migration),
        _ => diagnostic.exit(Exit::Migration),
    }
}
