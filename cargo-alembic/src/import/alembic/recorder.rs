//! Runs a project's own environment, by a program in Python that reports what it executes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use alembic_history::{Code, VersionTable};
use alembic_import::{Event, RecordedRevision, Recording};
use serde::{Deserialize, Serialize};

use super::project::Project;
use crate::database::scratch::Scratch;
use crate::import::ALEMBIC;
use crate::import::recorded::{RecordTable, Recorded, Recorder};
use crate::import::report::ToolName;
use crate::output::{Cause, Diagnostic, Error, Result, display_path};
use crate::replay::Replay;
use crate::url::{DatabaseUrl, SqliteTarget};

/// The program: one text, since it is read from the standard input.
const PROGRAM: &str = concat!(
    include_str!("recorder/answers.py"),
    "\n\n",
    include_str!("recorder/scratch.py"),
    "\n\n",
    include_str!("recorder/literals.py"),
    "\n\n",
    include_str!("recorder/events.py"),
    "\n\n",
    include_str!("recorder/project.py"),
);

/// The environment variable that says what the program is asked for.
const ASKED: &str = "ALEMBIC_IMPORT";

/// Runs the environment of a project.
pub(super) struct PythonRecorder<'p> {
    pub(super) python: PathBuf,
    pub(super) project: &'p Project,
}

/// What the program is asked for.
#[derive(Serialize)]
struct AskedJson<'a> {
    folder: &'a str,
    file: Option<String>,
    scratch: ScratchJson,
    /// How many revisions have been recorded, and only run again.
    known: usize,
    /// The revisions to revert instead of a recording.
    revert: Option<&'a [&'a str]>,
}

/// The scratch database.
#[derive(Default, Serialize)]
struct ScratchJson {
    backend: &'static str,
    database: String,
    host: Option<String>,
    port: Option<u16>,
    username: Option<String>,
    password: Option<String>,
}

/// The version table of the project, and how much one of its transactions covers.
#[derive(Clone, Debug, Deserialize)]
struct TableJson {
    name: String,
    schema: Option<String>,
    per_revision: bool,
}

/// A line of the program.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Error {
        error: ErrorJson,
    },
    History {
        history: Vec<RevisionJson>,
    },
    Upgrade {
        id: String,
        upgrade: Vec<EventJson>,
    },
    Downgrade {
        id: String,
        downgrade: Vec<EventJson>,
        raised: Option<String>,
    },
    /// A downgrade has committed: the rest needs another database, and knows so many revisions.
    Again {
        again: usize,
    },
    Done {
        done: TableJson,
    },
}

#[derive(Deserialize)]
struct ErrorJson {
    kind: ErrorKind,
    message: String,
    revision: Option<String>,
}

/// What keeps the program from recording.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum ErrorKind {
    /// The Python has no Alembic.
    NoAlembic,
    /// It has no driver for the scratch database.
    NoDriver,
    /// The environment or a revision cannot be loaded.
    Project,
    /// A connection leads elsewhere.
    Foreign,
    /// The environment runs each revision on several databases.
    Several,
    /// A function of a revision raised an exception.
    Failed,
}

