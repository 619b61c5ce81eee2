//! The target schema as a crate's structs state it, and files of SQL beside them.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use alembic_history::{Code, Position, read_text};
use alembic_migrate::Dialect;
use alembic_migrate::schema::{ObjectKind, Schema};
use alembic_models::{Fault, Grammar, Models, Rename, Sources, scan};
use alembic_run::{DatabaseError, Schema as SchemaFile, SchemaRole};
use alembic_schema::PartialSchema;
use alembic_sql::{Name, SqlText};
use walkdir::{DirEntry, WalkDir};

use crate::output::{Cause, Diagnostic, Error, Excerpt, Result, display_path};
use crate::workspace::{CrateSources, ModelPlan};

/// What states the target schema of a crate.
#[derive(Debug)]
pub(crate) struct Stated {
    models: Models,
    files: Vec<SqlFile>,
    grammar: Grammar,
}

/// A file of SQL beside the structs.
#[derive(Clone, Debug)]
struct SqlFile {
    path: PathBuf,
    /// The only dialect that it is for, as its name says.
    dialect: Option<Dialect>,
    text: SqlText,
}

/// What the names of files begin with that are run before the tables of the structs are created.
const BEFORE: &str = "before";

impl Stated {
    /// Reads the sources and files of a plan.
    pub(crate) fn read(plan: &ModelPlan) -> Result<Self> {
        let mut read: Vec<Models> = Vec::new();
        for sources in &plan.crates {
            let models =
                scan_crate(sources, plan.grammar, &read).map_err(|faults| unreadable(&faults))?;
            read.push(models);
        }
        let mut files = Vec::new();
        for path in plan.sql.iter() {
            for path in sql_files(path, plan.is_chosen)? {
                let text = read_text(&path).map_err(|error| unreadable_file(&path, error))?;
                files.push(SqlFile {
                    dialect: dialect_of(&path)?,
                    text: SqlText::new(text),
                    path: display_path(&path).into(),
                });
            }
        }
        let models = read.pop().expect("a plan ends with the crate itself");
        let grammar = plan.grammar;
        if let Some(fault) = models.unread_entity()
            && files.is_empty()
        {
            // Every table would be one to drop.
            return Err(unreadable(std::slice::from_ref(fault)));
        }
        Ok(Self {
            models,
            files,
            grammar,
        })
    }

    /// Refuses a target without any table because no struct states one: every table would be one to drop.
    pub(crate) fn check(&self, plan: &ModelPlan, schema: &Schema) -> Result<()> {
        let mut objects = schema.objects.keys();
        let has_tables = objects.any(|id| id.kind == ObjectKind::Table);
        match plan.crates.last() {
            Some(sources) if !has_tables && self.models.tables().next().is_none() => {
                Err(nothing_stated(&self.models, &sources.roots, self.grammar))
            }
            _ => Ok(()),
        }
    }

    /// Returns what creates the schema on a dialect, in this order.
    pub(crate) fn parts(&self, dialect: Dialect) -> Result<Vec<Part>> {
        let sql = self.models.sql(dialect);
        let sql = sql.map_err(|faults| unreadable(&faults))?;
        let structs = Part::Structs(SchemaFile {
            role: SchemaRole::Target,
            path: "structs".into(),
            text: SqlText::new(sql),
        });
        let files = |before: bool| {
            let files = self.files.iter().filter(move |file| {
                let is_wanted = file.dialect.is_none_or(|only| only == dialect);
                is_wanted && file.is_before() == before
            });
            files.map(|file| {
                Part::File(SchemaFile {
                    role: SchemaRole::Target,
                    path: file.path.clone(),
                    text: file.text.clone(),
                })
            })
        };
        Ok(files(true).chain([structs]).chain(files(false)).collect())
    }

    /// Returns whether the structs state a part of the schema only.
    pub(crate) fn is_partial(&self) -> bool {
        match self.grammar {
            Grammar::Own => false,
            Grammar::SeaOrm => true,
        }
    }

    /// Returns the schema that is stated as a part of one.
    pub(crate) fn partial(&self, stated: Schema) -> PartialSchema {
        let mut left = BTreeSet::new();
        for column in self.models.left() {
            let tables = stated.objects.keys().filter(|id| {
                let schema = column.schema.as_ref();
                let is_in =
                    id.schema.is_empty() || schema.is_none_or(|schema| *schema == id.schema);
                id.kind == ObjectKind::Table && id.name == column.table && is_in
            });
            left.extend(tables.map(|table| table.part(ObjectKind::Column, column.column.as_str())));
        }
        PartialSchema { stated, left }
    }

