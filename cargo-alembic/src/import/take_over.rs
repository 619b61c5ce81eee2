//! Takes over the databases that another tool manages: reads its table, and stamps what that says.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use alembic_history::{Code, History, RevisionId, VersionTable, Versions};
use alembic_import::{Applied, Key, Mapping, MappingError, Mismatch, Origin, Tool, map};
use alembic_migrate::driver::Driver;
use alembic_run::{TakeOver, ToolColumn, ToolRecord, ToolTable};

use super::config::read_config;
use super::tools;
use crate::context::Context;
use crate::database::Database;
use crate::explain;
use crate::output::json::{AnswerJson, StampJson, TakeOverJson};
use crate::output::{
    Cause, Diagnostic, Error, Hint, Response, Result, Subcommand, Suggestion, reports,
};
use crate::workspace::{Access, Crate, answers_one_by_one};

/// What the arguments say about the databases to take over.
pub(crate) struct TakeOverRequest {
    pub(crate) tool: Option<Tool>,
    /// The table of the tool, if it has another name than usual.
    pub(crate) table: Option<String>,
    /// Versions that the table may have without a revision.
    pub(crate) ignored: Vec<String>,
    /// Whether a migration that ran with another content is an error.
    pub(crate) strict: bool,
    pub(crate) dry_run: bool,
}

/// Why a database is not taken over.
#[derive(Debug)]
enum Refusal {
    Missing,
    Lacks(Vec<&'static str>),
    Tracked(Versions),
    Edited(Vec<Mismatch>),
    Unmapped(MappingError),
}

impl TakeOverRequest {
    /// Asks for what the usual table of a tool says.
    pub(crate) fn of(tool: Tool) -> Self {
        Self {
            tool: Some(tool),
            table: None,
            ignored: Vec::new(),
            strict: false,
            dry_run: false,
        }
    }

    /// Takes over the databases of the chosen crates, one after the other.
    pub(crate) fn run(&self, context: &Context, access: &Access) -> Result<Response> {
        let mut chosen = context.crates(access)?;
        // A workspace may have crates that began without another tool.
        if chosen.iter().any(|own| !tools_of(own).is_empty()) {
            chosen.retain(|own| !tools_of(own).is_empty());
        }
        context.workspace()?.check_databases(&chosen)?;
        Ok(answers_one_by_one(&chosen, |own| {
            self.take_over(context, own).map(AnswerJson::TakeOver)
        }))
    }

    fn take_over(&self, context: &Context, own: &Crate) -> Result<TakeOverJson> {
        let tool = self.tool_of(own)?;
        let database = own.database()?;
        if database.is_missing() {
            return Err(explain::missing_database(&database.url, own.name()));
        }
        let table = self.tool_table(tool, own)?;
        let shown = table.table.quoted();
        let found: Mutex<Option<Mapping>> = Mutex::default();
        let history = own.history();
        let decide = |state: &TakeOver| {
            let mapping = self.decide(history, tool, state)?;
            let targets = mapping.targets.clone();
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(mapping);
            Ok(targets)
        };
        let mut runner = own.migrations.runner(database.dialect());
        runner.dry_run = self.dry_run;
        let run = runner.take_over(table, decide);
        let mut connection = database.write(context.shell)?;
        let outcome = connection.drive(run, &|_| {});
        let outcome = outcome.map_err(|error| own.explain(error, database))?;
        let report = outcome.map_err(|refusal| {
            let refused = Refused {
                own,
                database,
                tool,
                table: &shown,
            };
            refused.explain(refusal)
        })?;
        let mapping = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mapping = mapping.unwrap_or_else(|| Mapping {
            targets: Vec::new(),
            applied: 0,
            mismatches: Vec::new(),
            repeated: Vec::new(),
        });
        report_notes(context, tool, &mapping);
        let (verb, what) = match self.dry_run {
            true => ("Would run", reports::stamp(&report)),
            false => ("Running", reports::stamp(&report)),
        };
        let applied = mapping.applied;
        context.shell.status(
            verb,
            format_args!(
                "{what}, as {shown} of {tool} says: {applied} applied ({} in {})",
                own.name(),
                database.url
            ),
        );
        Ok(TakeOverJson {
            tool: tool.name().to_owned(),
            table: shown,
            applied,
            edited: ids(mapping.mismatches.iter().map(|mismatch| &mismatch.revision)),
            repeated: ids(mapping.repeated.iter()),
            stamp: StampJson::new(&database.url, &report),
        })
    }