#[derive(Deserialize)]
struct RevisionJson {
    id: String,
    parents: Vec<String>,
    labels: Vec<String>,
    depends_on: Vec<String>,
    doc: String,
    file: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum EventJson {
    Executed {
        sql: String,
        deliberate: bool,
        outside: bool,
    },
    Unwritten {
        unwritten: String,
        why: String,
    },
    End {
        end: End,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum End {
    Commit,
    Rollback,
}

impl From<EventJson> for Event {
    fn from(event: EventJson) -> Self {
        match event {
            EventJson::Executed {
                sql,
                deliberate,
                outside,
            } => Self::Executed {
                sql,
                deliberate,
                outside,
            },
            EventJson::Unwritten { unwritten, why } => Self::Unwritten {
                sql: unwritten,
                why,
            },
            EventJson::End { end: End::Commit } => Self::Committed,
            EventJson::End { end: End::Rollback } => Self::RolledBack,
        }
    }
}

impl From<RevisionJson> for RecordedRevision {
    fn from(json: RevisionJson) -> Self {
        Self {
            id: json.id,
            parents: json.parents,
            labels: json.labels,
            depends_on: json.depends_on,
            doc: json.doc,
            file: json.file,
            ..Self::default()
        }
    }
}

impl From<&Scratch> for ScratchJson {
    fn from(scratch: &Scratch) -> Self {
        match &scratch.database.url {
            DatabaseUrl::Sqlite(url) => Self {
                backend: "sqlite",
                database: match &url.target {
                    SqliteTarget::File(path) => path.display().to_string(),
                    SqliteTarget::Memory => ":memory:".to_owned(),
                },
                ..Self::default()
            },
            DatabaseUrl::Postgres(url) => {
                let options = &url.options;
                let host = match options.get_socket() {
                    Some(socket) => socket.display().to_string(),
                    None => options.get_host().to_owned(),
                };
                Self {
                    backend: "postgresql",
                    database: url.database().to_owned(),
                    host: Some(host),
                    port: Some(options.get_port()),
                    username: Some(options.get_username().to_owned()),
                    password: url.password(),
                }
            }
        }
    }
}

impl Recorder for PythonRecorder<'_> {
    fn tool(&self) -> ToolName {
        ToolName {
            argument: ALEMBIC,
            shown: "Alembic".to_owned(),
        }
    }

    fn folder(&self) -> &Path {
        &self.project.folder
    }

    fn shown(&self) -> String {
        self.project.shown()
    }

    fn record(&self, replay: &Replay<'_>) -> Result<Recorded> {
        let mut recording = Recording {
            dialect: replay.engine.dialect(),
            revisions: Vec::new(),
        };
        let mut known = 0;
        loop {
            let scratch = replay.prepared_for_programs()?;
            let mut again = None;
            let mut table = None;
            for line in self.run(&scratch, known, None)? {
                match line {
                    Line::Error { error } => return Err(self.explain(&error)),
                    Line::History { history } if known == 0 => {
                        let revisions = history.into_iter().map(RecordedRevision::from);
                        recording.revisions = revisions.collect();
                    }
                    Line::History { .. } => {}
                    Line::Upgrade { id, upgrade } => {
                        if let Some(revision) = find(&mut recording, &id) {
                            revision.upgrade = upgrade.into_iter().map(Event::from).collect();
                        }
                    }
                    Line::Downgrade {
                        id,
                        downgrade,
                        raised,
                    } => {
                        if let Some(revision) = find(&mut recording, &id) {
                            revision.downgrade = downgrade.into_iter().map(Event::from).collect();
                            revision.raised = raised;
                        }
                    }
                    Line::Again { again: next } => again = Some(next),
                    Line::Done { done } => table = Some(done),
                }
            }
            match (again, table) {
                (Some(next), _) if next > known => known = next,
                (_, Some(table)) => {
                    return Ok(Recorded {
                        recording,
                        scratch,
                        per_revision: table.per_revision,
                        table: RecordTable::Shared(VersionTable {
                            name: table.name,
                            schema: table.schema,
                        }),
                    });
                }
                (_, None) if recording.revisions.is_empty() => return Err(self.no_revisions()),
                (_, None) => return Err(self.ended_early("it ended before it had recorded all")),
            }
        }
    }

    fn revert(&self, scratch: &Scratch, ids: &[&str]) -> Result<()> {
        let lines = self.run(scratch, 0, Some(ids))?;
        let error = lines.iter().find_map(|line| match line {
            Line::Error { error } => Some(self.explain(error)),
            _ => None,
        });
        error.map_or(Ok(()), Err)
    }
}

impl PythonRecorder<'_> {
    fn run(&self, scratch: &Scratch, known: usize, revert: Option<&[&str]>) -> Result<Vec<Line>> {
        let folder = self.project.folder.display().to_string();
        let file = self.project.file.as_ref();
        let asked = AskedJson {
            folder: &folder,
            file: file.map(|file| file.display().to_string()),
            scratch: ScratchJson::from(scratch),
            known,
            revert,
        };
        let asked = serde_json::to_string(&asked).map_err(|error| {
            let why = error.to_string();
            self.ended_early(&why)
        })?;
        let output = self.output(&asked).map_err(|error| {
            let python = display_path(&self.python);
            let title = format!("cannot run Python: {python}: {error}");
            Diagnostic::new(Cause::Program, title)
                .code(Code::NoAlembic)
                .note("nothing was written")
                .help("name the Python of the project's environment with `--python`")
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        let lines: std::result::Result<Vec<Line>, _> =
            text.lines().map(serde_json::from_str).collect();
        match lines {
            Ok(lines) if !lines.is_empty() => Ok(lines),
            Ok(_) | Err(_) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let last = said.lines().rfind(|line| !line.trim().is_empty());
                let status = output.status.to_string();
                Err(self.ended_early(last.unwrap_or(&status)))
            }
        }
    }

    fn output(&self, asked: &str) -> std::io::Result<Output> {
        let mut child = Command::new(&self.python)
            .arg("-")
            .env(ASKED, asked)
            // The project's folder stays as it is.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that is not Python may end without reading it.
            let _ = stdin.write_all(PROGRAM.as_bytes());
        }
        child.wait_with_output()
    }

    fn explain(&self, error: &ErrorJson) -> Error {
        let (project, python) = (self.project.shown(), display_path(&self.python));
        let said = &error.message;
        let revision = error.revision.as_deref().unwrap_or_default();
        let (code, title, help) = match error.kind {
            ErrorKind::NoAlembic => (
                Code::NoAlembic,
                format!("{python} has no Alembic: {said}"),
                "name the Python of the project's environment with `--python`".to_owned(),
            ),
            ErrorKind::NoDriver => (
                Code::NoAlembic,
                format!("{python} cannot reach the scratch database: {said}"),
                "install one of them into the project's environment".to_owned(),
            ),
            ErrorKind::Project => (
                Code::AlembicProject,
                format!("the Alembic project {project} cannot be run: {said}"),
                "`alembic history` in its folder shows whether Alembic itself can".to_owned(),
            ),
            ErrorKind::Foreign => (
                Code::AlembicProject,
                format!("the Alembic project {project} opens another database: {said}"),
                "open the engine in env.py with SQLAlchemy's create_engine or create_async_engine, so \
                 that the scratch database takes the place of its own"
                    .to_owned(),
            ),
            ErrorKind::Several => (
                Code::AlembicProject,
                format!("the Alembic project {project} has several databases: {said}"),
                "configure env.py for one of them, and import each by itself".to_owned(),
            ),
            ErrorKind::Failed => (
                Code::NotImported,
                format!("revision {revision} failed on an empty database: {said}"),
                "`alembic upgrade head` on an empty database shows whether Alembic itself can; if the \
                 revisions need tables that none of them creates, name the SQL that does with `base` \
                 under [package.metadata.alembic]"
                    .to_owned(),
            ),
        };
        let note = match error.kind {
            ErrorKind::Foreign => "nothing was written, and nothing executed on that database",
            ErrorKind::NoAlembic
            | ErrorKind::NoDriver
            | ErrorKind::Project
            | ErrorKind::Several
            | ErrorKind::Failed => "nothing was written; only a scratch database was connected to",
        };
        Diagnostic::new(Cause::Program, title)
            .code(code)
            .note(note)
            .help(help)
            .into()
    }

    fn no_revisions(&self) -> Error {
        let title = format!(
            "the Alembic project {} has no revisions",
            self.project.shown()
        );
        Diagnostic::new(Cause::Program, title)
            .code(Code::NotImported)
            .help("begin with `cargo alembic init` and `cargo alembic revision`")
            .into()
    }

    fn ended_early(&self, why: &str) -> Error {
        let title = format!("{} could not record: {why}", display_path(&self.python));
        Diagnostic::new(Cause::Program, title)
            .code(Code::NoAlembic)
            .note("nothing was written")
            .help("name the Python of the project's environment with `--python`: 3.8 or newer")
            .into()
    }
}

fn find<'r>(recording: &'r mut Recording, id: &str) -> Option<&'r mut RecordedRevision> {
    let mut revisions = recording.revisions.iter_mut();
    revisions.find(|revision| revision.id == id)
}
