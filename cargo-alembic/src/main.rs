//! The `cargo-alembic` binary, which cargo runs as `cargo alembic`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_alembic::main(std::env::args_os()).into()
}
