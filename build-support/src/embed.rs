//! Writes the revisions into the program.
//!
//! All texts go into one file, and a table says where each begins and ends: one large literal
//! compiles faster than a thousand small ones.

use std::fmt::Write;
use std::io;
use std::path::Path;

use alembic_history::{Dialect, Edited, Fresh, History, Settings, TransactionMode};

use crate::CheckedMigrations;
use crate::schema::SchemaText;

/// Returns the files that `include_migrations!` includes for a history: its table, and its texts.
fn files(history: Option<&str>) -> [String; 2] {
    let name = match history {
        Some(history) => format!("alembic_migrations.{history}"),
        None => "alembic_migrations".to_owned(),
    };
    ["rs", "txt"].map(|extension| format!("{name}.{extension}"))
}

/// Writes what fails the build of a program that does not say which of the histories it means.
pub(crate) fn write_choice(histories: &[&str], folder: &Path) -> io::Result<()> {
    let calls = histories.iter();
    let calls = calls.map(|history| format!("include_migrations!({history:?})"));
    let why = format!(
        "this crate has several histories: {}",
        calls.collect::<Vec<_>>().join(", ")
    );
    let [table, _] = files(None);
    write_if_changed(&folder.join(table), &format!("compile_error!({why:?})\n"))
}

pub(crate) fn write(sound: &CheckedMigrations, folder: &Path) -> io::Result<()> {
    let [table_name, texts_name] = files(sound.history_name.as_deref());
    let mut texts = String::new();
    let mut place = |text: &str| {
        let start = texts.len();
        texts.push_str(text);
        (start, texts.len())
    };
    let mut files = String::new();
    for node in sound.history.graph().nodes() {
        let file = sound.history.file(node);
        let (start, end) = place(&file.text);
        let path = file.path.display().to_string();
        let _ = writeln!(files, "        ({path:?}, {start}, {end}),");
    }
    let mut list = |files: &[SchemaText]| {
        let mut entries = String::new();
        for file in files {
            let (name, (start, end)) = (&file.name, place(file.text.as_str()));
            for dialect in &file.dialects {
                let dialect = path(*dialect);
                let _ = writeln!(entries, "    ({dialect}, {name:?}, {start}, {end}),");
            }
        }
        entries
    };
    let schemas = list(&sound.schemas);
    let bases = list(&sound.bases);
    let digests = digests(&sound.history);
    let table = table(
        (&sound.package, &texts_name),
        (&sound.settings, &sound.replayed),
        &files,
        (&schemas, &bases),
        &digests,
    );
    write_if_changed(&folder.join(texts_name), &texts)?;
    write_if_changed(&folder.join(table_name), &table)
}

/// Returns the digests of the revisions: a program would read all of their SQL for them when it
/// starts.
fn digests(history: &History) -> String {
    let mut text = String::from(".digests(&[\n");
    for dialect in history.dialects() {
        let digests = history.digests(*dialect).iter();
        let digests: Vec<String> = digests.map(|digest| format!("0x{digest}")).collect();
        let _ = writeln!(text, "    ({}, &[{}]),", path(*dialect), digests.join(", "));
    }
    text.push_str("])\n");
    text
}

/// Returns a dialect as the program calls it.
fn path(dialect: Dialect) -> String {
    format!("::alembic_migrate::Dialect::{dialect:?}")
}

fn table(
    (package, texts): (&str, &str),
    (settings, replayed): (&Settings, &[Dialect]),
    files: &str,
    (schemas, bases): (&str, &str),
    digests: &str,
) -> String {
    let version_table = &settings.version_table;
    let transaction = match settings.transaction {
        TransactionMode::Run => "Run",
        TransactionMode::Revision => "Revision",
    };
    let edited = match settings.edited {
        Edited::Refuse => "Refuse",
        Edited::Warn => "Warn",
    };
    let fresh = match settings.fresh {
        Fresh::Create => "Create",
        Fresh::Replay => "Replay",
    };
    let dialects = settings.dialects_for(None).into_iter();
    let dialects: Vec<String> = dialects.map(path).collect();
    let dialects = dialects.join(", ");
    let replayed = match replayed {
        [] => String::new(),
        replayed => {
            let dialects = replayed.iter().map(|dialect| path(*dialect));
            let dialects: Vec<String> = dialects.collect();
            format!(".replayed(&[{}])\n", dialects.join(", "))
        }
    };
    let version_table_schema = match &version_table.schema {
        Some(schema) => format!(".version_table_schema({schema:?})\n"),
        None => String::new(),
    };
    format!(
        "// Made by the build script.\n\
         ::alembic_migrate::embedded::Embedded::new(\n    \
             {package:?},\n    \
             include_str!({texts:?}),\n    \
             &[\n{files}    ],\n\
         )\n\
         .schemas(&[\n{schemas}])\n\
         .bases(&[\n{bases}])\n\
         .dialects(&[{dialects}])\n\
         {digests}\
         .version_table({:?})\n\
         {version_table_schema}\
         .log({})\n\
         .edited(::alembic_migrate::options::Edited::{edited})\n\
         .transaction(::alembic_migrate::options::TransactionMode::{transaction})\n\
         .baseline({:?})\n\
         .fresh(::alembic_migrate::options::Fresh::{fresh})\n\
         {replayed}",
        version_table.name, settings.log, settings.baseline,
    )
}

/// Writes a file unless it holds the text already, so that nothing is rebuilt needlessly.
fn write_if_changed(path: &Path, text: &str) -> io::Result<()> {
    if std::fs::read(path).is_ok_and(|here| here == text.as_bytes()) {
        return Ok(());
    }
    std::fs::write(path, text)
}
