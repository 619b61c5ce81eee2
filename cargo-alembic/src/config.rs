//! A crate's configuration: `[package.metadata.alembic]`, over `[workspace.metadata.alembic]`.

use std::path::{Path, PathBuf};

use alembic_history::{Dialect, VersionTable, nearest};
use alembic_migrate::TransactionMode;
use serde_json::{Map, Value};
use toml_edit::Document;

use crate::context::shown;
use crate::diagnostic::{Diagnostic, Place};
use crate::naming::{DEFAULT_FILE_TEMPLATE, DEFAULT_SLUG_LENGTH};

/// Where a crate's migrations are, and how they are run and written.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// `url`: the database, unless the environment names another.
    pub(crate) url: Option<String>,
    /// `url-env`: the environment variable that names the database.
    pub(crate) url_env: String,
    /// `migrations`: the folders of the revision files.
    pub(crate) migrations: Vec<PathBuf>,
    /// `dialects`: what the revisions are written for.
    pub(crate) dialects: Vec<Dialect>,
    /// `version-table` and `version-table-schema`.
    pub(crate) version_table: VersionTable,
    /// `transaction`: how much goes into one.
    pub(crate) transaction: TransactionMode,
    /// `file-template`: the names of new revision files, without `.sql`.
    pub(crate) file_template: String,
    /// `truncate-slug-length`: in characters.
    pub(crate) truncate_slug_length: usize,
    /// `timezone`: of the dates of new revisions.
    pub(crate) timezone: Option<String>,
    /// `post-write-hooks`: programs and their arguments, run on each new revision file.
    pub(crate) post_write_hooks: Vec<Vec<String>>,
}

/// The name of the folder in which revision files are looked for, unless configured.
pub(crate) const DEFAULT_FOLDER: &str = "migrations";

const KEYS: [&str; 11] = [
    "url",
    "url-env",
    "migrations",
    "dialects",
    "version-table",
    "version-table-schema",
    "transaction",
    "file-template",
    "truncate-slug-length",
    "timezone",
    "post-write-hooks",
];

/// Keys whose meaning is settled, and that no command of this version reads.
const RESERVED: [&str; 8] = [
    "models",
    "schema",
    "baseline",
    "fresh",
    "compare-type",
    "compare-server-default",
    "include",
    "exclude",
];

/// A `metadata.alembic` table, and where it is written.
#[derive(Clone, Copy)]
pub(crate) struct Source<'s> {
    pub(crate) table: &'s Value,
    pub(crate) manifest: &'s Path,
    /// `package` or `workspace`.
    pub(crate) owner: &'static str,
}

impl Config {
    /// Reads the configuration of the crate in `folder`, the last of `sources` over the others.
    pub(crate) fn read(folder: &Path, sources: &[Source<'_>]) -> Result<Self, Vec<Diagnostic>> {
        let mut reader = Reader {
            values: Map::new(),
            faults: Vec::new(),
            sources,
        };
        reader.merge();
        let folders = reader.list("migrations");
        let dialects = reader.list("dialects").map(|names| {
            let dialect = |name: &String| match name.parse::<Dialect>() {
                Ok(dialect) => Some(dialect),
                Err(error) => {
                    reader.fault("dialects", &error.to_string());
                    None
                }
            };
            names.iter().filter_map(dialect).collect::<Vec<_>>()
        });
        let transaction = match reader.string("transaction").as_deref() {
            None | Some("run") => TransactionMode::Run,
            Some("revision") => TransactionMode::Revision,
            Some(other) => {
                let why = format!("`{other}` is neither `run` nor `revision`");
                reader.fault("transaction", &why);
                TransactionMode::Run
            }
        };
        let default_table = VersionTable::default();
        let config = Self {
            url: reader.string("url"),
            url_env: reader
                .string("url-env")
                .unwrap_or_else(|| "DATABASE_URL".to_owned()),
            migrations: folders
                .unwrap_or_else(|| vec![DEFAULT_FOLDER.to_owned()])
                .iter()
                .map(|path| folder.join(path))
                .collect(),
            dialects: dialects
                .filter(|dialects| !dialects.is_empty())
                .unwrap_or_else(|| vec![Dialect::Sqlite]),
            version_table: VersionTable {
                name: reader.string("version-table").unwrap_or(default_table.name),
                schema: reader
                    .string("version-table-schema")
                    .or(default_table.schema),
            },
            transaction,
            file_template: reader
                .string("file-template")
                .unwrap_or_else(|| DEFAULT_FILE_TEMPLATE.to_owned()),
            truncate_slug_length: reader
                .number("truncate-slug-length")
                .unwrap_or(DEFAULT_SLUG_LENGTH),
            timezone: reader.string("timezone"),
            post_write_hooks: reader.commands("post-write-hooks"),
        };
        if reader.faults.is_empty() {
            Ok(config)
        } else {
            Err(reader.faults)
        }
    }
}

struct Reader<'s> {
    values: Map<String, Value>,
    faults: Vec<Diagnostic>,
    sources: &'s [Source<'s>],
}

