//! Explains why a statement of a revision failed.

use alembic_history::{Direction, History, Section};
use alembic_migrate::Dialect;
use alembic_migrate::driver::{DatabaseError, DatabaseErrorKind};
use alembic_run::{StatementLocation, StatementScope};

use super::existence::Existence;
use super::outline::Outline;
use super::privileges::RefusedOperation;
use super::remedy::Remedy;
use super::{Evidence, Lifetime, Source, Storage, Subject, database, log, postgres, sqlite};
use crate::output::{Diagnostic, Hint, Subcommand, Suggestion};

/// A statement that failed.
pub(super) struct FailedStatement<'f> {
    pub(super) location: &'f StatementLocation,
    pub(super) error: &'f DatabaseError,
    /// What it ran in.
    pub(super) scope: &'f StatementScope,
}

/// Adds the next step after a failed statement, and what to do about the indexes that it left
/// behind.
pub(super) fn next_step(
    diagnostic: Diagnostic,
    failed: &FailedStatement<'_>,
    (subject, storage, evidence): (Subject<'_>, &Storage<'_>, &Evidence),
) -> Diagnostic {
    let FailedStatement {
        location,
        error,
        scope,
    } = *failed;
    let outline = Outline::of(text(location, subject.history), storage.dialect());
    let is_temporary = outline.is_temporary;
    let refused = RefusedOperation::Statement(outline);
    let mut diagnostic = database::next_step(diagnostic, error, &refused, storage, evidence);
    let remains = storage.lifetime == Lifetime::Lasting;
    for index in scope.leftover().iter().filter(|_| remains) {
        diagnostic = diagnostic
            .note(format!("it left behind the invalid index {index}"))
            .help(format!("drop it first: `DROP INDEX CONCURRENTLY {index}`"));
    }
    if error.kind() != DatabaseErrorKind::Other {
        return diagnostic;
    }
    if subject.source == Source::Log {
        return log::by_hand(diagnostic, subject.name);
    }
    let section = section(location, subject.history);
    let dialect = storage.dialect();
    let remedy = match dialect {
        Dialect::Sqlite => sqlite::remedy(error, location, section),
        Dialect::Postgres => postgres::remedy(
            error,
            &postgres::Surroundings {
                shares_transaction: scope.is_shared(),
                is_temporary,
                before: text_before(location, subject.history),
            },
        ),
    };
    match remedy {
        None | Some(Remedy::Rows) => {}
        Some(Remedy::Section) => {
            let direction = section.map_or(Direction::Upgrade, |section| section.direction);
            return diagnostic.help(format!(
                "move it to a separate section: `-- alembic: {direction} {dialect} no-transaction`"
            ));
        }
        Some(Remedy::SectionBefore) => {
            return diagnostic.help(format!(
                "add the value in a separate section before this one: `-- alembic: upgrade \
                 {dialect} no-transaction`"
            ));
        }
        Some(Remedy::TransactionPerRevision) => {
            return diagnostic
                .note("it follows other revisions in the same transaction")
                .help(
                    "give each revision a transaction of its own with \
                     `--transaction-per-revision`, or `transaction = \"revision\"` in the \
                     configuration",
                );
        }
        Some(Remedy::Again) => {
            return diagnostic.help(
                "it was cancelled, by a person or by `statement_timeout`: run the command again, \
                 or set another limit in the revision",
            );
        }
        Some(Remedy::ConstraintsBefore) => {
            return diagnostic.help(
                "if rows wait for deferred constraints, check them before this statement with \
                 `SET CONSTRAINTS ALL IMMEDIATE`, or move it to a revision of its own",
            );
        }
    }
    if let Evidence::StampedBelow { since } = evidence {
        let stamp = Suggestion::for_crate(Subcommand::Stamp, subject.name);
        let revision = location.revision.as_str();
        return diagnostic
            .note(format!(
                "a stamp of {since} UTC says that this database does not have revision {revision}"
            ))
            .help(
                Hint::from("if it has what the revision does, record that with ")
                    .command(stamp.argument(revision)),
            )
            .help("otherwise correct the statement, and run the command again");
    }
    if *evidence == Evidence::Untracked {
        let name = subject.name;
        let stamp = Suggestion::for_crate(Subcommand::Stamp, name).argument("<revision>");
        return diagnostic
            .help(
                Hint::from(
                    "if the database had it before migrations were tracked, record where it is \
                     with ",
                )
                .command(stamp)
                .text(", or configure `baseline` and run ")
                .command(Suggestion::for_crate(Subcommand::Ensure, name)),
            )
            .help("otherwise correct the statement, and run the command again");
    }
    diagnostic.help(match remedy == Some(Remedy::Rows) {
        true => "change the rows or the statement so that they fit, and run the command again",
        false => "correct the statement, and run the command again",
    })
}

/// Returns what an error says about the object that a statement creates.
pub(super) fn existence(error: &DatabaseError, dialect: Dialect) -> Existence {
    let code = error.code().unwrap_or_default();
    match dialect {
        Dialect::Sqlite => sqlite::existence(code),
        Dialect::Postgres => postgres::existence(code),
    }
}

/// Returns the text of a statement in its file.
pub(super) fn text<'h>(location: &StatementLocation, history: &'h History) -> &'h str {
    let node = history.graph().node(location.revision.as_str());
    let file = node.map(|node| &*history.file(node).text);
    file.and_then(|text| text.get(location.span.range()))
        .unwrap_or_default()
}

/// Returns the text of a revision's file before one of its statements.
fn text_before<'h>(location: &StatementLocation, history: &'h History) -> &'h str {
    let node = history.graph().node(location.revision.as_str());
    let file = node.map(|node| &*history.file(node).text);
    file.and_then(|text| text.get(..location.span.start))
        .unwrap_or_default()
}

/// Returns the section that a statement belongs to.
fn section<'h>(location: &StatementLocation, history: &'h History) -> Option<&'h Section> {
    let node = history.graph().node(location.revision.as_str())?;
    let mut sections = history.file(node).file.sections.iter().rev();
    sections.find(|section| section.heading.start <= location.span.start)
}
