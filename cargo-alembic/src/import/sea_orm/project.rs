//! Where a project of sea-orm is, and the program that runs its migrations.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use alembic_history::Code;
use cargo_metadata::{Message, MetadataCommand};
use toml_edit::{DocumentMut, Item};

use crate::context::Context;
use crate::import::place::real;
use crate::import::program;
use crate::output::{Cause, Diagnostic, Error, Result, display_path, quote_for_shell};

/// A crate of migrations.
#[derive(Debug)]
pub(super) struct Project {
    /// Its folder.
    pub(super) folder: PathBuf,
}

/// The library of the migrations.
const LIBRARY: &str = "sea-orm-migration";

/// Where sea-orm-cli puts the crate, below the project.
const USUAL_FOLDER: &str = "migration";

/// Functions of the library that take the arguments of the program: of no other program is known what it does.
const ENTRANCES: [&str; 2] = ["run_cli", "run_migrate"];

impl Project {
    /// Finds the crate that an argument names, or that lies in the folder of a crate or next to it.
    pub(super) fn find(named: Option<&Path>, crate_folder: &Path) -> Result<Self> {
        let current = std::env::current_dir().unwrap_or_default();
        let places = match named {
            Some(named) => vec![current.join(named), crate_folder.join(named)],
            None => vec![crate_folder.to_owned(), crate_folder.join("..")],
        };
        let places = places.iter().flat_map(|place| {
            let below = place.join(USUAL_FOLDER);
            // The sources may be named, too.
            [place.clone(), below, place.join("..")]
        });
        let mut ours = places.filter(|place| is_ours(&place.join("Cargo.toml")));
        match ours.next() {
            Some(folder) => Ok(Self {
                folder: real(&folder),
            }),
            None => Err(no_project(named.unwrap_or(crate_folder))),
        }
    }

    /// Returns the project as it is displayed.
    pub(super) fn shown(&self) -> String {
        display_path(&self.folder)
    }

    /// Builds the program, in a folder of its own, so that no other build gets what reports to us.
    pub(super) fn build(&self, context: &Context) -> Result<PathBuf> {
        let manifest = self.folder.join("Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(&manifest)
            .no_deps()
            .exec()
            .map_err(|error| self.not_built(&error.to_string()))?;
        let mut packages = metadata.packages.iter();
        let own = packages.find(|package| real(package.manifest_path.as_std_path()) == manifest);
        let targets = own
            .map(|package| package.targets.as_slice())
            .unwrap_or_default();
        let is_entrance = |path: &Path| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            ENTRANCES.iter().any(|entrance| text.contains(entrance))
        };
        let mut programs = targets.iter().filter(|target| target.is_bin());
        let program = programs.find(|target| is_entrance(target.src_path.as_std_path()));
        let Some(program) = program else {
            return Err(self.no_program());
        };
        let folder = metadata.target_directory.join("alembic-import");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command
            .args(["build", "--message-format", "json-render-diagnostics"])
            .arg("--manifest-path")
            .arg(&manifest)
            .args(["--bin", &program.name, "--target-dir"])
            .arg(folder.as_std_path())
            // Cargo's configuration is that of the folder.
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        if context.shell.is_quiet() {
            command.arg("--quiet");
        }
        let include = folder.join("include");
        let unwritable = |error: std::io::Error| self.not_built(&error.to_string());
        program::prepare_build(&mut command, include.as_std_path()).map_err(unwritable)?;
        // It says on its own what it compiles, and what it cannot.
        let output = command
            .stderr(Stdio::inherit())
            .output()
            .map_err(unwritable)?;
        if !output.status.success() {
            return Err(self.not_built(&output.status.to_string()));
        }
        let messages = Message::parse_stream(output.stdout.as_slice()).flatten();
        let executables = messages.filter_map(|message| match message {
            Message::CompilerArtifact(artifact) if artifact.target.name == program.name => {
                artifact.executable
            }
            _ => None,
        });
        let executable = executables.last().map(|path| path.into_std_path_buf());
        executable.ok_or_else(|| self.not_built("cargo names no executable"))
    }

    fn not_built(&self, why: &str) -> Error {
        let manifest = self.folder.join("Cargo.toml").display().to_string();
        let title = format!("the program of {} cannot be built: {why}", self.shown());
        Diagnostic::new(Cause::Program, title)
            .code(Code::MigrationProgram)
            .note("nothing was written")
            .help(format!(
                "`cargo build --manifest-path {}` shows whether it builds by itself",
                quote_for_shell(&manifest)
            ))
            .into()
    }

    fn no_program(&self) -> Error {
        let title = format!("{} has no program that runs its migrations", self.shown());
        Diagnostic::new(Cause::Arguments, title)
            .code(Code::MigrationProgram)
            .note("nothing was built or written")
            .help(
                "add the `src/main.rs` that `sea-orm-cli migrate init` writes, whose `main` awaits \
                 `cli::run_cli(migration::Migrator)`",
            )
            .into()
    }
}

/// Returns whether a manifest is one of a crate that uses the library.
fn is_ours(manifest: &Path) -> bool {
    let text = std::fs::read_to_string(manifest).unwrap_or_default();
    let Ok(manifest) = text.parse::<DocumentMut>() else {
        return false;
    };
    let Some(dependencies) = manifest.get("dependencies").and_then(Item::as_table_like) else {
        return false;
    };
    dependencies.iter().any(|(name, how)| {
        let package = how.get("package").and_then(Item::as_str);
        package.unwrap_or(name) == LIBRARY
    })
}

fn no_project(path: &Path) -> Error {
    let title = format!(
        "{} has no crate of migrations of sea-orm",
        display_path(path)
    );
    Diagnostic::new(Cause::Arguments, title)
        .code(Code::UnknownTool)
        .note(format!(
            "its Cargo.toml would name {LIBRARY} among the dependencies"
        ))
        .help("name its folder, as in `cargo alembic import sea-orm path/to/migration`")
        .into()
}
