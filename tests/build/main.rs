//! What `cargo build` says about crates whose build scripts check their migrations.
//!
//! The crates are made from data, and share one target folder, so that `alembic-build` is compiled
//! once. Cargo is never asked to clean anything.

#![expect(clippy::unwrap_used, reason = "a test that panics fails, as it should")]

mod faults;
mod krate;
mod package;
mod rerun;
mod walk;

/// A revision file that does nothing.
fn revision(id: &str, revises: &str) -> String {
    let text = format!("-- Revision {id}\n--\n-- Revision ID: {id}\n-- Revises: {revises}");
    format!("{}\n\n-- alembic: upgrade\nSELECT 1;\n", text.trim_end())
}
