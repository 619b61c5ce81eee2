//! Settings of a PostgreSQL session.

/// How long a setting lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SettingLifetime {
    /// Until the transaction ends.
    Transaction,
    /// Until the connection is closed.
    Connection,
}

/// Returns a query that sets settings, each until the transaction ends or for longer, except those
/// that an old server does not know.
pub(super) fn set(settings: &[(&str, &str, SettingLifetime)]) -> String {
    let settings = settings.iter().map(|(name, value, lasting)| {
        let is_local = *lasting == SettingLifetime::Transaction;
        format!("('{name}', '{value}', {is_local})")
    });
    let settings = settings.collect::<Vec<_>>().join(", ");
    format!(
        "SELECT pg_catalog.set_config(name, value, is_local) \
         FROM (VALUES {settings}) AS s (name, value, is_local) \
         WHERE pg_catalog.current_setting(name, true) IS NOT NULL"
    )
}
