//! The settings of a session, which psql keeps in variables of its own: values are unknown when a
//! script is written, and `RESET ALL` and `DISCARD ALL` take everything from the server's session.

use crate::engine::{OF_LIBRARY, keep};
use crate::session_changes::SessionChanges;

/// The variable with the settings before a revision.
const KEPT: &str = "alembic_kept";

/// The variable with the settings of a revision, while the script does work of its own.
const SUSPENDED: &str = "alembic_suspended";

/// The order in which settings are restored: the roles decide who may set the others.
const ROLES_FIRST: &str = "s.place";

/// The order in which settings are set again.
const ROLES_LAST: &str = "s.place OPERATOR(pg_catalog.<) 2, s.place";

/// The variable with the lock timeout of the session. Within the script's transactions another one is
/// in force, which counts as this one.
const LOCK_TIMEOUT: &str = "alembic_lock_timeout";

/// Returns the text that keeps the lock timeout of the session.
pub(super) fn keep_lock_timeout() -> String {
    format!("SELECT pg_catalog.current_setting('lock_timeout') AS {LOCK_TIMEOUT} \\gset\n")
}

/// Returns the text that keeps the settings before `changes`; `own` is the lock timeout of the script.
pub(super) fn keep_before(changes: &SessionChanges, own: &str) -> String {
    read(changes, own, KEPT, ROLES_FIRST)
}

/// Returns the text that sets the kept values again, and resets the settings that did not exist before:
/// a library has added them.
pub(super) fn restore() -> String {
    let library = format!(
        "{} UNION ALL\n\tSELECT m.name, m.reset_val FROM pg_catalog.pg_settings AS m\n\t\
         WHERE {OF_LIBRARY}\n\t\
         AND pg_catalog.lower(m.name) OPERATOR(pg_catalog.<>) \
         ALL (SELECT pg_catalog.json_object_keys(:'{KEPT}'::pg_catalog.json))",
        values(KEPT)
    );
    set(&library, "")
}

/// Returns the text that keeps what a revision has set, and restores the values before it.
pub(super) fn suspend(changes: &SessionChanges, own: &str) -> String {
    read(changes, own, SUSPENDED, ROLES_LAST) + &restore()
}

/// Returns the text that sets again what [`suspend`] has kept.
pub(super) fn resume() -> String {
    // One that the revision has not set leaves that of the script's next transaction in force.
    let is_set = format!(
        "\nAND (s.name OPERATOR(pg_catalog.<>) 'lock_timeout' \
         OR s.value OPERATOR(pg_catalog.<>) :'{LOCK_TIMEOUT}')"
    );
    set(&values(SUSPENDED), &is_set)
}

/// Returns the text that stores the settings in a variable, in this order.
fn read(changes: &SessionChanges, own: &str, variable: &str, order: &str) -> String {
    let settings = keep(&changes.names());
    format!(
        "SELECT pg_catalog.json_object_agg(s.name, CASE WHEN s.name OPERATOR(pg_catalog.=) 'lock_timeout' THEN\n\t\
         CASE WHEN s.value::pg_catalog.interval OPERATOR(pg_catalog.=) \
         '{own}'::pg_catalog.interval THEN :'{LOCK_TIMEOUT}' ELSE s.value END\n\t\
         ELSE s.value END ORDER BY {order}) AS {variable}\n\
         FROM ({settings}) AS s \\gset\n\n"
    )
}

/// Returns the query for the names and values in a variable, in their order.
fn values(variable: &str) -> String {
    format!(
        "SELECT k.key, k.value FROM pg_catalog.json_each_text(:'{variable}'::pg_catalog.json) AS k"
    )
}

/// Returns the text that makes settings of names and values for which a condition holds as well,
/// without printing them.
fn set(values: &str, condition: &str) -> String {
    format!(
        "SELECT pg_catalog.count(pg_catalog.set_config(s.name, s.value, false)) AS alembic_set\n\
         FROM (\n\t{values}\n) AS s (name, value)\n\
         WHERE coalesce(pg_catalog.current_setting(s.name, true) \
         OPERATOR(pg_catalog.<>) s.value, true){condition} \\gset\n\n"
    )
}
