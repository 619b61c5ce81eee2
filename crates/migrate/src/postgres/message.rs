//! Several statements in one message.

use alembic_run::{DatabaseError, DatabaseErrorKind};

/// The separator of statements in one message; a statement may end in a comment.
pub(crate) const SEPARATOR: &str = "\n;\n";

/// Assigns the error of a message to one of its statements, of which `done` have not failed.
pub(crate) fn to_statement(
    error: DatabaseError,
    statements: &[&str],
    done: usize,
) -> (usize, DatabaseError) {
    // The whole message is read before any of it is executed.
    match error.offset() {
        Some(offset) => {
            let (statement, offset) = place(statements, offset);
            (statement, error.with_offset(offset))
        }
        None => (done.min(statements.len() - 1), error),
    }
}

/// Finds the statement of a message that holds a byte, and the offset in it.
fn place(statements: &[&str], offset: usize) -> (usize, usize) {
    let mut start = 0;
    for (index, statement) in statements.iter().enumerate() {
        let next = start + statement.len() + SEPARATOR.len();
        if offset < next {
            return (index, (offset - start).min(statement.len()));
        }
        start = next;
    }
    let last = statements.len() - 1;
    (last, statements[last].len())
}

/// Returns the error that the server has found more statements than were sent; the transaction is
/// then rolled back.
pub(crate) fn second_statement() -> DatabaseError {
    let why = "PostgreSQL found a different number of statements than expected";
    DatabaseError::new(DatabaseErrorKind::Other, why)
}

#[cfg(test)]
mod tests;
