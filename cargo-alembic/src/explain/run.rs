//! Explains why a run failed, and what state the database is in.

use std::rc::Rc;

use alembic_history::{Code, History, RevisionId};
use alembic_migrate::driver::DatabaseErrorKind;
use alembic_migrate::report::Action;
use alembic_migrate::{Dialect, RunError};
use alembic_run::{BrokenObject, Failure, Violation};

use super::privileges::RefusedOperation;
use super::statement::{self, FailedStatement};
use super::{
    Evidence, Lifetime, Source, Storage, Subject, alter, database, excerpt, files, log,
    other_tools, plan, temporary, unfinished,
};
use crate::output::{
    Cause, Diagnostic, Error, Excerpt, Hint, Subcommand, Suggestion, quote_for_sql,
};

/// Explains why a run failed, and what state the database is in.
pub(crate) fn run(
    error: RunError,
    subject: Subject<'_>,
    storage: &Storage<'_>,
    evidence: &Evidence,
) -> Error {
    match error.failure() {
        Failure::Plan(error) => return plan(error, subject, Some(storage)),
        Failure::History(error) => return files::history(error, subject.name),
        Failure::UnknownRows {
            rows,
            logged,
            is_known,
        } => {
            return match logged.is_empty() || *is_known {
                true => plan::unknown_rows(rows, logged, subject, Some(storage)),
                false => plan::another_crate(rows, logged, subject, storage),
            };
        }
        _ => {}
    }
    let error = Rc::new(error);
    let title = title(error.failure());
    let diagnostic = Diagnostic::new(Cause::Run(Rc::clone(&error)), title);
    let fault = error.failure();
    let diagnostic = details(fault, diagnostic, subject);
    let diagnostic = match storage.lifetime {
        Lifetime::Lasting => state(&error, diagnostic, subject, storage),
        Lifetime::Temporary => {
            let (name, url) = (subject.name, storage.url);
            let diagnostic = diagnostic.note(format!("crate `{name}`, temporary database {url}"));
            if let Some(step) = temporary::next_step(fault) {
                return diagnostic.help(step).into();
            }
            diagnostic
        }
    };
    next_step(fault, diagnostic, subject, storage, evidence).into()
}

/// Returns what went wrong, without the location of a statement, which the excerpt shows.
pub(super) fn title(fault: &Failure) -> String {
    match fault {
        Failure::Statement { error, .. } => error.to_string(),
        Failure::Alter { fault, .. } => fault.to_string(),
        Failure::Schema { role, error, .. } => format!("the {role} failed: {error}"),
        fault => fault.to_string(),
    }
}

/// Adds the database and the state that it is in.
fn state(
    error: &RunError,
    diagnostic: Diagnostic,
    subject: Subject<'_>,
    storage: &Storage<'_>,
) -> Diagnostic {
    let diagnostic = diagnostic
        .database(subject.name, storage.shown.as_str())
        .state(error.state().clone());
    match error.rollback_error() {
        Some(rollback) => diagnostic.note(format!(
            "the rollback failed, too ({rollback}); the database rolls back by itself when the \
             connection closes"
        )),
        None => diagnostic,
    }
}

