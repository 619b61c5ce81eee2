//! URLs without their passwords.

use std::fmt;

use url::Url;

use super::parameters::{decoded, is_known, is_secret};

/// A URL that is safe to display, without its password or anything that could be part of one.
#[derive(Clone, Debug)]
pub(crate) struct RedactedUrl {
    text: String,
    /// Whether something was left out.
    pub(crate) hides: bool,
}

impl RedactedUrl {
    pub(crate) fn new(text: &str) -> Self {
        if text.starts_with("sqlite:") {
            return Self {
                text: text.to_owned(),
                hides: false,
            };
        }
        let shown = without_password(text);
        Self {
            hides: shown.as_deref() != Some(text),
            text: shown.unwrap_or_else(|| match text.split_once("://") {
                Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                    format!("{scheme}://...")
                }
                _ => "...".to_owned(),
            }),
        }
    }
}

/// Masks the password of a URL; `None` if its position is not certain.
fn without_password(text: &str) -> Option<String> {
    let mut url = match Url::parse(text) {
        Ok(url) if url.has_authority() => url,
        // For example `app.db`, which is not a URL.
        _ => return (!text.contains(['@', '=', ' '])).then(|| text.to_owned()),
    };
    let query = url.query().map(without_secrets);
    // An unencoded character in a password would have ended it early.
    let rest = [url.path(), query.as_deref().unwrap_or_default()];
    if url.fragment().is_some() || rest.iter().any(|part| part.contains('@')) {
        return None;
    }
    if url.password().is_none() && query.as_deref() == url.query() {
        return Some(text.to_owned());
    }
    if url.password().is_some() {
        url.set_password(Some("***")).ok()?;
    }
    url.set_query(query.as_deref());
    Some(url.into())
}

/// Masks the parameters that may hold a password, and leaves out what may be the end of one: unknown
/// parameters after it, as if an `&` in it were not encoded.
fn without_secrets(query: &str) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut follows_secret = false;
    for parameter in query.split('&') {
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (parameter, None),
        };
        if follows_secret && !is_known(&decoded(name)) {
            continue;
        }
        let is_secret = value.is_some() && is_secret(&decoded(name));
        shown.push(match is_secret {
            true => format!("{name}=***"),
            false => parameter.to_owned(),
        });
        follows_secret |= is_secret;
    }
    shown.join("&")
}

impl fmt::Display for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        for (url, shown) in [
            ("postgres://u:secret@h/d", "postgres://u:***@h/d"),
            ("postgres://u:se@cret@h:5/d", "postgres://u:***@h:5/d"),
            ("postgres://u:@h/d", "postgres://u:@h/d"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://h/d", "postgres://h/d"),
            ("postgres:///d?host=/tmp", "postgres:///d?host=/tmp"),
            (
                "postgres://h/d?password=secret&user=u",
                "postgres://h/d?password=***&user=u",
            ),
            (
                "postgres://u:x@h:5/d?user=u&password=s@cret",
                "postgres://u:***@h:5/d?user=u&password=***",
            ),
            (
                "postgres://h/d?p%61ssword=secret",
                "postgres://h/d?p%61ssword=***",
            ),
            (
                "postgres://h/d?passwrod=secret",
                "postgres://h/d?passwrod=***",
            ),
            ("mysql://u:secret@h/d", "mysql://u:***@h/d"),
            (
                "postgres://h/d?password=Zq7W&xy9=1&user=u",
                "postgres://h/d?password=***&user=u",
            ),
            (
                "postgres://h/d?password=Zq7W&xy9",
                "postgres://h/d?password=***",
            ),
            (
                "postgres://h/d?passwrod=Zq7W&xy9=1&a&b",
                "postgres://h/d?passwrod=***",
            ),
            // It is unclear where these passwords begin or end.
            ("postgres://u:se/cr@et@h/d", "postgres://..."),
            ("postgres://u:12/cret@h/d", "postgres://..."),
            ("postgres://u:12#cret@h/d", "postgres://..."),
            ("postgres://u:12?cret@h/d", "postgres://..."),
            ("postgres://u:secret@h:port/d", "postgres://..."),
            ("postgres:u:secret@h/d", "..."),
            ("u:secret@h/d", "..."),
            ("host=h user=u password=secret", "..."),
            ("data/app.db", "data/app.db"),
            ("sqlite://a@b.db", "sqlite://a@b.db"),
            ("sqlite:a:b@c.db", "sqlite:a:b@c.db"),
            ("sqlite:///a:b@c.db", "sqlite:///a:b@c.db"),
        ] {
            let redacted = RedactedUrl::new(url);
            assert_eq!(redacted.to_string(), shown);
            assert_eq!(redacted.hides, shown != url, "{url}");
        }
    }
}
