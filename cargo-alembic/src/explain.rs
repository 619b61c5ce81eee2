//! Turns errors of the libraries into diagnostics with a next step.

use std::time::Duration;

use alembic_history::{
    Code, Direction, Fault, HistoryError, PlanError, ResolveError, SyntaxErrorKind,
};
use alembic_migrate::{
    Action, DatabaseError, DatabaseErrorKind, Dialect, RunError, RunFault, VersionTable,
};
use sqlx::postgres::PgConnectOptions;

use crate::database::Database;
use crate::diagnostic::{Diagnostic, Error, Place};
use crate::exit::Exit;
use crate::lines::join;
use crate::member::Loaded;
use crate::suggested::{in_shell, in_sql};
use crate::url::{DatabaseUrl, PostgresUrl, SqliteUrl};

/// Explains what is wrong with revision files.
pub(crate) fn history(error: &HistoryError) -> Error {
    Error {
        exit: Exit::History,
        diagnostics: error.faults.iter().map(fault).collect(),
    }
}

/// Explains one thing that is wrong with a revision file.
pub(crate) fn fault(fault: &Fault) -> Diagnostic {
    let kind = &fault.finding.kind;
    let mut diagnostic = Diagnostic::new(kind.to_string())
        .code(kind.code())
        .place(Place {
            path: fault.path.display().to_string(),
            text: fault.text.to_string(),
            span: fault.finding.span.range(),
            label: None,
        });
    if let Some(related) = &fault.related {
        diagnostic = diagnostic.place(Place {
            path: related.path.display().to_string(),
            text: related.text.to_string(),
            span: related.span.range(),
            label: Some(related.label.to_owned()),
        });
    }
    diagnostic.help(kind.help())
}

/// Explains why an expression names no revision of a crate, or not the ones it needs to.
pub(crate) fn resolve(error: &ResolveError, name: &str) -> Error {
    let diagnostic = Diagnostic::new(error.to_string());
    let history = format!("list them with `cargo alembic history -p {name}`");
    let diagnostic = match error {
        ResolveError::Syntax(error) => match error.kind {
            SyntaxErrorKind::Range => {
                return diagnostic
                    .help("name one revision; ranges are for `history -r` and `--sql`")
                    .exit(Exit::Revision);
            }
            SyntaxErrorKind::NoRange | SyntaxErrorKind::SecondColon => {
                diagnostic.help("write `START:END`, `START:` or `:END`")
            }
            SyntaxErrorKind::Empty
            | SyntaxErrorKind::EmptyBranch
            | SyntaxErrorKind::EmptyAfterBranch
            | SyntaxErrorKind::SecondBranch
            | SyntaxErrorKind::Offset => diagnostic.help(
                "write an id, a label, `head`, `heads` or `base`, optionally after `branch@`, \
                 optionally followed by `+N` or `-N`",
            ),
        },
        ResolveError::UnknownRevision { similar, .. } => match similar.as_slice() {
            [] => diagnostic.help(history),
            similar => diagnostic.help(format!("did you mean `{}`?", similar.join("` or `"))),
        },
        ResolveError::AmbiguousPrefix { .. } => diagnostic.help("write more of the id"),
        ResolveError::NotOnBranch { .. } => diagnostic.help(history),
        ResolveError::MultipleHeads { heads, .. } => diagnostic.help(format!(
            "name one of them, or all with `heads`; `cargo alembic merge -p {name} {}` makes \
                 them one, where `chain = \"merged\"` allows it",
            join(heads).replace(", ", " ")
        )),
        ResolveError::OutOfRange { .. } => diagnostic.help(history),
        ResolveError::WrongWay { .. } => {
            diagnostic.help("`upgrade` takes `+N` with N from 1, `downgrade` takes `-N`")
        }
        ResolveError::AmbiguousWalk { candidates, .. } => {
            diagnostic.help(format!("name the revision to go to: {}", join(candidates)))
        }
        ResolveError::AmbiguousStart { expression, rows } => {
            let sign = if expression.contains('+') { "+1" } else { "-1" };
            let from: Vec<String> = rows.iter().map(|row| format!("`{row}@{sign}`")).collect();
            diagnostic.help(format!(
                "name the branch to count on, as in {}, or the revision to go to",
                from.join(" or ")
            ))
        }
        ResolveError::NotStarted { .. } => diagnostic.help(format!(
            "see where it is with `cargo alembic current -p {name}`"
        )),
        ResolveError::NotAllowed { .. } => diagnostic.help("name the revision by its id"),
        ResolveError::NotARange { .. } => diagnostic.help(history),
    };
    in_crate(diagnostic, name).exit(Exit::Revision)
}

