//! Tries a crate's migrations on databases of its own, in memory.

use alembic_history::{Chain, Expression, Node, Reversal, rows_file};
use alembic_migrate::{Dialect, Migrations, Outcome, RunError, describe_schema, ensure_all_ready};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use similar::TextDiff;

use crate::database::Database;
use crate::diagnostic::Diagnostic;
use crate::explain;
use crate::member::Loaded;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
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
    const ALL: [Check; 6] = [
        Check::Chain,
        Check::Upgrade,
        Check::UpDownUp,
        Check::Fresh,
        Check::Legacy,
        Check::SecondStart,
    ];

    /// Returns the name under which the check is shown.
    pub(crate) const fn name(self) -> &'static str {
        match self {
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
    Failed(Vec<Diagnostic>),
}

type Trial = Result<Verdict, Vec<Diagnostic>>;

/// Makes every check, each on databases of its own.
///
/// `below` are the crates that this one's revisions depend on, and whose tables they may use.
pub(crate) fn run(loaded: &Loaded, below: &[&Loaded]) -> Vec<(Check, Verdict)> {
    let trial = Tried { loaded, below };
    let verdict = |check| {
        let verdict = match check {
            Check::Chain => trial.chain(),
            Check::Upgrade => trial.upgrade(),
            Check::UpDownUp => trial.up_down_up(),
            Check::Fresh => trial.fresh(),
            Check::Legacy => trial.legacy(),
            Check::SecondStart => trial.second_start(),
        };
        (check, verdict.unwrap_or_else(Verdict::Failed))
    };
    let mut verdicts = Vec::new();
    for check in Check::ALL {
        // One broken statement would be told once for each check that comes to it.
        let broken = verdicts.iter().any(|(check, verdict)| {
            *check == Check::Upgrade && matches!(verdict, Verdict::Failed(_))
        });
        verdicts.push(match broken {
            true => (check, Verdict::Skipped("`upgrade` fails".to_owned())),
            false => verdict(check),
        });
    }
    verdicts
}

struct Tried<'l> {
    loaded: &'l Loaded,
    below: &'l [&'l Loaded],
}