    /// Returns the tool: the one that is named, or the one that the revisions were imported from.
    fn tool_of(&self, own: &Crate) -> Result<Tool> {
        if let Some(tool) = self.tool {
            return Ok(tool);
        }
        let name = own.name();
        let mut found = tools_of(own).into_iter();
        match (found.next(), found.next()) {
            (Some(tool), None) => Ok(tool),
            (None, _) => Err(nothing_imported(own)),
            (Some(_), Some(_)) => {
                let title = format!("the revisions of `{name}` were imported from several tools");
                Err(Diagnostic::new(Cause::Arguments, title)
                    .code(Code::UnknownTool)
                    .help(
                        Hint::from("name the one that manages the database, as in ").command(
                            Suggestion::for_crate(Subcommand::Import, name)
                                .argument("sqlx")
                                .argument("--database"),
                        ),
                    )
                    .into())
            }
        }
    }

    /// Returns the table of the tool: the one that is named, or configured in the crate.
    fn tool_table(&self, tool: Tool, own: &Crate) -> Result<ToolTable> {
        let columns = tool.columns().iter().map(|column| match column {
            alembic_import::ToolColumn::Text(name) => ToolColumn::Text(name),
            alembic_import::ToolColumn::Bytes(name) => ToolColumn::Bytes(name),
        });
        let named = self
            .table
            .as_deref()
            .map(|name| match name.split_once('.') {
                Some((schema, name)) => (Some(schema.to_owned()), name.to_owned()),
                None => (None, name.to_owned()),
            });
        let table = match named {
            Some((schema, name)) => VersionTable { name, schema },
            None => read_config(tool, &own.configuration.folder)?.table_of(tool),
        };
        Ok(ToolTable {
            table,
            columns: columns.collect(),
            order: tool.order(),
            advisory_lock: tool.advisory_lock(),
        })
    }

    /// Finds the place of a database.
    fn decide(
        &self,
        history: &History,
        tool: Tool,
        state: &TakeOver,
    ) -> std::result::Result<Mapping, Refusal> {
        let rows = match &state.record {
            ToolRecord::Missing => return Err(Refusal::Missing),
            ToolRecord::Lacks(columns) => return Err(Refusal::Lacks(columns.clone())),
            ToolRecord::Rows(rows) => rows,
        };
        let rows: Vec<Vec<Option<String>>> = rows.iter().cloned().map(Into::into).collect();
        let applied = Applied::read(tool, &rows);
        let mapping = map(history, tool, &applied, &self.ignored);
        let mapping = mapping.map_err(Refusal::Unmapped)?;
        if let Some(versions) = &state.versions
            && !versions.is_empty()
            && !is_at(versions, &mapping.targets)
        {
            return Err(Refusal::Tracked(versions.clone()));
        }
        if self.strict && !mapping.mismatches.is_empty() {
            return Err(Refusal::Edited(mapping.mismatches));
        }
        Ok(mapping)
    }
}

/// Returns the tools that revisions of a crate were imported from.
fn tools_of(own: &Crate) -> BTreeSet<Tool> {
    let history = own.history();
    let nodes = history.graph().nodes();
    let origins = nodes.filter_map(|node| Origin::find(&history.file(node).file.header.doc));
    origins.map(|origin| origin.tool).collect()
}

fn is_at(versions: &Versions, targets: &[RevisionId]) -> bool {
    let rows: BTreeSet<&str> = versions.ids().into_iter().collect();
    let targets: BTreeSet<&str> = targets.iter().map(RevisionId::as_str).collect();
    rows == targets
}

fn ids<'i>(ids: impl Iterator<Item = &'i RevisionId>) -> Vec<String> {
    ids.map(ToString::to_string).collect()
}

fn report_notes(context: &Context, tool: Tool, mapping: &Mapping) {
    for Mismatch { revision, file, .. } in &mapping.mismatches {
        let what = format_args!(
            "revision {revision} was imported from another {file} than the one that {tool} ran here: \
             the checksums differ"
        );
        context.shell.status("Warning", what);
    }
    for revision in &mapping.repeated {
        let what = format_args!("revision {revision} is pending again, after those below it");
        context.shell.status("Note", what);
    }
}

fn nothing_imported(own: &Crate) -> Error {
    let name = own.name();
    let title = format!("no revision of `{name}` was imported from another tool");
    Diagnostic::new(Cause::Revision, title)
        .code(Code::NotImported)
        .note(format!(
            "the headers have no line `Imported from`, with one of {}",
            tools()
        ))
        .help(
            Hint::from("import the migrations first, with ")
                .command(Suggestion::for_crate(Subcommand::Import, name)),
        )
        .help(
            Hint::from("or record where the database is with ")
                .command(Suggestion::for_crate(Subcommand::Stamp, name).argument("<revision>")),
        )
        .into()
}

