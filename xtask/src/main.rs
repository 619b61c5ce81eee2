//! Developer commands of this repository: `cargo xtask --help` lists them.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these commands talk to the developer who runs them"
)]

mod alembic;
mod bench;
mod cargo;
mod compatibility;
mod conformance;
mod handover;
mod models;
mod oldest_sqlite;
mod peers;
mod plans;
mod schemas;
mod servers;
mod snapshots;
mod test;
#[cfg(test)]
mod tidy;
mod versions;

use std::process::ExitCode;

use clap::Parser;

/// The allocator of `cargo-alembic`, whose parts `bench` measures in this process.
#[cfg(feature = "postgres")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// Developer commands of cargo-alembic
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Xtask {
    /// Check everything that must hold before a change lands
    Test(test::TestArgs),
    /// Measure what users wait for, and compare it with what is possible
    Bench(bench::BenchArgs),
    /// Compare what the example crates find when they start with the snapshots of that
    Snapshots(snapshots::SnapshotsArgs),
    /// Compare plans with Alembic's own, on random graphs beyond those of the tests
    Plans(plans::PlansArgs),
    /// Hand databases over to Python's Alembic, take them back, and import a project of it
    Handover(handover::HandoverArgs),
    /// Have cargo resolve which versions of other libraries work with ours (needs the network)
    Compatibility(compatibility::CompatibilityArgs),
    /// Change tables on the oldest SQLite that is supported, as the tests do on others
    OldestSqlite(oldest_sqlite::OldestSqliteArgs),
    /// Compare what a change of a table loses with other tools (needs the network, Python and Node.js)
    Peers(peers::PeersArgs),
    /// Change each schema of many pairs into the other and back, with rows
    Schemas(schemas::SchemasArgs),
    /// Read random structs from their sources and compile them, and change their schemas
    Models(models::ModelsArgs),
    /// Run the tests that need a PostgreSQL server on each of its versions (needs npm and the network)
    PostgresVersions(versions::VersionsArgs),
    /// Start the real binary many times at once, and kill, stop and cut off what holds the lock
    Conformance(conformance::ConformanceArgs),
    /// Do the measuring of `bench`, which builds this program with optimizations for it
    #[command(hide = true)]
    Measure(bench::BenchArgs),
    /// Read one row of an SQLite file: what `bench` compares commands that only read with
    #[command(hide = true)]
    ReadRow(bench::ReadRowArgs),
    /// Apply revision files with rusqlite: what `bench` compares upgrades with
    #[command(hide = true)]
    PlainUpgrade(bench::PlainUpgradeArgs),
}

fn main() -> ExitCode {
    let done = match Xtask::parse() {
        Xtask::Test(args) => args.run(),
        Xtask::Bench(args) => args.run(),
        Xtask::Snapshots(args) => args.run(),
        Xtask::Plans(args) => args.run(),
        Xtask::Handover(args) => args.run(),
        Xtask::Compatibility(args) => args.run(),
        Xtask::OldestSqlite(args) => args.run(),
        Xtask::Peers(args) => args.run(),
        Xtask::Schemas(args) => args.run(),
        Xtask::Models(args) => args.run(),
        Xtask::PostgresVersions(args) => args.run(),
        Xtask::Conformance(args) => args.run(),
        Xtask::Measure(args) => args.measure(),
        Xtask::ReadRow(args) => args.run(),
        Xtask::PlainUpgrade(args) => args.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
