//! Imports projects whose revisions are programs: they run one at a time on a scratch database, and what they
//! execute becomes the revisions of a crate, once these are proved to make the same schema.

mod proof;

use std::path::Path;

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
use crate::output::{Layout, Response, Result};
use crate::replay::Replay;
use crate::workspace::{Access, Crate};
use proof::Proof;

/// What runs the revisions of a project, and records what they execute.
pub(super) trait Recorder {
    /// Returns the tool that the project uses.
    fn tool(&self) -> ToolName;

    /// Returns the folder of the project.
    fn folder(&self) -> &Path;

    /// Returns the project as it is displayed.
    fn shown(&self) -> String;

    /// Records every revision, on as many scratch databases as that takes.
    fn record(&self, replay: &Replay<'_>) -> Result<Recorded>;

    /// Reverts revisions in a database in which all have run, one after the other.
    fn revert(&self, scratch: &Scratch, ids: &[&str]) -> Result<()>;
}

/// What the revisions executed on one engine.
pub(super) struct Recorded {
    pub(super) recording: Recording,
    /// The database in which they all ran.
    pub(super) scratch: Scratch,
    pub(super) table: RecordTable,
    /// Whether each revision is a transaction of its own.
    pub(super) per_revision: bool,
}

/// The table in which the project records its revisions.
pub(super) enum RecordTable {
    /// It is a version table as ours is.
    Shared(VersionTable),
    /// It is the tool's own.
    OfTool(String),
}

/// An import of recorded revisions, as the arguments ask for it.
pub(super) struct RecordedImport<'r> {
    pub(super) recorder: &'r dyn Recorder,
    pub(super) place: PlaceRequest,
    /// The server to create scratch databases on.
    pub(super) scratch_url: Option<String>,
    pub(super) dry_run: bool,
}

/// The revisions as they ran on one engine.
struct Run<'e> {
    engine: &'e Engine,
    recording: Recording,
    /// The database in which they all ran.
    scratch: Scratch,
}

impl RecordedImport<'_> {
    /// Records the revisions, proves what they become, writes it unless the run is dry, and reports it.
    pub(super) fn run(
        self,
        context: &Context,
        crate_to_set_up: (Manifest, String),
    ) -> Result<Response> {
        let recorder = self.recorder;
        let from = recorder.folder();
        let mut place = self
            .place
            .find(context, crate_to_set_up, from, Engines::All)?;
        let empty = crate_of(context, &place, Vec::new())?;
        let urls = [self.scratch_url.as_deref(), self.place.url.as_deref()];
        let engines = engines(&empty, &urls, None)?;
        let mut runs = Vec::new();
        for engine in &engines {
            let replay = Replay {
                owner: &empty,
                below: &[],
                engine,
            };
            let product = engine.dialect().product();
            let what = format_args!("the revisions of {} on {product}", recorder.shown());
            context.shell.status("Recording", what);
            let recorded = recorder.record(&replay)?;
            configure(&mut place, &recorded);
            runs.push(Run {
                engine,
                recording: recorded.recording,
                scratch: recorded.scratch,
            });
        }
        let tool = recorder.tool();
        let imported = imported(&place, &runs)?;
        check(&imported, from, &tool, None)?;
        let files = NewFile::of(&imported, &place);
        let owner = crate_of(context, &place, files.clone())?;
        for run in &mut runs {
            let product = run.engine.dialect().product();
            let what = format_args!("the revisions of {} on {product}", owner.name());
            context.shell.status("Proving", what);
            let proof = Proof {
                owner: &owner,
                recorder,
                engine: run.engine,
                recording: &run.recording,
            };
            proof.run(&mut run.scratch)?;
        }
        let answer = answer(&place, &tool, from, &imported, &files, self.dry_run);
        if !self.dry_run {
            place.write(context, &files)?;
            if imported.revisions.iter().any(|one| one.origin.is_some()) {
                tool.suggest_taking_over(context, &answer.name);
            }
        }
        Ok(Response::new(vec![answer], Layout::Plain))
    }
}

/// Configures what the project has otherwise than usual.
fn configure(place: &mut Place, recorded: &Recorded) {
    if recorded.per_revision {
        place.keys["transaction"] = value("revision");
    }
    let found = match &recorded.table {
        RecordTable::Shared(found) => found,
        RecordTable::OfTool(table) => return place.exclude(table),
    };
    let settings = &mut place.configuration.settings;
    if *found == settings.version_table {
        return;
    }
    place.keys["version-table"] = value(&found.name);
    if let Some(schema) = &found.schema {
        place.keys["version-table-schema"] = value(schema);
    }
    settings.version_table = found.clone();
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
