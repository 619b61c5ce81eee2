//! A crate without a build script has no migrations to include.

fn main() {
    let _ = alembic_migrate::include_migrations!();
}
