//! A crate's configuration: `[package.metadata.alembic]`, over `[workspace.metadata.alembic]`.

use std::path::Path;

use alembic_history::{Code, Settings, SettingsFault, SettingsTable, SettingsValue};
use serde_json::Value;
use toml_edit::Document;

use crate::context::shown;
use crate::diagnostic::{Diagnostic, Place};

/// A `metadata.alembic` table, and where it is written.
#[derive(Clone, Copy)]
pub(crate) struct Source<'s> {
    pub(crate) table: &'s Value,
    pub(crate) manifest: &'s Path,
    /// `package` or `workspace`.
    pub(crate) owner: &'static str,
}

/// Reads a crate's configuration, the last of `sources` over the others.
pub(crate) fn read(sources: &[Source<'_>]) -> Result<Settings, Vec<Diagnostic>> {
    if let Some(source) = sources.iter().find(|source| !source.table.is_object()) {
        let title = format!("`{}.metadata.alembic` is not a table", source.owner);
        let fault = Diagnostic::new(title)
            .code(Code::InvalidConfigurationValue)
            .note(format!("in {}", shown(source.manifest)))
            .help(format!(
                "begin it with `[{}.metadata.alembic]`",
                source.owner
            ));
        return Err(vec![fault]);
    }
    let tables: Vec<SettingsTable> = sources.iter().map(table).collect();
    Settings::read(&tables).map_err(|faults| {
        let explain = |fault: &SettingsFault| explain(fault, sources[fault.table]);
        faults.iter().map(explain).collect()
    })
}

fn table(source: &Source<'_>) -> SettingsTable {
    let entries = source.table.as_object().into_iter().flatten();
    entries
        .map(|(key, json)| (key.clone(), value(json)))
        .collect()
}

fn value(json: &Value) -> SettingsValue {
    match json {
        Value::String(text) => SettingsValue::Text(text.clone()),
        Value::Number(number) => number
            .as_i64()
            .map_or(SettingsValue::Other, SettingsValue::Number),
        Value::Array(list) => SettingsValue::List(list.iter().map(value).collect()),
        Value::Null | Value::Bool(_) | Value::Object(_) => SettingsValue::Other,
    }
}

/// Says what is wrong, and where in the manifest, as far as it can be found.
fn explain(fault: &SettingsFault, source: Source<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::new(fault.to_string())
        .code(fault.code())
        .help(fault.help());
    let Ok(mut text) = std::fs::read_to_string(source.manifest) else {
        return diagnostic;
    };
    let span = Document::parse(text.as_str()).ok().and_then(|document| {
        let owner = document.get(source.owner)?;
        let table = owner.get("metadata")?.get("alembic")?.as_table_like()?;
        table.key(&fault.key)?.span()
    });
    text = without_credentials(&text);
    match span {
        Some(span) => diagnostic.place(Place {
            path: shown(source.manifest),
            text,
            span,
            label: None,
        }),
        None => diagnostic.note(format!("in {}", shown(source.manifest))),
    }
}

/// Puts stars over what may hold a password in the URLs of a text, so that its lines can be shown.
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
