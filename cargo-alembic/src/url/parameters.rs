//! The parameters that a PostgreSQL URL can have.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The parameters of a PostgreSQL URL: first the ones that sqlx reads, then the ones that it
/// ignores but other programs may want in the same URL.
///
/// `options[...]` is known, too. sqlx ignores everything else, even a misspelt `sslmode`.
pub(super) const PARAMETERS: [&str; 25] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "target_session_attrs",
];

/// Decodes the name of a parameter.
pub(super) fn decoded(name: &str) -> Cow<'_, str> {
    percent_decode_str(name).decode_utf8_lossy()
}

/// Returns whether a parameter may hold a password, by its decoded name; unknown ones may.
pub(super) fn is_secret(name: &str) -> bool {
    name == "password" || !is_known(name)
}

/// Returns whether a parameter is known, by its decoded name.
pub(super) fn is_known(name: &str) -> bool {
    PARAMETERS.contains(&name) || name.starts_with("options[")
}
