//! Crates to build, each with the same revisions in the format of one library.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::processes::whole;
use super::project::{self, Project, Shape};
use crate::{Result, cargo};

/// What is built again, when its dependencies are built already.
#[derive(Clone, Copy)]
pub(super) enum State {
    /// Nothing of the crate is built.
    Clean,
    /// One revision has changed; in a crate without revisions, its source.
    Edited,
    /// Everything is built.
    Unchanged,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clean => "from clean",
            Self::Edited => "after an edit of one revision",
            Self::Unchanged => "nothing changed",
        })
    }
}

/// How a crate is built.
#[derive(Clone, Copy)]
pub(super) enum Profile {
    Dev,
    Release,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }
}

/// A crate to build.
pub(super) struct Crate {
    folder: PathBuf,
    /// Where it is built, and its dependencies stay.
    target: PathBuf,
    /// The packages that count as its own.
    packages: &'static [&'static str],
    /// What an edit changes, and a line for it.
    edited: (PathBuf, &'static str),
}

impl Crate {
    /// Makes a crate with our dependencies, and nothing else.
    pub(super) fn floor(parent: &Path) -> Result<Self> {
        let folder = parent.join("floor");
        let source = folder.join("src").join("lib.rs");
        std::fs::create_dir_all(folder.join("src"))?;
        std::fs::write(&source, "")?;
        std::fs::write(
            folder.join("Cargo.toml"),
            manifest("floor", &(migrate() + &build_dependency())),
        )?;
        Ok(Self {
            folder,
            target: target("alembic")?,
            packages: &["floor"],
            edited: (source, "// Edited.\n"),
        })
    }

    /// Makes a crate that embeds its revisions with what this repository has.
    pub(super) fn ours(parent: &Path, revisions: usize) -> Result<Self> {
        let folder = parent.join("alembic");
        let project = Project::create(&folder, revisions, Shape::Line)?;
        let dependencies = migrate() + &build_dependency();
        std::fs::write(folder.join("Cargo.toml"), manifest("bench", &dependencies))?;
        std::fs::write(folder.join("build.rs"), EMBED)?;
        let source = "pub fn migrations() -> &'static alembic_migrate::Migrations {\n    \
                      alembic_migrate::include_migrations!()\n}\n";
        std::fs::write(folder.join("src").join("lib.rs"), source)?;
        let edited = project.migrations.join(project::file_name(revisions / 2));
        Ok(Self {
            folder,
            target: target("alembic")?,
            packages: &["bench"],
            edited: (edited, "-- Edited.\n"),
        })
    }

    /// Makes a crate that embeds its revisions with sqlx.
    pub(super) fn sqlx(parent: &Path, revisions: usize) -> Result<Self> {
        let dependencies = r#"sqlx = { version = "=0.9.0", default-features = false, features = ["macros", "migrate", "sqlite"] }
"#;
        let source = "pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();\n";
        let name = |number| format!("{number}_create_table.sql");
        Self::other(parent, "sqlx", revisions, dependencies, source, name)
    }

    /// Makes a crate that embeds its revisions with refinery.
    pub(super) fn refinery(parent: &Path, revisions: usize) -> Result<Self> {
        let dependencies = r#"refinery = { version = "=0.10.0", default-features = false, features = ["rusqlite-bundled"] }
"#;
        let source = "mod embedded {\n    refinery::embed_migrations!();\n}\n\
                      pub use embedded::migrations::runner;\n";
        let name = |number| format!("V{number}__create_table.sql");
        Self::other(parent, "refinery", revisions, dependencies, source, name)
    }

    fn other(
        parent: &Path,
        library: &str,
        revisions: usize,
        dependencies: &str,
        source: &str,
        name: impl Fn(usize) -> String,
    ) -> Result<Self> {
        let folder = parent.join(library);
        let migrations = folder.join("migrations");
        std::fs::create_dir_all(folder.join("src"))?;
        std::fs::create_dir_all(&migrations)?;
        std::fs::write(folder.join("Cargo.toml"), manifest("bench", dependencies))?;
        std::fs::write(folder.join("src").join("lib.rs"), source)?;
        for index in 0..revisions {
            std::fs::write(migrations.join(name(index + 1)), project::upgrade(index))?;
        }
        Ok(Self {
            folder,
            target: target(library)?,
            packages: &["bench"],
            edited: (migrations.join(name(revisions / 2 + 1)), "-- Edited.\n"),
        })
    }