impl Tried<'_> {
    fn migrations(&self) -> &Migrations {
        &self.loaded.migrations
    }

    /// Opens a database at whose heads the crates below are.
    fn prepared(&self) -> Result<Connection, Vec<Diagnostic>> {
        let mut connection = memory()?;
        for crate_ in self.below {
            let outcome = crate_.migrations.upgrade(&mut connection, "heads");
            outcome.map_err(|error| Database::in_memory().explain(&error, crate_).diagnostics)?;
        }
        Ok(connection)
    }

    fn chain(&self) -> Trial {
        let chain = self.loaded.member.settings.chain;
        let faults = self.loaded.history().check_chain(chain, self.loaded.name());
        if !faults.is_empty() {
            return Err(faults.iter().map(explain::fault).collect());
        }
        let revisions = count(self.loaded.graph().len(), "revision");
        Ok(Verdict::Passed(match chain {
            Chain::Linear => format!("{revisions}, linear, one head"),
            Chain::Merged => format!("{revisions}, branches merged, one head"),
        }))
    }

    /// Goes up revision by revision, with the rows that stand beside each, and calls `visit` with the
    /// revision, and the schema before and after it.
    fn climb(
        &self,
        mut visit: impl FnMut(&Connection, Node, &str, &str) -> Result<(), Vec<Diagnostic>>,
    ) -> Result<(Connection, usize), Vec<Diagnostic>> {
        let graph = self.loaded.graph();
        let heads: Vec<Node> = graph.real_heads().collect();
        let order = graph.in_order(&graph.required_by(&heads));
        let mut connection = self.prepared()?;
        let mut before = self.schema(&connection)?;
        let mut with_rows = 0;
        for node in order {
            self.up(&mut connection, node)?;
            with_rows += usize::from(self.insert_rows(&connection, node)?);
            let after = self.schema(&connection)?;
            visit(&connection, node, &before, &after)?;
            before = after;
        }
        Ok((connection, with_rows))
    }

    fn up(&self, connection: &mut Connection, node: Node) -> Result<(), Vec<Diagnostic>> {
        let id = self.loaded.graph()[node].id.as_str();
        let outcome = self.migrations().upgrade(connection, id);
        outcome.map(drop).map_err(|error| self.explain(&error))
    }

    /// Inserts the rows that stand beside a revision, as the application would: with foreign keys
    /// enforced.
    fn insert_rows(&self, connection: &Connection, node: Node) -> Result<bool, Vec<Diagnostic>> {
        let path = rows_file(&self.loaded.history().file(node).path);
        let sql = match std::fs::read_to_string(&path) {
            Ok(sql) => sql,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => {
                let path = path.display();
                return Err(vec![Diagnostic::new(format!(
                    "cannot read {path}: {error}"
                ))]);
            }
        };
        let inserted = connection
            .execute_batch("PRAGMA foreign_keys = ON")
            .and_then(|()| connection.execute_batch(&sql));
        inserted.map(|()| true).map_err(|error| {
            let path = path.display();
            vec![Diagnostic::new(format!(
                "the rows in {path} cannot be inserted: {error}"
            ))]
        })
    }

    fn upgrade(&self) -> Trial {
        let (_, with_rows) = self.climb(|_, _, _, _| Ok(()))?;
        let revisions = count(self.loaded.graph().len(), "revision");
        Ok(Verdict::Passed(match with_rows {
            0 => format!("{revisions}, no rows (put some beside a revision, in *.rows.sql)"),
            files => format!("{revisions}, with rows at {files} of them"),
        }))
    }

    fn up_down_up(&self) -> Trial {
        let mut irreversible = 0;
        let mut reverted = 0;
        let mut faults = Vec::new();
        self.climb(|connection, node, before, after| {
            let history = self.loaded.history();
            let file = history.file(node);
            let id = &self.loaded.graph()[node].id;
            match file.file.reversal(Dialect::Sqlite) {
                Reversal::Declared(_) => {
                    irreversible += 1;
                    return Ok(());
                }
                Reversal::Missing => {
                    faults.push(
                        Diagnostic::new(format!("revision {id} has no downgrade section"))
                            .note(format!("its file is {}", file.path.display()))
                            .help("write one, or `-- alembic: downgrade irreversible: REASON`"),
                    );
                    return Ok(());
                }
                Reversal::Possible => reverted += 1,
            }
            let mut copy = copied(connection)?;
            let outcome = self.migrations().revert(&mut copy, id.as_str());
            outcome.map_err(|error| self.explain(&error))?;
            let below = self.schema(&copy)?;
            let left = differing(&format!("revision {id}, up and down"), before, &below);
            if !left.is_empty() {
                // Going up again would only stumble over what is left.
                faults.extend(left);
                return Ok(());
            }
            self.up(&mut copy, node)?;
            let again = self.schema(&copy)?;
            faults.extend(differing(
                &format!("revision {id}, up, down and up"),
                after,
                &again,
            ));
            Ok(())
        })?;
        if !faults.is_empty() {
            return Err(faults);
        }
        let reverted = count(reverted, "revision");
        Ok(Verdict::Passed(format!(
            "{reverted}, {irreversible} irreversible"
        )))
    }

    /// Returns the schema of a database that went through every revision.
    fn tracked(&self) -> Result<String, Vec<Diagnostic>> {
        let mut connection = self.prepared()?;
        let outcome = self.migrations().upgrade(&mut connection, "heads");
        outcome.map_err(|error| self.explain(&error))?;
        self.schema(&connection)
    }

    fn ensure(&self, connection: &mut Connection) -> Result<Outcome, Vec<Diagnostic>> {
        let below = self.below.iter().map(|crate_| &crate_.migrations);
        let crates: Vec<&Migrations> = below.chain([self.migrations()]).collect();
        let reports = ensure_all_ready(connection, &crates);
        let reports = reports.map_err(|error| self.explain(&error))?;
        let own = reports
            .iter()
            .find(|report| report.package == self.loaded.name());
        Ok(own.map_or(Outcome::Ready, |report| report.outcome))
    }

    fn fresh(&self) -> Trial {
        let mut connection = memory()?;
        let outcome = self.ensure(&mut connection)?;
        let fresh = self.schema(&connection)?;
        let faults = differing("a fresh database", &self.tracked()?, &fresh);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Verdict::Passed(match outcome {
            Outcome::Created => "created whole, same schema as by the revisions".to_owned(),
            Outcome::Ready | Outcome::Migrated | Outcome::Ahead => "by the revisions".to_owned(),
        }))
    }

    fn legacy(&self) -> Trial {
        let baseline = &self.loaded.member.settings.baseline;
        let parsed: Expression = self
            .loaded
            .parse(baseline)
            .map_err(|error| error.diagnostics)?;
        let nodes = self
            .loaded
            .resolve(&parsed, None)
            .map_err(|error| error.diagnostics)?;
        if nodes.is_empty() {
            return Ok(Verdict::Skipped("no `baseline` is configured".to_owned()));
        }
        let mut connection = self.prepared()?;
        let outcome = self.migrations().upgrade(&mut connection, baseline);
        outcome.map_err(|error| self.explain(&error))?;
        let table = self.loaded.member.settings.version_table.quoted();
        connection
            .execute_batch(&format!("DROP TABLE {table}"))
            .map_err(|error| vec![Diagnostic::new(error.to_string())])?;
        self.ensure(&mut connection)?;
        let legacy = self.schema(&connection)?;
        let faults = differing("a legacy database", &self.tracked()?, &legacy);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Verdict::Passed(format!("from {baseline}, same schema")))
    }

    fn second_start(&self) -> Trial {
        let mut connection = memory()?;
        self.ensure(&mut connection)?;
        let (schema, changes) = (self.schema(&connection)?, connection.total_changes());
        let outcome = self.ensure(&mut connection)?;
        let mut faults = differing("a second start", &schema, &self.schema(&connection)?);
        if outcome != Outcome::Ready || connection.total_changes() != changes {
            faults.push(Diagnostic::new("a second start changes rows"));
        }
        if faults.is_empty() {
            Ok(Verdict::Passed("changes nothing".to_owned()))
        } else {
            Err(faults)
        }
    }

    fn schema(&self, connection: &Connection) -> Result<String, Vec<Diagnostic>> {
        describe_schema(connection, &self.loaded.member.settings.version_table)
            .map_err(|error| vec![Diagnostic::new(format!("cannot read the schema: {error}"))])
    }

    fn explain(&self, error: &RunError) -> Vec<Diagnostic> {
        Database::in_memory()
            .explain(error, self.loaded)
            .diagnostics
    }
}

fn memory() -> Result<Connection, Vec<Diagnostic>> {
    Connection::open_in_memory().map_err(|error| vec![Diagnostic::new(error.to_string())])
}

fn copied(connection: &Connection) -> Result<Connection, Vec<Diagnostic>> {
    let mut copy = memory()?;
    let copying = Backup::new(connection, &mut copy).and_then(|backup| {
        let pages = i32::MAX;
        backup.run_to_completion(pages, std::time::Duration::ZERO, None)
    });
    copying.map_err(|error| vec![Diagnostic::new(error.to_string())])?;
    Ok(copy)
}

/// Shows how a schema differs from what it should be.
fn differing(what: &str, expected: &str, found: &str) -> Vec<Diagnostic> {
    if expected == found {
        return Vec::new();
    }
    let difference = TextDiff::from_lines(expected, found);
    let difference = difference.unified_diff().context_radius(2).to_string();
    vec![
        Diagnostic::new(format!("{what}: the schema differs"))
            .code("schema-differs")
            .note(difference.trim_end().to_owned()),
    ]
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
