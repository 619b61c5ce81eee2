//! The table of what came of the attempts.

use std::collections::BTreeMap;
use std::fmt;

use alembic_migrate::Dialect;

use super::attempt::{Fault, Outcome};
use super::case::Case;

/// The results by engine and source.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sources: BTreeMap<(Dialect, String), Counts>,
    causes: BTreeMap<String, usize>,
}

#[derive(Debug, Default)]
struct Counts {
    outcomes: BTreeMap<Outcome, usize>,
    failed: usize,
}

impl Tally {
    pub(super) fn add(&mut self, case: &Case, result: &Result<Outcome, Fault>) {
        let source = (case.engine, case.source.clone());
        let counts = self.sources.entry(source).or_default();
        match result {
            Ok(outcome) => *counts.outcomes.entry(*outcome).or_default() += 1,
            Err(fault) => {
                counts.failed += 1;
                *self.causes.entry(fault.cause.clone()).or_default() += 1;
            }
        }
    }

    pub(super) fn failures(&self) -> usize {
        self.causes.values().sum()
    }
}

impl Counts {
    fn of(&self, outcome: Outcome) -> usize {
        self.outcomes.get(&outcome).copied().unwrap_or_default()
    }

    fn add(&mut self, other: &Self) {
        for (outcome, number) in &other.outcomes {
            *self.outcomes.entry(*outcome).or_default() += number;
        }
        self.failed += other.failed;
    }

    fn line(&self, engine: &str, source: &str) -> String {
        let all = self.outcomes.values().sum::<usize>() + self.failed;
        format!(
            "| {engine} | {source} | {all} | {} | {} | {} | {} |",
            self.of(Outcome::Passed),
            self.of(Outcome::Refused),
            self.of(Outcome::Broken),
            self.failed
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| engine | source | changes | passed | passed, but refused with rows | schemas that do not \
             work | failed |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        let mut all = Counts::default();
        for ((engine, source), counts) in &self.sources {
            writeln!(f, "{}", counts.line(engine.name(), source))?;
            all.add(counts);
        }
        writeln!(f, "{}", all.line("all", ""))?;
        for (cause, number) in &self.causes {
            writeln!(f, "{number:>5}  {cause}")?;
        }
        Ok(())
    }
}