fn in_crate(diagnostic: Diagnostic, name: &str) -> Diagnostic {
    diagnostic.note(format!("in crate `{name}`"))
}

/// Explains why there is no way from the version table's rows to a target.
///
/// `database` is where the rows are, unless there are none.
pub(crate) fn plan(error: &PlanError, loaded: &Loaded, database: Option<&Database>) -> Error {
    let name = loaded.name();
    let diagnostic = Diagnostic::new(error.to_string());
    let diagnostic = match error {
        PlanError::Resolve(error) => return resolve(error, name),
        PlanError::UnknownRows { .. } => diagnostic
            .code(Code::UnknownRows)
            .help(
                "they may come from another git branch, or a newer version of this crate: restore \
                 their files, and go on",
            )
            .help(format!(
                "or, when the tables are known to match a revision, declare it with \
                 `cargo alembic stamp -p {name} --purge <revision>`"
            )),
        PlanError::OverlappingRows { .. } => diagnostic.code(Code::OverlappingRows).help(format!(
            "when both are applied, declare it with `cargo alembic stamp -p {name} <descendant>`"
        )),
        PlanError::NotADowngradeTarget { .. } => diagnostic.help(format!(
            "see where the database is with `cargo alembic current -p {name}`"
        )),
        PlanError::SharedRoot { branch, .. } => diagnostic
            .code(Code::SharedRoot)
            .help("to revert everything, use `base`")
            .help(format!(
                "to revert this branch alone, name the revision where it begins: \
                 `{branch}@<revision>`"
            )),
        PlanError::OverlappingTargets { descendant, .. } => {
            diagnostic.help(format!("name {descendant} alone"))
        }
    };
    let rows_are_wrong = matches!(
        error,
        PlanError::UnknownRows { .. } | PlanError::OverlappingRows { .. }
    );
    let diagnostic = match database {
        Some(Database { url }) if rows_are_wrong => {
            let table = loaded.member.version_table(url.dialect()).quoted();
            diagnostic.note(format!("crate `{name}`, table {table} in {url}"))
        }
        _ => in_crate(diagnostic, name),
    };
    diagnostic.exit(Exit::Revision)
}

/// Explains why a run is refused before it asks a database.
pub(crate) fn refused(fault: &RunFault, loaded: &Loaded) -> Error {
    let diagnostic = Diagnostic::new(fault.to_string());
    match fault {
        RunFault::Plan(error) => plan(error, loaded, None),
        RunFault::Irreversible {
            revision,
            path,
            reason,
        } => {
            let diagnostic = diagnostic
                .code(Code::Irreversible)
                .note(format!("its file is {}", path.display()));
            let diagnostic = match reason {
                Some(_) => diagnostic.help(format!(
                    "go no further down than {revision}, or restore a backup made before it"
                )),
                None => diagnostic.help(
                    "write a section `-- alembic: downgrade`, or declare it: \
                     `-- alembic: downgrade irreversible: REASON`",
                ),
            };
            diagnostic.exit(Exit::Migration)
        }
        RunFault::UncheckedDialect { dialect } => diagnostic
            .code(Code::UncheckedDialect)
            .help(format!(
                "add \"{dialect}\" to `dialects` below [package.metadata.alembic] of `{}`, and what \
                 is different there to the revisions",
                loaded.name()
            ))
            .exit(Exit::Configuration),
        RunFault::Statement { place, error, .. } => Diagnostic::new(error.to_string())
            .code(Code::MigrationFailed)
            .place(at(place, loaded))
            .exit(Exit::Migration),
        _ => diagnostic.exit(Exit::Migration),
    }
}

