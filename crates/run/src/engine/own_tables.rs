//! The tables of the run itself: the version table, exactly Alembic's, and the table of progress next to
//! it.

use alembic_history::{Graph, MAX_ID_LENGTH, RevisionId, RowChange, VersionTable};
use alembic_sql::{literal, quote};

use crate::database_error::DatabaseError;
use crate::request::{Execute, Progress, ProgressTask, Query, Task, VersionTask};

/// The requests about the tables of the run itself.
pub(crate) trait OwnTables {
    /// Returns whether an error says that a table has no such column.
    fn lacks_column(&self, error: &DatabaseError) -> bool;

    /// Returns the query that looks for the version table; [`VersionTableLookup`] reads the answer.
    fn find_versions(&self, table: &VersionTable) -> Query;

    /// Returns the condition that the version table exists, or no table of another migration tool.
    fn has_no_other_tool(&self, table: &VersionTable) -> String;

    /// Returns the query that reads one of the run's own tables by `select`, and fails instead of
    /// waiting for a lock; `is_open` says whether a transaction is open.
    fn reading(&self, table: &VersionTable, select: String, is_open: bool) -> String;

    /// Returns the operator that compares two texts, which no one but the database can have defined.
    fn equals(&self) -> &'static str;

    /// Returns the process that executes statements, and the time in UTC, as SQL.
    fn process_and_time(&self) -> (&'static str, &'static str);

    /// Returns the query that reads the rows of the version table.
    fn read_versions(&self, table: &VersionTable, is_open: bool) -> Query {
        let select = format!("SELECT version_num FROM {}", table.quoted());
        Query::new(
            Task::Versions(table.clone(), VersionTask::Read),
            self.reading(table, select, is_open),
        )
    }

    /// Returns how many characters of an id a new version table holds, if the database enforces
    /// that.
    fn new_id_limit(&self) -> Option<usize>;

    /// Returns the statement with which the user makes room for ids of `length` characters.
    fn make_room(&self, table: &VersionTable, exists: bool, length: usize) -> String {
        match exists {
            true => {
                let table = table.quoted();
                format!("ALTER TABLE {table} ALTER COLUMN version_num TYPE VARCHAR({length})")
            }
            false => {
                let create = self.create_versions_for(table, length);
                let words: Vec<&str> = create.sql().split_whitespace().collect();
                words.join(" ")
            }
        }
    }

    /// Returns the query that reads them in a transaction that is about to be committed, after all
    /// that waits for the commit.
    fn read_final_versions(&self, table: &VersionTable) -> Query {
        self.read_versions(table, true)
    }

    /// Returns the statement that creates the version table.
    fn create_versions(&self, table: &VersionTable) -> Execute<'static> {
        self.create_versions_for(table, MAX_ID_LENGTH)
    }

    /// Returns the statement that creates a version table for ids of up to `length` characters.
    fn create_versions_for(&self, table: &VersionTable, length: usize) -> Execute<'static> {
        let name = &table.name;
        // Alembic's own name for the constraint, whatever the schema.
        let constraint = quote(&format!("{name}_pkc"));
        let sql = format!(
            "CREATE TABLE {} (\n\tversion_num VARCHAR({length}) NOT NULL, \n\t\
             CONSTRAINT {constraint} PRIMARY KEY (version_num)\n)",
            table.quoted()
        );
        Execute::new(Task::Versions(table.clone(), VersionTask::Create), sql)
    }

    /// Returns the statement that makes one change to the version table; it must change one row.
    fn change_versions(
        &self,
        table: &VersionTable,
        graph: &Graph,
        change: RowChange,
    ) -> Execute<'static> {
        let name = table.quoted();
        let id = |node| literal(graph[node].id.as_str());
        let sql = match change {
            RowChange::Insert(node) => {
                format!("INSERT INTO {name} (version_num) VALUES ({})", id(node))
            }
            RowChange::Delete(node) => {
                let equals = self.equals();
                format!("DELETE FROM {name} WHERE version_num {equals} {}", id(node))
            }
            RowChange::Update { from, to } => format!(
                "UPDATE {name} SET version_num = {} WHERE version_num {} {}",
                id(to),
                self.equals(),
                id(from)
            ),
        };
        let task = VersionTask::Change(change);
        Execute::new(Task::Versions(table.clone(), task), sql)
    }

    /// Returns the statement that removes every row of the version table.
    fn clear_versions(&self, table: &VersionTable) -> Execute<'static> {
        let sql = format!("DELETE FROM {}", table.quoted());
        Execute::new(Task::Versions(table.clone(), VersionTask::Clear), sql)
    }

    /// Returns the statement that drops the version table.
    fn drop_versions(&self, table: &VersionTable) -> Execute<'static> {
        let sql = format!("DROP TABLE {}", table.quoted());
        Execute::new(Task::Versions(table.clone(), VersionTask::Drop), sql)
    }

    /// Returns the statement that creates the table of progress, for one revision.
    fn create_progress(&self, versions: &VersionTable, revision: &RevisionId) -> Execute<'static> {
        let length = revision.length().max(MAX_ID_LENGTH);
        let sql = format!(
            "CREATE TABLE {} (\n\trevision VARCHAR({length}) NOT NULL, \n\t\
             direction VARCHAR(9) NOT NULL, \n\tdone INTEGER NOT NULL, \n\tbegun INTEGER, \n\t\
             digest VARCHAR(16) NOT NULL, \n\tprocess INTEGER, \n\tsince TIMESTAMP NOT NULL\n)",
            versions.progress().quoted()
        );
        Execute::new(Task::Progress(ProgressTask::Create), sql)
    }

    /// Returns the statement that records the progress of a revision: the first time as a new row.
    fn write_progress(
        &self,
        versions: &VersionTable,
        progress: Progress,
        is_first: bool,
    ) -> Execute<'static> {
        let table = versions.progress().quoted();
        let Progress {
            revision,
            direction,
            done,
            is_begun,
            digest,
            ..
        } = &progress;
        let begun = match is_begun {
            true => (done + 1).to_string(),
            false => "NULL".to_owned(),
        };
        let (process, now) = self.process_and_time();
        let sql = if is_first {
            let revision = literal(revision);
            format!(
                "INSERT INTO {table} (revision, direction, done, begun, digest, process, since) \
                 VALUES ({revision}, '{direction}', {done}, {begun}, '{digest}', {process}, {now})"
            )
        } else {
            format!(
                "UPDATE {table} SET done = {done}, begun = {begun}, digest = '{digest}', \
                 process = {process}, since = {now}"
            )
        };
        let task = ProgressTask::Write { progress, is_first };
        Execute::new(Task::Progress(task), sql)
    }

    /// Returns the query that reads the progress of an unfinished revision; [`read_row`] reads its
    /// rows.
    fn read_progress(&self, versions: &VersionTable, is_open: bool) -> Query {
        let table = versions.progress();
        let select = format!(
            "SELECT revision, direction, done, begun, digest, since, process FROM {}",
            table.quoted()
        );
        Query::new(
            Task::Progress(ProgressTask::Read),
            self.reading(&table, select, is_open),
        )
    }

    /// Returns the statement that drops the table of progress.
    fn drop_progress(&self, versions: &VersionTable) -> Execute<'static> {
        let sql = format!("DROP TABLE {}", versions.progress().quoted());
        Execute::new(Task::Progress(ProgressTask::Drop), sql)
    }
}