    /// Makes an empty crate with an empty build script.
    pub(super) fn empty_script(parent: &Path) -> Result<Self> {
        let folder = parent.join("empty");
        std::fs::create_dir_all(&folder)?;
        Self::script(folder, "", "fn main() {}\n")
    }

    /// Makes an empty crate whose build script embeds a revision.
    pub(super) fn embedding_script(parent: &Path) -> Result<Self> {
        let folder = parent.join("embedding");
        Project::create(&folder, 1, Shape::Line)?;
        Self::script(folder, &build_dependency(), EMBED)
    }

    fn script(folder: PathBuf, dependencies: &str, script: &str) -> Result<Self> {
        let source = folder.join("src").join("lib.rs");
        std::fs::create_dir_all(folder.join("src"))?;
        std::fs::write(&source, "")?;
        std::fs::write(folder.join("build.rs"), script)?;
        std::fs::write(folder.join("Cargo.toml"), manifest("bench", dependencies))?;
        Ok(Self {
            target: folder.join("target"),
            folder,
            packages: &["bench"],
            edited: (source, "// Edited.\n"),
        })
    }

    /// Deletes everything that is built of the crate and its dependencies.
    pub(super) fn forget(&self) -> Result<()> {
        match std::fs::remove_dir_all(&self.target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Builds the crate with its dependencies.
    pub(super) fn build_all(&self) -> Result<Duration> {
        whole(&mut self.cargo("build", Profile::Dev))
    }

    /// Downloads the dependencies; nothing else uses the network.
    pub(super) fn fetch(&self) -> Result<()> {
        let mut command = cargo::command(["fetch", "--target", "host-tuple"]);
        let output = command.current_dir(&self.folder).output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let why = said.lines().rfind(|line| !line.trim().is_empty());
        Err(format!(
            "cannot download what to compare with from crates.io, for which this needs the \
             network: {}",
            why.unwrap_or("cargo does not say why").trim()
        )
        .into())
    }

    /// Measures a build.
    pub(super) fn build(&self, profile: Profile, state: State) -> Result<Duration> {
        match state {
            State::Clean => self.clean(profile)?,
            State::Edited => {
                let (file, line) = &self.edited;
                let mut file = std::fs::OpenOptions::new().append(true).open(file)?;
                file.write_all(line.as_bytes())?;
            }
            State::Unchanged => {}
        }
        whole(&mut self.cargo("build", profile))
    }

    /// Deletes what is built of the crate, but not of its dependencies.
    pub(super) fn clean(&self, profile: Profile) -> Result<()> {
        let mut clean = self.cargo("clean", profile);
        for package in self.packages {
            clean.args(["--package", package]);
        }
        cargo::run(clean.arg("--quiet").stdout(Stdio::null()))
    }

    fn cargo(&self, subcommand: &str, profile: Profile) -> Command {
        let mut command = cargo::command([subcommand, "--offline", "--locked"]);
        command.args(["--profile", profile.name()]);
        command.arg("--target-dir").arg(&self.target);
        command.current_dir(&self.folder);
        command
    }
}

/// A build script that embeds revisions.
const EMBED: &str = "fn main() {\n    alembic_build::embed_migrations();\n}\n";

/// Returns where the crates of a library are built, with its dependencies.
fn target(library: &str) -> Result<PathBuf> {
    Ok(cargo::target()?.join("bench-build").join(library))
}

/// Returns the manifest of a crate; `dependencies` may go on with other tables.
fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [package.metadata.alembic]\nurl = \"sqlite://bench.db\"\n\n[dependencies]\n{dependencies}"
    )
}

fn migrate() -> String {
    let path = cargo::root().join("crates").join("migrate");
    format!(
        "alembic-migrate = {{ path = '{}', features = [\"rusqlite-bundled\"] }}\n",
        path.display()
    )
}

fn build_dependency() -> String {
    let path = cargo::root().join("build-support");
    format!(
        "\n[build-dependencies]\nalembic-build = {{ path = '{}' }}\n",
        path.display()
    )
}
