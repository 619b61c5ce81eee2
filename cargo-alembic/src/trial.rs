//! Tries a crate's migrations on databases of its own.

mod climb;
mod starts;

use std::cell::OnceCell;

use alembic_history::{Chain, Code};
use alembic_migrate::{Dialect, Migrations, RunError};
use similar::TextDiff;

use climb::Ascent;

use crate::database::scratch::{Engine, Scratch};
use crate::explain;
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::workspace::Crate;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// There is a server to try on, where one is needed.
    Server,
    /// The history has the shape that is configured.
    Chain,
    /// Every revision can be applied, one after the other, on the rows of those before.
    Upgrade,
    /// Every revision that is not declared irreversible can be reverted and applied again, and the
    /// schema is what it was each time.
    UpDownUp,
    /// An empty database comes to the same schema as one that went through every revision.
    Fresh,
    /// So does one without a version table, from its baseline.
    Legacy,
    /// A second start changes nothing.
    SecondStart,
}

impl Check {
    /// Returns the name under which the check is shown.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Check::Server => "server",
            Check::Chain => "chain",
            Check::Upgrade => "upgrade",
            Check::UpDownUp => "up-down-up",
            Check::Fresh => "fresh",
            Check::Legacy => "legacy",
            Check::SecondStart => "second-start",
        }
    }
}

/// How a check ended.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It holds; carries what was looked at.
    Passed(String),
    /// It does not apply; carries why.
    Skipped(String),
    /// It does not hold; carries what is wrong.
    Failed(Error),
}

/// The result of a check.
#[derive(Debug)]
pub(crate) struct CheckResult {
    pub(crate) check: Check,
    /// What the databases speak on which it was made; nothing, where it needs none.
    pub(crate) dialect: Option<Dialect>,
    pub(crate) verdict: Verdict,
}

/// Looks at the history, which needs no database.
pub(crate) fn chain(owner: &Crate) -> CheckResult {
    let chain = owner.configuration.settings.chain;
    let faults = owner.history().check_chain(chain, owner.name());
    let revisions = count(owner.graph().len(), "revision");
    let verdict = match chain {
        _ if !faults.is_empty() => {
            Verdict::Failed(check_failure(faults.iter().map(explain::fault).collect()))
        }
        Chain::Linear => Verdict::Passed(format!("{revisions}, linear, one head")),
        Chain::Merged => Verdict::Passed(format!("{revisions}, branches merged, one head")),
    };
    CheckResult {
        check: Check::Chain,
        dialect: None,
        verdict,
    }
}

/// Makes the checks that need databases, each on databases of its own.
///
/// `below` are the crates that this one's revisions depend on, and whose tables they may use.
pub(crate) fn run(owner: &Crate, below: &[&Crate], engine: &Engine) -> Vec<CheckResult> {
    let mut trial = Trial {
        owner,
        below,
        engine,
        ascent: None,
        tracked: OnceCell::new(),
    };
    let checks: [(Check, CheckFunction); 5] = [
        (Check::Upgrade, |trial| trial.upgrade()),
        (Check::UpDownUp, |trial| trial.up_down_up()),
        (Check::Fresh, |trial| trial.fresh()),
        (Check::Legacy, |trial| trial.legacy()),
        (Check::SecondStart, |trial| trial.second_start()),
    ];
    let mut made = Vec::new();
    let mut broken = false;
    for (check, make) in checks {
        let verdict = match broken {
            // One broken statement would be told once for each check that comes to it.
            true => Verdict::Skipped("`upgrade` fails".to_owned()),
            false => make(&mut trial).unwrap_or_else(Verdict::Failed),
        };
        broken |= check == Check::Upgrade && matches!(verdict, Verdict::Failed(_));
        made.push(CheckResult {
            check,
            dialect: Some(engine.dialect()),
            verdict,
        });
    }
    made
}

type CheckFunction = fn(&mut Trial<'_>) -> Result<Verdict>;

/// A crate's migrations on one engine, and what checks have found out that others need.
struct Trial<'l> {
    owner: &'l Crate,
    /// The crates that this one's revisions depend on.
    below: &'l [&'l Crate],
    engine: &'l Engine,
    /// What the way up has left for the way down.
    ascent: Option<Ascent>,
    /// The schema of a database that went through every revision.
    tracked: OnceCell<String>,
}

impl Trial<'_> {
    fn migrations(&self) -> &Migrations {
        &self.owner.migrations
    }

    /// Makes an empty database.
    fn empty(&self) -> Result<Scratch> {
        let crates = self.below.iter().copied().chain([self.owner]);
        let schemas = crates.filter_map(|known| {
            let table = &known.configuration.settings.version_table;
            table.schema.as_deref()
        });
        self.engine.open(schemas)
    }

    /// Makes a database at whose heads the crates below are.
    fn prepared(&self) -> Result<Scratch> {
        let mut scratch = self.empty()?;
        for known in self.below {
            let outcome = known.migrations.upgrade(&mut scratch.connection, "heads");
            outcome.map_err(|error| known.explain(error, &scratch.database))?;
        }
        Ok(scratch)
    }

    fn schema(&self, scratch: &mut Scratch) -> Result<String> {
        let described = self.migrations().describe(&mut scratch.connection);
        described.map_err(|error| self.explain(error, scratch))
    }

    fn explain(&self, error: RunError, scratch: &Scratch) -> Error {
        self.owner.explain(error, &scratch.database)
    }
}

/// Takes what is wrong for the failure of a check.
fn check_failure(diagnostics: Vec<Diagnostic>) -> Error {
    let failed = diagnostics.into_iter().map(Diagnostic::into_check_failure);
    failed.collect::<Vec<_>>().into()
}

/// Shows how a schema differs from what it should be.
fn compare(what: &str, expected: &str, found: &str) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let difference = TextDiff::from_lines(expected, found);
    let difference = difference.unified_diff().context_radius(2).to_string();
    let title = format!("{what}: the schema differs");
    Err(Diagnostic::new(Cause::Check, title)
        .code(Code::SchemaDiffers)
        .note(difference.trim_end().to_owned())
        .into())
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
