//! Tests a crate's migrations on temporary databases.

mod climb;
mod difference;
mod engines;
mod models;
mod starts;
mod together;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use alembic_history::{Chain, Code, Node};
use alembic_migrate::schema::{DiffOptions, ObjectId, Schema, diff};
use alembic_migrate::{Dialect, Migrations, RunError};

use climb::Slope;
use difference::Difference;

use crate::database::scratch::{Engine, Scratch};
use crate::explain;
use crate::lock_file::NewRevisions;
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::replay::Replay;
use crate::workspace::Crate;

pub(crate) use engines::engines;

/// A check of `cargo alembic test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// A server to test on is available, if one is needed.
    Server,
    /// The history has the configured shape.
    Chain,
    /// The lock file describes the revision files.
    Lock,
    /// Every revision can be applied, one after the other, on top of the rows of the earlier ones.
    Upgrade,
    /// Every revision that is not declared irreversible can be reverted and applied again, with the
    /// same schemas as before.
    UpDownUp,
    /// An empty database gets the same schema as one that went through every revision.
    Fresh,
    /// So does a database at the baseline that has no version table.
    Legacy,
    /// A second start changes nothing.
    SecondStart,
    /// The revisions make what the structs state.
    Models,
    /// Both engines of a crate get the same tables, columns and keys.
    Engines,
}

impl Check {
    /// Returns the check's displayed name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Check::Server => "server",
            Check::Chain => "chain",
            Check::Lock => "lock",
            Check::Upgrade => "upgrade",
            Check::UpDownUp => "up-down-up",
            Check::Fresh => "fresh",
            Check::Legacy => "legacy",
            Check::SecondStart => "second-start",
            Check::Models => "models",
            Check::Engines => "engines",
        }
    }
}

/// The verdict of a check.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It passed; carries what was checked.
    Passed(String),
    /// It does not apply; carries the reason.
    Skipped(String),
    /// It failed; carries what is wrong.
    Failed(Error),
}

/// The result of a check.
#[derive(Debug)]
pub(crate) struct CheckResult {
    pub(crate) check: Check,
    /// The dialect of the databases that it ran on; `None` if it needs no database.
    pub(crate) dialect: Option<Dialect>,
    pub(crate) verdict: Verdict,
}

