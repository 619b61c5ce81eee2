//! Offline SQL: the work of a run, as a script for psql or the sqlite3 shell.
//!
//! Plans and statements are those of a run. The checks of a run become checks in the script: each
//! of its transactions begins by checking that the database is at the expected revisions, and ends
//! by checking that it has reached the next ones.
//!
//! ```
//! use alembic_history::{Dialect, History, SourceFile};
//! use alembic_run::Runner;
//!
//! let file = |path: &str, text: &str| SourceFile {
//!     path: path.into(),
//!     content: Ok(text.as_bytes().to_vec()),
//! };
//! let history = History::new(
//!     [file("a.sql", "-- A\n-- Revision ID: a1\n-- Revises:\n-- alembic: upgrade\nCREATE TABLE t (x int);")],
//!     &[Dialect::Postgres],
//! )
//! .unwrap();
//! let runner = Runner::new(&history, Dialect::Postgres);
//! let script = runner.upgrade_script("base:head").unwrap();
//! assert!(script.contains("-- Running upgrade  -> a1, A\n\nCREATE TABLE t (x int);\n"));
//! ```

mod checks;
mod error;
mod obstacle;
mod rehearsal;
mod shell;
mod writer;

pub use error::ScriptError;
pub use obstacle::Obstacle;

use crate::failure::Failure;
use crate::runner::Runner;
use alembic_history::{Direction, Expression, Node, Plan, PlanError, ResolveError, SyntaxError};
use writer::Writer;

/// The range of a script, as it is written: `END` or `[START]:[END]`.
struct Ends {
    start: Option<Expression>,
    end: Option<Expression>,
    /// Whether there is a `:`.
    is_range: bool,
}

impl Ends {
    fn parse(text: &str) -> Result<Self, ScriptError> {
        let is_range = text.contains(':');
        let (start, end) = if is_range {
            let alembic_history::Range { start, end } = text.parse().map_err(syntax)?;
            (start, end)
        } else {
            (None, Some(text.parse().map_err(syntax)?))
        };
        Ok(Self {
            start,
            end,
            is_range,
        })
    }

