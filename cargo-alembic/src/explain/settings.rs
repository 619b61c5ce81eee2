//! Explains what is wrong with a key of a crate's configuration.

use alembic_history::{SettingsFault, SettingsScope};
use toml_edit::Document;

use crate::output::{Cause, Diagnostic, Excerpt};

/// A manifest in which a crate, or the whole workspace, is configured.
pub(crate) struct Manifest {
    /// Its path, as displayed.
    pub(crate) path: String,
    /// Its text, if it could be read.
    pub(crate) text: Option<String>,
    /// The table that holds the configuration.
    pub(crate) scope: SettingsScope,
}

/// Explains what is wrong, and where in the manifest if it can be found.
pub(crate) fn setting(fault: &SettingsFault, manifest: &Manifest) -> Diagnostic {
    let diagnostic = Diagnostic::new(Cause::Settings(fault.clone()), fault.to_string())
        .code(fault.code())
        .help(fault.help());
    let Some(text) = &manifest.text else {
        return diagnostic;
    };
    let span = Document::parse(text.as_str()).ok().and_then(|document| {
        let part = document.get(manifest.scope.as_str())?;
        let table = part.get("metadata")?.get("alembic")?.as_table_like()?;
        let of_table = || {
            let (tables, key) = fault.key.rsplit_once('.')?;
            let mut tables = tables.split('.');
            let table = tables.try_fold(table, |table, name| table.get(name)?.as_table_like())?;
            table.key(key)
        };
        table.key(&fault.key).or_else(of_table)?.span()
    });
    match span {
        Some(span) => {
            let text = without_credentials(text);
            diagnostic.excerpt(Excerpt::new(manifest.path.as_str(), &text, span))
        }
        None => diagnostic.note(format!("in {}", manifest.path)),
    }
}

/// Masks the URLs in a text that may contain a password, so that its lines can be shown.
fn without_credentials(text: &str) -> String {
    let mut shown = text.to_owned();
    for (scheme, separator) in text.match_indices("://") {
        let start = scheme + separator.len();
        let rest = &text[start..];
        let url = &rest[..rest.find(['"', '\'', '\n']).unwrap_or(rest.len())];
        if url.contains('@') || url.contains("password") {
            shown.replace_range(start..start + url.len(), &"*".repeat(url.len()));
        }
    }
    shown
}
