//! The tables of the run itself: the version table, exactly Alembic's, and next to it the log and the
//! table of progress.

use alembic_history::{Digest, Graph, MAX_ID_LENGTH, RevisionId, RowChange, VersionTable};
use alembic_sql::{literal, quote};

use crate::database_error::DatabaseError;
use crate::log::{self, Author, Fingerprint, Log, LogEntry, NewEntry};
use crate::request::{Execute, LogTask, Progress, ProgressTask, Query, Task, VersionTask};

const NULL: &str = "NULL";

/// The requests about the tables of the run itself.
pub(crate) trait OwnTables {
    /// Returns whether an error says that a table has no such column.
    fn lacks_column(&self, error: &DatabaseError) -> bool;

    /// Returns the query that looks for the version table; [`VersionTableLookup`] reads the answer.
    fn find_versions(&self, table: &VersionTable) -> Query;

    /// Returns the condition that the version table exists, or no table of another migration tool.
    fn has_no_other_tool(&self, table: &VersionTable) -> String;

    /// Returns the condition that reading the run's tables and writing to them runs no other user's
    /// code, where others can have put them there.
    fn are_trusted(&self, table: &VersionTable) -> Option<String>;

    /// Returns the query that reads some of the run's own tables by `select`, and fails instead of
    /// waiting for a lock; `is_open` says whether a transaction is open.
    fn reading(&self, tables: &[&VersionTable], select: String, is_open: bool) -> String;

    /// Returns the operator that compares two texts, which no one but the database can have defined.
    fn equals(&self) -> &'static str;

    /// Returns the user of the connection as SQL, where the database has users.
    fn user(&self) -> Option<&'static str>;

    /// Returns the process that executes statements, and the time in UTC, as SQL.
    fn process_and_time(&self) -> (&'static str, &'static str);

    /// Returns the query that reads the rows of the version table.
    fn read_versions(&self, table: &VersionTable, is_open: bool) -> Query {
        let select = format!("SELECT version_num FROM {}", table.quoted());
        Query::new(
            Task::Versions(table.clone(), VersionTask::Read),
            self.reading(&[table], select, is_open),
        )
    }

    /// Returns the query that reads the rows of the version table, and the last one of the log, in
    /// which the first cell is NULL; [`LastEntry`](crate::log::LastEntry) reads the others.
    fn read_versions_and_log(&self, table: &VersionTable, is_open: bool) -> Query {
        let log = table.log();
        let select = format!(
            "SELECT version_num, NULL AS number, NULL AS rows_after, NULL AS fingerprint FROM {} \
             UNION ALL SELECT NULL, last.number, last.rows_after, last.fingerprint \
             FROM (SELECT number, rows_after, fingerprint FROM {} ORDER BY number DESC LIMIT 1) \
             AS last",
            table.quoted(),
            log.quoted()
        );
        Query::new(
            Task::Versions(table.clone(), VersionTask::ReadWithLog),
            self.reading(&[table, &log], select, is_open),
        )
    }

    /// Returns the query that reads the last row of the log, for a database that has no version
    /// table any more; [`LastEntry`](crate::log::LastEntry) reads it.
    fn read_last_entry(&self, versions: &VersionTable, is_open: bool) -> Query {
        let table = versions.log();
        let select = format!(
            "SELECT number, rows_after, fingerprint FROM {} ORDER BY number DESC LIMIT 1",
            table.quoted()
        );
        Query::new(
            Task::Log(LogTask::Read),
            self.reading(&[&table], select, is_open),
        )
    }

    /// Returns the query that reads the log; [`LogEntry`] reads its rows.
    fn read_log(&self, versions: &VersionTable, is_open: bool) -> Query {
        let table = versions.log();
        let select = format!(
            "SELECT {} FROM {} ORDER BY number",
            log::COLUMNS,
            table.quoted()
        );
        Query::new(
            Task::Log(LogTask::Read),
            self.reading(&[&table], select, is_open),
        )
    }

