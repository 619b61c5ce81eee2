//! Projects in temporary folders, and commands in them.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use alembic_history::Dialect;
use tempfile::TempDir;

use crate::outcome::Shown;
use crate::postgres::Server;
use crate::words::words;
use crate::{Database, Outcome, RevisionText, Tree, binary};

/// The time at which every command runs: 2025-01-28 10:00:00 UTC.
pub const EPOCH: &str = "1738058400";

/// The heading of a crate's configuration.
const TABLE: &str = "[package.metadata.alembic]\n";

/// The crates of the example workspace: their names, and the files and the variables that name
/// their databases.
const EXAMPLE: [(&str, &str, &str); 5] = [
    ("chat2chart", "chat2chart.db", "CHAT2CHART_DATABASE_URL"),
    ("chimera", "chimera.db", "DATABASE_URL"),
    ("chorus", "data/chorus.db", "CHORUS_DATABASE_URL"),
    (
        "daa-chatbot",
        "storage/sqlite/app.db",
        "DAA_CHATBOT_DATABASE_URL",
    ),
    (
        "orchestrator",
        "data/orchestrator.db",
        "ORCHESTRATOR_DATABASE_URL",
    ),
];

/// The folder of the fixtures.
#[must_use]
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// A project in a temporary folder, which is gone when this is dropped.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    /// The crate whose files are meant where no path is given: its folder.
    main: PathBuf,
    crates: Vec<Crate>,
    _folder: TempDir,
}

/// A crate of a project, and its database.
#[derive(Debug)]
struct Crate {
    /// Its folder, below that of the project.
    folder: PathBuf,
    /// The path of the database that it is configured to have.
    file: PathBuf,
    /// The environment variable that names another one.
    variable: String,
    /// The database that a test has chosen, and which is shown as the variable.
    database: Option<Database>,
}

/// A folder of a project in which commands run, and the environment variables that they have.
#[derive(Clone, Debug)]
pub struct Place<'p> {
    project: &'p Project,
    folder: PathBuf,
    variables: Vec<(OsString, OsString)>,
}

