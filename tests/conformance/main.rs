//! Many starts of the real binary at once, and everything that can happen to them: a table of
//! attempts and failures.
//!
//! `cargo xtask conformance` runs this in a build with optimizations; docs/conformance.md says
//! what is tested.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an attempt that panics has failed, as it should; the table is what this is for"
)]

mod ahead;
mod case;
mod current;
mod history;
mod killed;
mod many;
mod options;
mod outside;
mod place;
mod restarted;
mod starter;
mod stopped;
mod terminated;

use std::process::ExitCode;
use std::time::Instant;

use case::{Case, Tally};
use options::Options;

/// Every case, area by area.
fn cases() -> Vec<Case> {
    let areas = [
        many::cases,
        current::cases,
        ahead::cases,
        outside::cases,
        killed::cases,
        stopped::cases,
        terminated::cases,
        restarted::cases,
    ];
    areas.into_iter().flat_map(|cases| cases()).collect()
}

fn main() -> ExitCode {
    let options = match Options::from_arguments(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            println!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let mut chosen = cases();
    chosen.retain(|case| options.wants(case));
    if chosen.is_empty() {
        println!("error: there is no such case");
        return ExitCode::from(2);
    }
    let begin = Instant::now();
    println!("{}", Tally::heading());
    let tallies: Vec<Tally> = chosen
        .iter()
        .map(|case| {
            let tally = case.run(&options);
            println!("{tally}");
            tally
        })
        .collect();
    let attempts: u32 = tallies.iter().map(|tally| tally.attempts).sum();
    let failures: u32 = tallies.iter().map(|tally| tally.failures).sum();
    let seconds = begin.elapsed().as_secs_f64();
    println!("\n{attempts} attempts, {failures} failures, in {seconds:.0} s");
    match failures {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