    /// Returns the query that reads the ways back that the log holds: digests and texts.
    fn read_ways_back(&self, versions: &VersionTable, is_open: bool) -> Query {
        let table = versions.log();
        let select = format!(
            "SELECT way_back_digest, way_back FROM {} WHERE way_back IS NOT NULL ORDER BY number",
            table.quoted()
        );
        Query::new(
            Task::Log(LogTask::ReadWaysBack),
            self.reading(&[&table], select, is_open),
        )
    }

    /// Returns the query that finds the roles besides the user that could have written to the log,
    /// where the database has roles; [`LogWriter`](crate::log::LogWriter) reads its rows.
    fn find_log_writers(&self, versions: &VersionTable) -> Option<Query>;

    /// Returns the statement that creates the log.
    fn create_log(&self, versions: &VersionTable) -> Execute<'static> {
        let table = versions.log();
        let constraint = quote(&format!("{}_pkc", table.name));
        let sql = format!(
            "CREATE TABLE {} (\n\tnumber INTEGER NOT NULL, \n\trevision VARCHAR NOT NULL, \n\t\
             message VARCHAR NOT NULL, \n\tdirection VARCHAR(9) NOT NULL, \n\t\
             action VARCHAR(6) NOT NULL, \n\tdigest VARCHAR(16), \n\trows_after VARCHAR NOT NULL, \n\t\
             fingerprint VARCHAR(16) NOT NULL, \n\tlogged_at TIMESTAMP NOT NULL, \n\t\
             took_us BIGINT, \n\tuser_name VARCHAR, \n\thost VARCHAR, \n\tapplication VARCHAR, \n\t\
             tool_version VARCHAR NOT NULL, \n\tway_back_digest VARCHAR(16), \n\tway_back VARCHAR, \n\t\
             CONSTRAINT {constraint} PRIMARY KEY (number)\n)",
            table.quoted()
        );
        Execute::new(Task::Log(LogTask::Create), sql)
    }

    /// Returns the statement that adds rows to the log, each with the text of its way back unless the
    /// log holds it.
    fn write_log(
        &self,
        versions: &VersionTable,
        rows: &[(LogEntry, Option<&str>)],
    ) -> Execute<'static> {
        let insert = format!(
            "INSERT INTO {} ({}, way_back) VALUES ",
            versions.log().quoted(),
            log::COLUMNS
        );
        let rows = rows.iter().map(|(entry, way_back)| {
            let number = entry.number.to_string();
            let way_back = way_back.map_or(NULL.to_owned(), literal);
            let fingerprint = format!("'{}'", entry.fingerprint);
            format!(
                "({})",
                self.log_values(&number, entry, &fingerprint, &way_back)
            )
        });
        let sql = insert + &rows.collect::<Vec<String>>().join(", ");
        Execute::new(Task::Log(LogTask::Write), sql)
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

    /// Returns the values of a row of the log; all but the entry are SQL.
    fn log_values(
        &self,
        number: &str,
        entry: &LogEntry,
        fingerprint: &str,
        way_back: &str,
    ) -> String {
        let (_, now) = self.process_and_time();
        let text = |text: &Option<String>| text.as_deref().map_or(NULL.to_owned(), literal);
        let digest =
            |digest: Option<Digest>| digest.map_or(NULL.to_owned(), |digest| format!("'{digest}'"));
        let took = entry.took.map(|took| took.as_micros().to_string());
        let values = [
            number.to_owned(),
            literal(&entry.revision),
            literal(&entry.message),
            format!("'{}'", entry.direction),
            format!("'{}'", entry.action),
            digest(entry.digest),
            literal(&entry.rows),
            fingerprint.to_owned(),
            now.to_owned(),
            took.unwrap_or(NULL.to_owned()),
            self.user().map_or(text(&entry.user), ToOwned::to_owned),
            text(&entry.host),
            text(&entry.application),
            literal(&entry.tool_version),
            digest(entry.way_back),
            way_back.to_owned(),
        ];
        values.join(", ")
    }

    /// Returns the statement with which a script adds a row to the log, if the log is at the rows
    /// that the script expects: what it lacks otherwise is adopted by the next run.
    ///
    /// If the log agrees with the files before, it does so `after`, and a start that finds nothing to
    /// do need not read more than its last row. Otherwise, what the other rows apply is unknown here.
    fn continue_log(
        &self,
        versions: &VersionTable,
        (new, author): (&NewEntry, &Author),
        (before, agreeing): (&str, Fingerprint),
        after: Fingerprint,
    ) -> Execute<'static> {
        let entry = Log::default().append(new, author);
        let (table, equals) = (versions.log().quoted(), self.equals());
        let way_back = match (&new.way_back, entry.way_back) {
            (Some(text), Some(digest)) => format!(
                "CASE WHEN NOT EXISTS (SELECT 1 FROM {table} WHERE way_back_digest {equals} \
                 '{digest}') THEN {} END",
                literal(text)
            ),
            (_, _) => NULL.to_owned(),
        };
        let last = |column| format!("SELECT {column} FROM {table} ORDER BY number DESC LIMIT 1");
        let fingerprint = format!(
            "CASE WHEN coalesce(({}), '{}') {equals} '{agreeing}' THEN '{after}' ELSE '' END",
            last("fingerprint"),
            Fingerprint::default()
        );
        let sql = format!(
            "INSERT INTO {table} ({}, way_back)\nSELECT {}\nFROM (SELECT {} AS number FROM {table}) \
             AS next\nWHERE coalesce(({}), '') {equals} {}",
            log::COLUMNS,
            self.log_values("next.number", &entry, &fingerprint, &way_back),
            self.next_number(),
            last("rows_after"),
            literal(before)
        );
        Execute::new(Task::Log(LogTask::Write), sql)
    }

    /// Returns the condition that the log has none of these revisions applied with another content.
    fn ran_as_written(
        &self,
        versions: &VersionTable,
        revisions: &[(&RevisionId, Digest)],
    ) -> String {
        let (table, equals) = (versions.log().quoted(), self.equals());
        let edited = revisions.iter().map(|(id, digest)| {
            let id = literal(id.as_str());
            format!("l.revision {equals} {id} AND NOT l.digest {equals} '{digest}'")
        });
        format!(
            "NOT EXISTS (SELECT 1 FROM {table} AS l WHERE ({}) AND l.number {equals} \
             (SELECT {} FROM {table} AS m WHERE m.revision {equals} l.revision))",
            edited.collect::<Vec<_>>().join(" OR "),
            self.last_number()
        )
    }

    /// Returns the number of the last row of the log `m` as SQL, in a query of it.
    fn last_number(&self) -> &'static str;

    /// Returns the number of the next row of the log as SQL, in a query of its table.
    fn next_number(&self) -> &'static str;

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

    /// Returns the statement that records the progress of a revision: the first time as a new row, and
    /// then in its place; `is_open` says whether a transaction is open.
    fn write_progress(
        &self,
        versions: &VersionTable,
        progress: Progress,
        is_first: bool,
        is_open: bool,
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
        let revision = literal(revision);
        let sql = if is_first {
            format!(
                "INSERT INTO {table} (revision, direction, done, begun, digest, process, since) \
                 VALUES ({revision}, '{direction}', {done}, {begun}, '{digest}', {process}, {now})"
            )
        } else {
            format!(
                "UPDATE {table} SET revision = {revision}, direction = '{direction}', \
                 done = {done}, begun = {begun}, digest = '{digest}', \
                 process = {process}, since = {now}"
            )
        };
        // A begun statement must be recorded before anything that the server does not take back in a
        // crash. Without this record, the statement before it counts as begun, as it was.
        let sql = match is_open || progress.is_begun {
            true => sql,
            false => self.without_waiting(sql),
        };
        let task = ProgressTask::Write { progress, is_first };
        Execute::new(Task::Progress(task), sql)
    }

    /// Returns a change of all rows of a table that does not wait for the disk, where the database can
    /// do that for one statement alone: after a crash of the server, it may not have happened.
    fn without_waiting(&self, update: String) -> String {
        update
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
            self.reading(&[&table], select, is_open),
        )
    }

    /// Returns the statement that drops the table of progress.
    fn drop_progress(&self, versions: &VersionTable) -> Execute<'static> {
        let sql = format!("DROP TABLE {}", versions.progress().quoted());
        Execute::new(Task::Progress(ProgressTask::Drop), sql)
    }
}
