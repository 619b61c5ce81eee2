//! Explains why a run failed, and what state the database is in.

use std::rc::Rc;

use alembic_migrate::{Action, DatabaseErrorKind, Dialect, RunError, RunFault, Violation};

use super::rights::Refused;
use super::{Evidence, Storage, Subject, database, place, plan, statement};
use crate::output::{Cause, Diagnostic, Error, Hint, Subcommand, Suggestion, in_sql};

/// Explains why a run failed, and what state the database is in.
pub(crate) fn run(
    error: RunError,
    subject: Subject<'_>,
    storage: &Storage<'_>,
    evidence: &Evidence,
) -> Error {
    if let RunFault::Plan(error) = &*error.fault {
        return plan(error, subject, Some(storage));
    }
    let error = Rc::new(error);
    let title = title(&error.fault);
    let diagnostic = Diagnostic::new(Cause::Run(Rc::clone(&error)), title);
    let fault = &error.fault;
    let diagnostic = details(fault, diagnostic, subject);
    let diagnostic = state(&error, diagnostic, subject, storage);
    next_step(fault, diagnostic, subject, storage, evidence).into()
}

/// Returns what went wrong, without the place of a statement, which is shown.
pub(super) fn title(fault: &RunFault) -> String {
    match fault {
        RunFault::Statement { error, .. } => error.to_string(),
        fault => fault.to_string(),
    }
}

/// Says which database it is, and what state it is in.
fn state(
    error: &RunError,
    diagnostic: Diagnostic,
    subject: Subject<'_>,
    storage: &Storage<'_>,
) -> Diagnostic {
    let diagnostic = diagnostic
        .note(format!(
            "crate `{}`, database {}",
            subject.name, storage.url
        ))
        .state(error.state.clone());
    match &error.rollback {
        Some(rollback) => diagnostic.note(format!(
            "undoing it failed, too ({rollback}); the database undoes it by itself when the \
             connection is closed"
        )),
        None => diagnostic,
    }
}

/// Adds the code, and what there is to see.
fn details(fault: &RunFault, diagnostic: Diagnostic, subject: Subject<'_>) -> Diagnostic {
    let history = subject.history;
    match fault {
        RunFault::Plan(_) | RunFault::Requirements(_) | RunFault::Database { .. } => diagnostic,
        RunFault::SharedVersionTable { .. } => diagnostic.code("shared-version-table"),
        RunFault::MalformedVersionTable { .. } => diagnostic.code("malformed-version-table"),
        RunFault::Irreversible { .. } | RunFault::UncheckedDialect { .. } => {
            refused(fault, diagnostic, subject)
        }
        RunFault::Statement { place: at, .. } => diagnostic
            .code("migration-failed")
            .place(place(at, history)),
        RunFault::Schema { .. } => diagnostic.code("schema-failed"),
        RunFault::RowCount { .. } | RunFault::RowsMoved { .. } => {
            diagnostic.code("version-table-changed")
        }
        RunFault::ForeignKeys {
            violations,
            suspects,
        } => {
            let diagnostic = diagnostic.code("dangling-rows");
            let violations = violations.iter().map(in_words);
            let suspects = suspects.iter().filter_map(|id| {
                let file = history.file(history.graph().node(id.as_str())?);
                Some(format!("revision {id}: {}", file.path.display()))
            });
            violations
                .chain(suspects)
                .fold(diagnostic, Diagnostic::note)
        }
        RunFault::ForeignKeyMismatch { .. } => diagnostic.code("foreign-key-mismatch"),
        RunFault::NoSecondConnection { .. } => diagnostic.code("no-second-connection"),
        RunFault::Unfinished { .. } => diagnostic.code("unfinished-revision"),
        RunFault::Interrupted { place: at, .. } => diagnostic
            .code("interrupted-statement")
            .place(place(at, history)),
        RunFault::ChangedMeanwhile { .. } => diagnostic.code("changed-meanwhile"),
        RunFault::InvalidIndex { place: at, .. } => {
            diagnostic.code("invalid-index").place(place(at, history))
        }
    }
}

/// Adds what can be said of a run that is refused before it asks a database.
pub(super) fn refused(
    fault: &RunFault,
    diagnostic: Diagnostic,
    subject: Subject<'_>,
) -> Diagnostic {
    match fault {
        RunFault::Irreversible {
            revision,
            path,
            reason,
        } => {
            let diagnostic = diagnostic
                .code("irreversible")
                .note(format!("its file is {}", path.display()));
            match reason {
                Some(_) => diagnostic.help(format!(
                    "go no further down than {revision}, or restore a backup made before it"
                )),
                None => diagnostic.help(
                    "write a section `-- alembic: downgrade`, or declare it: \
                     `-- alembic: downgrade irreversible: REASON`",
                ),
            }
        }
        RunFault::UncheckedDialect { dialect } => {
            diagnostic.code("unchecked-dialect").help(format!(
                "add \"{dialect}\" to `dialects` below [package.metadata.alembic] of `{}`, and what \
                 is different there to the revisions",
                subject.name
            ))
        }
        RunFault::Statement { .. } => details(fault, diagnostic, subject),
        RunFault::Plan(_)
        | RunFault::Requirements(_)
        | RunFault::SharedVersionTable { .. }
        | RunFault::MalformedVersionTable { .. }
        | RunFault::Schema { .. }
        | RunFault::RowCount { .. }
        | RunFault::RowsMoved { .. }
        | RunFault::ForeignKeys { .. }
        | RunFault::ForeignKeyMismatch { .. }
        | RunFault::NoSecondConnection { .. }
        | RunFault::Unfinished { .. }
        | RunFault::Interrupted { .. }
        | RunFault::ChangedMeanwhile { .. }
        | RunFault::InvalidIndex { .. }
        | RunFault::Database { .. } => diagnostic,
    }
}

