//! `cargo xtask schemas DIR`: pairs of schemas, each changed into the other and back.
//!
//! A pair is a line of JSON: two schemas as SQL, and rows of the first. What the comparison writes is
//! applied to a database with the first schema, and to one with rows; the result must be what the
//! second schema makes, by the database's own catalog, and the way back must lead back. Then the
//! sides are swapped.

mod attempt;
mod case;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod table;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use self::attempt::Verdict;
use self::case::Case;
use self::table::Tally;
use crate::Result;

/// Arguments of `cargo xtask schemas`.
#[derive(Debug, Args)]
pub(crate) struct SchemasArgs {
    /// The folder with `sqlite/*.jsonl` and `postgres/*.jsonl`
    folder: PathBuf,
    /// Only the pairs of this engine
    #[arg(long, value_name = "NAME")]
    engine: Option<String>,
    /// The server for the pairs of PostgreSQL; this program must be built with `--features postgres`
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
    /// Show what was written for each pair that fails
    #[arg(long)]
    verbose: bool,
}

impl SchemasArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let begin = Instant::now();
        let mut tally = Tally::default();
        let server = self.server()?;
        for case in case::read(&self.folder)? {
            if !self.wants(&case) {
                continue;
            }
            for swapped in [false, true] {
                let pair = case.pair(swapped);
                let verdict = match (case.dialect.as_str(), &server) {
                    ("postgres", Some(server)) => server.attempt(&pair),
                    ("postgres", None) => continue,
                    _ => sqlite::attempt(&pair),
                };
                if let Verdict::Failed { cause, details } = &verdict {
                    println!("{} {}: {cause}", pair.name, pair.direction());
                    if self.verbose {
                        println!("{details}");
                    }
                }
                tally.add(&case, &verdict);
            }
        }
        println!("{tally}");
        println!("in {:.0} s", begin.elapsed().as_secs_f64());
        match tally.failures() {
            0 => Ok(()),
            failures => Err(format!("{failures} changes failed").into()),
        }
    }

    #[cfg(feature = "postgres")]
    fn server(&self) -> Result<Option<postgres::Server>> {
        self.url.as_deref().map(postgres::Server::new).transpose()
    }

    #[cfg(not(feature = "postgres"))]
    fn server(&self) -> Result<Option<NoServer>> {
        match self.url {
            Some(_) => Err("--url needs a program that is built with `--features postgres`".into()),
            None => Ok(None),
        }
    }

    fn wants(&self, case: &Case) -> bool {
        self.engine
            .as_ref()
            .is_none_or(|engine| *engine == case.dialect)
            && self
                .source
                .as_ref()
                .is_none_or(|source| *source == case.source)
            && self.tier.is_none_or(|tier| tier == case.tier)
            && self.only.as_ref().is_none_or(|part| case.id.contains(part))
    }
}

/// What stands for a server in a program that cannot connect to one.
#[cfg(not(feature = "postgres"))]
enum NoServer {}

#[cfg(not(feature = "postgres"))]
impl NoServer {
    fn attempt(&self, _: &case::Pair<'_>) -> Verdict {
        match *self {}
    }
}
