//! What a revision sets for its connection, and how that is put back.

use alembic_sql::{StatementKind, literal, quote};

use crate::action::Action;
use crate::link::Link;
use crate::refused_request::{RefusedRequest, attribute_to};
use crate::request::{Execute, Query, Task};
use crate::session_changes::{Reach, SessionChanges};

/// The settings of a connection, and the databases attached to it, as they were before a revision
/// changed them.
#[derive(Debug, Default)]
pub(super) struct KeptSession {
    settings: Vec<(&'static Pragma, String)>,
    /// The journal modes of the databases that were attached before: a `PRAGMA journal_mode` without a
    /// name changes theirs, too, and none of them is a revision's to change.
    attached: Vec<(String, String)>,
    /// The names of the databases, if the revision attaches some.
    databases: Option<Vec<String>>,
}

/// A pragma that is a setting of the connection; all others are stored in the file, or do something
/// and set nothing. Two of those in the file, `page_size` and `auto_vacuum`, wait for a `VACUUM`.
#[derive(Debug)]
struct Pragma {
    name: &'static str,
    /// Whether SQLite refuses or ignores a change of it in a transaction.
    outside: bool,
}

const fn inside(name: &'static str) -> Pragma {
    let outside = false;
    Pragma { name, outside }
}

const fn outside(name: &'static str) -> Pragma {
    let outside = true;
    Pragma { name, outside }
}

/// The setting that SQLite cannot be asked for.
const LIKE: &str = "case_sensitive_like";

/// The setting that is stored in the file if it is `wal`.
const JOURNAL: &str = "journal_mode";

static PRAGMAS: [Pragma; 37] = [
    inside("analysis_limit"),
    inside("automatic_index"),
    inside("busy_timeout"),
    inside("cache_size"),
    inside("cache_spill"),
    inside(LIKE),
    inside("cell_size_check"),
    inside("checkpoint_fullfsync"),
    inside("count_changes"),
    inside("data_store_directory"),
    inside("defer_foreign_keys"),
    inside("empty_result_callbacks"),
    outside("foreign_keys"),
    inside("full_column_names"),
    inside("fullfsync"),
    inside("ignore_check_constraints"),
    outside(JOURNAL),
    inside("journal_size_limit"),
    inside("legacy_alter_table"),
    inside("legacy_file_format"),
    inside("locking_mode"),
    inside("max_page_count"),
    inside("mmap_size"),
    inside("query_only"),
    inside("read_uncommitted"),
    inside("recursive_triggers"),
    inside("reverse_unordered_selects"),
    inside("secure_delete"),
    inside("short_column_names"),
    inside("soft_heap_limit"),
    outside("synchronous"),
    outside("temp_store"),
    outside("temp_store_directory"),
    inside("threads"),
    inside("trusted_schema"),
    inside("wal_autocheckpoint"),
    inside("writable_schema"),
];

impl Pragma {
    /// Returns the setting that a statement changes, if it changes one.
    fn of(kind: &StatementKind) -> Option<&'static Self> {
        let setting = kind.setting()?;
        PRAGMAS.iter().find(|pragma| setting.names(pragma.name))
    }

    async fn read(&self, link: &Link<'_>) -> Result<Option<String>, RefusedRequest> {
        let query = match self.name {
            LIKE => "SELECT 'a' NOT LIKE 'A'".to_owned(),
            name => format!("PRAGMA {name}"),
        };
        read(link, query).await
    }

    fn set(&self, value: &str) -> String {
        // Some are words, and a directory is a string.
        let value = match value.parse::<i64>() {
            Ok(number) => number.to_string(),
            Err(_) => literal(value),
        };
        format!("PRAGMA {} = {value}", self.name)
    }

    fn restore(&self, value: &str) -> Execute<'static> {
        let setting = (self.name.to_owned(), Some(value.to_owned()));
        Execute::new(Task::RestoreSettings(vec![setting]), self.set(value))
    }
}

/// Returns how far the setting of a statement reaches.
pub(super) fn reach(kind: &StatementKind) -> Reach {
    match Pragma::of(kind) {
        None if *kind == StatementKind::Attach => Reach::Section,
        None => Reach::Statement,
        Some(Pragma { outside: true, .. }) => Reach::Section,
        Some(Pragma { outside: false, .. }) => Reach::Revision,
    }
}

impl KeptSession {
    /// Reads what the next statements may change.
    pub(super) async fn keep(
        &mut self,
        link: &Link<'_>,
        changes: &SessionChanges,
    ) -> Result<(), RefusedRequest> {
        // The settings of the revision before are put back.
        self.settings.retain(|(pragma, _)| pragma.outside);
        for pragma in PRAGMAS.iter().filter(|pragma| changes.include(pragma.name)) {
            let mut kept = self.settings.iter();
            if kept.any(|(known, _)| known.name == pragma.name) {
                continue;
            }
            if let Some(value) = pragma.read(link).await? {
                self.settings.push((pragma, value));
            }
            if pragma.name == JOURNAL {
                self.attached = journal_modes(link).await?;
            }
        }
        if changes.include("database_list") {
            self.databases = Some(databases(link).await?);
        }
        Ok(())
    }

