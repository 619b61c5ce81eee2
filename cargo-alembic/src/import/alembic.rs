//! Imports a project of Alembic: its revisions run one at a time on a scratch database, and what they
//! execute becomes the revisions of a crate, once these are proved to make the same schema.

mod project;
mod proof;
mod recorder;

use std::path::{Path, PathBuf};

use alembic_history::{History, VersionTable};
use alembic_import::{Imported, Recording, import_recorded};
use toml_edit::value;

use super::place::{Engines, NewFile, Place, PlaceRequest};
use super::report::{ToolName, answer, check};
use crate::context::Context;
use crate::database::scratch::{Engine, Scratch};
use crate::engines::engines;
use crate::manifest::Manifest;
use crate::new_revision::{create_date, now};
use crate::output::{Cause, Diagnostic, Layout, Response, Result};
use crate::replay::Replay;
use crate::workspace::{Access, Crate};
use project::Project;
use proof::Proof;
use recorder::{Recorded, Recorder};

use super::ALEMBIC;

/// An import of a project of Alembic, as the arguments ask for it.
pub(crate) struct AlembicImport {
    /// The folder of the project, or its configuration file.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) python: Option<PathBuf>,
    /// The server to create scratch databases on.
    pub(crate) scratch_url: Option<String>,
    pub(crate) place: PlaceRequest,
    pub(crate) dry_run: bool,
}

/// The revisions as they ran on one engine.
struct Run<'e> {
    engine: &'e Engine,
    recording: Recording,
    /// The database in which they all ran.
    scratch: Scratch,
}

impl AlembicImport {
    /// Records the revisions, proves what they become, writes it unless the run is dry, and reports it.
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let (manifest, name) = context.package_to_init()?;
        let manifest = Manifest::read(manifest, &name)?;
        let crate_folder = manifest.path.parent().unwrap_or(Path::new("."));
        let project = Project::find(self.folder.as_deref(), crate_folder)?;
        let crate_to_set_up = (manifest, name);
        let from = project.folder.clone();
        let mut place = self
            .place
            .find(context, crate_to_set_up, &from, Engines::All)?;
        let empty = crate_of(context, &place, Vec::new())?;
        let urls = [self.scratch_url.as_deref(), self.place.url.as_deref()];
        let engines = engines(&empty, &urls)?;
        let recorder = Recorder {
            python: project.python(self.python),
            project: &project,
        };
        let mut runs = Vec::new();
        for engine in &engines {
            let replay = Replay {
                owner: &empty,
                below: &[],
                engine,
            };
            let product = engine.dialect().product();
            let what = format_args!("the revisions of {} on {product}", project.shown());
            context.shell.status("Recording", what);
            let Recorded {
                recording,
                scratch,
                table,
            } = recorder.record(&replay)?;
            configure(&mut place, table);
            runs.push(Run {
                engine,
                recording,
                scratch,
            });
        }
        let tool = ToolName {
            argument: ALEMBIC,
            shown: "Alembic".to_owned(),
        };
        let imported = imported(&place, &runs)?;
        check(&imported, &from, &tool, None)?;
        let files = NewFile::of(&imported, &place);
        let owner = crate_of(context, &place, files.clone())?;
        for run in &mut runs {
            let product = run.engine.dialect().product();
            let what = format_args!("the revisions of {} on {product}", owner.name());
            context.shell.status("Proving", what);
            let proof = Proof {
                owner: &owner,
                recorder: &recorder,
                engine: run.engine,
                recording: &run.recording,
            };
            proof.run(&mut run.scratch)?;
        }
        let answer = answer(&place, &tool, &from, &imported, &files, self.dry_run);
        if !self.dry_run {
            place.write(context, &files)?;
        }
        Ok(Response::new(vec![answer], Layout::Plain))
    }
}

/// Refuses to take over a database of Alembic, which needs nothing of the kind.
pub(crate) fn no_take_over() -> Diagnostic {
    let title = "a database of Alembic need not be taken over: its version table is the same";
    Diagnostic::new(Cause::Arguments, title).help(
        "`cargo alembic current` shows where it is, and `cargo alembic upgrade` applies the rest",
    )
}

/// Configures what the project has otherwise than usual.
fn configure(place: &mut Place, table: recorder::TableJson) {
    if table.per_revision {
        place.keys["transaction"] = value("revision");
    }
    let found = VersionTable {
        name: table.name,
        schema: table.schema,
    };
    let settings = &mut place.configuration.settings;
    if found == settings.version_table {
        return;
    }
    place.keys["version-table"] = value(&found.name);
    if let Some(schema) = &found.schema {
        place.keys["version-table-schema"] = value(schema);
    }
    settings.version_table = found;
}

fn imported(place: &Place, runs: &[Run<'_>]) -> Result<Imported> {
    let today = now(place.configuration.settings.timezone.as_deref())?;
    let recordings: Vec<Recording> = runs.iter().map(|run| run.recording.clone()).collect();
    Ok(import_recorded(&recordings, &create_date(&today)))
}

/// Returns the crate with these revision files.
fn crate_of(context: &Context, place: &Place, files: Vec<NewFile>) -> Result<Crate> {
    let history: History = place.history(&files)?;
    let dialects = place.dialects.clone();
    let configuration = place.configuration.clone();
    let access = Access::default();
    let workspace = context.workspace()?;
    workspace.with_history(configuration, dialects, history, &access)
}
