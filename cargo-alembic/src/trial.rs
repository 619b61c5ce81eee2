//! Tries a crate's migrations on databases of its own.

use std::cell::OnceCell;
use std::ops::Range;

use alembic_history::{Chain, Code, Expression, Node, Reversal, rows_file};
use alembic_migrate::{Dialect, Migrations, Outcome, RunError, ensure_all_ready};
use similar::TextDiff;

use crate::diagnostic::{Diagnostic, Error, Result};
use crate::exit::Exit;
use crate::explain;
use crate::member::Loaded;
use crate::scratch::{Engine, Scratch};

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

/// A check that was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) check: Check,
    /// What the databases speak on which it was made; nothing, where it needs none.
    pub(crate) dialect: Option<Dialect>,
    pub(crate) verdict: Verdict,
}

/// Looks at the history, which needs no database.
pub(crate) fn chain(loaded: &Loaded) -> Made {
    let chain = loaded.member.settings.chain;
    let faults = loaded.history().check_chain(chain, loaded.name());
    let revisions = count(loaded.graph().len(), "revision");
    let verdict = match chain {
        _ if !faults.is_empty() => {
            Verdict::Failed(failed(faults.iter().map(explain::fault).collect()))
        }
        Chain::Linear => Verdict::Passed(format!("{revisions}, linear, one head")),
        Chain::Merged => Verdict::Passed(format!("{revisions}, branches merged, one head")),
    };
    Made {
        check: Check::Chain,
        dialect: None,
        verdict,
    }
}

/// Makes the checks that need databases, each on databases of its own.
///
/// `below` are the crates that this one's revisions depend on, and whose tables they may use.
pub(crate) fn run(loaded: &Loaded, below: &[&Loaded], engine: &Engine) -> Vec<Made> {
    let mut trial = Tried {
        loaded,
        below,
        engine,
        climbed: None,
        tracked: OnceCell::new(),
    };
    let checks: [(Check, MakeCheck); 5] = [
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
        made.push(Made {
            check,
            dialect: Some(engine.dialect()),
            verdict,
        });
    }
    made
}

type MakeCheck = fn(&mut Tried<'_>) -> Result<Verdict>;

struct Tried<'l> {
    loaded: &'l Loaded,
    below: &'l [&'l Loaded],
    engine: &'l Engine,
    /// What the way up has left for the way down.
    climbed: Option<Climbed>,
    /// The schema of a database that went through every revision.
    tracked: OnceCell<String>,
}

/// A way up, revision by revision.
struct Climbed {
    order: Vec<Node>,
    /// The schema before the first revision, and after each.
    schemas: Vec<String>,
    slopes: Vec<Slope>,
}

/// Revisions that can be reverted one after the other.
struct Slope {
    /// Their places in the order.
    places: Range<usize>,
    /// A database at the last of them.
    top: Scratch,
}