impl Reader<'_> {
    fn merge(&mut self) {
        for source in self.sources {
            let Value::Object(table) = source.table else {
                self.faults
                    .push(Diagnostic::new("`metadata.alembic` is not a table"));
                continue;
            };
            for (key, value) in table {
                if KEYS.contains(&key.as_str()) {
                    self.values.insert(key.clone(), value.clone());
                } else if !RESERVED.contains(&key.as_str()) {
                    let near = nearest(key, KEYS).first().copied();
                    let help = match near {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("known keys are {}", KEYS.join(", ")),
                    };
                    let fault = Diagnostic::new(format!("unknown configuration key `{key}`"))
                        .code("unknown-configuration-key")
                        .help(help);
                    self.faults.push(placed(fault, *source, key));
                }
            }
        }
    }

    /// Reports what is wrong with the value of `key`.
    fn fault(&mut self, key: &str, why: &str) {
        let fault = Diagnostic::new(format!("invalid value of `{key}`: {why}"))
            .code("invalid-configuration-value");
        let mut sources = self.sources.iter().rev();
        let fault = match sources.find(|source| source.table.get(key).is_some()) {
            Some(source) => placed(fault, *source, key),
            None => fault,
        };
        self.faults.push(fault);
    }

    fn string(&mut self, key: &str) -> Option<String> {
        match self.values.get(key)? {
            Value::String(text) => Some(text.clone()),
            _ => {
                self.fault(key, "it is not a string");
                None
            }
        }
    }

    fn number(&mut self, key: &str) -> Option<usize> {
        let number = self.values.get(key)?.as_u64();
        let number = number.and_then(|number| usize::try_from(number).ok());
        if number.is_none_or(|number| number == 0) {
            self.fault(key, "it is not a positive whole number");
        }
        number
    }

    /// Reads a string, or a list of strings.
    fn list(&mut self, key: &str) -> Option<Vec<String>> {
        let texts = match self.values.get(key)? {
            Value::String(text) => Some(vec![text.clone()]),
            value => strings(value),
        };
        if texts.is_none() {
            self.fault(key, "it is neither a string nor a list of strings");
        }
        texts
    }

    /// Reads a list of commands, each a list of a program and its arguments.
    fn commands(&mut self, key: &str) -> Vec<Vec<String>> {
        let Some(value) = self.values.get(key) else {
            return Vec::new();
        };
        let commands = value.as_array().and_then(|commands| {
            let commands = commands.iter().map(strings);
            commands.collect::<Option<Vec<_>>>()
        });
        match commands {
            Some(commands) if commands.iter().all(|command| !command.is_empty()) => commands,
            _ => {
                self.fault(
                    key,
                    "it is not a list of commands such as [\"sqlfluff\", \"fix\"]",
                );
                Vec::new()
            }
        }
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    let texts = value.as_array()?.iter();
    texts
        .map(|text| text.as_str().map(ToOwned::to_owned))
        .collect()
}

/// Adds the place of `key` in the manifest, as far as it can be found.
fn placed(fault: Diagnostic, source: Source<'_>, key: &str) -> Diagnostic {
    let Ok(text) = std::fs::read_to_string(source.manifest) else {
        return fault;
    };
    let span = Document::parse(text.as_str()).ok().and_then(|document| {
        let owner = document.get(source.owner)?;
        let table = owner.get("metadata")?.get("alembic")?.as_table_like()?;
        table.key(key)?.span()
    });
    match span {
        Some(span) => fault.place(Place {
            path: shown(source.manifest),
            text,
            span,
            label: None,
        }),
        None => fault.note(format!("in {}", shown(source.manifest))),
    }
}