/// Adds the code, and the details of the failure.
fn details(fault: &Failure, diagnostic: Diagnostic, subject: Subject<'_>) -> Diagnostic {
    let history = subject.history;
    match fault {
        Failure::History(_)
        | Failure::Plan(_)
        | Failure::Requirements(_)
        | Failure::UnknownRows { .. }
        | Failure::Database { .. } => diagnostic,
        Failure::SharedVersionTable { .. } => diagnostic.code(Code::SharedVersionTable),
        Failure::InvalidVersionTable { .. } => diagnostic.code(Code::InvalidConfigurationValue),
        Failure::ManagedByAnotherTool { .. } => diagnostic.code(Code::ManagedByAnotherTool),
        Failure::NoSchema => diagnostic.code(Code::NoSchema),
        Failure::MalformedVersionTable { .. } => diagnostic.code(Code::MalformedVersionTable),
        Failure::IdTooLong { path, .. } => diagnostic
            .code(Code::IdTooLong)
            .note(format!("its file is {}", path.display())),
        Failure::Hidden { .. }
        | Failure::Edited { .. }
        | Failure::Removed { .. }
        | Failure::NothingToAccept { .. }
        | Failure::NoLog { .. }
        | Failure::UntrustedLog { .. }
        | Failure::WayBackMoved { .. } => log::details(fault, diagnostic),
        Failure::LogRowCount { .. } => diagnostic.code(Code::VersionTableChanged),
        Failure::Irreversible { .. } | Failure::UncheckedDialect { .. } => {
            refused(fault, diagnostic, subject)
        }
        Failure::Statement { location, .. } => diagnostic
            .code(Code::MigrationFailed)
            .excerpt(excerpt(location, history)),
        Failure::Alter {
            location, fault, ..
        } => alter::details(fault, location, diagnostic, subject),
        Failure::Schema {
            path,
            text,
            position,
            ..
        } => {
            let path = path.display().to_string();
            let (line, column) = (position.line, position.column);
            diagnostic.code(Code::SchemaFailed).excerpt(Excerpt::at(
                path,
                text.as_str(),
                line,
                column,
            ))
        }
        Failure::RowCount { .. } | Failure::RowsMoved { .. } => {
            diagnostic.code(Code::VersionTableChanged)
        }
        Failure::ForeignKeys {
            violations,
            suspects,
        } => {
            let diagnostic = diagnostic.code(Code::DanglingRows);
            let violations = violations.iter().map(describe_violation);
            violations
                .chain(places(suspects, history))
                .fold(diagnostic, Diagnostic::note)
        }
        Failure::ForeignKeyMismatch { suspects, .. } => {
            let diagnostic = diagnostic.code(Code::ForeignKeyMismatch);
            places(suspects, history).fold(diagnostic, Diagnostic::note)
        }
        Failure::Broken { .. } => diagnostic.code(Code::BrokenObject),
        Failure::NoSecondConnection { .. } => diagnostic.code(Code::NoSecondConnection),
        Failure::NotTakenBack { path, .. } => diagnostic
            .code(Code::NotTakenBack)
            .note(format!("its file is {}", path.display())),
        // Only applications give a scratch database, or verify at their start.
        Failure::NotEmpty { .. } | Failure::Drift(_) => diagnostic,
        Failure::Unfinished { .. } => diagnostic.code(Code::UnfinishedRevision),
        Failure::Interrupted { location, .. } => diagnostic
            .code(Code::InterruptedStatement)
            .excerpt(excerpt(location, history)),
        Failure::ChangedMeanwhile { .. } => diagnostic.code(Code::ChangedMeanwhile),
        Failure::InvalidIndex { location, .. } => diagnostic
            .code(Code::InvalidIndex)
            .excerpt(excerpt(location, history)),
    }
}

/// Returns where revisions are that may have left something.
fn places<'s>(
    suspects: &'s [RevisionId],
    history: &'s History,
) -> impl Iterator<Item = String> + 's {
    suspects.iter().filter_map(|id| {
        let file = history.file(history.graph().node(id.as_str())?);
        Some(format!("revision {id}: {}", file.path.display()))
    })
}