/// Explains why a run failed, and what state the database is in.
pub(crate) fn run(whole: &RunError, loaded: &Loaded, database: &Database) -> Error {
    let name = loaded.name();
    let fault: &RunFault = &whole.fault;
    let state = |diagnostic: Diagnostic| {
        let mut diagnostic = diagnostic.note(format!("crate `{name}`, database {}", database.url));
        diagnostic = diagnostic.note(whole.state.to_string());
        if let Some(rollback) = &whole.rollback {
            diagnostic = diagnostic.note(format!(
                "undoing it failed, too ({rollback}); the database undoes it by itself when the \
                 connection is closed"
            ));
        }
        diagnostic
    };
    match fault {
        RunFault::Plan(error) => plan(error, loaded, Some(database)),
        RunFault::Requirements(_) => state(Diagnostic::new(fault.to_string())).exit(Exit::History),
        RunFault::SharedVersionTable { .. } => {
            state(Diagnostic::new(fault.to_string()).code(Code::SharedVersionTable))
                .help("give one of them another `version-table`")
                .exit(Exit::Configuration)
        }
        RunFault::MalformedVersionTable { .. } => state(
            Diagnostic::new(fault.to_string())
                .code(Code::MalformedVersionTable)
                .help("rename what is called so, or configure another `version-table`"),
        )
        .exit(Exit::Database),
        RunFault::Irreversible { .. } | RunFault::UncheckedDialect { .. } => {
            let Error { exit, diagnostics } = refused(fault, loaded);
            let diagnostics = diagnostics.into_iter().map(state).collect();
            Error { exit, diagnostics }
        }
        RunFault::Statement {
            place,
            error,
            leftover,
        } => {
            let diagnostic = Diagnostic::new(format!("{error}"))
                .code(Code::MigrationFailed)
                .place(at(place, loaded));
            let exit = match error.kind {
                DatabaseErrorKind::Other => Exit::Migration,
                _ => Exit::Database,
            };
            let mut diagnostic = next_step(state(diagnostic), error, None, loaded, database);
            for index in leftover {
                diagnostic = diagnostic
                    .note(format!("it left the index {index}, which is not valid"))
                    .help(format!("drop it first: `DROP INDEX CONCURRENTLY {index}`"));
            }
            let diagnostic = match (&exit, &whole.state) {
                (Exit::Migration, _)
                    if error
                        .to_string()
                        .contains("cannot run inside a transaction block") =>
                {
                    diagnostic.help(format!(
                        "move it to a section of its own: `-- alembic: {} postgres \
                         no-transaction`",
                        section(place, loaded)
                    ))
                }
                (Exit::Migration, _)
                    if error.to_string().starts_with("unsafe use of new value") =>
                {
                    diagnostic.help(
                        "add the value in a section of its own before: `-- alembic: upgrade \
                         postgres no-transaction`",
                    )
                }
                (Exit::Migration, _) if is_there_already(error) && is_untracked(loaded, database) => diagnostic
                    .help(format!(
                        "when the database had it before migrations were tracked, say where it is \
                         with `cargo alembic stamp -p {name} <revision>`, or let \
                         `cargo alembic ensure -p {name}` find out, with `baseline` configured"
                    ))
                    .help("otherwise correct the statement, and run the command again"),
                (Exit::Migration, _) => {
                    diagnostic.help("correct the statement, and run the command again")
                }
                _ => diagnostic,
            };
            diagnostic.exit(exit)
        }
        RunFault::Schema { error, .. } => {
            let diagnostic = state(Diagnostic::new(fault.to_string()).code(Code::SchemaFailed))
                .help("correct the schema, and run the command again");
            next_step(diagnostic, error, None, loaded, database).exit(Exit::Migration)
        }
        RunFault::RowCount { .. } => state(
            Diagnostic::new(fault.to_string())
                .code(Code::VersionTableChanged)
                .help("something else writes to the version table: a trigger, or a revision's SQL"),
        )
        .exit(Exit::Migration),
        RunFault::RowsMoved { .. } => state(
            Diagnostic::new(fault.to_string())
                .code(Code::VersionTableChanged)
                .help(
                    "leave the version table alone: no revision, trigger or other program may \
                     change it while a migration runs",
                ),
        )
        .exit(Exit::Migration),
        RunFault::ForeignKeys {
            violations,
            suspects,
        } => {
            let mut diagnostic = Diagnostic::new(fault.to_string()).code(Code::DanglingRows);
            for violation in violations {
                let (rows, refer) = match violation.rows {
                    1 => ("row", "refers"),
                    _ => ("rows", "refer"),
                };
                diagnostic = diagnostic.note(format!(
                    "{} {rows} of {} {refer} to rows of {} that would not exist",
                    violation.rows, violation.table, violation.parent
                ));
            }
            for node in suspects
                .iter()
                .filter_map(|id| loaded.graph().node(id.as_str()))
            {
                let file = loaded.history().file(node);
                let id = &loaded.graph()[node].id;
                diagnostic = diagnostic.note(format!("revision {id}: {}", file.path.display()));
            }
            state(diagnostic)
                .help(
                    "delete or correct those rows in the revision: SQLite does not carry out \
                     ON DELETE while a migration runs",
                )
                .exit(Exit::Migration)
        }
        RunFault::ForeignKeyMismatch { .. } => {
            state(Diagnostic::new(fault.to_string()).code(Code::ForeignKeyMismatch))
                .help("give the columns that are referred to a PRIMARY KEY or a UNIQUE index")
                .exit(Exit::Migration)
        }
        RunFault::NoSecondConnection { .. } => {
            state(Diagnostic::new(fault.to_string()).code(Code::NoSecondConnection))
                .help("allow the server one more connection")
                .exit(Exit::Database)
        }
        RunFault::Unfinished {
            revision,
            direction,
            ..
        } => state(Diagnostic::new(fault.to_string()).code(Code::UnfinishedRevision))
            .help(match direction.as_str() {
                "downgrade" => {
                    format!("finish it: run the downgrade that reverts {revision} again")
                }
                _ => format!("finish it first with `cargo alembic upgrade -p {name} {revision}`"),
            })
            .help(format!(
                "or undo by hand what it did, and declare where the database is with \
                 `cargo alembic stamp -p {name} <revision>`"
            ))
            .exit(Exit::Migration),
        RunFault::Interrupted { place, has_not, .. } => {
            let diagnostic = Diagnostic::new(fault.to_string()).code(Code::InterruptedStatement);
            let diagnostic = state(diagnostic.place(at(place, loaded)));
            let diagnostic = match has_not {
                true => diagnostic.help("run it once more with `--interrupted again`"),
                false => diagnostic
                    .help("look whether it has happened; if so, go on with `--interrupted skip`")
                    .help("if it has not, run it once more with `--interrupted again`"),
            };
            diagnostic.exit(Exit::Migration)
        }
        RunFault::ChangedMeanwhile { path, .. } => {
            state(Diagnostic::new(fault.to_string()).code(Code::ChangedMeanwhile))
                .note(format!("its file is {}", path.display()))
                .help(
                    "restore those statements, and write what is to be different behind them or \
                     in a revision of its own",
                )
                .exit(Exit::Migration)
        }
        RunFault::InvalidIndex { place, index } => {
            let diagnostic = Diagnostic::new(fault.to_string()).code(Code::InvalidIndex);
            state(diagnostic.place(at(place, loaded)))
                .help(format!(
                    "drop it with `DROP INDEX CONCURRENTLY {index}`, and run the command again"
                ))
                .exit(Exit::Migration)
        }
        RunFault::Database {
            action: Action::Commit,
            error,
        } if error.kind == DatabaseErrorKind::Other => {
            state(Diagnostic::new(fault.to_string()).code(Code::MigrationFailed))
                .help(
                    "what is checked at the end of a transaction does not hold: correct the \
                     revisions, and run the command again",
                )
                .exit(Exit::Migration)
        }
        RunFault::Database {
            action,
            error: cause,
        } => {
            let diagnostic = state(Diagnostic::new(fault.to_string()));
            let diagnostic = next_step(diagnostic, cause, Some(*action), loaded, database);
            let no_schema = *action == Action::CreateVersionTable
                && cause.kind == DatabaseErrorKind::Other
                && database.url.dialect() == Dialect::Postgres;
            let diagnostic = match &loaded.member.settings.version_table.schema {
                _ if !no_schema => diagnostic,
                Some(schema) => diagnostic.help(format!(
                    "create it with `CREATE SCHEMA {}`, or correct `version-table-schema`",
                    in_sql(schema)
                )),
                None => diagnostic.help(
                    "let the search_path lead to a schema that exists, or configure \
                     `version-table-schema`",
                ),
            };
            diagnostic.exit(Exit::Database)
        }
    }
}

