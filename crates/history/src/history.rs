//! A crate's history: its revision files, and the graph of their revisions.

mod fault;
mod warnings;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use alembic_sql::ByDialect;

use crate::file::{Draft, Place};
use crate::{
    Dialect, Digest, Direction, Finding, FindingKind, Graph, GraphError, GraphErrorKind, Node,
    Position, RevisionFile, Span, parallel,
};

use fault::FirstById;
pub use fault::{Fault, HistoryError, Related};

/// A file that may hold a revision, as it was found.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path, as it is shown to people.
    pub path: PathBuf,
    /// The content, or the reason why it could not be read.
    pub content: Result<Vec<u8>, String>,
}

/// Returns whether a file in a migration folder is a revision file, by its name.
///
/// Files called `*.rows.sql` hold rows for tests of the revision next to them.
///
/// ```
/// use alembic_history::is_revision_file;
///
/// assert!(is_revision_file("migrations/a1_add_users.sql".as_ref()));
/// assert!(!is_revision_file("migrations/a1_add_users.rows.sql".as_ref()));
/// assert!(!is_revision_file("migrations/.a1.sql".as_ref()));
/// ```
#[must_use]
pub fn is_revision_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    name.ends_with(".sql") && !name.ends_with(ROWS) && !name.starts_with('.')
}

/// Returns whether a file is Python, by its name.
pub(crate) fn is_python_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py")
}

/// Returns the file that holds rows for tests of the revision in the file at `path`.
#[must_use]
pub fn rows_file(path: &Path) -> PathBuf {
    path.with_extension(&ROWS[1..])
}

/// The end of the names of files with rows.
const ROWS: &str = ".rows.sql";

/// Revision files that form a valid history.
///
/// ```
/// use alembic_history::{Dialect, History, SourceFile};
///
/// let file = |path: &str, text: &str| SourceFile {
///     path: path.into(),
///     content: Ok(text.as_bytes().to_vec()),
/// };
/// let history = History::new(
///     [file("a.sql", "-- A\n-- Revision ID: a1\n-- Revises:\n-- alembic: upgrade\nSELECT 1;")],
///     &[Dialect::Sqlite],
/// )
/// .unwrap();
/// let head = history.graph().heads().next().unwrap();
/// assert_eq!(history.graph()[head].message, "A");
/// ```
#[derive(Clone, Debug, Default)]
pub struct History {
    graph: Graph,
    revisions: Vec<HistoryFile>,
    dialects: Vec<Dialect>,
    sql: SqlChecks,
    digests: ByDialect<OnceLock<Vec<Digest>>>,
}

/// The faults in the SQL for each direction, once it is checked.
#[derive(Clone, Debug, Default)]
struct SqlChecks {
    upgrade: OnceLock<Result<(), HistoryError>>,
    downgrade: OnceLock<Result<(), HistoryError>>,
}

impl SqlChecks {
    /// Returns the checks of SQL without faults.
    fn passed() -> Self {
        Self {
            upgrade: OnceLock::from(Ok(())),
            downgrade: OnceLock::from(Ok(())),
        }
    }

    fn have_passed(&self) -> bool {
        DIRECTIONS
            .iter()
            .all(|direction| matches!(self.of(*direction).get(), Some(Ok(()))))
    }

    fn of(&self, direction: Direction) -> &OnceLock<Result<(), HistoryError>> {
        match direction {
            Direction::Upgrade => &self.upgrade,
            Direction::Downgrade => &self.downgrade,
        }
    }
}

const DIRECTIONS: [Direction; 2] = [Direction::Upgrade, Direction::Downgrade];

/// When the SQL of files is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    Now,
    Later,
}

/// A revision file of a history, with its text.
#[derive(Clone, Debug)]
pub struct HistoryFile {
    /// The path, as it is shown to people.
    pub path: PathBuf,
    /// The whole text.
    pub text: Arc<str>,
    /// The parsed file.
    pub file: RevisionFile,
}

impl HistoryFile {
    /// Returns the line and column of the byte at `offset`.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        Position::of(&self.text, offset)
    }

    /// Returns a revision file that only leads back: the header and the downgrade sections for
    /// `dialect`, as they are written here.
    #[must_use]
    pub fn way_back(&self, dialect: Dialect) -> String {
        let sections = self.file.sections.iter();
        let first = sections.map(|section| section.heading.start).min();
        let header = &self.text[..first.unwrap_or(self.text.len())];
        let mut text = format!("{}\n\n-- alembic: upgrade empty\n", header.trim_end());
        for section in self.file.sections(Direction::Downgrade, dialect) {
            let sql = section.sql().map_or("", |sql| sql.as_str());
            let heading = section.heading.text(&self.text);
            text.push_str(&format!("\n{heading}\n{}\n", sql.trim_end()));
        }
        text
    }
}

