//! Cases, their attempts, and what came of them.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use alembic_tests::Numbers;

use crate::options::Options;

/// One row of the table.
pub(crate) struct Case {
    /// Its area, and what distinguishes it, separated by `/`.
    pub(crate) name: String,
    /// How often it is attempted.
    pub(crate) rounds: Rounds,
    /// Attempts it once; panics when what is promised does not hold.
    pub(crate) attempt: Attempt,
}

pub(crate) type Attempt = Box<dyn Fn(&mut Numbers) -> Happened>;

/// What happened in an attempt, beyond that it did not fail: `killed`, say. It is counted.
pub(crate) type Happened = Vec<&'static str>;

/// How often a case is attempted: in full, and in the short form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounds {
    pub(crate) full: u32,
    pub(crate) quick: u32,
}

impl Case {
    pub(crate) fn new(
        name: String,
        rounds: Rounds,
        attempt: impl Fn(&mut Numbers) -> Happened + 'static,
    ) -> Self {
        Self {
            name,
            rounds,
            attempt: Box::new(attempt),
        }
    }

    /// Returns how often it is to be attempted.
    pub(crate) fn rounds(&self, options: &Options) -> u32 {
        match (options.quick, options.rounds) {
            (true, _) if self.rounds.quick == 0 => 0,
            (_, Some(rounds)) => rounds,
            (true, None) => self.rounds.quick,
            (false, None) => self.rounds.full,
        }
    }

    /// Attempts it as often as that; tells of each failure at once, and how to see it again.
    pub(crate) fn run(&self, options: &Options) -> Tally {
        let begin = Instant::now();
        let mut tally = Tally {
            name: self.name.clone(),
            attempts: self.rounds(options),
            ..Tally::default()
        };
        for round in 0..tally.attempts {
            let seed = options.seed + u64::from(round);
            let mut numbers = Numbers::new(seed);
            let attempt = AssertUnwindSafe(|| (self.attempt)(&mut numbers));
            match catch_unwind(attempt) {
                Ok(happened) => {
                    for what in happened {
                        *tally.happened.entry(what).or_default() += 1;
                    }
                }
                Err(panic) => {
                    tally.failures += 1;
                    let again = format!("--only {} --seed {seed} --rounds 1", self.name);
                    eprintln!("\ncargo xtask conformance {again}\n{}\n", message(&*panic));
                }
            }
        }
        tally.took = begin.elapsed();
        tally
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a text").to_owned()
}

/// What came of a case.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    name: String,
    pub(crate) attempts: u32,
    pub(crate) failures: u32,
    happened: BTreeMap<&'static str, u32>,
    took: Duration,
}

impl Tally {
    pub(crate) fn heading() -> String {
        let columns = ["case", "attempts", "failures", "time", "of which"];
        let [name, attempts, failures, time, happened] = columns;
        let line =
            format!("| {name:<42} | {attempts:>8} | {failures:>8} | {time:>8} | {happened} |");
        format!("{line}\n|{:-<44}|{0:->9}:|{0:->9}:|{0:->9}:|---|", "")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let happened = self.happened.iter();
        let happened: Vec<String> = happened
            .map(|(what, times)| format!("{times} {what}"))
            .collect();
        write!(
            f,
            "| {:<42} | {:>8} | {:>8} | {:>6.1} s | {} |",
            self.name,
            self.attempts,
            self.failures,
            self.took.as_secs_f64(),
            happened.join(", ")
        )
    }
}
