//! Loads extensions of SQLite.

use std::path::Path;

use rusqlite::{Connection, LoadExtensionGuard, Result};

/// Loads an extension into a connection. Neither before nor after that can SQL load one, so that the
/// SQL of a revision cannot bring code of its own.
#[expect(unsafe_code, reason = "an extension is native code")]
pub(super) fn load(connection: &Connection, library: &Path) -> Result<()> {
    // SAFETY: SQL can load libraries while the guard lives, and none runs: the connection is not
    // shared, and the library is all that is asked of it before the guard is dropped, on every way
    // out. The library itself is as trusted as the manifest that names it, whose dependencies and
    // build scripts run as well.
    unsafe {
        let _guard = LoadExtensionGuard::new(connection)?;
        connection.load_extension(library, None::<&str>)
    }
}