    /// Returns the names of the types that the structs state by their values.
    pub(crate) fn enums(&self) -> BTreeSet<String> {
        self.models.enums()
    }

    /// Returns what the structs say has got another name.
    pub(crate) fn renames(&self) -> Vec<Rename> {
        self.models.renames()
    }

    /// Explains why the statement at a position of what the structs state failed: by the struct whose
    /// table it creates, or adds to.
    pub(crate) fn explain(
        &self,
        structs: &SchemaFile,
        dialect: Dialect,
        position: Position,
        error: &DatabaseError,
    ) -> Error {
        let product = dialect.product();
        let text = structs.text.as_str();
        let mut table = None;
        let mut failed = None;
        for statement in structs.text.statements(dialect) {
            if Position::of(text, statement.span.start) > position {
                break;
            }
            if let Some(name) = statement.kind().named_table() {
                table = Some(name.clone());
            }
            failed = Some(statement.sql);
        }
        let mut tables = self.models.tables();
        let stated = tables.find(|stated| {
            table.as_ref().is_some_and(|table: &Name| {
                let is_in_schema = stated.schema.is_none() || stated.schema == table.qualifier();
                table.kept() == stated.name && is_in_schema
            })
        });
        let what = match &stated {
            Some(stated) => format!("table {} of struct `{}`", stated.name, stated.path),
            None => "what the structs state".to_owned(),
        };
        let title = format!("{what} cannot be created on {product}: {error}");
        let mut diagnostic = Diagnostic::new(Cause::Configuration, title).code(Code::InvalidModel);
        if let Some(stated) = stated {
            diagnostic = point(diagnostic, stated.file, stated.line, stated.column);
        }
        if let Some(sql) = failed {
            diagnostic = diagnostic.note(format!("the statement is\n{sql}"));
        }
        diagnostic.into()
    }
}

/// A part of what creates the schema.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A file of SQL.
    File(SchemaFile),
    /// What the structs state.
    Structs(SchemaFile),
}

impl SqlFile {
    fn is_before(&self) -> bool {
        let name = self.path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.to_ascii_lowercase().starts_with(BEFORE))
    }
}

fn scan_crate(
    sources: &CrateSources,
    grammar: Grammar,
    read: &[Models],
) -> std::result::Result<Models, Vec<Fault>> {
    let dependencies = sources.dependencies.iter();
    let dependencies = dependencies.map(|(name, index)| (name.clone(), &read[*index]));
    scan(&Sources {
        name: sources.name.clone(),
        roots: sources.roots.clone(),
        has_library: sources.has_library,
        features: sources.features.clone(),
        dependencies: dependencies.collect(),
        tables_in: sources.tables_in.clone(),
        grammar,
    })
}

/// Returns a file, or the files of SQL in a folder, by name. A folder that was not `chosen` need not exist.
fn sql_files(path: &Path, is_chosen: bool) -> Result<Vec<PathBuf>> {
    if is_sql(path) {
        return Ok(vec![path.to_owned()]);
    }
    let entries = match path.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_chosen => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(unreadable_file(path, error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable_file(path, error))?;
        let found = entry.path();
        let kind = entry.file_type();
        let is_folder = kind.is_ok_and(|kind| kind.is_dir());
        if is_folder && !sql_files(&found, true)?.is_empty() {
            let help = "put its files one folder higher, or name the folder in `models`, too";
            return Err(ignored(&found, "would be left out").help(help));
        }
        if !is_folder && is_sql(&found) {
            files.push(found);
        }
    }
    if files.is_empty() && is_chosen {
        return Err(ignored(path, "has no files of SQL").help("remove it from `models`"));
    }
    files.sort();
    Ok(files)
}

fn is_sql(path: &Path) -> bool {
    let extension = path.extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
}

/// Returns the dialect that the name of a file ends with, as in `views.postgres.sql`.
fn dialect_of(path: &Path) -> Result<Option<Dialect>> {
    let stem = path.file_stem().map(Path::new);
    let Some(name) = stem
        .and_then(Path::extension)
        .and_then(|name| name.to_str())
    else {
        return Ok(None);
    };
    let dialect = name.to_ascii_lowercase().parse();
    dialect.map(Some).map_err(|error| {
        let help = "end the name with `.sqlite.sql` or `.postgres.sql` for one engine, and leave other dots \
                    out";
        ignored(path, &format!("is for an {error}")).help(help)
    })
}

