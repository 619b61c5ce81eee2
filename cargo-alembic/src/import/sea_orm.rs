//! Imports a project of sea-orm, by its own program of migrations.

mod project;
mod recorder;

use std::path::{Path, PathBuf};

use super::place::PlaceRequest;
use super::recorded::RecordedImport;
use crate::context::Context;
use crate::manifest::Manifest;
use crate::output::{Response, Result};
use project::Project;
use recorder::ProgramRecorder;

/// An import of a project of sea-orm, as the arguments ask for it.
pub(crate) struct SeaOrmImport {
    /// The folder of the crate with the migrations, or the one above it.
    pub(crate) folder: Option<PathBuf>,
    /// The server to create scratch databases on.
    pub(crate) scratch_url: Option<String>,
    pub(crate) place: PlaceRequest,
    pub(crate) dry_run: bool,
}

impl SeaOrmImport {
    /// Finds the project, builds its program, and imports what that executes.
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let (manifest, name) = context.package_to_init()?;
        let manifest = Manifest::read(manifest, &name)?;
        let crate_folder = manifest.path.parent().unwrap_or(Path::new("."));
        let project = Project::find(self.folder.as_deref(), crate_folder)?;
        context.shell.status("Building", project.shown());
        let recorder = ProgramRecorder {
            program: project.build(context)?,
            project,
        };
        let import = RecordedImport {
            recorder: &recorder,
            place: self.place,
            scratch_url: self.scratch_url,
            dry_run: self.dry_run,
        };
        import.run(context, (manifest, name))
    }
}
