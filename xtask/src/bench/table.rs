//! Tables of what was measured, and the goals in them.

use std::fmt;
use std::time::Duration;

use super::rounds::Times;

/// What was measured together.
pub(super) struct Table {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

/// One line of a table.
pub(super) struct Row {
    what: String,
    figure: String,
    goal: Option<Goal>,
    time: Option<Duration>,
}

struct Goal {
    text: String,
    met: bool,
}

impl Row {
    fn new(what: impl Into<String>, figure: String, time: Option<Duration>) -> Self {
        Self {
            what: what.into(),
            figure,
            goal: None,
            time,
        }
    }

    /// Shows the time alone.
    pub(super) fn time(what: impl Into<String>, times: &Times) -> Self {
        Self::new(what, String::new(), Some(times.median()))
    }

    /// Shows how many there are.
    #[cfg(feature = "postgres")]
    pub(super) fn count(what: impl Into<String>, count: usize) -> Self {
        Self::new(what, count.to_string(), None)
    }

    /// Shows how many times as long as `bound` it took.
    pub(super) fn ratio(what: impl Into<String>, times: &Times, bound: &Times) -> Self {
        let figure = format!("{:.2}", times.ratio_to(bound));
        Self::new(what, figure, Some(times.median()))
    }

    /// Shows how many times as much memory as `bound` it needs.
    pub(super) fn memory(what: impl Into<String>, bytes: u64, bound: u64) -> Self {
        let figure = format!("{:.2}", bytes as f64 / bound as f64);
        let megabytes = bytes as f64 / 1e6;
        Self::new(format!("{}: {megabytes:.1} MB", what.into()), figure, None)
    }

    /// Shows how much longer than `bound` it took.
    pub(super) fn difference(what: impl Into<String>, times: &Times, bound: &Times) -> Self {
        let more = times.median().saturating_sub(bound.median());
        Self::new(what, String::new(), Some(more))
    }

    /// Shows what part of `whole` it took.
    pub(super) fn share(what: impl Into<String>, part: Duration, whole: Duration) -> Self {
        let percent = 100.0 * part.as_secs_f64() / whole.as_secs_f64();
        Self::new(what, format!("{percent:.0} %"), Some(part))
    }

    /// Shows how much was done per second.
    pub(super) fn speed(what: impl Into<String>, bytes: usize, times: &Times) -> Self {
        let time = times.median();
        let speed = bytes as f64 / 1e6 / time.as_secs_f64();
        Self::new(what, format!("{speed:.0} MB/s"), Some(time))
    }

    /// Sets the goal that a ratio is at most `goal`.
    pub(super) fn at_most(mut self, goal: f64) -> Self {
        // As printed: what reads 1.15 meets 1.15.
        let met = self.figure.parse::<f64>().is_ok_and(|ratio| ratio <= goal);
        let text = format!("<= {goal:.2}");
        self.goal = Some(Goal { text, met });
        self
    }

    /// Sets the goal that a ratio is at least `goal`.
    #[cfg(feature = "postgres")]
    pub(super) fn at_least(mut self, goal: f64) -> Self {
        let met = self.figure.parse::<f64>().is_ok_and(|ratio| ratio >= goal);
        let text = format!(">= {goal:.2}");
        self.goal = Some(Goal { text, met });
        self
    }

    /// Sets the goal that a ratio is more than `goal`.
    pub(super) fn more_than(mut self, goal: f64) -> Self {
        let met = self.figure.parse::<f64>().is_ok_and(|ratio| ratio > goal);
        let text = format!("> {goal:.2}");
        self.goal = Some(Goal { text, met });
        self
    }

    /// Sets the goal that it takes less than `goal`.
    pub(super) fn within(mut self, goal: Duration) -> Self {
        let met = self.time.is_some_and(|time| time < goal);
        let text = format!("< {} ms", goal.as_millis());
        self.goal = Some(Goal { text, met });
        self
    }
}

impl Table {
    /// Returns how many goals are missed.
    pub(super) fn missed(&self) -> usize {
        let goals = self.rows.iter().filter_map(|row| row.goal.as_ref());
        goals.filter(|goal| !goal.met).count()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for row in &self.rows {
            let time = row.time.map_or(String::new(), |time| {
                format!("{:.2} ms", time.as_secs_f64() * 1e3)
            });
            write!(f, "  {:<58} {:>9} {time:>12}", row.what, row.figure)?;
            if let Some(goal) = &row.goal {
                let verdict = if goal.met { "met" } else { "MISSED" };
                write!(f, "   goal {}: {verdict}", goal.text)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
