//! The table of what came of the attempts.

use std::collections::BTreeMap;
use std::fmt;

use super::attempt::Verdict;
use super::case::Case;

/// The results by source.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sources: BTreeMap<(String, String), Counts>,
    causes: BTreeMap<String, usize>,
}

#[derive(Debug, Default)]
struct Counts {
    attempts: usize,
    passed: usize,
    refused: usize,
    failed: usize,
}

impl Tally {
    pub(super) fn add(&mut self, case: &Case, verdict: &Verdict) {
        let source = (case.dialect.clone(), case.source.clone());
        let counts = self.sources.entry(source).or_default();
        counts.attempts += 1;
        match verdict {
            Verdict::Passed { refused } => {
                counts.passed += 1;
                counts.refused += usize::from(*refused);
            }
            Verdict::Failed { cause, .. } => {
                counts.failed += 1;
                *self.causes.entry(cause.clone()).or_default() += 1;
            }
        }
    }

    pub(super) fn failures(&self) -> usize {
        self.causes.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| engine | source | changes | passed | of these refused with rows | failed |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        let mut all = Counts::default();
        for ((engine, source), counts) in &self.sources {
            let Counts {
                attempts,
                passed,
                refused,
                failed,
            } = counts;
            writeln!(
                f,
                "| {engine} | {source} | {attempts} | {passed} | {refused} | {failed} |"
            )?;
            all.attempts += attempts;
            all.passed += passed;
            all.refused += refused;
            all.failed += failed;
        }
        writeln!(
            f,
            "| all | | {} | {} | {} | {} |",
            all.attempts, all.passed, all.refused, all.failed
        )?;
        for (cause, number) in &self.causes {
            writeln!(f, "{number:>5}  {cause}")?;
        }
        Ok(())
    }
}
