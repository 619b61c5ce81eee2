//! The context of every command: the workspace, and the shell that reports progress.

use std::cell::OnceCell;
use std::path::PathBuf;

use alembic_migrate::Dialect;

use crate::args::GlobalArgs;
use crate::output::{Call, Detail, Progress, Result, Shell, Verbosity, Warnings};
use crate::workspace::{Access, Configuration, Crate, Workspace};

/// The context of a command.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) shell: Shell,
    pub(crate) warnings: Warnings,
    /// What suggested commands repeat of this call.
    pub(crate) call: Call,
    args: GlobalArgs,
    /// The database that `--url` names.
    url: Option<String>,
    workspace: OnceCell<Workspace>,
}

impl Context {
    pub(crate) fn new(args: GlobalArgs, url: Option<String>) -> Self {
        let verbosity = if args.quiet {
            Verbosity::Quiet
        } else {
            Verbosity::Normal
        };
        let crates = args.selection();
        Self {
            shell: Shell { verbosity },
            warnings: Warnings::default(),
            call: Call::new(args.manifest_path.as_deref(), url.as_deref(), &crates),
            args,
            url,
            workspace: OnceCell::new(),
        }
    }

    /// Prepares to show a run for a crate.
    pub(crate) fn progress(&self, detail: Detail, package: &str, dialect: Dialect) -> Progress {
        Progress::new((self.shell, &self.warnings), detail, package, dialect)
    }

    /// Finds the workspace, asking cargo only once.
    pub(crate) fn workspace(&self) -> Result<&Workspace> {
        if let Some(workspace) = self.workspace.get() {
            return Ok(workspace);
        }
        let found = Workspace::find(&self.args, self.url.as_deref())?;
        Ok(self.workspace.get_or_init(|| found))
    }

    /// Finds the crates that the arguments choose, in dependency order.
    pub(crate) fn configurations(&self) -> Result<Vec<Configuration>> {
        self.workspace()?.chosen(&self.args)
    }

    /// Reads the crates that the arguments choose, in dependency order.
    pub(crate) fn crates(&self, access: &Access) -> Result<Vec<Crate>> {
        let configurations = self.configurations()?;
        self.workspace()?.read_all(configurations, access)
    }

    /// Reads the one crate that the arguments choose, for a command that works on only one.
    pub(crate) fn only_crate(&self, access: &Access) -> Result<Crate> {
        let workspace = self.workspace()?;
        let configuration = workspace.only_one(self.configurations()?)?;
        workspace.read(configuration, access)
    }

    /// Finds the manifest and the name of the package that `init` will set up.
    pub(crate) fn package_to_init(&self) -> Result<(PathBuf, String)> {
        self.workspace()?.package_to_init(&self.args)
    }
}
