//! `cargo xtask test`: everything that must pass before a change lands.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::{Result, cargo, servers};

/// Arguments of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Leave out the slow steps: documentation, conformance, alembic-sqlx-sqlite
    #[arg(long)]
    quick: bool,
}

/// One thing that must pass.
struct Step {
    name: &'static str,
    program: Program,
    args: &'static [&'static str],
    env: Option<(&'static str, &'static str)>,
    /// Whether `--quick` leaves it out.
    slow: bool,
    lane: Lane,
}

/// What steps run one after the other; the lanes run beside each other. Tests often wait, for locks, for
/// servers and for programs that they kill, so there is time to compile what nothing executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    /// Shows what its steps say.
    Tests,
    /// Shows what a step says when it fails. It builds into a folder of its own, because cargo lets one
    /// command at a time build into a folder.
    Checks,
}

/// What a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Cargo,
    /// A program that the tests were built with: cargo itself would build it again, with other features
    /// of what it depends on.
    Built(&'static str),
    /// This one.
    Xtask,
}

/// The folder that the checks build into.
const CHECKS: &str = "target/checks";

/// The manifest of the crate with a lockfile of its own: its SQLite needs other versions than ours.
const SQLX_SQLITE: &str = "crates/sqlx-sqlite/Cargo.toml";

/// Everything that must pass, in the order of each lane.
///
/// The invariants of the repository are ordinary tests, in `tidy.rs`. Compatibility with other
/// libraries is not a step: it changes with their releases, not with our code.
const STEPS: [Step; 13] = [
    Step {
        name: "format",
        program: Program::Cargo,
        args: &["fmt", "--all", "--check"],
        env: None,
        slow: false,
        lane: Lane::Checks,
    },
    Step {
        name: "clippy",
        program: Program::Cargo,
        args: &[
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--features",
            "xtask/postgres",
            "--target-dir",
            CHECKS,
            "--",
            "-D",
            "warnings",
        ],
        env: None,
        slow: false,
        lane: Lane::Checks,
    },
    Step {
        name: "tests",
        program: Program::Cargo,
        args: &["test", "--locked", "--workspace", "--no-fail-fast"],
        // Twice the processors of the smallest machine: a test that waits leaves its processor to another.
        env: Some(("RUST_TEST_THREADS", "4")),
        slow: false,
        lane: Lane::Tests,
    },
    Step {
        name: "conformance",
        program: Program::Built("conformance"),
        args: &["--quick"],
        env: None,
        slow: true,
        lane: Lane::Tests,
    },
    Step {
        name: "pairs of schemas",
        program: Program::Xtask,
        args: &["schemas", "fixtures/schemas"],
        env: None,
        slow: true,
        lane: Lane::Tests,
    },
    Step {
        name: "random pairs of schemas",
        program: Program::Xtask,
        args: &["schemas", "--random", "10"],
        env: None,
        slow: true,
        lane: Lane::Tests,
    },
    Step {
        name: "random models",
        program: Program::Xtask,
        args: &["models", "--random", "5"],
        env: None,
        slow: true,
        lane: Lane::Tests,
    },
    Step {
        name: "documentation",
        program: Program::Cargo,
        args: &[
            "doc",
            "--locked",
            "--workspace",
            "--no-deps",
            "--target-dir",
            CHECKS,
        ],
        env: Some(("RUSTDOCFLAGS", "-D warnings")),
        slow: true,
        lane: Lane::Checks,
    },
    Step {
        name: "format of the example workspace",
        program: Program::Cargo,
        args: &[
            "fmt",
            "--all",
            "--manifest-path",
            "fixtures/workspace/Cargo.toml",
            "--check",
        ],
        env: None,
        slow: false,
        lane: Lane::Checks,
    },
    Step {
        name: "models of the example workspace",
        program: Program::Cargo,
        args: &[
            "check",
            "--locked",
            "--manifest-path",
            "fixtures/workspace/Cargo.toml",
            "--target-dir",
            CHECKS,
        ],
        env: None,
        slow: true,
        lane: Lane::Checks,
    },
    Step {
        name: "format of alembic-sqlx-sqlite",
        program: Program::Cargo,
        args: &["fmt", "--manifest-path", SQLX_SQLITE, "--check"],
        env: None,
        slow: false,
        lane: Lane::Checks,
    },
    Step {
        name: "clippy of alembic-sqlx-sqlite",
        program: Program::Cargo,
        args: &[
            "clippy",
            "--locked",
            "--all-targets",
            "--manifest-path",
            SQLX_SQLITE,
            "--target-dir",
            CHECKS,
            "--",
            "-D",
            "warnings",
        ],
        env: None,
        slow: true,
        lane: Lane::Checks,
    },
    Step {
        name: "tests of alembic-sqlx-sqlite",
        program: Program::Cargo,
        args: &[
            "test",
            "--locked",
            "--manifest-path",
            SQLX_SQLITE,
            "--target-dir",
            "target",
        ],
        env: None,
        slow: true,
        lane: Lane::Tests,
    },
];