/// Tells whether a statement was to create what is there already; PostgreSQL says the same of keys,
/// but in the details.
fn is_there_already(error: &DatabaseError) -> bool {
    let message = error.to_string();
    let (message, _) = message.split_once("; ").unwrap_or((&message, ""));
    message.ends_with("already exists")
}

/// Tells whether nothing says which revisions a database is at, though others know it.
fn is_untracked(loaded: &Loaded, database: &Database) -> bool {
    let rows = |database: &Database| database.rows(loaded, Duration::ZERO);
    database.place().is_some() && rows(database).is_ok_and(|rows| rows.is_empty())
}

/// Shows a statement in its file.
pub(crate) fn at(place: &alembic_migrate::Place, loaded: &Loaded) -> Place {
    let file = loaded.graph().node(place.revision.as_str());
    let text = file.map(|node| loaded.history().file(node).text.to_string());
    Place {
        path: place.path.display().to_string(),
        text: text.unwrap_or_default(),
        span: place.offset..place.span.end,
        label: Some(format!(
            "statement {} of revision {}",
            place.statement, place.revision
        )),
    }
}

/// Tells whether a statement stands in an upgrade or a downgrade.
fn section(place: &alembic_migrate::Place, loaded: &Loaded) -> Direction {
    let Place { text, span, .. } = at(place, loaded);
    let before = text.get(..span.start).unwrap_or_default();
    let mut headings = before.lines().rev();
    match headings.find_map(|line| line.strip_prefix("-- alembic:")) {
        Some(heading) if heading.trim_start().starts_with("downgrade") => Direction::Downgrade,
        _ => Direction::Upgrade,
    }
}

