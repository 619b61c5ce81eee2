//! The settings of a session, which psql keeps in variables of its own: values are unknown when a
//! script is written, and `RESET ALL` and `DISCARD ALL` take everything from the server's session.

use crate::engine::keep;
use crate::session_changes::SessionChanges;

/// The variable with the settings before a revision.
const KEPT: &str = "alembic_kept";

/// The variable with the settings of a revision, while the script does work of its own.
const SUSPENDED: &str = "alembic_suspended";

/// The order in which settings are restored: the roles decide who may set the others.
const ROLES_FIRST: &str = "s.place";

/// The order in which settings are set again.
const ROLES_LAST: &str = "s.place OPERATOR(pg_catalog.<) 2, s.place";

/// Returns the text that keeps the settings before `changes`.
pub(super) fn keep_before(changes: &SessionChanges) -> String {
    read(changes, KEPT, ROLES_FIRST)
}

/// Returns the text that sets the kept values again.
pub(super) fn restore() -> String {
    set(KEPT)
}

/// Returns the text that keeps what a revision has set, and restores the values before it.
pub(super) fn suspend(changes: &SessionChanges) -> String {
    read(changes, SUSPENDED, ROLES_LAST) + &restore()
}

/// Returns the text that sets again what [`suspend`] has kept.
pub(super) fn resume() -> String {
    set(SUSPENDED)
}

/// Returns the text that stores the settings in a variable, in this order.
fn read(changes: &SessionChanges, variable: &str, order: &str) -> String {
    let settings = keep(&changes.names());
    format!(
        "SELECT pg_catalog.json_object_agg(s.name, s.value ORDER BY {order}) AS {variable}\n\
         FROM ({settings}) AS s \\gset\n\n"
    )
}

/// Returns the text that sets what a variable holds, without printing it.
fn set(variable: &str) -> String {
    format!(
        "SELECT pg_catalog.count(pg_catalog.set_config(s.key, s.value, false)) AS alembic_set\n\
         FROM pg_catalog.json_each_text(:'{variable}'::pg_catalog.json) AS s\n\
         WHERE coalesce(pg_catalog.current_setting(s.key, true) \
         OPERATOR(pg_catalog.<>) s.value, true) \\gset\n\n"
    )
}
