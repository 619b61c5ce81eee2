//! What to do about changes of tables that SQLite cannot carry out by itself.

use alembic_history::Code;
use alembic_run::{AlterFault, StatementLocation};
use alembic_schema::sqlite::{AlterError, Loss};

use super::{Subject, excerpt};
use crate::output::Diagnostic;

/// Adds the code and the place of the statement.
pub(super) fn details(
    fault: &AlterFault,
    location: &StatementLocation,
    diagnostic: Diagnostic,
    subject: Subject<'_>,
) -> Diagnostic {
    let code = match fault {
        AlterFault::Rows { .. } => Code::UnfitRows,
        AlterFault::Obstacles { .. } => Code::BrokenObject,
        _ => Code::UnalterableTable,
    };
    diagnostic
        .code(code)
        .excerpt(excerpt(location, subject.history))
}

/// Adds the next step.
pub(super) fn next_step(fault: &AlterFault, diagnostic: Diagnostic) -> Diagnostic {
    match fault {
        AlterFault::Refused(error) => refused(error, diagnostic),
        AlterFault::Rows { loss, .. } => diagnostic.help(match loss {
            Loss::Null { .. } => {
                "give the column a DEFAULT; or let it be NULL, give these rows a value with an UPDATE, \
                 and then `ALTER COLUMN ... SET NOT NULL`"
            }
            Loss::Duplicate { .. } => "delete or change these rows before the statement",
            Loss::Check { .. } | Loss::Dangling { .. } => {
                "correct or delete these rows before the statement"
            }
            Loss::Changed { .. } => {
                "say what becomes of them with `USING <expression>`, such as CAST(... AS INTEGER)"
            }
        }),
        AlterFault::Setting { .. } => diagnostic.help(
            "a new table cannot safely take the place of the old one on this connection: use \
             SQLite itself",
        ),
        AlterFault::Obstacles { .. } => diagnostic.help(
            "SQLite compiles all views and triggers when it renames something: create what is missing, \
             or drop what needs it, in a statement before",
        ),
        AlterFault::Count { .. } => diagnostic.help(
            "nothing was lost; an index may lack rows of its table: look with `PRAGMA \
             integrity_check`, and repair with `REINDEX`",
        ),
        AlterFault::Catalog { .. } => diagnostic.help(
            "nothing was lost, and this should not happen: report it with the definition of the \
             table",
        ),
        _ => diagnostic,
    }
}

fn refused(error: &AlterError, diagnostic: Diagnostic) -> Diagnostic {
    match error {
        AlterError::Needed { .. } => {
            diagnostic.help("drop or change these first, and create them again afterwards")
        }
        AlterError::NumbersRows { .. } => diagnostic.help(
            "an INTEGER PRIMARY KEY holds 64 bits on SQLite: put the statement into a section \
             `upgrade postgres`",
        ),
        AlterError::UnreadableDefinition { .. } => diagnostic.help(
            "write what SQLite understands; a section `upgrade sqlite` or `upgrade postgres` is \
             for one of the databases",
        ),
        AlterError::NoConstraint { .. } => diagnostic.help(
            "name one of those, or what it says: DROP UNIQUE (columns), DROP FOREIGN KEY \
             (columns), DROP CHECK (expression), DROP PRIMARY KEY",
        ),
        AlterError::SeveralConstraints { .. } => diagnostic.help(
            "name it by what it says: DROP UNIQUE (columns), DROP FOREIGN KEY (columns), DROP \
             CHECK (expression)",
        ),
        AlterError::NoKey { .. } => {
            diagnostic.help("make the columns it refers to UNIQUE in a statement before")
        }
        AlterError::ReadsItself { .. } => {
            diagnostic.help("change the values with an UPDATE before, and leave USING out")
        }
        AlterError::Cascade => diagnostic
            .help("leave CASCADE out, and drop what depends on it with statements of their own"),
        AlterError::NoTable { .. }
        | AlterError::NotATable { .. }
        | AlterError::UnreadableTable { .. }
        | AlterError::NoColumn { .. }
        | AlterError::ColumnExists { .. }
        | AlterError::LastColumn { .. }
        | AlterError::ConstraintExists { .. }
        | AlterError::Generated { .. }
        | AlterError::KeyLength { .. }
        | AlterError::HasPrimaryKey { .. }
        | AlterError::NeedsPrimaryKey { .. }
        | AlterError::InPrimaryKey { .. } => diagnostic.help("correct the statement"),
    }
}