/// Says what to do about the error of a database; `action` failed, unless a statement of a revision
/// did.
fn next_step(
    diagnostic: Diagnostic,
    error: &DatabaseError,
    action: Option<Action>,
    loaded: &Loaded,
    database: &Database,
) -> Diagnostic {
    match &database.url {
        DatabaseUrl::Sqlite(url) => next_step_sqlite(diagnostic, error, url),
        DatabaseUrl::Postgres(_) if error.kind == DatabaseErrorKind::Denied => {
            let table = loaded.member.version_table(Dialect::Postgres);
            let diagnostic = diagnostic.code(Code::PermissionDenied);
            diagnostic.help(denied(&error.to_string(), action, &table))
        }
        DatabaseUrl::Postgres(url) => next_step_postgres(diagnostic, error, url),
    }
}

/// Says how to get a right that a server misses.
fn denied(message: &str, action: Option<Action>, table: &VersionTable) -> String {
    let (message, _) = message.split_once(';').unwrap_or((message, ""));
    let denied = message.strip_prefix("permission denied for ");
    if let Some(schema) = denied.and_then(|what| what.strip_prefix("schema ")) {
        let rights = match action {
            Some(action) if only_reads(action) => "USAGE",
            _ => "USAGE, CREATE",
        };
        return format!(
            "connect as its owner, or have the right granted: `GRANT {rights} ON SCHEMA {} TO \
             <user>`",
            in_sql(schema)
        );
    }
    if let Some(name) = denied.and_then(|what| what.strip_prefix("table ")) {
        let mut kept = [table.clone(), table.progress()].into_iter();
        return match kept.find(|table| table.name == name) {
            Some(table) if action.is_some_and(only_reads) => format!(
                "connect as its owner, or have the right granted: `GRANT SELECT ON {} TO <user>`; \
                 to migrate, also INSERT, UPDATE and DELETE",
                table.quoted()
            ),
            Some(table) => format!(
                "connect as its owner, or have the rights granted: `GRANT SELECT, INSERT, UPDATE, \
                 DELETE ON {} TO <user>`",
                table.quoted()
            ),
            None => "connect as the owner of the table, or as a role that has the right".to_owned(),
        };
    }
    match message.strip_prefix("must be owner of ") {
        Some(what) => format!("connect as the owner of {what}, or as a member of that role"),
        None => "connect as a role that has the right".to_owned(),
    }
}

