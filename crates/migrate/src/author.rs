//! Who applies revisions, for the log.

use std::path::Path;

use alembic_run::Author;

/// Returns the user, the machine and the program of this process, as far as they are known.
pub(crate) fn of_process() -> Author {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::file_stem);
    Author {
        user: variable("USER").or_else(|| variable("USERNAME")),
        host: gethostname::gethostname().into_string().ok(),
        application: program.map(|name| name.to_string_lossy().into_owned()),
    }
}
