//! The parameters that the URL of a PostgreSQL database can have.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The parameters of a PostgreSQL URL: those that sqlx reads, and at the end those that it passes
/// over, but other programs may want in the same URL.
///
/// `options[...]` is known, too. sqlx passes over everything else as well, be it a misspelt `sslmode`.
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

/// Returns the name of a parameter, which a URL may encode.
pub(super) fn decoded(name: &str) -> Cow<'_, str> {
    percent_decode_str(name).decode_utf8_lossy()
}

/// Returns whether a parameter is known, by its decoded name.
pub(super) fn is_known(name: &str) -> bool {
    PARAMETERS.contains(&name) || name.starts_with("options[")
}