    /// Refuses an end that is relative to the database's revision when no start is given.
    fn check_end(&self) -> Result<(), ScriptError> {
        match &self.end {
            Some(end) if !self.is_range && end.symbol.is_none() => Err(ScriptError::NoStart {
                expression: end.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

/// What a script does: from these rows, this plan.
struct Range {
    rows: Vec<Node>,
    plan: Plan,
    start: Start,
}

/// What a script begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// An empty database.
    Empty,
    /// A database at the rows.
    Rows,
}

fn syntax(error: SyntaxError) -> ScriptError {
    resolve(ResolveError::Syntax(error))
}

fn resolve(error: ResolveError) -> ScriptError {
    plan(PlanError::Resolve(error))
}

fn plan(error: PlanError) -> ScriptError {
    Failure::Plan(error).into()
}

impl Runner<'_> {
    /// Writes the script of an upgrade; `range` is `END` or `[START]:[END]`.
    ///
    /// Without a start, the database is empty, and the script begins with what is older than the
    /// revisions, if that is known. A database that has it starts at `base`: it has no version table,
    /// or an empty one. Without an end, the script leads to the heads.
    ///
    /// # Errors
    ///
    /// When the range cannot be planned without a database, or the script would differ from a run.
    pub fn upgrade_script(&self, range: &str) -> Result<String, ScriptError> {
        self.migration_script(self.upgrade_range(range)?)
    }

    fn upgrade_range(&self, range: &str) -> Result<Range, ScriptError> {
        self.check_sql(Direction::Upgrade)?;
        let ends = Ends::parse(range)?;
        ends.check_end()?;
        let graph = self.history.graph();
        let rows = self.rows_at(ends.start.as_ref())?;
        let target = ends.end.unwrap_or_else(|| Expression::heads(None));
        let planned = graph.plan_upgrade(&rows, &target).map_err(plan)?;
        let reached: Vec<Node> = match target.symbol {
            Some(_) => graph.resolve(&target, None).map_err(resolve)?,
            None => planned.steps.iter().map(|step| step.revision).collect(),
        };
        let implied = graph.required_by(&reached);
        if let Some(start) = &ends.start
            && !rows.iter().all(|row| implied.contains(*row))
        {
            return Err(resolve(ResolveError::NotARange {
                start: start.to_string(),
                end: target.to_string(),
            }));
        }
        self.check_reversible(&planned)?;
        Ok(Range {
            rows,
            plan: planned,
            start: match ends.start {
                None => Start::Empty,
                Some(_) => Start::Rows,
            },
        })
    }

    /// Writes the script of a downgrade; `range` is `START:END`.
    ///
    /// # Errors
    ///
    /// As [`upgrade_script`](Self::upgrade_script), when one end of the range is missing, and when a
    /// revision is irreversible.
    pub fn downgrade_script(&self, range: &str) -> Result<String, ScriptError> {
        self.migration_script(self.downgrade_range(range)?)
    }

    fn downgrade_range(&self, range: &str) -> Result<Range, ScriptError> {
        self.check_sql(Direction::Downgrade)?;
        let ends = Ends::parse(range)?;
        let (Some(start), Some(target)) = (&ends.start, &ends.end) else {
            return Err(ScriptError::OpenRange {
                range: range.to_owned(),
            });
        };
        let rows = self.rows_at(Some(start))?;
        let graph = self.history.graph();
        let planned = graph.plan_downgrade(&rows, target).map_err(plan)?;
        self.check_reversible(&planned)?;
        Ok(Range {
            rows,
            plan: planned,
            start: Start::Rows,
        })
    }

    /// Returns the revisions whose statements the script of an upgrade or a downgrade holds, in order.
    ///
    /// # Errors
    ///
    /// As [`upgrade_script`](Self::upgrade_script) and [`downgrade_script`](Self::downgrade_script).
    pub fn revisions_of_script(
        &self,
        direction: Direction,
        range: &str,
    ) -> Result<Vec<Node>, ScriptError> {
        let range = match direction {
            Direction::Upgrade => self.upgrade_range(range),
            Direction::Downgrade => self.downgrade_range(range),
        }?;
        let steps = range.plan.steps.iter();
        Ok(steps.map(|step| step.revision).collect())
    }

    /// Writes the script of a stamp; each of `targets` is `END` or `[START]:END`, all with the same
    /// start.
    ///
    /// # Errors
    ///
    /// As [`upgrade_script`](Self::upgrade_script), and when targets have different starts.
    pub fn stamp_script(&self, targets: &[&str]) -> Result<String, ScriptError> {
        self.check()?;
        let mut start: Option<Option<Expression>> = None;
        let mut ends = Vec::new();
        for target in targets {
            let parsed = Ends::parse(target)?;
            let Some(end) = parsed.end else {
                return Err(ScriptError::OpenRange {
                    range: (*target).to_owned(),
                });
            };
            if start.get_or_insert_with(|| parsed.start.clone()) != &parsed.start {
                return Err(ScriptError::SeveralStarts);
            }
            ends.push(end);
        }
        let rows = self.rows_at(start.flatten().as_ref())?;
        let graph = self.history.graph();
        let stamp = graph.plan_stamp(&rows, &ends).map_err(plan)?;
        let mut writer = Writer::new(self, &rows);
        writer.title("Stamp", &stamp.rows);
        writer.stamp(&stamp);
        Ok(writer.finish())
    }

    /// Writes the script that creates the version table unless it exists.
    ///
    /// # Errors
    ///
    /// When the revisions are not checked for the dialect.
    pub fn ensure_version_script(&self) -> Result<String, ScriptError> {
        self.check()?;
        let mut writer = Writer::new(self, &[]);
        writer.ensure_version();
        Ok(writer.finish())
    }

    fn check_sql(&self, direction: Direction) -> Result<(), ScriptError> {
        self.check()?;
        let checked = self.history.check_sql(direction);
        Ok(checked.map_err(Failure::History)?)
    }

    /// Returns the rows of a version table at the start of a script; `current` names those of the database,
    /// if it was read.
    fn rows_at(&self, start: Option<&Expression>) -> Result<Vec<Node>, ScriptError> {
        let Some(start) = start else {
            return Ok(Vec::new());
        };
        if start.symbol.is_none() {
            return Err(ScriptError::NoStart {
                expression: start.to_string(),
            });
        }
        let graph = self.history.graph();
        graph
            .resolve(start, self.script_rows.as_deref())
            .map_err(resolve)
    }

    fn migration_script(&self, range: Range) -> Result<String, ScriptError> {
        let Range {
            rows,
            mut plan,
            start,
        } = range;
        let mut writer = Writer::new(self, &rows);
        let verb = match plan.direction {
            Direction::Upgrade => "Upgrade",
            Direction::Downgrade => "Downgrade",
        };
        writer.title(verb, &plan.rows);
        writer.head(&plan);
        if start == Start::Empty {
            writer.begin_with_base();
        }
        while !plan.steps.is_empty() {
            let batch = self.batch(&plan);
            writer.transaction(&plan, batch.steps)?;
            let rows = writer.nodes();
            // As a run does when it has committed.
            plan = self.history.graph().resume(&plan, &rows);
        }
        Ok(writer.finish())
    }
}