/// Tells whether an action changes nothing.
fn only_reads(action: Action) -> bool {
    matches!(
        action,
        Action::ListTables
            | Action::DescribeSchema
            | Action::FindVersionTable
            | Action::ReadVersionTable
            | Action::ReadProgress
    )
}

fn next_step_sqlite(diagnostic: Diagnostic, error: &DatabaseError, url: &SqliteUrl) -> Diagnostic {
    match error.kind {
        DatabaseErrorKind::Busy => diagnostic.code(Code::DatabaseBusy).help(
            "another process holds a lock: find it with `fuser <file>` or `lsof <file>`, and run \
             the command again",
        ),
        DatabaseErrorKind::ReadOnly => diagnostic.code(Code::DatabaseReadOnly).help(match url {
            SqliteUrl {
                read_only: true, ..
            } => "remove `mode=ro` from the URL",
            _ => "make the file and its folder writable",
        }),
        DatabaseErrorKind::CannotOpen | DatabaseErrorKind::ConnectionLost => diagnostic
            .code(Code::DatabaseUnreachable)
            .help("check that the path is right and that you may read and write there"),
        DatabaseErrorKind::Corrupt => diagnostic
            .code(Code::DatabaseCorrupt)
            .help("restore a backup, or save what can be read with `sqlite3 <file> .recover`"),
        DatabaseErrorKind::NotADatabase => diagnostic
            .code(Code::NotADatabase)
            .help("the file is not SQLite's, or it is encrypted: check the URL"),
        DatabaseErrorKind::Denied | DatabaseErrorKind::Other => diagnostic,
    }
}

fn next_step_postgres(
    diagnostic: Diagnostic,
    error: &DatabaseError,
    url: &PostgresUrl,
) -> Diagnostic {
    match error.kind {
        DatabaseErrorKind::Busy => diagnostic.code(Code::DatabaseBusy).help(
            "somebody else holds a lock: find who with `SELECT pid, application_name, state, \
             query FROM pg_stat_activity`, and run the command again, or wait longer with \
             `--lock-timeout`",
        ),
        DatabaseErrorKind::ReadOnly => diagnostic
            .code(Code::DatabaseReadOnly)
            .help("connect to the primary server, as a user whose transactions may write"),
        DatabaseErrorKind::CannotOpen | DatabaseErrorKind::NotADatabase => {
            let diagnostic = diagnostic.code(Code::DatabaseUnreachable);
            match missing_database(&error.to_string()) {
                Some(name) => diagnostic.help(format!(
                    "make the database with `createdb{} {}`, or correct the URL",
                    server(url),
                    in_shell(name)
                )),
                None => diagnostic.help(
                    "check that the server runs, and the host, port, user and database of the \
                     URL; the password may also be in PGPASSWORD or ~/.pgpass",
                ),
            }
        }
        DatabaseErrorKind::ConnectionLost => diagnostic
            .code(Code::ConnectionLost)
            .help("see why in the server's log, and run the command again"),
        DatabaseErrorKind::Corrupt => diagnostic
            .code(Code::DatabaseCorrupt)
            .help("restore a backup"),
        DatabaseErrorKind::Denied | DatabaseErrorKind::Other => diagnostic,
    }
}

/// Returns the name of the database that a server says it does not have.
fn missing_database(message: &str) -> Option<&str> {
    let name = message.strip_prefix("database \"")?;
    name.strip_suffix("\" does not exist")
}

/// Returns the options with which PostgreSQL's programs find the server of a URL, as far as they
/// would go to another one without.
fn server(url: &PostgresUrl) -> String {
    let place = |options: &PgConnectOptions| {
        let host = match options.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let (port, user) = (options.get_port(), options.get_username().to_owned());
        [("-h", host), ("-p", port.to_string()), ("-U", user)]
    };
    let given = place(&url.options).into_iter();
    let usual = place(&PgConnectOptions::new_without_pgpass());
    given
        .zip(usual)
        .filter(|(given, usual)| given != usual)
        .map(|((option, value), _)| format!(" {option} {}", in_shell(&value)))
        .collect()
}