/// Adds the details of a run that is refused before it asks a database.
pub(super) fn refused(fault: &Failure, diagnostic: Diagnostic, subject: Subject<'_>) -> Diagnostic {
    match fault {
        Failure::Irreversible {
            revision,
            path,
            reason,
        } => {
            let diagnostic = diagnostic.code(Code::Irreversible);
            if subject.source == Source::Log {
                return diagnostic
                    .note("this is what the log recorded of it")
                    .help("restore its file, or a backup made before it")
                    .help(
                        Hint::from("or revert it by hand, and record where the database is with ")
                            .command(log::purging_stamp(subject.name)),
                    );
            }
            let diagnostic = diagnostic.note(format!("its file is {}", path.display()));
            match reason {
                Some(_) => diagnostic.help(format!(
                    "downgrade no further than {revision}, or restore a backup made before it"
                )),
                None => diagnostic.help(
                    "write a section `-- alembic: downgrade`, or declare the revision \
                     irreversible: `-- alembic: downgrade irreversible: REASON`",
                ),
            }
        }
        Failure::UncheckedDialect { dialect } => {
            diagnostic.code(Code::UncheckedDialect).help(format!(
                "add \"{dialect}\" to `dialects` under [package.metadata.alembic] of `{}`, and \
                 adapt the revisions to it",
                subject.name
            ))
        }
        Failure::Statement { .. } | Failure::Schema { .. } => details(fault, diagnostic, subject),
        Failure::History(_)
        | Failure::Plan(_)
        | Failure::Requirements(_)
        | Failure::SharedVersionTable { .. }
        | Failure::InvalidVersionTable { .. }
        | Failure::ManagedByAnotherTool { .. }
        | Failure::NoSchema
        | Failure::MalformedVersionTable { .. }
        | Failure::IdTooLong { .. }
        | Failure::UnknownRows { .. }
        | Failure::Hidden { .. }
        | Failure::Edited { .. }
        | Failure::Removed { .. }
        | Failure::NothingToAccept { .. }
        | Failure::NoLog { .. }
        | Failure::UntrustedLog { .. }
        | Failure::WayBackMoved { .. }
        | Failure::LogRowCount { .. }
        | Failure::Alter { .. }
        | Failure::RowCount { .. }
        | Failure::RowsMoved { .. }
        | Failure::ForeignKeys { .. }
        | Failure::ForeignKeyMismatch { .. }
        | Failure::Broken { .. }
        | Failure::NoSecondConnection { .. }
        | Failure::NotTakenBack { .. }
        | Failure::NotEmpty { .. }
        | Failure::Drift(_)
        | Failure::Unfinished { .. }
        | Failure::Interrupted { .. }
        | Failure::ChangedMeanwhile { .. }
        | Failure::InvalidIndex { .. }
        | Failure::Database { .. } => diagnostic,
    }
}

