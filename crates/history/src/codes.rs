//! The codes of diagnostics, each with its text in docs/diagnostics.md.

#[macro_use]
mod define;

pub use define::CodeChapter;

codes! {
    "Revision files" {
        /// A file in the migration folder cannot be read. Make it readable, or move it out of the
        /// folder.
        UnreadableFile = "unreadable-file",

        /// The file is not UTF-8 text; the position points to the first invalid byte. Save the file
        /// as UTF-8.
        NotUtf8 = "not-utf8",

        /// A migration folder holds Python files of Alembic, and no `.sql` files. Write each revision as
        /// a `.sql` file with the same id; [alembic.md](alembic.md#taking-over-a-database) has an
        /// example.
        PythonRevision = "python-revision",

        /// The file is empty. Delete it, or write the revision with `cargo alembic revision`.
        EmptyFile = "empty-file",

        /// The file holds the two sides of a merge that git could not do. Keep one of them, and delete
        /// the lines that begin with `<<<<<<<`, `|||||||`, `=======` and `>>>>>>>`. Two different
        /// revisions belong into two files.
        MergeConflict = "merge-conflict",

        /// The comment at the top of the file has no `Revision ID` or no `Revises`. `Revises` is
        /// required even for a first revision, as `-- Revises:`, because a misspelt key would
        /// otherwise turn a later revision into a first one.
        MissingKey = "missing-key",

        /// The header contains the same key twice. Keep one of them; separate several values with
        /// commas.
        DuplicateKey = "duplicate-key",

        /// A line in the header is nearly one of its keys. Correct the key, or reword the line.
        UnknownKey = "unknown-key",

        /// A line below the blank line that ends the header is one of the header's keys, or nearly
        /// one. It has no effect there. Move it up into the comment at the top of the file.
        KeyOutsideHeader = "key-outside-header",

        /// A revision id is empty, is a keyword of revision expressions (`head`, `heads`, `base`,
        /// `current`), or contains one of `@ + - : ,`, a quote, a backslash, white space or a
        /// character that is not seen when it is printed.
        InvalidId = "invalid-id",

        /// A branch label breaks the rules for a revision id.
        InvalidLabel = "invalid-label",

        /// There is SQL before the first `-- alembic:` line, so nothing says when to run it.
        OutsideSection = "outside-section",

        /// The file has no `-- alembic: upgrade` section.
        NoUpgrade = "no-upgrade",

        /// A comment is nearly a section heading. Treating it as a comment would put the lines
        /// below it into the wrong section.
        MisspeltHeading = "misspelt-heading",

        /// A heading names neither `upgrade` nor `downgrade`.
        UnknownSection = "unknown-section",

        /// A word in a heading is neither a dialect nor a flag, or is in the wrong place.
        UnknownFlag = "unknown-flag",

        /// An upgrade section has no statements, and no other one has them for its dialect: it may be a
        /// new file that no one has filled in. Once a database has applied it, SQL that is added later
        /// never runs there. `cargo alembic test` fails, a build warns, and `upgrade` and `ensure`
        /// report it. Write the SQL, or declare with `-- alembic: upgrade empty` that there is none on
        /// purpose. A revision that merges others, or that several others follow, needs no statements.
        EmptyUpgrade = "empty-upgrade",

        /// A `no-transaction` section has no statements. Remove it: such a section commits what
        /// precedes it, but only to run its own statements outside of transactions.
        EmptyOutside = "empty-no-transaction",

        /// There is SQL below `empty`. Remove either the SQL or the word.
        SqlInEmpty = "sql-in-empty",

        /// Only a downgrade can be marked `irreversible:`.
        IrreversibleUpgrade = "irreversible-upgrade",

        /// `irreversible:` needs a reason.
        NoReason = "no-reason",

        /// There is SQL below `irreversible:`. Remove either the SQL or the marker.
        SqlInIrreversible = "sql-in-irreversible",

        /// A string, quoted name, comment, dollar quote, body or parenthesis is never closed, or
        /// the section contains something that is not SQL: `COPY ... FROM stdin` with its data, a
        /// command of a database client, or a NUL character. A section ends at the next `--
        /// alembic:` line.
        UnsplittableSql = "unsplittable-sql",

        /// A `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT` or similar statement would end the
        /// transaction of the run, and leave the database half migrated if a later statement
        /// failed. Remove it.
        TransactionControl = "transaction-control",

        /// SQL of a revision or of the target schema needs a newer SQLite than the crate supports,
        /// which is 3.35 unless `sqlite-version` names another. It is a warning. Write it in another
        /// way, or raise `sqlite-version` if no older SQLite runs it.
        NewerSqlite = "newer-sqlite",
    }

    "History" {
        /// Two files declare the same revision id. Give one of them a new id.
        DuplicateId = "duplicate-id",

        /// `Revises` names a revision that no file declares. Restore the file, or correct the id.
        MissingParent = "missing-parent",

        /// `Depends On` names a revision or a label that no file declares. Restore the file, or
        /// correct the name.
        MissingDependency = "missing-dependency",

        /// Two revisions have the same label, or a label is also the id of a revision.
        DuplicateLabel = "duplicate-label",

        /// A revision follows itself.
        SelfLoop = "self-loop",

        /// A revision depends on itself.
        DependencySelfLoop = "dependency-self-loop",

        /// Revisions follow each other in a circle.
        Cycle = "cycle",

        /// Revisions form a circle once their dependencies are counted.
        DependencyCycle = "dependency-cycle",

        /// A build or `cargo alembic test` requires a single head, and there are several: two people
        /// have each added a revision. `upgrade` and `ensure` apply them all the same, with a warning.
        /// Put your own on top of the others with `cargo alembic rebase`, which takes the database at
        /// hand down through them and up again; another database that has applied them must go down
        /// with the files from before. Or merge them with `cargo alembic merge`, which needs
        /// `chain = "merged"`: a database that has applied one of them then applies the other. Do not
        /// write `Revises` by hand: the version table only records the last revision, so a database
        /// that has applied yours would never apply the other.
        MultipleHeads = "multiple-heads",

        /// The chain must be linear, but several revisions have no parent. Allow branches that are
        /// merged with `chain = "merged"`, or put your own revisions on top of the others with `cargo
        /// alembic rebase`.
        MultipleBases = "multiple-bases",

        /// The chain must be linear, but several revisions follow the same one. Allow branches that
        /// are merged with `chain = "merged"`, or put your own revisions on top of the others with `cargo
        /// alembic rebase`.
        Branch = "branch",

        /// The crate has `lock = true`, and its first migration folder has no `alembic.lock`. Write it
        /// with `cargo alembic lock`.
        LockMissing = "lock-missing",

        /// A line of `alembic.lock` does not describe a revision, or two lines describe the same one
        /// differently. Restore the line, or write the file anew with `cargo alembic lock`.
        LockMalformed = "lock-malformed",

        /// `alembic.lock` holds the two sides of a merge that git could not do: both have added,
        /// changed or moved a revision. Put your own revisions on top of the others with `cargo alembic
        /// rebase`, or join them with `cargo alembic merge`; both take the lines of the two sides and
        /// resolve the conflict. If the history has one head, `cargo alembic lock` writes the file anew.
        LockConflict = "lock-conflict",

        /// A revision is not in `alembic.lock`. Record it with `cargo alembic lock`, if its file is meant
        /// to be there.
        LockAdded = "lock-added",

        /// `alembic.lock` has a revision that no file declares. Restore its file. If it was removed on
        /// purpose, and no database has applied it, record that with `cargo alembic lock`.
        LockRemoved = "lock-removed",

        /// A revision follows or depends on other revisions than `alembic.lock` says. Restore its
        /// header: a database that has applied a later revision never applies what is put below it. If no
        /// database has, record the change with `cargo alembic lock`. `cargo alembic rebase` moves
        /// revisions and records it.
        LockParents = "lock-parents",

        /// The statements of a revision are not those that `alembic.lock` records; comments, white space
        /// and downgrades do not count. Restore the file, and put the change into a new revision: a
        /// database that has applied this one never applies it again. If the change is on purpose, record
        /// it with `cargo alembic lock`. The line of a revision that `cargo alembic revision` has created
        /// says `new` until then: while you write it, `upgrade` and `ensure` apply it, but a build and
        /// `cargo alembic test` ask you to record it.
        LockContent = "lock-content",

        /// `alembic.lock` is for other dialects than the crate. Record those of the crate with `cargo
        /// alembic lock`.
        LockDialects = "lock-dialects",

        /// `Depends On: crate@revision` names a crate that is not in the workspace, or is not
        /// migrated together with this one.
        UnknownCrate = "unknown-crate",

        /// `Depends On: crate@revision` names the revision's own crate. Write the revision without
        /// the crate.
        OwnCrate = "own-crate",

        /// Revisions of several crates depend on each other in a circle.
        CrateCycle = "crate-cycle",

        /// A revision depends on a revision of another crate, which is not applied to the database
        /// of that crate. If the command is for several crates, it starts none of them.
        RequirementNotMet = "requirement-not-met",

        /// A downgrade would revert a revision that an applied revision of another crate depends
        /// on. Revert the dependent revision first. If the command is for several crates, it starts
        /// none of them.
        RequiredByAnotherCrate = "required-by-another-crate",
    }

    "Configuration" {
        /// A key below `metadata.alembic` is unknown. [configuration.md](configuration.md) lists
        /// every key.
        UnknownConfigurationKey = "unknown-configuration-key",

        /// The value of a key is not of the kind that the key takes.
        InvalidConfigurationValue = "invalid-configuration-value",

        /// The database, or `--dialect`, uses a dialect that the revisions are not written for.
        /// `dialects` lists the dialects they are checked for: add the missing one there, and add
        /// to the revisions whatever differs in it.
        UncheckedDialect = "unchecked-dialect",

        /// A migration folder does not exist or cannot be searched. If it was there, bring it back first,
        /// since databases may have its revisions; `cargo alembic init` creates a new one.
        UnreadableFolder = "unreadable-folder",

        /// A build found no revisions in the migration folders. Write the first one with `cargo alembic
        /// revision`, correct `migrations`, or say with `migrations = []` that there are none yet.
        NoRevisions = "no-revisions",

        /// A build script cannot read the configuration in a Cargo.toml. Write it as a table,
        /// `[package.metadata.alembic]`.
        UnreadableManifest = "unreadable-manifest",

        /// The file named by `schema` cannot be read.
        UnreadableSchema = "unreadable-schema",

        /// A build found that `baseline` does not name a revision: the first start on a database
        /// without a version table would fail.
        UnknownBaseline = "unknown-baseline",

        /// A database URL cannot be parsed, or there is no driver for it.
        InvalidUrl = "invalid-url",

        /// `cargo alembic test` must run revisions that are for PostgreSQL only, and no server is
        /// configured. Name one of the server's databases with `--url` or in the environment
        /// variable; the command leaves that database alone.
        NoServer = "no-server",

        /// `[workspace.metadata.alembic]` sets a key that decides what a database is: the version table,
        /// the dialects, the target schema, the baseline, and everything else that a build embeds. A
        /// crate that is packaged, vendored or copied leaves its workspace behind, and would take
        /// another version table for its own. Move the key to `[package.metadata.alembic]` of each crate
        /// that needs it. The `url` of a workspace does not decide the dialect of its crates either: add
        /// `dialects` to each.
        WorkspaceConfiguration = "workspace-configuration",

        /// Two crates have the same database and the same version table, so each would take the
        /// other's rows for unknown revisions. Give one of them a different `version-table`.
        SharedVersionTable = "shared-version-table",
    }

    "Schemas" {
        /// A command compares with the target schema, and the crate has none. Write SQL that creates the
        /// schema as it should be, and name the file with `schema` in the configuration; `cargo alembic
        /// dump --write` begins it with what the revisions make. Or state it by structs, with `models`.
        ///
        /// It is also the error of `models` where the sources state no table at all, since compared with
        /// that, every table would have to go: a `mod` line or a file of the sources is probably missing.
        NoTarget = "no-target",

        /// A struct that states a table cannot be read, or the database does not accept what it states. A
        /// struct that is left out would be taken for a table to drop, so nothing is compared. `models` in
        /// the configuration says where structs are looked for.
        InvalidModel = "invalid-model",

        /// The file that `diesel-schema` names declares other tables or columns than the database has, or
        /// cannot be read; or it holds more than `diesel print-schema` writes by default, so that it is not
        /// written anew. The database is as it was migrated.
        DieselSchema = "diesel-schema",

        /// `--rename` or `--drop` names no table and no column of the schema that the revisions make, or
        /// the target does not have the new name. Nothing was written.
        InvalidRename = "invalid-rename",

        /// Something is gone in the target, and something like it is new: it may have been renamed, or
        /// one dropped and the other one created, which loses what it holds. Neither is guessed: the
        /// message has both answers as arguments.
        RenameOrDrop = "rename-or-drop",

        /// A change costs more than `--allow` or `allow` in the configuration permits: it destroys data,
        /// may fail on some rows, or reads or writes all rows of a table. Nothing was written.
        CostNotAllowed = "cost-not-allowed",

        /// A generated revision was run on temporary databases, and does not lead to the target or not
        /// back from it. Nothing was written. Write the revision by hand.
        RevisionNotProved = "revision-not-proved",

        /// `revision --autogenerate` detected a change and could not write it: the statements were run on
        /// temporary databases, and failed or made something else, or objects need each other in a circle.
        /// The rest was written and proved; the head of the file names what is missing, and why. Write that
        /// by hand.
        ChangeNotWritten = "change-not-written",

        /// Objects need each other in a circle that cannot be taken apart. Write the revision by hand.
        CircleOfObjects = "circle-of-objects",

        /// `revision --autogenerate --from database` compares with a database that is not at the heads.
        /// Upgrade it first, or leave the argument out: the revisions are replayed then.
        DatabaseBehind = "database-behind",

        /// A schema has objects of kinds that no comparison looks at. With `--strict`, that is an error;
        /// otherwise, it is a note.
        NotCompared = "not-compared",

        /// `diff` or `dump` was given something that names no schema, or two schemas of different engines.
        UnknownSchema = "unknown-schema",

        /// The file of the target schema is not known to create what the revisions make: it was compared with
        /// other revisions or another base than the crate has, or edited since, or never compared. `cargo
        /// alembic dump --write` compares them, and records the result at the top of the file. Unless nothing
        /// was ever recorded in the file, an empty database gets its schema from the revisions. It is a warning
        /// of builds, and an error with `stale-schema = "error"`.
        StaleSchema = "stale-schema",

        /// `include` or `exclude` has a pattern with an unknown kind of objects.
        InvalidPattern = "invalid-pattern",
    }

    "Databases" {
        /// No schema on the search path of the connection exists that the user may use, so there is no place
        /// where the version table is or could be, and what is applied cannot be said. Make `search_path`
        /// include one, grant `USAGE` on it, or configure `version-table-schema`.
        NoSchema = "no-schema",

        /// An object has the name of the version table but is not a version table: it is a view, it
        /// has no column `version_num`, or it contains NULL.
        MalformedVersionTable = "malformed-version-table",

        /// The database has no version table, but the table in which another migration tool records
        /// what it has run: sqlx, diesel, refinery, sea-orm, Flyway, dbmate or another. Its tables
        /// probably exist, so `upgrade` and `ensure` would create them again. If the revisions were imported
        /// from that tool, take the database over with `cargo alembic import --database`; `cargo alembic
        /// import` imports them ([import.md](import.md)). If they continue the migrations of a tool that has
        /// no import, record the one that the database is at, with `cargo alembic stamp <revision>`; if they
        /// have nothing to do with them, with `cargo alembic stamp base`. `ensure` takes a configured
        /// `baseline` for that answer.
        ManagedByAnotherTool = "managed-by-another-tool",

        /// A migration of another tool cannot become a revision, or no revision was imported from one. The
        /// message names the file and the line. Nothing was written and nothing was stamped.
        NotImported = "not-imported",

        /// `cargo alembic import alembic` cannot run Python, or that Python has no Alembic, or no driver for the
        /// database. Name the Python of the project's environment with `--python`. Nothing was written.
        NoAlembic = "no-alembic",

        /// The project of Alembic cannot be imported: its `env.py` or a revision fails to load, runs nothing,
        /// opens another database than the scratch database that it was given, or runs each revision on
        /// several databases. The message has the last line of Python's traceback. Nothing was written.
        AlembicProject = "alembic-project",

        /// `cargo alembic import sea-orm` cannot build the program of the project's migrations, or that program
        /// does not run them one at a time on the database that it is given. Its `main` has to hand its
        /// arguments to `cli::run_cli`. Nothing was written.
        MigrationProgram = "migration-program",

        /// `cargo alembic import` cannot tell which tool a folder belongs to, or has no import from the one
        /// that was named. Name the tool and the folder, as in `cargo alembic import sqlx db/migrations`.
        UnknownTool = "unknown-tool",

        /// The configuration file of another tool, `sqlx.toml` or `diesel.toml`, says something about its
        /// migrations that `cargo alembic import` cannot follow. Correct it, or move it away to import by the
        /// tool's defaults. Nothing was written.
        ToolConfiguration = "tool-configuration",

        /// `cargo alembic import --database` finds no table of the tool, or one that lacks its columns. If it
        /// has another name, name it with `--table`. Nothing was stamped.
        ToolTable = "tool-table",

        /// Another tool has begun a migration and not finished it. Finish or undo it with that tool before
        /// the database is taken over. Nothing was stamped.
        ToolUnfinished = "tool-unfinished",

        /// Another tool has applied migrations above some that it has not applied. A version table cannot
        /// say that. Apply the missing ones with that tool, or, if the database has what they do, stamp the
        /// revision that it is at. Nothing was stamped.
        ToolHoles = "tool-holes",

        /// The table of another tool has versions that no revision was imported from. Import the folder
        /// again, or, if their files were removed on purpose, name the versions with `--ignore`. Nothing was
        /// stamped.
        ToolUnknownRows = "tool-unknown-rows",

        /// With `--strict`, another tool has run files with other checksums than those that were imported.
        /// Nothing was stamped.
        ToolChecksum = "tool-checksum",

        /// The database that is to be taken over already has a version table with other rows than the table
        /// of the tool says. Nothing was stamped.
        AlreadyTracked = "already-tracked",

        /// A revision's id has more characters than the version table of the database holds; nothing
        /// was changed. A version table that this tool creates holds 32 characters, as Alembic's
        /// does. Give the revision a shorter id, or, if a database has applied it under this one,
        /// widen the column `version_num`; the message has the statement. SQLite does not enforce
        /// the width of a column.
        IdTooLong = "id-too-long",

        /// The version table contains revisions that no file declares: the database was migrated on
        /// another git branch, or by a newer version of the crate. Restore the files. If the tables
        /// are known to match a revision, record that with `cargo alembic stamp --purge
        /// <revision>`.
        UnknownRows = "unknown-rows",

        /// Revisions lie below the database's version in the files, and never ran on it: somebody has
        /// put them there after the database was past that place. The log of what was applied shows
        /// it. If the database should get them, run them with `cargo alembic upgrade --missing`; if it
        /// has what they do already, record that with `cargo alembic stamp --accept REVISION`.
        HiddenRevision = "hidden-revision",

        /// A revision's statements are not those that ran on the database, as the log of what was
        /// applied shows; comments and white space do not count. Restore the file, and write the change
        /// into a new revision. If databases that ran the old statements need nothing else, record that
        /// with `cargo alembic stamp --accept REVISION`. `cargo alembic downgrade --recorded` goes back
        /// by the downgrade section that the log recorded. With `edited = "warn"` in the configuration,
        /// this is a warning.
        EditedRevision = "edited-revision",

        /// The log of what was applied has a revision that the files do not have below the database's
        /// version: its file was removed, or put somewhere else. Restore it, or go back by what the log
        /// recorded with `cargo alembic downgrade --recorded`. If the database no longer has what the
        /// revision did, record that with `cargo alembic stamp --accept REVISION`.
        RemovedRevision = "removed-revision",

        /// `cargo alembic stamp --accept` was given a revision about which the files and the log of what
        /// was applied agree, that neither has, or that is a row of the version table without a file.
        NothingToAccept = "nothing-to-accept",

        /// A command needs the log of what was applied, and it is switched off, was never written,
        /// belongs to another role than the version table, or must not be read.
        NoLog = "no-log",

        /// `cargo alembic downgrade --recorded` runs SQL that the log holds, and another role could have
        /// written it there, to be run with the privileges of the user. Read it with `--dry-run`, revoke
        /// the privileges that the message names, or run the command as the owner of the log.
        UntrustedLog = "untrusted-log",

        /// The database changed after its way back was shown, and another one would have been run.
        /// Nothing was changed. Run the command again.
        WayBackMoved = "way-back-moved",

        /// The version table contains two rows, one of which implies the other. If both revisions
        /// are applied, stamp the later one.
        OverlappingRows = "overlapping-rows",

        /// Another process holds a lock on the database and did not release it within
        /// `--lock-timeout`. On PostgreSQL, the message names another migrator; find any other
        /// holder of a lock in `pg_stat_activity`.
        DatabaseBusy = "database-busy",

        /// The database or its folder is not writable, or its URL says `mode=ro`. On PostgreSQL,
        /// the server is a standby, or the user's transactions are read-only.
        DatabaseReadOnly = "database-read-only",

        /// The PostgreSQL user lacks a privilege that the statement needs. Connect as the owner of
        /// the tables, or have the privilege granted: `USAGE, CREATE` on a schema, and `SELECT,
        /// INSERT, UPDATE, DELETE` on the version table, of which `current` needs only `SELECT`.
        PermissionDenied = "permission-denied",

        /// The database cannot be opened: the path does not exist; or the server is not running,
        /// does not know the user or the database, or rejects the password; or a pooler in front
        /// of it refuses the connection.
        DatabaseUnreachable = "database-unreachable",

        /// The server, or a pooler in front of it, has no connection to spare. A run needs two
        /// while something is pending: one migrates, and the other one keeps other migrators away.
        /// Run the command again when others have closed theirs, wait longer with
        /// `--lock-timeout`, or allow more: `max_connections` and `CONNECTION LIMIT` on the server,
        /// `default_pool_size` in PgBouncer.
        TooManyConnections = "too-many-connections",

        /// The connection to the server ended in the middle of a run, or the server stopped
        /// answering for half a minute. Everything that was not committed is rolled back; where the
        /// outcome may be unknown, the message says so. The server's log says why the connection
        /// ended.
        ConnectionLost = "connection-lost",

        /// A revision has a section outside transactions, but the application passed a single
        /// connection, so nothing would keep other migrators away in the meantime. Pass a pool or
        /// `PgConnectOptions`.
        NoSecondConnection = "no-second-connection",

        /// A command that replays revisions in a scratch database is not allowed to create one on the
        /// server. Allow the user to do so with `ALTER ROLE ... CREATEDB`, or name another server for
        /// scratch databases with `--scratch-url`, or `scratch-url` in the configuration.
        CannotCreateDatabase = "cannot-create-database",

        /// A library that `sqlite-extensions` names cannot be loaded: it does not exist, is built for
        /// another machine, or is not an extension of SQLite. A path is relative to the manifest that
        /// sets the key; a name without a `/` is looked for where the system keeps its libraries.
        ExtensionNotLoaded = "extension-not-loaded",

        /// The database file is damaged.
        DatabaseCorrupt = "database-corrupt",

        /// The file is not an SQLite database.
        NotADatabase = "not-a-database",
    }

    "Migrations" {
        /// A statement failed, or a condition checked at the commit does not hold. The message
        /// names the file, line, column and revision, and says what state the database is in.
        /// Correct the statement, and run the command again.
        MigrationFailed = "migration-failed",

        /// An earlier `CREATE INDEX CONCURRENTLY` failed and left an index that serves no query.
        /// Drop it with `DROP INDEX CONCURRENTLY`, and run the command again.
        InvalidIndex = "invalid-index",

        /// A statement outside transactions was started, and the program or the connection went
        /// away before it ended. Check whether the statement took effect: `--interrupted skip`
        /// treats it as done, `--interrupted again` runs it once more.
        InterruptedStatement = "interrupted-statement",

        /// A revision with a section outside transactions did not run to its end, and the command
        /// would leave it unfinished. Finish it, or undo its changes by hand and `stamp` the
        /// revision that the database is at.
        UnfinishedRevision = "unfinished-revision",

        /// A revision is unfinished, and statements of it that have already run were changed since.
        /// Restore them; put new statements after them, or into a revision of their own.
        ChangedMeanwhile = "changed-meanwhile",

        /// A revision cannot be reverted: it is marked irreversible, or it has no downgrade
        /// section. Nothing was changed.
        Irreversible = "irreversible",

        /// With `--sql`, a statement would not reach the database as it is written, because psql or
        /// the sqlite3 shell would interpret a part of it. The message says what to do; without
        /// `--sql`, the statement may run as it is.
        NotScriptable = "not-scriptable",

        /// `branch@base` would revert revisions of other branches that share the branch's root. Use
        /// `base` to revert everything, or name the revision where the branch begins.
        SharedRoot = "shared-root",

        /// A change of a table cannot be carried out on SQLite: the table or another object does not
        /// allow it, or the connection does not. The message names what is in the way. The database is
        /// unchanged.
        UnalterableTable = "unalterable-table",

        /// Rows do not fit a change of a table on SQLite: NULL under a new `NOT NULL`, duplicates under
        /// a new `UNIQUE`, values that a new `CHECK` or foreign key refuses, or that another type would
        /// change or make equal. The message has their number and the first of them. The database is unchanged.
        UnfitRows = "unfit-rows",

        /// After the migration, rows would refer to rows that do not exist. SQLite does not carry
        /// out `ON DELETE` while a migration runs: delete or correct those rows in the revision.
        DanglingRows = "dangling-rows",

        /// Revisions leave a foreign key that SQLite cannot enforce, because the columns that it
        /// refers to need not be unique: it would refuse every change of the referring rows. Give
        /// the referenced columns a `PRIMARY KEY` or a `UNIQUE` index. A key that was like that
        /// before the run is reported and not checked; all others are.
        ForeignKeyMismatch = "foreign-key-mismatch",

        /// After the migration, objects would not work on SQLite, which checks none of this when a
        /// revision changes its schema: a foreign key to a table or column that does not exist, or a
        /// view or trigger that does not compile. What was like that before the run is passed over, and
        /// so is what needs a function that only the application has. Or a view or trigger did not compile
        /// before, which keeps SQLite from renaming tables and columns. Nothing was changed.
        BrokenObject = "broken-object",

        /// With `--dry-run`, a revision has a section outside of transactions, which could not be taken
        /// back. Nothing was changed.
        NotTakenBack = "not-taken-back",

        /// With `--dry-run`, several crates have something to do in one database on PostgreSQL. Each
        /// would be taken back before the next one begins, so that none would see what the ones before
        /// it do. On SQLite, those after the first are rehearsed on a copy. Nothing was changed.
        CratesApart = "crates-apart",

        /// A change to the version table affected no row or more than one, or its rows changed
        /// while a section ran outside transactions: something else, such as a trigger, writes to
        /// it.
        VersionTableChanged = "version-table-changed",

        /// A statement of the target schema, or of what is older than the revisions, failed on an empty
        /// database. The database is unchanged.
        SchemaFailed = "schema-failed",

        /// `cargo alembic test` found that one way to the heads ends in a different schema than the
        /// revisions, or that a downgrade does not restore the schema from before. The message
        /// shows the difference.
        SchemaDiffers = "schema-differs",

        /// `cargo alembic test` found that a crate that is written for SQLite and PostgreSQL gets other
        /// tables, columns or keys on one of them than on the other, or that an INSERT without the key
        /// gets a number on one only: `id INTEGER PRIMARY KEY` numbers the rows on SQLite, and PostgreSQL
        /// needs `GENERATED BY DEFAULT AS IDENTITY`. Types are not compared. Write what is missing into a
        /// section for that engine, or name what may differ in `engine-specific`.
        EnginesDiffer = "engines-differ",
    }
}
