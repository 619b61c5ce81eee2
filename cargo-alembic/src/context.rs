//! The context of every command: the workspace, and the shell that reports progress.

use std::cell::OnceCell;
use std::path::PathBuf;

use alembic_migrate::{Dialect, Migrations};

use crate::args::{GlobalArgs, OutputArgs};
use crate::output::{
    Call, Cause, Detail, Diagnostic, Place, Program, Progress, Result, Shell, Verbosity, Warnings,
};
use crate::workspace::{Access, Configuration, Crate, Histories, Workspace};

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
    pub(crate) fn new(program: Program, args: GlobalArgs, url: Option<String>) -> Self {
        let crates = args.selection();
        let place = match (&args.manifest_path, &args.migrations) {
            (_, Some(folder)) => Place::Migrations(folder),
            (Some(manifest), None) => Place::Manifest(manifest),
            (None, None) => Place::Nearest,
        };
        Self {
            shell: shell(&args.output),
            warnings: Warnings::default(),
            call: Call::new(program, place, url.as_deref(), &crates),
            args,
            url,
            workspace: OnceCell::new(),
        }
    }

    /// Prepares to show a run for a crate.
    pub(crate) fn progress(&self, detail: Detail, package: &str, dialect: Dialect) -> Progress {
        Progress::new((self.shell, &self.warnings), detail, package, dialect)
    }

    /// Creates the context of a command that an application carries; its users type `words`.
    pub(crate) fn of_application(
        words: &str,
        migrations: &Migrations,
        output: &OutputArgs,
        url: Option<String>,
    ) -> Result<Self> {
        let program = Program::Application(words.to_owned());
        Ok(Self {
            shell: shell(output),
            warnings: Warnings::default(),
            call: Call::new(program, Place::Embedded, url.as_deref(), &[]),
            args: GlobalArgs::of_everything(output.clone()),
            url,
            workspace: OnceCell::from(Workspace::of_application(migrations)?),
        })
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

    /// Finds the crates that the arguments choose and that are for their databases, which are of this
    /// dialect if it is named, in dependency order.
    pub(crate) fn configurations_for(
        &self,
        access: &Access,
        dialect: Option<Dialect>,
    ) -> Result<Vec<Configuration>> {
        let chosen = self.configurations()?;
        Ok(match access.histories {
            Histories::All => chosen,
            Histories::OfDatabase => {
                let url = access.url.as_deref();
                let workspace = self.workspace()?;
                workspace.of_their_databases(chosen, &self.args, (url, dialect))
            }
        })
    }

    /// Reads the crates that the arguments choose, in dependency order.
    pub(crate) fn crates(&self, access: &Access) -> Result<Vec<Crate>> {
        let configurations = self.configurations_for(access, None)?;
        self.workspace()?.read_all(configurations, access)
    }

    /// Reads the one crate that the arguments choose, for a command that works on only one.
    pub(crate) fn only_crate(&self, access: &Access) -> Result<Crate> {
        let workspace = self.workspace()?;
        let configuration = workspace.only_one(self.configurations_for(access, None)?)?;
        workspace.read(configuration, access)
    }

    /// Finds the manifest and the name of the package that `init` will set up.
    pub(crate) fn package_to_init(&self) -> Result<(PathBuf, String)> {
        if self.args.migrations.is_some() {
            let title = "`init` configures a crate, and `--migrations` works without one";
            let fault = Diagnostic::new(Cause::Arguments, title);
            let help = "leave out one of the two: revisions in a folder need no configuration";
            return Err(fault.help(help).into());
        }
        self.workspace()?.package_to_init(&self.args)
    }
}

/// Returns the shell that arguments ask for.
pub(crate) fn shell(output: &OutputArgs) -> Shell {
    let verbosity = if output.quiet {
        Verbosity::Quiet
    } else {
        Verbosity::Normal
    };
    Shell { verbosity }
}