/// Adds the next step.
fn next_step(
    fault: &Failure,
    diagnostic: Diagnostic,
    subject: Subject<'_>,
    storage: &Storage<'_>,
    evidence: &Evidence,
) -> Diagnostic {
    let name = subject.name;
    match fault {
        Failure::History(_)
        | Failure::Plan(_)
        | Failure::Requirements(_)
        | Failure::UnknownRows { .. }
        // The next step for these does not depend on a database.
        | Failure::Irreversible { .. }
        | Failure::UncheckedDialect { .. } => diagnostic,
        Failure::SharedVersionTable { .. } => {
            diagnostic.help("give one of them another `version-table`")
        }
        Failure::InvalidVersionTable { .. } => diagnostic.help(format!(
            "write another `version-table` under [package.metadata.alembic] of `{name}`"
        )),
        Failure::ManagedByAnotherTool { tool, table, .. } => {
            let stamp = |revision| Suggestion::for_crate(Subcommand::Stamp, name).argument(revision);
            diagnostic
                .help(other_tools::continuation(tool, table, subject))
                .help(
                    Hint::from("if they have nothing to do with them, run all revisions after ")
                        .command(stamp("base")),
                )
        }
        Failure::NoSchema => diagnostic.help(
            "make search_path include a schema that exists and that the user may use \
             (`GRANT USAGE, CREATE ON SCHEMA ...`), or configure `version-table-schema`",
        ),
        Failure::MalformedVersionTable { .. } => {
            diagnostic
                .help("rename the object with this name, or configure another `version-table`")
        }
        Failure::IdTooLong {
            exists, make_room, ..
        } => {
            let first = match exists {
                true => "widen the column first",
                false => "create the table first",
            };
            diagnostic
                .help("give the revision a shorter id, if no database has applied it yet")
                .help(format!("or {first}: `{make_room}`"))
        }
        Failure::Statement {
            location,
            error,
            scope,
        } => {
            let failed = FailedStatement {
                location,
                error,
                scope,
            };
            statement::next_step(diagnostic, &failed, (subject, storage, evidence))
        }
        Failure::Alter { fault, .. } => alter::next_step(fault, diagnostic),
        Failure::Schema { error, .. } => {
            let diagnostic = diagnostic.help("correct the schema, and run the command again");
            database::next_step(diagnostic, error, &RefusedOperation::Schema, storage, evidence)
        }
        Failure::Hidden { .. }
        | Failure::Edited { .. }
        | Failure::Removed { .. }
        | Failure::NothingToAccept { .. }
        | Failure::NoLog { .. }
        | Failure::UntrustedLog { .. }
        | Failure::WayBackMoved { .. } => log::next_step(fault, diagnostic, subject),
        Failure::LogRowCount { .. } => diagnostic.help(
            "something else writes to the log of what was applied: a trigger, or a revision's SQL",
        ),
        Failure::RowCount { .. } => diagnostic
            .help("something else writes to the version table: a trigger, or a revision's SQL"),
        Failure::RowsMoved { .. } => diagnostic.help(
            "leave the version table alone: no revision, trigger or other program may change it \
             while a migration runs",
        ),
        Failure::ForeignKeys { .. } => diagnostic.help(
            "delete or correct those rows in the revision: SQLite does not carry out ON DELETE \
             while a migration runs",
        ),
        Failure::ForeignKeyMismatch { .. } => diagnostic
            .help("give the referenced columns a PRIMARY KEY or a UNIQUE index"),
        Failure::Broken { next, objects, .. } => {
            let diagnostic = diagnostic.help(
                "create what is missing, or change or drop what needs it, in the same revision",
            );
            let is_key = |object: &BrokenObject| matches!(object, BrokenObject::ForeignKey(_));
            let diagnostic = match objects.iter().any(is_key) {
                true => diagnostic.help(
                    "if another crate creates the table, run that one first: `Depends On: \
                     crate@revision` in the file, `--depends-on` of `revision`",
                ),
                false => diagnostic,
            };
            match next {
                None => diagnostic,
                Some(next) => diagnostic.help(format!(
                    "if {next} or a later revision mends it, run them in one transaction: configure \
                     `transaction = \"run\"`"
                )),
            }
        }
        Failure::NoSecondConnection { .. } => {
            diagnostic.help("allow the server one more connection")
        }
        Failure::NotTakenBack { .. } => diagnostic.help(
            "name the revision before it, or the last one that the dry run is to go to",
        ),
        Failure::NotEmpty { .. } | Failure::Drift(_) => diagnostic,
        Failure::Unfinished { .. }
        | Failure::Interrupted { .. }
        | Failure::ChangedMeanwhile { .. } => unfinished::next_step(fault, diagnostic, subject),
        Failure::InvalidIndex { index, .. } => diagnostic.help(format!(
            "drop it with `DROP INDEX CONCURRENTLY {index}`, and run the command again"
        )),
        Failure::Database {
            action: Action::Commit,
            error,
        } if error.kind() == DatabaseErrorKind::Other => diagnostic.code(Code::MigrationFailed).help(
            "a check at the end of the transaction failed: correct the revisions, and run the \
             command again",
        ),
        Failure::Database { action, error } => {
            let refused = RefusedOperation::Action(*action, &storage.table);
            let diagnostic = database::next_step(diagnostic, error, &refused, storage, evidence);
            let no_schema = *action == Action::CreateVersionTable
                && error.kind() == DatabaseErrorKind::Other
                && storage.dialect() == Dialect::Postgres;
            match &storage.table.schema {
                Some(schema) if no_schema => diagnostic.help(format!(
                    "create it with `CREATE SCHEMA {}`, or correct `version-table-schema`",
                    quote_for_sql(schema)
                )),
                Some(_) | None => diagnostic,
            }
        }
    }
}

fn describe_violation(violation: &Violation) -> String {
    let (rows, refer) = match violation.rows {
        1 => ("row", "refers"),
        _ => ("rows", "refer"),
    };
    format!(
        "{} {rows} of {} {refer} to rows of {} that would not exist",
        violation.rows, violation.table, violation.parent
    )
}