/// Checks the history, without a database.
pub(crate) fn chain(owner: &Crate) -> CheckResult {
    let chain = owner.configuration.settings.chain;
    let faults = owner.history().check_chain(chain, owner.name());
    let revisions = count(owner.graph().len(), "revision");
    let verdict = match chain {
        _ if !faults.is_empty() => {
            let faults = faults
                .iter()
                .map(|fault| explain::fault(fault, owner.name()));
            Verdict::Failed(check_failure(faults.collect()))
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

/// Compares the revision files with the crate's lock file, if it keeps one.
pub(crate) fn lock(owner: &Crate) -> Option<CheckResult> {
    owner.configuration.settings.lock_folder()?;
    let verdict = match owner.check_lock(NewRevisions::Refuse) {
        Ok(()) => Verdict::Passed(format!(
            "{} as recorded",
            count(owner.graph().len(), "revision")
        )),
        Err(error) => Verdict::Failed(check_failure(error.diagnostics)),
    };
    Some(CheckResult {
        check: Check::Lock,
        dialect: None,
        verdict,
    })
}

/// What the revisions make of a crate's schema on one engine.
pub(crate) struct Ladder {
    order: Vec<Node>,
    /// The schema before the first revision, and after each.
    schemas: Vec<Picture>,
}

/// Runs the checks that need databases, each on databases of its own, and returns what the revisions
/// make, if all of them can be applied.
///
/// `below` are the crates that this one's revisions depend on, and whose tables they can use.
pub(crate) fn run(
    owner: &Crate,
    below: &[&Crate],
    engine: &Engine,
) -> (Vec<CheckResult>, Option<Ladder>) {
    let mut trial = Trial {
        replay: Replay {
            owner,
            below,
            engine,
        },
        ladder: None,
        slopes: Vec::new(),
        together: Vec::new(),
        tracked: OnceCell::new(),
        tracked_rows: OnceCell::new(),
    };
    let mut checks: Vec<(Check, CheckFunction)> = vec![
        (Check::Upgrade, |trial| trial.upgrade()),
        (Check::UpDownUp, |trial| trial.up_down_up()),
        (Check::Fresh, |trial| trial.fresh()),
        (Check::Legacy, |trial| trial.legacy()),
        (Check::SecondStart, |trial| trial.second_start()),
    ];
    if owner.models().is_some() {
        checks.push((Check::Models, |trial| trial.models()));
    }
    let mut made = Vec::new();
    let mut broken = false;
    for (check, make) in checks {
        let verdict = match broken {
            // Every later check would report the same broken statement again.
            true => Verdict::Skipped("`upgrade` failed".to_owned()),
            false => make(&mut trial).unwrap_or_else(Verdict::Failed),
        };
        broken |= check == Check::Upgrade && matches!(verdict, Verdict::Failed(_));
        made.push(CheckResult {
            check,
            dialect: Some(engine.dialect()),
            verdict,
        });
    }
    // Their databases go before the roles that own something in them.
    trial.slopes.clear();
    trial.replay.drop_roles();
    (made, trial.ladder)
}

type CheckFunction = fn(&mut Trial<'_>) -> Result<Verdict>;

/// A trial of a crate's migrations on one engine, with the results that later checks need.
struct Trial<'l> {
    replay: Replay<'l>,
    /// What the upgrade made, revision by revision.
    ladder: Option<Ladder>,
    /// The upgrade's databases, which `up-down-up` starts from.
    slopes: Vec<Slope>,
    /// The positions of revisions that can only be applied together.
    together: Vec<Range<usize>>,
    /// The schema of a database that went through every revision.
    tracked: OnceCell<Picture>,
    /// How many rows it has.
    tracked_rows: OnceCell<RowCounts>,
}

/// The numbers of rows of tables, as the database writes them.
type RowCounts = BTreeMap<ObjectId, String>;

impl Trial<'_> {
    fn migrations(&self) -> &Migrations {
        &self.replay.owner.migrations
    }

    /// Returns why no database without a version table can be made ready, if that is so.
    fn needs_table(&self) -> Option<Verdict> {
        let why = "ids are too long for a version table as runs create it, so databases have one";
        let needs = !self.replay.roomy_tables().is_empty();
        needs.then(|| Verdict::Skipped(why.to_owned()))
    }

    fn schema(&self, scratch: &mut Scratch) -> Result<Picture> {
        let described = self.migrations().describe(&mut scratch.connection);
        Ok(Picture {
            text: described.map_err(|error| self.explain(error, scratch))?,
            schema: self.replay.inspect(scratch)?,
        })
    }

    fn explain(&self, error: RunError, scratch: &Scratch) -> Error {
        self.replay.explain(error, scratch)
    }
}

/// Turns diagnostics into the failure of a check.
fn check_failure(diagnostics: Vec<Diagnostic>) -> Error {
    let failed = diagnostics.into_iter().map(Diagnostic::into_check_failure);
    failed.collect::<Vec<_>>().into()
}

/// The schema of a database: as text, which is quick to compare and to show, and as data.
struct Picture {
    text: String,
    schema: Schema,
}

impl Picture {
    /// Returns whether both are the same schema, however it is written: a constraint may stand behind
    /// its column or below all of them.
    fn is_same(&self, other: &Self) -> bool {
        let is_made = |from: &Schema, to: &Schema| {
            diff(from, to, DiffOptions::default()).is_ok_and(|changes| changes.is_empty())
        };
        self.schema.not_compared == other.schema.not_compared
            && is_made(&self.schema, &other.schema)
            && is_made(&other.schema, &self.schema)
    }
}

/// Refuses a schema that differs from the expected one, and shows the difference; returns the tables
/// whose columns are only in another order.
fn compare(what: &str, expected: &Picture, found: &Picture) -> Result<BTreeSet<String>> {
    match difference::between(&expected.text, &found.text) {
        Difference::Order(tables) => Ok(tables),
        Difference::Lines(_) if expected.is_same(found) => Ok(BTreeSet::new()),
        Difference::Lines(lines) => {
            let title = format!("{what}: the schema differs");
            Err(Diagnostic::new(Cause::Check, title)
                .code(Code::SchemaDiffers)
                .note(lines)
                .into())
        }
    }
}

/// Adds to the result of a check which tables have their columns in another order.
fn with_order(text: String, tables: &BTreeSet<String>) -> String {
    if tables.is_empty() {
        return text;
    }
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
    format!(
        "{text} (the columns of {} are in another order)",
        tables.join(", ")
    )
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