/// Adds what to do next.
fn next_step(
    fault: &RunFault,
    diagnostic: Diagnostic,
    subject: Subject<'_>,
    storage: &Storage<'_>,
    evidence: &Evidence,
) -> Diagnostic {
    let name = subject.name;
    match fault {
        RunFault::Plan(_)
        | RunFault::Requirements(_)
        // What to do about these is the same without a database.
        | RunFault::Irreversible { .. }
        | RunFault::UncheckedDialect { .. } => diagnostic,
        RunFault::SharedVersionTable { .. } => {
            diagnostic.help("give one of them another `version-table`")
        }
        RunFault::MalformedVersionTable { .. } => {
            diagnostic.help("rename what is called so, or configure another `version-table`")
        }
        RunFault::Statement {
            place,
            error,
            leftover,
        } => {
            let known = (subject, storage, evidence);
            statement::next_step(diagnostic, place, error, leftover, known)
        }
        RunFault::Schema { error, .. } => {
            let diagnostic = diagnostic.help("correct the schema, and run the command again");
            database::next_step(diagnostic, error, &Refused::Schema, storage, evidence)
        }
        RunFault::RowCount { .. } => diagnostic
            .help("something else writes to the version table: a trigger, or a revision's SQL"),
        RunFault::RowsMoved { .. } => diagnostic.help(
            "leave the version table alone: no revision, trigger or other program may change it \
             while a migration runs",
        ),
        RunFault::ForeignKeys { .. } => diagnostic.help(
            "delete or correct those rows in the revision: SQLite does not carry out ON DELETE \
             while a migration runs",
        ),
        RunFault::ForeignKeyMismatch { .. } => diagnostic
            .help("give the columns that are referred to a PRIMARY KEY or a UNIQUE index"),
        RunFault::NoSecondConnection { .. } => {
            diagnostic.help("allow the server one more connection")
        }
        RunFault::Unfinished {
            revision,
            direction,
            ..
        } => {
            let upgrade = Suggestion::for_crate(Subcommand::Upgrade, name).argument(revision);
            let stamp = Suggestion::for_crate(Subcommand::Stamp, name).argument("<revision>");
            let finish = match direction.as_str() {
                "downgrade" => {
                    format!("finish it: run the downgrade that reverts {revision} again").into()
                }
                _ => Hint::from("finish it first with ").command(upgrade),
            };
            diagnostic.help(finish).help(
                Hint::from(
                    "or undo by hand what it did, and declare where the database is with ",
                )
                .command(stamp),
            )
        }
        RunFault::Interrupted { has_not: true, .. } => {
            diagnostic.help("run it once more with `--interrupted again`")
        }
        RunFault::Interrupted { has_not: false, .. } => diagnostic
            .help("look whether it has happened; if so, go on with `--interrupted skip`")
            .help("if it has not, run it once more with `--interrupted again`"),
        RunFault::ChangedMeanwhile { path, .. } => diagnostic
            .note(format!("its file is {}", path.display()))
            .help(
                "restore those statements, and write what is to be different behind them or in a \
                 revision of its own",
            ),
        RunFault::InvalidIndex { index, .. } => diagnostic.help(format!(
            "drop it with `DROP INDEX CONCURRENTLY {index}`, and run the command again"
        )),
        RunFault::Database {
            action: Action::Commit,
            error,
        } if error.kind == DatabaseErrorKind::Other => diagnostic.code("migration-failed").help(
            "what is checked at the end of a transaction does not hold: correct the revisions, and \
             run the command again",
        ),
        RunFault::Database { action, error } => {
            let refused = Refused::Action(*action, &storage.table);
            let diagnostic = database::next_step(diagnostic, error, &refused, storage, evidence);
            let no_schema = *action == Action::CreateVersionTable
                && error.kind == DatabaseErrorKind::Other
                && storage.dialect() == Dialect::Postgres;
            match &storage.table.schema {
                _ if !no_schema => diagnostic,
                Some(schema) => diagnostic.help(format!(
                    "create it with `CREATE SCHEMA {}`, or correct `version-table-schema`",
                    in_sql(schema)
                )),
                None => diagnostic.help(
                    "let the search_path lead to a schema that exists, or configure \
                     `version-table-schema`",
                ),
            }
        }
    }
}

fn in_words(violation: &Violation) -> String {
    let (rows, refer) = match violation.rows {
        1 => ("row", "refers"),
        _ => ("rows", "refer"),
    };
    format!(
        "{} {rows} of {} {refer} to rows of {} that would not exist",
        violation.rows, violation.table, violation.parent
    )
}
