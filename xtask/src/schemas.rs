//! `cargo xtask schemas DIR`: pairs of schemas, each changed into the other and back.
//!
//! A pair is a line of JSON: two schemas as SQL, and rows of the first. What the comparison writes is
//! applied to a database with the first schema, and to one with rows; the result must be what the
//! second schema makes, by the database's own catalog, and the way back must lead back. Then the
//! sides are swapped.

mod attempt;
mod case;
pub(crate) mod postgres;
mod random;
mod sqlite;
mod table;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread::{available_parallelism, scope};
use std::time::Instant;

use alembic_migrate::Dialect;
use clap::Args;

use self::attempt::{Fault, Outcome};
pub(crate) use self::case::Case;
use self::postgres::Server;
use self::table::Tally;
use crate::Result;

/// Arguments of `cargo xtask schemas`.
#[derive(Debug, Args)]
pub(crate) struct SchemasArgs {
    /// The folder with `sqlite/*.jsonl` and `postgres/*.jsonl`
    #[arg(required_unless_present = "random")]
    folder: Option<PathBuf>,
    /// Try so many pairs of random schemas instead
    #[arg(long, value_name = "NUMBER", conflicts_with = "folder")]
    random: Option<u64>,
    /// The seed of the first random pair; the next ones have the numbers after it
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Only the pairs of this engine
    #[arg(long, value_name = "NAME")]
    engine: Option<Dialect>,
    /// The server for the pairs of PostgreSQL, instead of one that is started for them
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Only the pairs of this source: the name of a file
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only the pairs of this tier
    #[arg(long, value_name = "N")]
    tier: Option<u64>,
    /// Only the pairs whose names contain this
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Only every so many of the pairs that are left
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// Show what was written for each pair that fails
    #[arg(long)]
    verbose: bool,
}

impl SchemasArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let cases = self.cases()?.into_iter();
        let wanted = cases.filter(|case| self.wants(case));
        let wanted: Vec<Case> = wanted.step_by(self.every.max(1)).collect();
        let url = self.url.as_deref();
        let oldest = wanted.iter().map(Case::oldest_server).max().unwrap_or(0);
        let server = match oldest {
            0 => 0,
            _ => postgres::version(url)?,
        };
        let (fit, left_out): (Vec<Case>, Vec<Case>) = wanted
            .into_iter()
            .partition(|case| case.oldest_server() <= server);
        if !left_out.is_empty() {
            let count = left_out.len();
            eprintln!("left out {count} pairs for newer servers than PostgreSQL {server}");
        }
        try_cases(fit.into_iter(), url, self.verbose)
    }

    fn cases(&self) -> Result<Vec<Case>> {
        let seeds = self.seed..self.seed + self.random.unwrap_or_default();
        let random = Dialect::ALL
            .iter()
            .flat_map(|engine| seeds.clone().map(|seed| random::case(*engine, seed)));
        match &self.folder {
            Some(folder) => case::read(folder),
            None => Ok(random.collect()),
        }
    }

    fn wants(&self, case: &Case) -> bool {
        self.engine.is_none_or(|engine| engine == case.engine)
            && self
                .source
                .as_ref()
                .is_none_or(|source| *source == case.source)
            && self.tier.is_none_or(|tier| tier == case.tier)
            && self.only.as_ref().is_none_or(|part| case.id.contains(part))
    }
}

/// A case, and what came of both of its directions.
type Tried = (Case, [Result<Outcome, Fault>; 2]);

/// Changes each schema into the other and back, and fails if that does not go well.
///
/// Several threads take the cases, since an attempt mostly waits for programs; what they find is told in
/// the order of the cases.
pub(crate) fn try_cases(
    cases: impl Iterator<Item = Case> + Send,
    url: Option<&str>,
    verbose: bool,
) -> Result<()> {
    let begin = Instant::now();
    let mut tally = Tally::default();
    let threads = available_parallelism().map_or(1, NonZero::get);
    let cases = Mutex::new(cases.enumerate());
    let (done, found) = channel();
    scope(|scope| -> Result<()> {
        for thread in 0..threads {
            let (done, cases) = (done.clone(), &cases);
            scope.spawn(move || {
                let mut worker = Worker {
                    number: thread,
                    url,
                    server: None,
                };
                loop {
                    let case = cases.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((index, case)) = case else {
                        return;
                    };
                    let tried = worker.try_case(&case).map(|results| (case, results));
                    let tried = tried.map_err(|error| error.to_string());
                    let is_over = tried.is_err();
                    if done.send((index, tried)).is_err() || is_over {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut waiting = BTreeMap::<usize, Tried>::new();
        let mut next = 0;
        for (index, tried) in found {
            waiting.insert(index, tried?);
            while let Some((case, results)) = waiting.remove(&next) {
                tally.enter(&case, &results, verbose);
                next += 1;
            }
        }
        Ok(())
    })?;
    println!("{tally}");
    println!("in {:.0} s", begin.elapsed().as_secs_f64());
    match tally.failures() {
        0 => Ok(()),
        failures => Err(format!("{failures} changes failed").into()),
    }
}

/// What a thread tries cases with.
struct Worker<'u> {
    number: usize,
    url: Option<&'u str>,
    /// Its databases, once it has tried a case of PostgreSQL.
    server: Option<Server>,
}

impl Worker<'_> {
    fn try_case(&mut self, case: &Case) -> Result<[Result<Outcome, Fault>; 2]> {
        let mut attempt = |swapped| -> Result<Result<Outcome, Fault>> {
            let pair = case.pair(swapped);
            Ok(match case.engine {
                Dialect::Sqlite => sqlite::attempt(&pair),
                Dialect::Postgres => {
                    if self.server.is_none() {
                        self.server = Some(Server::new(self.url, self.number)?);
                    }
                    let server = self.server.as_ref().ok_or("there is no server")?;
                    server.attempt(&pair)
                }
            })
        };
        Ok([attempt(false)?, attempt(true)?])
    }
}

impl Tally {
    /// Enters what came of a case, and tells what is wrong.
    fn enter(&mut self, case: &Case, results: &[Result<Outcome, Fault>; 2], verbose: bool) {
        for (swapped, result) in [false, true].into_iter().zip(results) {
            if let Err(fault) = result {
                let pair = case.pair(swapped);
                println!("{} {}: {}", pair.name, pair.direction(), fault.cause);
                if verbose {
                    println!("{}", fault.details);
                }
            }
            self.add(case, result);
        }
    }
}