impl History {
    /// Marks the files as checked for `dialects` by a build script.
    #[must_use]
    pub fn checked_before(mut self, dialects: &[Dialect]) -> Self {
        self.dialects = dialects.to_vec();
        self.sql = SqlChecks::passed();
        self
    }

    /// Sets the digests for `dialect`, in the order of the graph, as a build script has computed
    /// them.
    #[must_use]
    pub fn with_digests(mut self, dialect: Dialect, digests: &[u64]) -> Self {
        let digests = digests.iter().map(|number| Digest::new(*number));
        self.digests[dialect] = OnceLock::from(digests.collect::<Vec<_>>());
        self
    }

    /// Returns the digests of what the revisions do on `dialect`, in the order of the graph.
    ///
    /// The first call for each dialect reads the SQL of all upgrade sections, unless a build script
    /// has.
    #[must_use]
    pub fn digests(&self, dialect: Dialect) -> &[Digest] {
        self.digests[dialect].get_or_init(|| {
            let files: Vec<&HistoryFile> = self.revisions.iter().collect();
            parallel::map(files, |file| Digest::of(&file.file, dialect))
        })
    }

    /// Returns the dialects that the files were checked for.
    #[must_use]
    pub fn dialects(&self) -> &[Dialect] {
        &self.dialects
    }

    /// Returns whether the files are checked for `dialect` before any of them runs.
    #[must_use]
    pub fn is_checked_for(&self, dialect: Dialect) -> bool {
        self.revisions.is_empty() || self.dialects.contains(&dialect)
    }

    /// Reads `files`, in their order, checking their SQL for each of `dialects`.
    ///
    /// # Errors
    ///
    /// All faults in the files, and in how they fit together.
    pub fn new(
        files: impl IntoIterator<Item = SourceFile>,
        dialects: &[Dialect],
    ) -> Result<Self, HistoryError> {
        Self::load(files, dialects, Check::Now)
    }

    /// Reads `files`, in their order, without parsing their SQL, which is much faster.
    ///
    /// That is enough to know whether anything is pending. Before a revision is applied or reverted,
    /// [`check_sql`](Self::check_sql) must find nothing for that direction.
    ///
    /// # Errors
    ///
    /// All faults in the headers and section headings of the files, and in how they fit together.
    pub fn read(
        files: impl IntoIterator<Item = SourceFile>,
        dialects: &[Dialect],
    ) -> Result<Self, HistoryError> {
        Self::load(files, dialects, Check::Later)
    }

    fn load(
        files: impl IntoIterator<Item = SourceFile>,
        dialects: &[Dialect],
        check: Check,
    ) -> Result<Self, HistoryError> {
        let files: Vec<SourceFile> = files.into_iter().collect();
        let read = parallel::map(files, |file| ReadFile::new(file, dialects));
        Self::relate(read, dialects, check)
    }

    fn relate(
        files: Vec<ReadFile>,
        dialects: &[Dialect],
        check: Check,
    ) -> Result<Self, HistoryError> {
        let mut revisions = Vec::with_capacity(files.len());
        let mut faults = Vec::new();
        for ReadFile {
            path,
            text,
            file,
            findings,
        } in files
        {
            let new = findings.into_iter();
            faults.extend(new.map(|finding| Fault::new(&path, &text, finding)));
            revisions.extend(file.map(|file| HistoryFile { path, text, file }));
        }
        let declared = revisions.iter().map(|revision| revision.file.revision());
        let graph = match Graph::new(declared.collect()) {
            Ok(graph) => Some(graph),
            Err(errors) => {
                let readable: HashSet<&Path> =
                    revisions.iter().map(|file| file.path.as_path()).collect();
                let mut paths = faults.iter().map(|fault| fault.path.as_path());
                let unreadable = paths.any(|path| !readable.contains(path));
                // A missing parent may be in a file whose header could not be read.
                let known = |error: &GraphError| {
                    !(unreadable
                        && matches!(
                            error.kind,
                            GraphErrorKind::MissingParent { .. }
                                | GraphErrorKind::MissingDependency { .. }
                        ))
                };
                let errors = errors.into_iter().filter(known);
                let ids = FirstById::new(&revisions);
                faults.extend(errors.map(|error| Fault::from_graph_error(&ids, error)));
                None
            }
        };
        // A refused history tells everything at once.
        if check == Check::Now || !faults.is_empty() {
            let valid = graph.as_ref().filter(|_| faults.is_empty());
            let found = sql_faults(valid, &revisions, dialects, &DIRECTIONS);
            faults.extend(found);
        }
        match graph {
            Some(graph) if faults.is_empty() => Ok(Self {
                graph,
                revisions,
                dialects: dialects.to_vec(),
                sql: match check {
                    Check::Now => SqlChecks::passed(),
                    Check::Later => SqlChecks::default(),
                },
                digests: ByDialect::default(),
            }),
            Some(_) | None => Err(HistoryError::new(faults)),
        }
    }

