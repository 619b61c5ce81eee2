//! The `cargo-alembic` binary, which cargo runs as `cargo alembic`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cargo_alembic::main(std::env::args_os()).into()
}