impl Tried<'_> {
    fn migrations(&self) -> &Migrations {
        &self.loaded.migrations
    }

    /// Makes an empty database.
    fn empty(&self) -> Result<Scratch> {
        let crates = self.below.iter().copied().chain([self.loaded]);
        let schemas = crates.filter_map(|crate_| {
            let table = &crate_.member.settings.version_table;
            table.schema.as_deref()
        });
        self.engine.open(schemas)
    }

    /// Makes a database at whose heads the crates below are.
    fn prepared(&self) -> Result<Scratch> {
        let mut scratch = self.empty()?;
        for crate_ in self.below {
            let outcome = crate_.migrations.upgrade(&mut scratch.connection, "heads");
            outcome.map_err(|error| scratch.database.explain(&error, crate_))?;
        }
        Ok(scratch)
    }

    /// Goes up revision by revision, with the rows that stand beside each, and calls `visit` with the
    /// database before the first one and after each, and how many are applied.
    fn climb(
        &self,
        order: &[Node],
        mut visit: impl FnMut(&mut Scratch, usize) -> Result<()>,
    ) -> Result<Scratch> {
        let mut scratch = self.prepared()?;
        visit(&mut scratch, 0)?;
        for (place, node) in order.iter().enumerate() {
            self.up(&mut scratch, *node)?;
            self.insert_rows(&scratch, *node)?;
            visit(&mut scratch, place + 1)?;
        }
        Ok(scratch)
    }

    fn up(&self, scratch: &mut Scratch, node: Node) -> Result<()> {
        let id = self.loaded.graph()[node].id.as_str();
        let outcome = self.migrations().upgrade(&mut scratch.connection, id);
        outcome
            .map(drop)
            .map_err(|error| self.explain(&error, scratch))
    }

    fn down(&self, scratch: &mut Scratch, node: Node) -> Result<()> {
        let id = self.loaded.graph()[node].id.as_str();
        let outcome = self.migrations().revert(&mut scratch.connection, id);
        outcome
            .map(drop)
            .map_err(|error| self.explain(&error, scratch))
    }

    /// Inserts the rows that stand beside a revision.
    fn insert_rows(&self, scratch: &Scratch, node: Node) -> Result<()> {
        let path = rows_file(&self.loaded.history().file(node).path);
        let shown = path.display();
        let sql = match std::fs::read_to_string(&path) {
            Ok(sql) => sql,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let fault = Diagnostic::new(format!("cannot read {shown}: {error}"));
                return Err(fault.exit(Exit::Migration));
            }
        };
        scratch.execute(&sql).map_err(|error| {
            Diagnostic::new(format!("the rows in {shown} cannot be inserted: {error}"))
                .exit(Exit::Migration)
        })
    }

    fn upgrade(&mut self) -> Result<Verdict> {
        let graph = self.loaded.graph();
        let heads: Vec<Node> = graph.real_heads().collect();
        let order = graph.in_order(&graph.required_by(&heads));
        let mut schemas = Vec::new();
        let mut slopes = Vec::new();
        let mut rest = self.slopes(&order).into_iter().peekable();
        let top = self.climb(&order, |scratch, applied| {
            schemas.push(self.schema(scratch)?);
            let ends = |places: &Range<usize>| places.end == applied && applied < order.len();
            if let Some(places) = rest.next_if(ends) {
                let top = scratch.copy()?;
                slopes.push(Slope { places, top });
            }
            Ok(())
        })?;
        slopes.extend(rest.next().map(|places| Slope { places, top }));
        let has_rows = |node: &&Node| rows_file(&self.loaded.history().file(**node).path).is_file();
        let with_rows = order.iter().filter(has_rows).count();
        self.climbed = Some(Climbed {
            order,
            schemas,
            slopes,
        });
        let revisions = count(self.loaded.graph().len(), "revision");
        Ok(Verdict::Passed(match with_rows {
            0 => format!("{revisions}, no rows (put some beside a revision, in *.rows.sql)"),
            files => format!("{revisions}, with rows at {files} of them"),
        }))
    }

    fn reversal(&self, node: Node) -> Reversal<'_> {
        let file = &self.loaded.history().file(node).file;
        file.reversal(self.engine.dialect())
    }

    /// Returns where in the order revisions can be reverted one after the other.
    fn slopes(&self, order: &[Node]) -> Vec<Range<usize>> {
        let mut slopes: Vec<Range<usize>> = Vec::new();
        for (place, node) in order.iter().enumerate() {
            if !matches!(self.reversal(*node), Reversal::Possible) {
                continue;
            }
            match slopes.last_mut() {
                Some(slope) if slope.end == place => slope.end += 1,
                _ => slopes.push(place..place + 1),
            }
        }
        slopes
    }

    /// Goes down revision by revision, from the heads and from below each irreversible one.
    fn up_down_up(&mut self) -> Result<Verdict> {
        let Some(climbed) = self.climbed.take() else {
            return Ok(Verdict::Skipped("`upgrade` was not made".to_owned()));
        };
        let Climbed {
            order,
            schemas,
            slopes,
        } = climbed;
        let (mut reverted, mut irreversible) = (0, 0);
        let mut faults = Vec::new();
        for (place, node) in order.iter().enumerate() {
            match self.reversal(*node) {
                Reversal::Possible => reverted += 1,
                Reversal::Declared(_) => irreversible += 1,
                Reversal::Missing => faults.push((place, vec![self.no_downgrade(*node)])),
            }
        }
        for Slope {
            mut places,
            mut top,
        } in slopes
        {
            while let Some(place) = places.next_back() {
                let schemas = (schemas[place].as_str(), schemas[place + 1].as_str());
                let more = !places.is_empty();
                match self.to_and_fro(&mut top, order[place], schemas, more) {
                    Ok(()) => {}
                    Err(error) => {
                        faults.push((place, error.diagnostics));
                        // Nothing that it left is to be in the way of those below.
                        if more {
                            top = self.climb(&order[..place], |_, _| Ok(()))?;
                        }
                    }
                }
            }
        }
        if !faults.is_empty() {
            faults.sort_by_key(|(place, _)| *place);
            let faults = faults.into_iter().flat_map(|(_, faults)| faults);
            return Err(failed(faults.collect()));
        }
        let reverted = count(reverted, "revision");
        Ok(Verdict::Passed(format!(
            "{reverted}, {irreversible} irreversible"
        )))
    }

    fn no_downgrade(&self, node: Node) -> Diagnostic {
        let path = &self.loaded.history().file(node).path;
        let id = &self.loaded.graph()[node].id;
        Diagnostic::new(format!("revision {id} has no downgrade section"))
            .note(format!("its file is {}", path.display()))
            .help("write one, or `-- alembic: downgrade irreversible: REASON`")
    }

    /// Reverts the last revision and applies it again, and reverts it once more where there are
    /// `more` below it. `schemas` are those below and above it.
    fn to_and_fro(
        &self,
        scratch: &mut Scratch,
        node: Node,
        (below, above): (&str, &str),
        more: bool,
    ) -> Result<()> {
        let id = &self.loaded.graph()[node].id;
        self.down(scratch, node)?;
        let left = self.schema(scratch)?;
        // Going up again would only stumble over what is left.
        compare(&format!("revision {id}, up and down"), below, &left)?;
        self.up(scratch, node)?;
        let again = self.schema(scratch)?;
        compare(&format!("revision {id}, up, down and up"), above, &again)?;
        if more {
            self.down(scratch, node)?;
        }
        Ok(())
    }

    /// Returns the schema of a database that went through every revision at once.
    fn tracked(&self) -> Result<&str> {
        if self.tracked.get().is_none() {
            let mut scratch = self.prepared()?;
            let outcome = self.migrations().upgrade(&mut scratch.connection, "heads");
            outcome.map_err(|error| self.explain(&error, &scratch))?;
            let _ = self.tracked.set(self.schema(&mut scratch)?);
        }
        Ok(self.tracked.get().map_or("", String::as_str))
    }

    fn ensure(&self, scratch: &mut Scratch) -> Result<Outcome> {
        let below = self.below.iter().map(|crate_| &crate_.migrations);
        let crates: Vec<&Migrations> = below.chain([self.migrations()]).collect();
        let reports = ensure_all_ready(&mut scratch.connection, &crates);
        let reports = reports.map_err(|error| self.explain(&error, scratch))?;
        let own = reports
            .iter()
            .find(|report| report.package == self.loaded.name());
        Ok(own.map_or(Outcome::Ready, |report| report.outcome))
    }

    fn fresh(&self) -> Result<Verdict> {
        let mut scratch = self.empty()?;
        let outcome = self.ensure(&mut scratch)?;
        let fresh = self.schema(&mut scratch)?;
        compare("a fresh database", self.tracked()?, &fresh)?;
        Ok(Verdict::Passed(match outcome {
            Outcome::Created => "created whole, same schema as by the revisions".to_owned(),
            Outcome::Ready | Outcome::Migrated | Outcome::Ahead => "by the revisions".to_owned(),
        }))
    }

    fn legacy(&self) -> Result<Verdict> {
        let baseline = &self.loaded.member.settings.baseline;
        let parsed: Expression = self.loaded.parse(baseline)?;
        if self.loaded.resolve(&parsed, None)?.is_empty() {
            return Ok(Verdict::Skipped("no `baseline` is configured".to_owned()));
        }
        let mut scratch = self.prepared()?;
        let outcome = self.migrations().upgrade(&mut scratch.connection, baseline);
        outcome.map_err(|error| self.explain(&error, &scratch))?;
        let table = self.loaded.member.version_table(self.engine.dialect());
        let table = table.quoted();
        let dropped = scratch.execute(&format!("DROP TABLE {table}"));
        dropped.map_err(unreadable)?;
        self.ensure(&mut scratch)?;
        let legacy = self.schema(&mut scratch)?;
        compare("a legacy database", self.tracked()?, &legacy)?;
        Ok(Verdict::Passed(format!("from {baseline}, same schema")))
    }

    fn second_start(&self) -> Result<Verdict> {
        let mut scratch = self.empty()?;
        self.ensure(&mut scratch)?;
        let schema = self.schema(&mut scratch)?;
        let rows = scratch.rows().map_err(unreadable)?;
        let outcome = self.ensure(&mut scratch)?;
        let mut faults = Vec::new();
        if let Err(differs) = compare("a second start", &schema, &self.schema(&mut scratch)?) {
            faults = differs.diagnostics;
        }
        if outcome != Outcome::Ready || scratch.rows().map_err(unreadable)? != rows {
            faults.push(Diagnostic::new("a second start changes rows"));
        }
        if faults.is_empty() {
            Ok(Verdict::Passed("changes nothing".to_owned()))
        } else {
            Err(failed(faults))
        }
    }

    fn schema(&self, scratch: &mut Scratch) -> Result<String> {
        let described = self.migrations().describe(&mut scratch.connection);
        described.map_err(|error| self.explain(&error, scratch))
    }

    fn explain(&self, error: &RunError, scratch: &Scratch) -> Error {
        scratch.database.explain(error, self.loaded)
    }
}

fn failed(diagnostics: Vec<Diagnostic>) -> Error {
    Error {
        exit: Exit::Migration,
        diagnostics,
    }
}

fn unreadable(error: String) -> Error {
    Diagnostic::new(error).exit(Exit::Database)
}

/// Shows how a schema differs from what it should be.
fn compare(what: &str, expected: &str, found: &str) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let difference = TextDiff::from_lines(expected, found);
    let difference = difference.unified_diff().context_radius(2).to_string();
    let fault = Diagnostic::new(format!("{what}: the schema differs"))
        .code(Code::SchemaDiffers)
        .note(difference.trim_end().to_owned());
    Err(failed(vec![fault]))
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