    /// Checks the SQL that runs in `direction` for the dialects that the files were read for, once.
    ///
    /// # Errors
    ///
    /// All faults in the SQL of the files for that direction.
    pub fn check_sql(&self, direction: Direction) -> Result<(), HistoryError> {
        let check = || {
            let graph = Some(&self.graph);
            let faults = sql_faults(graph, &self.revisions, &self.dialects, &[direction]);
            if faults.is_empty() {
                Ok(())
            } else {
                Err(HistoryError::new(faults))
            }
        };
        self.sql.of(direction).get_or_init(check).clone()
    }

    /// Returns the graph of the revisions.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Returns the file that declares a revision.
    #[must_use]
    pub fn file(&self, node: Node) -> &HistoryFile {
        &self.revisions[node.index()]
    }

    /// Returns this history with one more file.
    ///
    /// # Errors
    ///
    /// All faults in the file, and in how it fits.
    pub fn with(&self, file: SourceFile) -> Result<Self, HistoryError> {
        let check = match self.sql.have_passed() {
            true => Check::Now,
            false => Check::Later,
        };
        let here = self.revisions.iter().cloned().map(ReadFile::from);
        let new = ReadFile::new(file, &self.dialects);
        Self::relate(here.chain([new]).collect(), &self.dialects, check)
    }
}

/// Returns what is wrong with the SQL of the files that runs in `directions`, in their order;
/// `graph` is the graph of a valid history.
fn sql_faults(
    graph: Option<&Graph>,
    revisions: &[HistoryFile],
    dialects: &[Dialect],
    directions: &[Direction],
) -> Vec<Fault> {
    let files: Vec<(usize, &HistoryFile)> = revisions.iter().enumerate().collect();
    let faults = parallel::map(files, |(index, file)| {
        let place = match graph {
            None => Place::Unknown,
            Some(graph) => place(graph, Node::new(index)),
        };
        let findings = file.file.check_sql(directions, dialects, place).into_iter();
        findings
            .map(|finding| Fault::new(&file.path, &file.text, finding))
            .collect::<Vec<_>>()
    });
    faults.into_iter().flatten().collect()
}

/// Returns the place of a revision in its history.
fn place(graph: &Graph, node: Node) -> Place {
    match graph.is_merge_point(node) || graph.is_branch_point(node) {
        true => Place::Junction,
        false => Place::Line,
    }
}

/// A file, its parsed content, and its faults.
struct ReadFile {
    path: PathBuf,
    text: Arc<str>,
    file: Option<RevisionFile>,
    findings: Vec<Finding>,
}

impl From<HistoryFile> for ReadFile {
    fn from(HistoryFile { path, text, file }: HistoryFile) -> Self {
        Self {
            path,
            text,
            file: Some(file),
            findings: Vec::new(),
        }
    }
}

impl ReadFile {
    fn new(SourceFile { path, content }: SourceFile, dialects: &[Dialect]) -> Self {
        let unreadable = |text: Arc<str>, offset, kind| Self {
            path: path.clone(),
            text,
            file: None,
            findings: vec![Finding::new(Span::new(offset, offset), kind)],
        };
        match content.map(String::from_utf8) {
            Ok(Ok(text)) if is_python_file(&path) => {
                unreadable(text.into(), 0, FindingKind::PythonRevision)
            }
            Err(why) => unreadable(Arc::default(), 0, FindingKind::Unreadable(why)),
            Ok(Err(error)) => {
                let text = String::from_utf8_lossy(error.as_bytes()).into();
                let valid = error.utf8_error().valid_up_to();
                unreadable(text, valid, FindingKind::NotUtf8)
            }
            Ok(Ok(text)) => {
                let text = Arc::from(text);
                let mut draft = Draft::read(&text);
                if !draft.has_header() {
                    // Without a header, it has no place among the files whose SQL is checked, and
                    // the history is refused anyway.
                    draft.check_sql(dialects);
                }
                let (file, findings) = draft.finish();
                Self {
                    path,
                    text,
                    file,
                    findings,
                }
            }
        }
    }
}