/// Explains what would not become part of the target.
fn ignored(path: &Path, why: &str) -> Error {
    let title = format!("{} {why}", display_path(path));
    Diagnostic::new(Cause::Configuration, title)
        .code(Code::UnreadableSchema)
        .note("it belongs to the target schema, by `models` in the configuration")
        .into()
}

fn unreadable_file(path: &Path, error: io::Error) -> Error {
    let title = format!("cannot read {}: {error}", display_path(path));
    Diagnostic::new(Cause::Unreadable(error), title)
        .code(Code::UnreadableSchema)
        .note("it belongs to the target schema, by `models` in the configuration")
        .into()
}

/// Explains that the sources state no table.
fn nothing_stated(models: &Models, roots: &[PathBuf], grammar: Grammar) -> Error {
    /// How many files are named.
    const NAMED: usize = 4;
    let (what, derive) = match grammar {
        Grammar::Own => ("struct", "Table"),
        Grammar::SeaOrm => ("entity", "DeriveEntityModel"),
    };
    let title = format!("no {what} states a table");
    let mut diagnostic = Diagnostic::new(Cause::Configuration, title).code(Code::NoTarget);
    let shown = models.files().iter().take(NAMED);
    let shown: Vec<String> = shown.map(|path| display_path(path)).collect();
    diagnostic = match (shown.as_slice(), models.files().len()) {
        ([], _) => diagnostic.note("there are no sources here"),
        (shown, count) if count > NAMED => {
            diagnostic.note(format!("read were {}, ...", shown.join(", ")))
        }
        (shown, _) => diagnostic.note(format!("read were {}", shown.join(", "))),
    };
    diagnostic = diagnostic.note("every table would be one to drop, so nothing is compared");
    if models.files().is_empty() {
        return diagnostic
            .help("compare where the sources are; `upgrade` and `current` do not need them")
            .into();
    }
    let is_unread = |path: &Path| {
        let states = |text: String| text.contains("derive(") && text.contains(derive);
        !models.files().iter().any(|read| read == path)
            && std::fs::read_to_string(path).is_ok_and(states)
    };
    let folders: BTreeSet<&Path> = roots.iter().filter_map(|root| root.parent()).collect();
    let files = folders
        .into_iter()
        .flat_map(|folder| WalkDir::new(folder).sort_by_file_name());
    let mut sources = files.filter_map(|entry| entry.ok().map(DirEntry::into_path));
    match sources
        .find(|path| path.extension().is_some_and(|extension| extension == "rs") && is_unread(path))
    {
        Some(path) => diagnostic.help(format!(
            "{} has `derive({derive})`, but is no module of the crate: declare it with `mod`",
            display_path(&path)
        )),
        None => diagnostic.help(format!(
            "state the tables by `derive({derive})`; or leave `models` out of the configuration"
        )),
    }
    .into()
}

/// Explains everything that is wrong with the structs.
fn unreadable(faults: &[Fault]) -> Error {
    let diagnostics = faults.iter().map(|fault| {
        let diagnostic = Diagnostic::new(Cause::Configuration, fault.text.as_str());
        let diagnostic = diagnostic.code(Code::InvalidModel);
        let diagnostic = point(diagnostic, &fault.file, fault.line, fault.column);
        match &fault.help {
            Some(help) => diagnostic.help(help.clone()),
            None => diagnostic,
        }
    });
    diagnostics.collect::<Vec<Diagnostic>>().into()
}

/// Adds where in a source something is wrong.
fn point(diagnostic: Diagnostic, file: &Path, line: usize, column: usize) -> Diagnostic {
    let shown = display_path(file);
    match std::fs::read_to_string(file) {
        Ok(text) => diagnostic.excerpt(Excerpt::at(shown, &text, line, column)),
        Err(_) => diagnostic.note(format!("at {shown}:{line}:{column}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_says_its_engine() {
        for (name, dialect, before) in [
            ("schema/views.sql", None, false),
            ("schema/views.postgres.sql", Some(Dialect::Postgres), false),
            (
                "schema/before_types.sqlite.sql",
                Some(Dialect::Sqlite),
                true,
            ),
            ("before.sql", None, true),
            (
                "schema/Before_all.POSTGRES.SQL",
                Some(Dialect::Postgres),
                true,
            ),
        ] {
            let path = PathBuf::from(name);
            assert_eq!(dialect_of(&path).ok(), Some(dialect), "{name}");
            let text = SqlText::new("");
            let file = SqlFile {
                path,
                dialect,
                text,
            };
            assert_eq!(file.is_before(), before, "{name}");
        }
        for name in ["schema/v1.2.sql", "views.pg.sql"] {
            assert!(dialect_of(Path::new(name)).is_err(), "{name}");
        }
    }
}