impl Step {
    /// Returns the command as one would type it.
    fn line(&self) -> String {
        let args = self.args.join(" ");
        let command = match self.program {
            Program::Cargo => format!("cargo {args}"),
            Program::Built(name) => format!("target/debug/{name} {args}"),
            Program::Xtask => format!("cargo xtask {args}"),
        };
        match self.env {
            Some((name, value)) => format!("{name}=\"{value}\" {command}"),
            None => command,
        }
    }

    fn command(&self) -> Result<Command> {
        let program = match self.program {
            Program::Cargo => return Ok(cargo::command(self.args.iter().copied())),
            Program::Built(name) => {
                let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
                cargo::target()?.join("debug").join(name)
            }
            Program::Xtask => std::env::current_exe()?,
        };
        let mut command = Command::new(program);
        command.args(self.args).current_dir(cargo::root());
        Ok(command)
    }

    fn run(&self) -> Result<Duration> {
        let start = Instant::now();
        let mut command = self.command()?;
        command.envs(self.env);
        let done = match self.lane {
            Lane::Tests => {
                eprintln!("==> {}: {}", self.name, self.line());
                cargo::run(&mut command)
            }
            Lane::Checks => {
                let done = cargo::run_quietly(&mut command);
                if done.is_ok() {
                    eprintln!("==> {} passed: {}", self.name, self.line());
                }
                done
            }
        };
        done.map(|()| start.elapsed()).map_err(|error| {
            let place = cargo::root().display();
            let line = self.line();
            let text = format!(
                "{error}\n`{}` failed; to run this step alone, in {place}:\n    {line}",
                self.name
            );
            text.into()
        })
    }
}

impl TestArgs {
    pub(crate) fn run(&self) -> Result<()> {
        eprintln!("==> servers: PostgreSQL and PgBouncer");
        let start = Instant::now();
        servers::provide()?;
        let mut times = vec![("servers", start.elapsed())];
        let has_failed = AtomicBool::new(false);
        let run = |lane| self.run_lane(lane, &has_failed);
        let [checks, tests] = thread::scope(|scope| {
            let checks = scope.spawn(|| run(Lane::Checks));
            let tests = run(Lane::Tests);
            let checks = checks.join();
            [
                checks.unwrap_or_else(|_| Err("the checks panicked".to_owned())),
                tests,
            ]
        });
        times.extend(checks?);
        times.extend(tests?);
        println!("\nall passed:");
        for (name, took) in times {
            println!("{:8.1} s  {name}", took.as_secs_f64());
        }
        Ok(())
    }

    /// Runs the steps of one lane until one of any lane fails, and returns how long each took.
    fn run_lane(
        &self,
        lane: Lane,
        has_failed: &AtomicBool,
    ) -> Result<Vec<(&'static str, Duration)>, String> {
        let steps = STEPS.iter().filter(|step| step.lane == lane);
        let mut times = Vec::new();
        for step in steps.filter(|step| !(self.quick && step.slow)) {
            if has_failed.load(Ordering::Relaxed) {
                break;
            }
            match step.run() {
                Ok(took) => times.push((step.name, took)),
                Err(error) => {
                    has_failed.store(true, Ordering::Relaxed);
                    // The other lane may take long to end.
                    eprintln!("{error}");
                    return Err(format!("`{}` failed", step.name));
                }
            }
        }
        Ok(times)
    }
}
