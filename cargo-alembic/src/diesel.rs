//! The file in which diesel declares tables: compares it with a database, and keeps it in step.

mod declared;
mod difference;
mod types;

use std::path::PathBuf;

use alembic_history::{Code, SettingsKey, read_text};
use alembic_models::diesel::{DieselSchema, squeezed};

use crate::context::Context;
use crate::database::Database;
use crate::new_file::FileChanges;
use crate::output::{
    Cause, Diagnostic, Excerpt, Hint, Result, Subcommand, Suggestion, display_path,
};
use crate::schemas::{filter_for, inspect_database};
use crate::workspace::Crate;

use declared::declared;
use difference::differences;

/// What diesel's command writes at the top of a file.
const HEADER: &str = "// @generated automatically by Diesel CLI.\n\n";

/// The file of a crate, and what it declares.
struct DieselFile {
    path: PathBuf,
    text: String,
    schema: DieselSchema,
}

impl DieselFile {
    /// Reads the file that the configuration names; one that does not exist declares nothing.
    fn read(owner: &Crate) -> Result<Option<Self>> {
        let configuration = &owner.configuration;
        let Some(name) = &configuration.settings.diesel_schema else {
            return Ok(None);
        };
        let path = configuration.folder.join(name);
        let shown = display_path(&path);
        let text = match path.exists() {
            true => read_text(&path).map_err(|error| {
                let title = format!("cannot read {shown}: {error}");
                Diagnostic::new(Cause::Unreadable(error), title)
                    .code(Code::DieselSchema)
                    .note(format!(
                        "it is `{}` in the configuration",
                        SettingsKey::DieselSchema
                    ))
            })?,
            false => HEADER.to_owned(),
        };
        let schema = DieselSchema::read(&text).map_err(|fault| {
            let title = format!("what {shown} declares cannot be read: {}", fault.text);
            let diagnostic = Diagnostic::new(Cause::Configuration, title).code(Code::DieselSchema);
            diagnostic.excerpt(Excerpt::at(shown.clone(), &text, fault.line, fault.column))
        })?;
        Ok(Some(Self { path, text, schema }))
    }

    /// Returns what stands above the declarations.
    fn header(&self) -> &str {
        let starts = ["diesel::table!", "table!"];
        let lines = self.text.split_inclusive('\n');
        let above = lines.take_while(|line| !starts.iter().any(|start| line.starts_with(start)));
        &self.text[..above.map(str::len).sum()]
    }

    /// Returns the file as it declares something else, unless that would lose what is written in it.
    fn with(&self, schema: &DieselSchema) -> std::result::Result<String, String> {
        let own = format!("{}{}", self.header(), self.schema.written());
        if squeezed(&own) != squeezed(&self.text) {
            return Err("it holds more than `diesel print-schema` writes by default".to_owned());
        }
        let columns = schema.tables.iter().flat_map(|table| &table.columns);
        let mut custom = columns.filter_map(|column| column.custom_type.as_ref());
        if let Some(missing) =
            custom.find(|name| !self.header().contains(&format!("struct {name};")))
        {
            return Err(format!("it has no `pub struct {missing};` in `sql_types`"));
        }
        Ok(format!("{}{}", self.header(), schema.written()))
    }
}

/// Returns what the database has, as diesel declares it.
fn of_database(context: &Context, owner: &Crate, database: &Database) -> Result<DieselSchema> {
    let mut schema = inspect_database(context, owner, database)?;
    filter_for(owner, &[], &[])?.apply(&mut schema);
    declared(&schema).map_err(|unknown| {
        let title = "the database has columns of types that diesel does not know";
        let diagnostic = Diagnostic::new(Cause::Configuration, title).code(Code::DieselSchema);
        let diagnostic = unknown.iter().fold(diagnostic, |diagnostic, column| {
            diagnostic.note(column.as_str())
        });
        diagnostic
            .help("leave the table out with `exclude`, or give the columns other types")
            .into()
    })
}

/// Refuses a file that declares something else than the database has.
pub(crate) fn verify(context: &Context, owner: &Crate) -> Result<()> {
    let Some(file) = DieselFile::read(owner)? else {
        return Ok(());
    };
    let found = of_database(context, owner, owner.database()?)?;
    let differences = differences(&file.schema, &found);
    if differences.is_empty() {
        return Ok(());
    }
    let title = format!(
        "{} declares something else than the database has",
        display_path(&file.path)
    );
    let diagnostic = Diagnostic::new(Cause::Check, title).code(Code::DieselSchema);
    let diagnostic = differences
        .iter()
        .fold(diagnostic, |diagnostic, one| diagnostic.note(one.as_str()));
    Err(diagnostic
        .help("write it anew with `diesel print-schema`, or migrate the database: that keeps the file in step")
        .into())
}

/// Writes the file anew after a database was migrated, if it declares something else.
pub(crate) fn keep_in_step(context: &Context, owner: &Crate) -> Result<()> {
    let Some(file) = DieselFile::read(owner)? else {
        return Ok(());
    };
    let mut found = of_database(context, owner, owner.database()?)?;
    if differences(&file.schema, &found).is_empty() {
        return Ok(());
    }
    found.keep_what_is_written(&file.schema);
    let shown = display_path(&file.path);
    let text = file.with(&found).map_err(|why| {
        let title =
            format!("{shown} is not in step with the database, and was not written anew: {why}");
        let verify = Suggestion::for_crate(Subcommand::Verify, owner.name());
        Diagnostic::new(Cause::Check, title)
            .code(Code::DieselSchema)
            .note(format!(
                "the database of `{}` was migrated before, and stays as it is",
                owner.name()
            ))
            .help(
                Hint::from("write the file with `diesel print-schema`, or by hand; ")
                    .command(verify)
                    .text(" says what differs"),
            )
    })?;
    let mut changes = FileChanges::default();
    changes.write(&file.path, &text)?;
    changes.commit()?;
    context.shell.status("Updated", shown);
    Ok(())
}
