//! The text of SQL: lossless tokens, statements and their kinds, names and quoting, in every
//! dialect.
//!
//! It reads tokens, not grammar: it knows the quoting and the comments of each dialect, the few
//! constructs in which a `;` does not end a statement, and the kinds of statements that matter for
//! running them. It never guesses; if a text cannot be split, it reports the reason and the place.

mod by_dialect;
mod cursor;
mod dialect;
mod index;
mod kind;
mod name;
mod named;
mod newer;
mod normal;
mod outline;
mod postgres;
mod quote;
mod reserved;
mod setting;
mod span;
mod split;
mod split_error;
mod statement;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod tokens;
mod transaction;

pub use by_dialect::ByDialect;
pub use dialect::{Dialect, UnknownDialect};
pub use index::{IndexAction, IndexStatement, ReindexTarget};
pub use kind::{EnumValue, StatementKind};
pub use name::{Name, unquote};
pub use named::{NamedObject, ObjectClass};
pub use newer::{NewerSql, SqliteVersion, UnsupportedVersion};
pub use normal::normalized;
pub use outline::{
    ColumnConstraint, ColumnConstraintKind, ColumnOutline, ConstraintName, ConstraintOutline,
    Reference, TableConstraintKind, TableOutline,
};
pub use postgres::is_about_server;
pub use quote::{literal, quote};
pub use setting::{Setting, SettingChanges, SettingName, SettingScope};
pub use span::{Position, Span};
pub use split::{Split, split, splits};
pub use split_error::{SplitError, SplitErrorKind};
pub use statement::{FileStatement, Statement};
pub use summary::summary;
pub use table::{AlterAction, AlterTable, ColumnChange, CreateTable, DropTable, DroppedConstraint};
pub use text::SqlText;
pub use tokens::{Token, TokenKind, Tokens};
pub use transaction::TransactionControl;
