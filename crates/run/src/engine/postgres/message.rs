//! How many statements go into one message to a server.

use alembic_sql::{Dialect, TokenKind, Tokens};

use crate::request::Execute;

/// The most bytes of statements in one message to a server, unless a single statement has more: the
/// server reads all of them before it executes the first, and `pg_stat_activity` shows only the
/// first kilobyte.
const MESSAGE: usize = 16 * 1024;

/// The number of bytes to which the server cuts names.
const NAME: usize = 63;

/// Returns how many of the statements are the first message.
pub(super) fn length(statements: &[Execute<'_>]) -> usize {
    let mut bytes = 0;
    let fitting = statements.iter().take_while(|statement| {
        bytes += statement.sql.len();
        // What the server says of a name that it cuts, it says before it executes any statement of the
        // message, and nobody could tell of which.
        bytes <= MESSAGE && !has_long_name(&statement.sql)
    });
    fitting.count().max(1)
}

/// Returns whether a statement may have a name that the server cuts.
fn has_long_name(sql: &str) -> bool {
    sql.len() > NAME
        && Tokens::new(sql, Dialect::Postgres).any(|token| match token.kind {
            TokenKind::Word | TokenKind::QuotedName => token.span.text(sql).len() > NAME,
            _ => false,
        })
}