    /// Returns the statement that puts back what a statement of a revision sets.
    pub(super) fn undo(&self, kind: &StatementKind) -> Option<String> {
        let pragma = Pragma::of(kind)?;
        let mut kept = self.settings.iter();
        let (_, value) = kept.find(|(known, _)| known.name == pragma.name)?;
        // Whether the file is to stay in its mode shows afterwards only.
        (pragma.name != JOURNAL).then(|| pragma.set(value))
    }

    /// Returns the statements that put back the settings, except the journal mode, which has to be
    /// read before, and those that an open transaction does not allow to be changed.
    pub(super) fn restore(&self, is_open: bool) -> Vec<Execute<'static>> {
        let settings = self.settings.iter();
        let settings =
            settings.filter(|(pragma, _)| !(is_open && pragma.outside) && pragma.name != JOURNAL);
        settings
            .map(|(pragma, value)| pragma.restore(value))
            .collect()
    }

    /// Puts back what no transaction allows to be put back, before one is begun.
    pub(super) async fn restore_outside(&mut self, link: &Link<'_>) -> Result<(), RefusedRequest> {
        for (pragma, value) in self.settings.iter().filter(|(pragma, _)| pragma.outside) {
            let value = match pragma.name {
                JOURNAL => journal_mode(value, pragma.read(link).await?.as_deref()),
                _ => Some(value.as_str()),
            };
            if let Some(value) = value {
                link.execute(pragma.restore(value)).await?;
            }
        }
        self.settings.retain(|(pragma, _)| !pragma.outside);
        self.restore_attached(link).await?;
        self.detach(link).await
    }

    /// Puts back the journal modes of the databases that were attached before and still are.
    async fn restore_attached(&mut self, link: &Link<'_>) -> Result<(), RefusedRequest> {
        let kept = std::mem::take(&mut self.attached);
        if kept.is_empty() {
            return Ok(());
        }
        let attached = journal_modes(link).await?;
        for (name, before) in kept {
            let mut attached = attached.iter();
            if attached.any(|(known, now)| *known == name && *now != before) {
                let pragma = format!("{}.{JOURNAL}", quote(&name));
                let sql = format!("PRAGMA {pragma} = {}", literal(&before));
                let restored = vec![(pragma, Some(before))];
                link.execute(Execute::new(Task::RestoreSettings(restored), sql))
                    .await?;
            }
        }
        Ok(())
    }

    /// Detaches the databases that a revision has attached.
    async fn detach(&mut self, link: &Link<'_>) -> Result<(), RefusedRequest> {
        let Some(before) = self.databases.take() else {
            return Ok(());
        };
        for name in databases(link).await? {
            if !before.contains(&name) {
                let detach = format!("DETACH DATABASE {}", quote(&name));
                link.execute(Execute::new(Task::RestoreSettings(Vec::new()), detach))
                    .await?;
            }
        }
        Ok(())
    }
}

/// Returns the journal mode to put back, if there is one: the revision may have been written to
/// change the file from or to `wal`, and the file keeps that.
fn journal_mode<'b>(before: &'b str, now: Option<&str>) -> Option<&'b str> {
    const WAL: &str = "wal";
    match (before, now?) {
        (_, WAL) | (WAL, "delete") => None,
        // As a new connection finds it.
        (WAL, _) => Some("delete"),
        (before, now) => (before != now).then_some(before),
    }
}

/// Returns the journal modes of the databases that are attached to the connection.
async fn journal_modes(link: &Link<'_>) -> Result<Vec<(String, String)>, RefusedRequest> {
    let mut modes = Vec::new();
    for name in databases(link).await? {
        if name == "main" {
            continue;
        }
        let query = format!("PRAGMA {}.{JOURNAL}", quote(&name));
        if let Some(mode) = read(link, query).await? {
            modes.push((name, mode));
        }
    }
    Ok(modes)
}

/// Returns the value of a setting.
async fn read(link: &Link<'_>, query: String) -> Result<Option<String>, RefusedRequest> {
    let found = link.query(Query::new(Task::ReadSettings, query)).await?;
    let found = found.first().and_then(|row| row.cell(0));
    Ok(found.map(ToOwned::to_owned))
}

/// Returns the names of the databases of the connection, except the temporary one, which SQLite lists
/// once it is used.
async fn databases(link: &Link<'_>) -> Result<Vec<String>, RefusedRequest> {
    let query = "SELECT name FROM pragma_database_list WHERE name <> 'temp'";
    let rows = link.query(Query::new(Task::ReadSettings, query)).await?;
    let failed = attribute_to(Action::KeepSettings);
    let names = rows.iter().map(|row| row.text(0).map(ToOwned::to_owned));
    names.collect::<Result<_, _>>().map_err(failed)
}
