//! URLs as SQLAlchemy writes them: other slashes, and the name of a driver.

use super::RedactedUrl;

/// Returns the right URL for one that names a Python driver, such as `sqlite+aiosqlite`; `rest` is
/// what follows the scheme.
pub(super) fn without_driver(scheme: &str, rest: &str) -> Option<String> {
    match scheme.split_once('+')?.0 {
        "sqlite" => Some(sqlite(rest)),
        scheme @ ("postgres" | "postgresql") => {
            Some(RedactedUrl::new(&format!("{scheme}:{rest}")).to_string())
        }
        _ => None,
    }
}

/// Returns the right URL for a path that only SQLAlchemy takes as a relative one.
pub(super) fn relative(rest: &str) -> Option<String> {
    let path = rest.strip_prefix("///")?;
    let is_relative = path.starts_with("./") || path.starts_with("../");
    is_relative.then(|| sqlite(rest))
}

/// SQLAlchemy has one more slash before a path.
fn sqlite(rest: &str) -> String {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match path.strip_prefix('/') {
        // A password, of an encrypted database.
        _ if path.contains('@') => "sqlite://<path>".to_owned(),
        None if !path.is_empty() => format!("sqlite://{path}"),
        None | Some("" | ":memory:") => "sqlite::memory:".to_owned(),
        Some(path) => format!("sqlite://{}", path.strip_prefix("./").unwrap_or(path)),
    }
}