/// A database that is not taken over.
struct Refused<'r> {
    own: &'r Crate,
    database: &'r Database,
    tool: Tool,
    table: &'r str,
}

impl Refused<'_> {
    fn explain(&self, refusal: Refusal) -> Error {
        let Self {
            own,
            database,
            tool,
            table,
        } = self;
        let name = own.name();
        let stamp =
            |revision: &str| Suggestion::for_crate(Subcommand::Stamp, name).argument(revision);
        let import = |argument: &str| {
            Suggestion::for_crate(Subcommand::Import, name)
                .argument(tool.name())
                .argument("--database")
                .argument(argument)
        };
        let diagnostic = |code, title: String| {
            Diagnostic::new(Cause::Revision, title)
                .code(code)
                .note(format!(
                    "crate `{name}`, database {}; nothing was stamped",
                    database.url
                ))
        };
        match refusal {
            Refusal::Missing => {
                let title = format!("the database has no table {table} of {tool}");
                diagnostic(Code::ToolTable, title)
                    .help(
                        Hint::from("if it has another name or schema, name it with ")
                            .command(import("--table <table>")),
                    )
                    .help(
                        Hint::from("a new database needs no import: ")
                            .command(Suggestion::for_crate(Subcommand::Upgrade, name)),
                    )
            }
            Refusal::Lacks(columns) => {
                let title = format!(
                    "{table} is not the table of {tool}: it has no column {}",
                    columns.join(", ")
                );
                diagnostic(Code::ToolTable, title).help(
                    Hint::from("name the table of the tool with ")
                        .command(import("--table <table>")),
                )
            }
            Refusal::Tracked(versions) => {
                let title = format!(
                    "the database already has a version table, at {versions}, which is not what \
                     {table} says"
                );
                diagnostic(Code::AlreadyTracked, title).help(
                    Hint::from("if it was taken over before, go on with ")
                        .command(Suggestion::for_crate(Subcommand::Upgrade, name))
                        .text(format!(", and do not run {tool} there any more")),
                )
            }
            Refusal::Edited(mismatches) => {
                let ids = ids(mismatches.iter().map(|mismatch| &mismatch.revision));
                let title = match ids.as_slice() {
                    [id] => format!(
                        "{tool} ran another file here than the one that revision {id} was imported from"
                    ),
                    ids => format!(
                        "{tool} ran other files here than those that revisions {} were imported from",
                        ids.join(", ")
                    ),
                };
                diagnostic(Code::ToolChecksum, title)
                    .help("if they mean the same, leave out `--strict`")
            }
            Refusal::Unmapped(MappingError::NothingImported) => return nothing_imported(own),
            Refusal::Unmapped(MappingError::Dirty(keys)) => {
                let title = format!("{tool} has begun and not finished {}", names(&keys));
                diagnostic(Code::ToolUnfinished, title).help(format!(
                    "finish or undo it with {tool}, and run this command again"
                ))
            }
            Refusal::Unmapped(MappingError::Unknown(keys)) => {
                let title = format!(
                    "{tool} has applied {}, and no revision was imported from {}",
                    names(&keys),
                    if keys.len() == 1 { "it" } else { "them" }
                );
                let ignored = keys
                    .iter()
                    .map(|key| format!("--ignore {}", crate::output::quote_for_shell(key.name())));
                let ignored = ignored.collect::<Vec<_>>().join(" ");
                diagnostic(Code::ToolUnknownRows, title)
                    .help("if the folder has newer files, import it again")
                    .help(
                        Hint::from("if their files were removed on purpose, run ")
                            .command(import(&ignored)),
                    )
            }
            Refusal::Unmapped(MappingError::Holes { missing, above }) => {
                let (ids, above) = (ids(missing.iter().map(|(id, _)| id)), ids(above.iter()));
                let title = format!(
                    "{tool} has not applied {}, although {} above {} applied",
                    ids.join(", "),
                    above.join(", "),
                    if above.len() == 1 { "is" } else { "are" }
                );
                let mut diagnostic = diagnostic(Code::ToolHoles, title);
                for (id, file) in &missing {
                    if let Some(file) = file {
                        diagnostic = diagnostic.note(format!("{id} was imported from {file}"));
                    }
                }
                let fill = match tool.fill_command() {
                    Some(command) => {
                        format!("to apply them, run `{command}`, and this command again")
                    }
                    None => format!("{tool} does not apply them any more: execute their SQL"),
                };
                diagnostic.help(fill).help(
                    Hint::from("if the database has what they do, record that with ")
                        .command(stamp(&above.join(" "))),
                )
            }
        }
        .into()
    }
}

fn names(keys: &[Key]) -> String {
    let names = keys.iter().map(ToString::to_string);
    names.collect::<Vec<_>>().join(", ")
}
