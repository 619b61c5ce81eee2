//! `cargo xtask test`: everything that must pass before a change lands.

use std::process::Command;
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

/// The manifest of the crate with a lockfile of its own: its SQLite needs other versions than ours.
const SQLX_SQLITE: &str = "crates/sqlx-sqlite/Cargo.toml";

/// Everything that must pass, in this order.
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
            "--",
            "-D",
            "warnings",
        ],
        env: None,
        slow: false,
    },
    Step {
        name: "tests",
        program: Program::Cargo,
        args: &["test", "--locked", "--workspace", "--no-fail-fast"],
        env: None,
        slow: false,
    },
    Step {
        name: "conformance",
        program: Program::Built("conformance"),
        args: &["--quick"],
        env: None,
        slow: true,
    },
    Step {
        name: "pairs of schemas",
        program: Program::Xtask,
        args: &["schemas", "fixtures/schemas"],
        env: None,
        slow: true,
    },
    Step {
        name: "random pairs of schemas",
        program: Program::Xtask,
        args: &["schemas", "--random", "10"],
        env: None,
        slow: true,
    },
    Step {
        name: "random models",
        program: Program::Xtask,
        args: &["models", "--random", "5"],
        env: None,
        slow: true,
    },
    Step {
        name: "documentation",
        program: Program::Cargo,
        args: &["doc", "--locked", "--workspace", "--no-deps"],
        env: Some(("RUSTDOCFLAGS", "-D warnings")),
        slow: true,
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
            "target",
        ],
        env: None,
        slow: true,
    },
    Step {
        name: "format of alembic-sqlx-sqlite",
        program: Program::Cargo,
        args: &["fmt", "--manifest-path", SQLX_SQLITE, "--check"],
        env: None,
        slow: false,
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
            "target",
            "--",
            "-D",
            "warnings",
        ],
        env: None,
        slow: true,
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
        eprintln!("==> {}: {}", self.name, self.line());
        let start = Instant::now();
        let done = cargo::run(self.command()?.envs(self.env));
        done.map(|()| start.elapsed()).map_err(|_| {
            let place = cargo::root().display();
            format!(
                "`{}` failed; to run this step alone, in {place}:\n    {}",
                self.name,
                self.line()
            )
            .into()
        })
    }
}

impl TestArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let steps = STEPS.iter().filter(|step| !(self.quick && step.slow));
        eprintln!("==> servers: PostgreSQL and PgBouncer");
        let start = Instant::now();
        servers::provide()?;
        let mut times = vec![("servers", start.elapsed())];
        for step in steps {
            times.push((step.name, step.run()?));
        }
        println!("\nall passed:");
        for (name, took) in times {
            println!("{:8.1} s  {name}", took.as_secs_f64());
        }
        Ok(())
    }
}
