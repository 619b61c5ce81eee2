//! Imports a project of Alembic, by its own Python.

mod project;
mod recorder;

use std::path::{Path, PathBuf};

use super::place::PlaceRequest;
use super::recorded::RecordedImport;
use crate::context::Context;
use crate::manifest::Manifest;
use crate::output::{Cause, Diagnostic, Response, Result};
use project::Project;
use recorder::PythonRecorder;

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

impl AlembicImport {
    /// Finds the project, and imports it.
    pub(crate) fn run(self, context: &Context) -> Result<Response> {
        let (manifest, name) = context.package_to_init()?;
        let manifest = Manifest::read(manifest, &name)?;
        let crate_folder = manifest.path.parent().unwrap_or(Path::new("."));
        let project = Project::find(self.folder.as_deref(), crate_folder)?;
        let recorder = PythonRecorder {
            python: project.python(self.python),
            project: &project,
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

/// Refuses to take over a database of Alembic, which needs nothing of the kind.
pub(crate) fn no_take_over() -> Diagnostic {
    let title = "a database of Alembic need not be taken over: its version table is the same";
    Diagnostic::new(Cause::Arguments, title).help(
        "`cargo alembic current` shows where it is, and `cargo alembic upgrade` applies the rest",
    )
}

/// Refuses a Python where none is run.
pub(crate) fn no_python() -> Diagnostic {
    let title =
        "`--python` is for projects of Alembic: no other tool's migrations are run by Python";
    Diagnostic::new(Cause::Arguments, title)
        .note("nothing was written")
        .help("leave `--python` out, or write `cargo alembic import alembic`")
}