impl Project {
    /// Makes an empty folder.
    ///
    /// # Panics
    ///
    /// When that is not possible, as all that concerns files here.
    #[must_use]
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let root = folder.path().canonicalize().expect("the folder exists");
        Self {
            main: root.clone(),
            root,
            crates: Vec::new(),
            _folder: folder,
        }
    }

    /// Makes a project as `cargo init` does: one crate that has nothing to do with migrations.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut project = Self::empty();
        project.write_crate("", name, "");
        project.add_crate("", &format!("{name}.db"), "DATABASE_URL");
        project
    }

    /// Makes a project of one crate with an empty folder for migrations and the database
    /// `<name>.db`.
    #[must_use]
    pub fn with_crate(name: &str) -> Self {
        let mut project = Self::empty();
        project.write_crate(
            "",
            name,
            &format!("\n{TABLE}url = \"sqlite://{name}.db\"\n"),
        );
        fs::create_dir(project.path("migrations")).expect("the folder can be created");
        let file = format!("{name}.db");
        project.add_crate("", &file, "DATABASE_URL");
        project
    }

    /// Makes a workspace whose crates are in folders of their names, each with an empty folder for
    /// migrations and the database `<name>.db`.
    #[must_use]
    pub fn with_workspace(names: &[&str]) -> Self {
        let mut project = Self::empty();
        let members: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        project.write(
            "Cargo.toml",
            format!(
                "[workspace]\nresolver = \"3\"\nmembers = [{}]\n",
                members.join(", ")
            ),
        );
        for name in names {
            let file = format!("{name}.db");
            let variable = format!("{}_DATABASE_URL", name.to_uppercase());
            let keys = format!("url = \"sqlite://{file}\"\nurl-env = \"{variable}\"\n");
            project.write_crate(name, name, &format!("\n{TABLE}{keys}"));
            let folder = project.path(name).join("migrations");
            fs::create_dir(folder).expect("the folder can be created");
            project.add_crate(name, &file, &variable);
        }
        project
    }

    /// Copies the example workspace; the paths of `main` are meant where none is given.
    #[must_use]
    pub fn example(main: &str) -> Self {
        let mut project = Self::empty();
        copy(&fixtures().join("workspace"), &project.root);
        let library = fixtures().join("../crates/migrate");
        let library = library.display().to_string().replace('\\', "/");
        project.replace("Cargo.toml", "../../crates/migrate", &library);
        project.main = project.root.join("crates").join(main);
        for (name, file, variable) in EXAMPLE {
            project.add_crate(&format!("crates/{name}"), file, variable);
        }
        project
    }

    /// Gives every crate an empty database that exists. Where it is shown, the name of the crate's
    /// environment variable stands in its place, so that all engines have the same snapshots.
    #[must_use]
    #[track_caller]
    pub fn on(mut self, dialect: Dialect) -> Self {
        for krate in &mut self.crates {
            krate.choose(dialect, &self.root);
        }
        self
    }

    /// Gives every crate an empty database on a server, as [`on`](Self::on) does.
    #[must_use]
    #[track_caller]
    pub fn on_server(mut self, server: &Server) -> Self {
        for krate in &mut self.crates {
            krate.database = Some(Database::on_server(server));
        }
        self
    }

    /// Does what [`on`](Self::on) does for the main crate alone.
    #[must_use]
    #[track_caller]
    pub fn main_on(mut self, dialect: Dialect) -> Self {
        for krate in &mut self.crates {
            if self.root.join(&krate.folder) == self.main {
                krate.choose(dialect, &self.root);
            }
        }
        self
    }

    fn add_crate(&mut self, folder: &str, file: &str, variable: &str) {
        self.crates.push(Crate {
            folder: folder.into(),
            file: file.into(),
            variable: variable.to_owned(),
            database: None,
        });
    }

    fn write_crate(&self, folder: &str, name: &str, more: &str) {
        let folder = Path::new(folder);
        self.write(
            folder.join("Cargo.toml"),
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}\n\
                 [dependencies]\n"
            ),
        );
        self.write(folder.join("src/lib.rs"), "");
    }

    /// Returns the project's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of something in the project.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// Writes a file, and the folders that it needs.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).expect("the folder can be created");
        fs::write(&path, content).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        self
    }

    /// Reads a text file.
    #[must_use]
    #[track_caller]
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    }

    /// Removes a file.
    #[track_caller]
    pub fn remove(&self, path: impl AsRef<Path>) -> &Self {
        let path = self.path(path);
        fs::remove_file(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        self
    }

    /// Replaces a part of a text file.
    ///
    /// # Panics
    ///
    /// When the file does not have that part.
    #[track_caller]
    pub fn replace(&self, path: impl AsRef<Path>, from: &str, to: &str) -> &Self {
        let text = self.read(&path);
        assert!(text.contains(from), "no {from:?} in {text}");
        self.write(path, text.replace(from, to))
    }

    /// Adds lines to `[package.metadata.alembic]` of a project of one crate.
    #[track_caller]
    pub fn configure(&self, lines: &str) -> &Self {
        self.replace("Cargo.toml", TABLE, &format!("{TABLE}{lines}\n"))
    }

    /// Writes `migrations/<id>.sql`.
    pub fn add(&self, revision: RevisionText) -> &Self {
        self.add_to("migrations", [revision])
    }

    /// Writes `<id>.sql` in a folder for each revision.
    pub fn add_to(
        &self,
        folder: impl AsRef<Path>,
        revisions: impl IntoIterator<Item = RevisionText>,
    ) -> &Self {
        for revision in revisions {
            let path = folder.as_ref().join(format!("{}.sql", revision.id));
            self.write(path, revision.to_string());
        }
        self
    }

    /// Returns a database, by its path in the main crate; the one in its place, where a crate was
    /// given another one.
    #[must_use]
    pub fn database(&self, path: impl AsRef<Path>) -> Database {
        let path = self.main.join(path);
        let mut crates = self.crates.iter();
        let krate = crates.find(|krate| self.root.join(&krate.folder).join(&krate.file) == path);
        let chosen = krate.and_then(|krate| krate.database.clone());
        chosen.unwrap_or_else(|| Database::file(path))
    }

    /// Returns the folder of the main crate.
    #[must_use]
    pub fn main(&self) -> &Path {
        &self.main
    }

    /// Reads everything in the project's folder, and the databases on servers, which are called by
    /// the crates' environment variables.
    #[must_use]
    pub fn tree(&self) -> Tree {
        let mut tree = Tree::read(&self.root);
        for (variable, database) in self.chosen() {
            if database.dialect() == Dialect::Postgres {
                tree.add(variable, database.bytes());
            }
        }
        tree
    }

    /// Returns the databases that a test has chosen, after the variables that name them.
    fn chosen(&self) -> impl Iterator<Item = (&str, &Database)> {
        let chosen = self.crates.iter();
        chosen.filter_map(|krate| Some((krate.variable.as_str(), krate.database.as_ref()?)))
    }

    /// Returns what is not shown as it is.
    fn shown(&self) -> Shown {
        let mut shown = Shown::new(&self.root);
        for krate in &self.crates {
            if let Some(database) = &krate.database {
                let name = format!("[{}]", krate.variable);
                match database.dialect() {
                    Dialect::Sqlite => {
                        let below = krate.folder.join(&krate.file);
                        let relative = [below.as_path(), &krate.file];
                        shown.instead_of(&database.url(), &name);
                        for path in relative {
                            shown.instead_of(&format!("sqlite://{}", path.display()), &name);
                        }
                    }
                    Dialect::Postgres => shown.instead_of_url(&database.url(), &name),
                }
            }
        }
        shown
    }

    /// Returns the project's folder, to run commands there.
    #[must_use]
    pub fn here(&self) -> Place<'_> {
        self.at("")
    }

    /// Returns a folder of the project, to run commands there.
    #[must_use]
    pub fn at(&self, folder: impl AsRef<Path>) -> Place<'_> {
        Place {
            project: self,
            folder: self.path(folder),
            variables: Vec::new(),
        }
    }

    /// Runs `cargo alembic` with the arguments in `line` in the project's folder.
    pub fn run(&self, line: &str) -> Outcome {
        self.here().run(line)
    }

    /// Runs several commands in the project's folder, and returns what a user sees.
    pub fn transcript(&self, lines: &[&str]) -> String {
        self.here().transcript(lines)
    }
}

