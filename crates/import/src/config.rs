//! The configuration files of tools, as far as they say something about migrations that exist.

use std::fmt;

use alembic_history::VersionTable;
use toml_edit::{DocumentMut, Item, TableLike};

use crate::Tool;

/// What the configuration file of a tool says about its migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolConfig {
    /// Their folder, relative to that of the file.
    pub folder: Option<String>,
    /// The table in which the tool records what it has run.
    pub table: Option<VersionTable>,
    /// The characters that its checksums pass over.
    pub ignored: Vec<char>,
    /// The schemas that it creates before the first migration.
    pub schemas: Vec<String>,
}

/// A part of a configuration file that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// The key; empty for the whole file.
    pub key: String,
    /// What is wrong with it.
    pub kind: ConfigFaultKind,
}

/// What is wrong with a part of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigFaultKind {
    /// It is not TOML.
    NotToml,
    /// The import does not know the key.
    Unknown,
    /// The value is not what the tool takes.
    NotA(&'static str),
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match self.kind {
            ConfigFaultKind::NotToml => f.write_str("is not TOML"),
            ConfigFaultKind::Unknown => write!(f, "the import does not know the key `{key}`"),
            ConfigFaultKind::NotA(what) => write!(f, "`{key}` is not {what}"),
        }
    }
}

impl std::error::Error for ConfigFault {}

impl Tool {
    /// Returns the name of the file in which the migrations of the tool are configured: it lies next to the
    /// manifest of their crate.
    #[must_use]
    pub const fn config_file(self) -> Option<&'static str> {
        match self {
            Self::Sqlx => Some("sqlx.toml"),
            Self::Diesel => Some("diesel.toml"),
            Self::Refinery | Self::Dbmate | Self::Goose | Self::Flyway | Self::SeaOrm => None,
        }
    }
}

impl ToolConfig {
    /// Returns the table in which a tool records what it has run.
    #[must_use]
    pub fn table_of(&self, tool: Tool) -> VersionTable {
        let usual = || VersionTable {
            name: tool.default_table().to_owned(),
            schema: None,
        };
        self.table.clone().unwrap_or_else(usual)
    }

    /// Reads the configuration file of a tool.
    ///
    /// # Errors
    ///
    /// A part that is about migrations and cannot be followed.
    pub fn read(tool: Tool, text: &str) -> Result<Self, ConfigFault> {
        let file = text.parse::<DocumentMut>().map_err(|_| ConfigFault {
            key: String::new(),
            kind: ConfigFaultKind::NotToml,
        })?;
        match tool {
            Tool::Sqlx => Self::read_sqlx(&file),
            Tool::Diesel => Self::read_diesel(&file),
            Tool::Refinery | Tool::Dbmate | Tool::Goose | Tool::Flyway | Tool::SeaOrm => {
                Ok(Self::default())
            }
        }
    }

    fn read_sqlx(file: &DocumentMut) -> Result<Self, ConfigFault> {
        let mut config = Self::default();
        let Some(migrate) = table(file, "migrate")? else {
            return Ok(config);
        };
        for (name, item) in migrate.iter() {
            let key = format!("migrate.{name}");
            match name {
                "migrations-dir" => config.folder = Some(text(&key, item)?),
                "table-name" => config.table = Some(table_name(&key, item)?),
                "ignored-chars" => config.ignored = characters(&key, item)?,
                "create-schemas" => config.schemas = schemas(&key, item)?,
                // About new migrations.
                "defaults" => {}
                _ => return Err(fault(&key, ConfigFaultKind::Unknown)),
            }
        }
        Ok(config)
    }

    fn read_diesel(file: &DocumentMut) -> Result<Self, ConfigFault> {
        let mut config = Self::default();
        if let Some(folder) = table(file, "migrations_directory")? {
            for (name, item) in folder.iter() {
                let key = format!("migrations_directory.{name}");
                match name {
                    "dir" => config.folder = Some(text(&key, item)?),
                    _ => return Err(fault(&key, ConfigFaultKind::Unknown)),
                }
            }
        }
        Ok(config)
    }
}

fn fault(key: &str, kind: ConfigFaultKind) -> ConfigFault {
    let key = key.to_owned();
    ConfigFault { key, kind }
}

fn table<'f>(file: &'f DocumentMut, key: &str) -> Result<Option<&'f dyn TableLike>, ConfigFault> {
    let Some(item) = file.get(key) else {
        return Ok(None);
    };
    let table = item.as_table_like();
    table
        .map(Some)
        .ok_or_else(|| fault(key, ConfigFaultKind::NotA("a table")))
}

fn text(key: &str, item: &Item) -> Result<String, ConfigFault> {
    let text = item.as_str().map(ToOwned::to_owned);
    text.ok_or_else(|| fault(key, ConfigFaultKind::NotA("a string")))
}

fn texts<'i>(key: &str, item: &'i Item) -> Result<Vec<&'i str>, ConfigFault> {
    let values = item.as_array().map(|values| values.iter());
    let texts = values.and_then(|values| values.map(toml_edit::Value::as_str).collect());
    texts.ok_or_else(|| fault(key, ConfigFaultKind::NotA("a list of strings")))
}