impl Place<'_> {
    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Runs `cargo alembic` with the arguments in `line`.
    pub fn run(&self, line: &str) -> Outcome {
        self.run_words(&words(line))
    }

    /// Runs `cargo alembic` with arguments.
    pub fn run_words(&self, arguments: &[String]) -> Outcome {
        let output = self.command(arguments).output().expect("the binary runs");
        Outcome::new(output, &self.project.shown())
    }

    /// Runs `cargo-alembic` with the arguments in `line`, as where there is no cargo.
    pub fn run_without_cargo(&self, line: &str) -> Outcome {
        self.clone().env("PATH", "").run_program(binary(), line)
    }

    /// Runs a program with the arguments in `line`, where no variable tells of cargo.
    pub fn run_program(&self, program: &Path, line: &str) -> Outcome {
        let mut command = Command::new(program);
        command.args(words(line));
        self.prepare(&mut command);
        let output = command.env_remove("CARGO").output();
        Outcome::new(output.expect("the program runs"), &self.project.shown())
    }

    /// Runs several commands, and returns what a user sees: each command line after `$`, and
    /// what it wrote.
    pub fn transcript(&self, lines: &[&str]) -> String {
        let shown = lines
            .iter()
            .map(|line| format!("$ cargo alembic {line}\n{}", self.run(line)));
        shown.collect::<Vec<_>>().join("\n")
    }

    /// Returns the command, to run it in another way.
    pub fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(binary());
        // As cargo calls its subcommands.
        command.arg("alembic").args(arguments);
        self.prepare(&mut command);
        command
    }

    /// Runs a command line at a terminal with this many columns, and returns everything that is written
    /// there, with its control sequences.
    ///
    /// # Panics
    ///
    /// When there is no terminal.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn at_terminal_of(&self, columns: u16, line: &str) -> Vec<u8> {
        let mut command = Command::new("script");
        let line = format!(
            "stty cols {columns} rows 60; '{}' alembic {line}",
            binary().display()
        );
        command.args(["-qec", &line, "/dev/null"]);
        self.prepare(&mut command);
        command.env("TERM", "xterm");
        let output = command.output().expect("`script` of util-linux");
        output.stdout
    }

    /// Runs a command line at a terminal, on which somebody types, and returns what is shown there.
    ///
    /// # Panics
    ///
    /// When there is no terminal.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn at_terminal(&self, line: &str, typed: &str) -> String {
        let line = format!("'{}' alembic {line}", binary().display());
        self.program_at_terminal(&line, typed)
    }

    /// Runs a program at a terminal, on which somebody types, and returns what is shown there.
    ///
    /// # Panics
    ///
    /// When there is no terminal.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn program_at_terminal(&self, line: &str, typed: &str) -> String {
        // It makes a terminal, and passes on what it reads.
        let mut command = Command::new("script");
        command.args(["-qec", line, "/dev/null"]);
        self.prepare(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("`script` of util-linux");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(typed.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        drop(stdin);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Gives a command the folder and the environment of every command.
    pub fn prepare(&self, command: &mut Command) {
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .env_clear();
        let needed = [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            // Whoever has it wants no toolchain to be changed.
            "RUSTUP_AUTO_INSTALL",
            // What programs cannot do without on Windows.
            "SystemRoot",
            "USERPROFILE",
            "TMPDIR",
            "TEMP",
            "TMP",
        ];
        for name in needed {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("CARGO", env!("CARGO"))
            .env("SOURCE_DATE_EPOCH", EPOCH);
        for (variable, database) in self.project.chosen() {
            if database.dialect() == Dialect::Postgres {
                command.env(variable, database.url());
            }
        }
        command.envs(self.variables.iter().cloned());
    }
}

impl Crate {
    #[track_caller]
    fn choose(&mut self, dialect: Dialect, root: &Path) {
        self.database = Some(match dialect {
            Dialect::Sqlite => {
                let path = root.join(&self.folder).join(&self.file);
                let folder = path.parent().expect("a file is in a folder");
                fs::create_dir_all(folder).expect("the folder can be created");
                fs::write(&path, "").expect("the file can be written");
                Database::file(path)
            }
            Dialect::Postgres => Database::on_server(Server::shared()),
        });
    }
}

/// Copies a folder, without what a build or a run may have left in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be created");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let (name, path) = (entry.file_name(), entry.path());
        let text = name.to_string_lossy();
        if text == "target" || text.contains(".db") {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).expect("the file can be copied");
        }
    }
}