fn characters(key: &str, item: &Item) -> Result<Vec<char>, ConfigFault> {
    let one = |text: &str| {
        let mut characters = text.chars();
        characters.next().filter(|_| characters.next().is_none())
    };
    let found = texts(key, item)?.into_iter().map(one).collect();
    Option::ok_or(
        found,
        fault(key, ConfigFaultKind::NotA("a list of single characters")),
    )
}

fn table_name(key: &str, item: &Item) -> Result<VersionTable, ConfigFault> {
    let mut parts = parts(&text(key, item)?).unwrap_or_default();
    let name = parts.pop();
    let schema = parts.pop();
    match name {
        Some(name) if parts.is_empty() => Ok(VersionTable { name, schema }),
        Some(_) | None => Err(fault(key, ConfigFaultKind::NotA("the name of a table"))),
    }
}

fn schemas(key: &str, item: &Item) -> Result<Vec<String>, ConfigFault> {
    let name = |text: &str| match parts(text)?.as_slice() {
        [name] => Some(name.clone()),
        _ => None,
    };
    let found = texts(key, item)?.into_iter().map(name).collect();
    Option::ok_or(
        found,
        fault(key, ConfigFaultKind::NotA("a list of names of schemas")),
    )
}

/// Returns the parts of a name as the database keeps them: the tool writes it into its SQL as it is.
fn parts(name: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = name;
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                // A doubled quote is one of the name.
                let mut ends = quoted.match_indices('"').map(|(end, _)| end).peekable();
                let end = loop {
                    let end = ends.next()?;
                    match ends.next_if_eq(&(end + 1)) {
                        Some(_) => {}
                        None => break end,
                    }
                };
                (quoted[..end].replace("\"\"", "\""), &quoted[end + 1..])
            }
            None => {
                let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
                let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
                (rest[..end].to_lowercase(), &rest[end..])
            }
        };
        if part.is_empty() {
            return None;
        }
        parts.push(part);
        match after.strip_prefix('.') {
            Some(after) => rest = after,
            None => return after.is_empty().then_some(parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tool: Tool, text: &str) -> String {
        match ToolConfig::read(tool, text) {
            Ok(ToolConfig {
                folder,
                table,
                ignored,
                schemas,
            }) => {
                let table = table.map(|table| table.quoted());
                format!("{folder:?} {table:?} {ignored:?} {schemas:?}")
            }
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn configuration_files_say_where_migrations_are_and_what_is_recorded() {
        for (tool, text, expected) in [
            (Tool::Sqlx, "", "None None [] []"),
            (
                Tool::Sqlx,
                "[common]\ndatabase-url-var = 'DB'",
                "None None [] []",
            ),
            (
                Tool::Sqlx,
                "[migrate]\nmigrations-dir = 'db'\ntable-name = 'Audit.\"My \"\"Table\"\"\"'\n\
                 ignored-chars = [' ', \"\\r\"]\ncreate-schemas = ['audit', '\"Other\"']\n\
                 [migrate.defaults]\nmigration-type = 'reversible'",
                r#"Some("db") Some("audit.\"My \"\"Table\"\"\"") [' ', '\r'] ["audit", "Other"]"#,
            ),
            (Tool::Sqlx, "migrate = 1", "`migrate` is not a table"),
            (Tool::Sqlx, "migrate", "is not TOML"),
            (
                Tool::Sqlx,
                "[migrate]\ntable_name = 'a'",
                "the import does not know the key `migrate.table_name`",
            ),
            (
                Tool::Sqlx,
                "[migrate]\ntable-name = 'a.b.c'",
                "`migrate.table-name` is not the name of a table",
            ),
            (
                Tool::Sqlx,
                "[migrate]\ntable-name = 'a; DROP TABLE b'",
                "`migrate.table-name` is not the name of a table",
            ),
            (
                Tool::Sqlx,
                "[migrate]\ntable-name = '\"a'",
                "`migrate.table-name` is not the name of a table",
            ),
            (
                Tool::Sqlx,
                "[migrate]\nmigrations-dir = ['a']",
                "`migrate.migrations-dir` is not a string",
            ),
            (
                Tool::Sqlx,
                "[migrate]\nignored-chars = ['ab']",
                "`migrate.ignored-chars` is not a list of single characters",
            ),
            (
                Tool::Sqlx,
                "[migrate]\ncreate-schemas = ['a.b']",
                "`migrate.create-schemas` is not a list of names of schemas",
            ),
            (
                Tool::Sqlx,
                "[migrate]\ncreate-schemas = [1]",
                "`migrate.create-schemas` is not a list of strings",
            ),
            (
                Tool::Diesel,
                "[print_schema]\nfile = 'src/schema.rs'\n[migrations_directory]\ndir = \"db\"",
                r#"Some("db") None [] []"#,
            ),
            (
                Tool::Diesel,
                "migrations_directory = { file = 'a' }",
                "the import does not know the key `migrations_directory.file`",
            ),
        ] {
            assert_eq!(shown(tool, text), expected, "{tool}: {text}");
        }
    }
}
