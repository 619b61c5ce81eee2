//! Reads the kind of a statement.

mod postgres;
mod sqlite;

use crate::cursor::Cursor;
use crate::name::Name;
use crate::{
    AlterAction, AlterTable, CreateTable, Dialect, DropTable, IndexAction, IndexStatement, Setting,
    SettingChanges, SettingScope, TransactionControl,
};

/// The kind of a statement, with the parts that were read.
///
/// A statement that is not certainly of another kind is [`Other`](Self::Other).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// A statement that begins, ends or divides a transaction.
    Transaction(TransactionControl),
    /// A change of a setting; on SQLite, any pragma with a value.
    Setting(Setting),
    /// The creation of a table, including temporary, virtual and foreign ones.
    CreateTable(CreateTable),
    /// A change of a table.
    AlterTable(AlterTable),
    /// The removal of tables.
    DropTable(DropTable),
    /// The creation, removal or repair of indexes.
    Index(IndexStatement),
    /// The creation or removal of a view that holds no rows.
    View,
    /// The creation or removal of a trigger.
    Trigger,
    /// A query, or a change of rows.
    Rows,
    /// PostgreSQL's `CALL` of a procedure.
    Call,
    /// PostgreSQL's `DO`, which runs a block of code.
    Block {
        /// Whether the code may end the transaction: it contains `COMMIT`, or calls a procedure.
        may_commit: bool,
    },
    /// SQLite's `ATTACH` of another database.
    Attach,
    /// SQLite's `DETACH` of another database.
    Detach,
    /// `VACUUM`.
    Vacuum,
    /// PostgreSQL's addition of a value to an enum.
    AddEnumValue(EnumValue),
    /// Any other statement.
    Other,
}

/// A value that a statement adds to an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumValue {
    /// The enum.
    pub of: Name,
    /// The value, as the statement writes it: with its quotes.
    pub written: String,
}

impl EnumValue {
    /// Returns whether the text of a statement has the value in quotes: by itself, or in code.
    #[must_use]
    pub fn is_mentioned_in(&self, sql: &str) -> bool {
        sql.contains(&self.written)
    }
}

impl StatementKind {
    /// Reads the kind of the statement that begins at `words`.
    pub(crate) fn read(mut words: Cursor<'_>) -> Self {
        let first = words.next_keyword();
        let first = first.as_str();
        let own = (rules(words.dialect()).read_kind)(first, words.clone());
        own.or_else(|| read_common(first, words))
            .unwrap_or(Self::Other)
    }

    /// Returns the settings of its session that the statement, at whose start `words` are, may
    /// change.
    pub(crate) fn setting_changes(&self, words: Cursor<'_>) -> SettingChanges {
        (rules(words.dialect()).setting_changes)(words, self)
    }

    /// Returns whether the statement begins, ends or divides a transaction.
    #[must_use]
    pub const fn is_transaction_control(&self) -> bool {
        matches!(self, Self::Transaction(_))
    }

    /// Returns whether the statement changes the schema, and cannot make a row violate a foreign
    /// key.
    #[must_use]
    pub fn only_changes_schema(&self) -> bool {
        match self {
            Self::CreateTable(table) => !table.is_filled,
            Self::AlterTable(table) => {
                let mut actions = table.actions.iter();
                !table.actions.is_empty() && actions.all(AlterAction::only_changes_schema)
            }
            Self::Index(index) => match index.action {
                IndexAction::Create { .. } | IndexAction::Drop { .. } => true,
                IndexAction::Reindex { .. } => false,
            },
            Self::View | Self::Trigger => true,
            Self::Transaction(_)
            | Self::Setting(_)
            | Self::DropTable(_)
            | Self::Rows
            | Self::Call
            | Self::Block { .. }
            | Self::Attach
            | Self::Detach
            | Self::Vacuum
            | Self::AddEnumValue(_)
            | Self::Other => false,
        }
    }

    /// Returns whether the statement may commit by itself, outside of a transaction.
    #[must_use]
    pub const fn may_commit(&self) -> bool {
        match self {
            Self::Call => true,
            Self::Block { may_commit } => *may_commit,
            Self::Transaction(_)
            | Self::Setting(_)
            | Self::CreateTable(_)
            | Self::AlterTable(_)
            | Self::DropTable(_)
            | Self::Index(_)
            | Self::View
            | Self::Trigger
            | Self::Rows
            | Self::Attach
            | Self::Detach
            | Self::Vacuum
            | Self::AddEnumValue(_)
            | Self::Other => false,
        }
    }

    /// Returns whether the statement is there to run code that may say something: what the server says
    /// of any other one is about that statement.
    #[must_use]
    pub const fn may_speak(&self) -> bool {
        match self {
            Self::CreateTable(table) => table.is_filled,
            Self::Transaction(_) | Self::Rows | Self::Call | Self::Block { .. } => true,
            Self::Setting(_)
            | Self::AlterTable(_)
            | Self::DropTable(_)
            | Self::Index(_)
            | Self::View
            | Self::Trigger
            | Self::Attach
            | Self::Detach
            | Self::Vacuum
            | Self::AddEnumValue(_)
            | Self::Other => false,
        }
    }

    /// Returns the setting that the statement changes, if it changes one.
    #[must_use]
    pub const fn setting(&self) -> Option<&Setting> {
        match self {
            Self::Setting(setting) => Some(setting),
            Self::Transaction(_)
            | Self::CreateTable(_)
            | Self::AlterTable(_)
            | Self::DropTable(_)
            | Self::Index(_)
            | Self::View
            | Self::Trigger
            | Self::Rows
            | Self::Call
            | Self::Block { .. }
            | Self::Attach
            | Self::Detach
            | Self::Vacuum
            | Self::AddEnumValue(_)
            | Self::Other => None,
        }
    }

    /// Returns whether the statement may create constraints, or change when they are checked.
    #[must_use]
    pub const fn may_define_constraints(&self) -> bool {
        match self {
            Self::CreateTable(_) | Self::AlterTable(_) | Self::Trigger | Self::Other => true,
            Self::Transaction(_)
            | Self::Setting(_)
            | Self::DropTable(_)
            | Self::Index(_)
            | Self::View
            | Self::Rows
            | Self::Call
            | Self::Block { .. }
            | Self::Attach
            | Self::Detach
            | Self::Vacuum
            | Self::AddEnumValue(_) => false,
        }
    }

    /// Returns whether the statement changes a setting that outlasts its transaction and ends with
    /// the connection.
    #[must_use]
    pub fn sets_for_session(&self) -> bool {
        self.setting().is_some_and(|setting| match setting.scope {
            SettingScope::Session => true,
            SettingScope::Transaction | SettingScope::Varies => false,
        })
    }

    /// Returns whether the statement changes SQLite's `journal_mode`, which decides how
    /// transactions are rolled back.
    #[must_use]
    pub fn sets_journal_mode(&self) -> bool {
        self.setting().is_some_and(|setting| match setting.scope {
            SettingScope::Varies => setting.names("journal_mode"),
            SettingScope::Transaction | SettingScope::Session => false,
        })
    }

    /// Returns the table that the statement creates.
    #[must_use]
    pub const fn created_table(&self) -> Option<&Name> {
        match self {
            Self::CreateTable(table) => Some(&table.name),
            Self::Transaction(_)
            | Self::Setting(_)
            | Self::AlterTable(_)
            | Self::DropTable(_)
            | Self::Index(_)
            | Self::View
            | Self::Trigger
            | Self::Rows
            | Self::Call
            | Self::Block { .. }
            | Self::Attach
            | Self::Detach
            | Self::Vacuum
            | Self::AddEnumValue(_)
            | Self::Other => None,
        }
    }

    /// Returns the new name of the table that the statement renames.
    #[must_use]
    pub fn renamed_table(&self) -> Option<&Name> {
        let Self::AlterTable(table) = self else {
            return None;
        };
        table.actions.iter().find_map(|action| match action {
            AlterAction::RenameTable { to } => Some(to),
            AlterAction::RenameColumn { .. }
            | AlterAction::RenameConstraint { .. }
            | AlterAction::AddColumn { .. }
            | AlterAction::AddConstraint { .. }
            | AlterAction::AlterColumn { .. }
            | AlterAction::DropColumn { .. }
            | AlterAction::DropConstraint { .. }
            | AlterAction::Rebuild { .. }
            | AlterAction::Other => None,
        })
    }

    /// Returns the name that the statement gives to a table, by creating or by renaming it.
    #[must_use]
    pub fn named_table(&self) -> Option<&Name> {
        self.created_table().or_else(|| self.renamed_table())
    }

    /// Returns the action on indexes, if the statement lets other sessions write meanwhile.
    #[must_use]
    pub fn concurrent_index(&self) -> Option<&IndexAction> {
        match self {
            Self::Index(index) if index.concurrently => Some(&index.action),
            _ => None,
        }
    }
}

impl AlterAction {
    /// Returns whether the action cannot make a row violate a foreign key.
    fn only_changes_schema(&self) -> bool {
        match self {
            Self::RenameColumn { .. } | Self::RenameConstraint { .. } => true,
            Self::AddColumn { has_reference, .. } | Self::AddConstraint { has_reference, .. } => {
                !has_reference
            }
            Self::RenameTable { .. }
            | Self::AlterColumn { .. }
            | Self::DropColumn { .. }
            | Self::DropConstraint { .. }
            | Self::Rebuild { .. }
            | Self::Other => false,
        }
    }
}

/// Reads the statements that every dialect has.
fn read_common(first: &str, mut words: Cursor<'_>) -> Option<StatementKind> {
    match first {
        "CREATE" => read_created(words),
        "DROP" => read_dropped(words),
        "ALTER" => {
            words.eat("FOREIGN");
            let altered = words.eat("TABLE").then(|| AlterTable::read(words))??;
            Some(StatementKind::AlterTable(altered))
        }
        "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "WITH" | "VALUES" | "REPLACE" | "MERGE"
        | "TABLE" | "TRUNCATE" | "COPY" | "(" => Some(StatementKind::Rows),
        "VACUUM" => Some(StatementKind::Vacuum),
        _ => TransactionControl::read(first, words).map(StatementKind::Transaction),
    }
}

fn read_created(mut words: Cursor<'_>) -> Option<StatementKind> {
    loop {
        match words.next_keyword().as_str() {
            "OR" | "REPLACE" | "TEMP" | "TEMPORARY" | "GLOBAL" | "LOCAL" | "UNIQUE"
            | "UNLOGGED" | "VIRTUAL" | "FOREIGN" | "RECURSIVE" | "CONSTRAINT" => {}
            "TABLE" => return CreateTable::read(words).map(StatementKind::CreateTable),
            "INDEX" => {
                let concurrently = eat_concurrently(&mut words);
                let created = IndexStatement::read_created(words, concurrently);
                return created.map(StatementKind::Index);
            }
            "VIEW" => return Some(StatementKind::View),
            "TRIGGER" => return Some(StatementKind::Trigger),
            _ => return None,
        }
    }
}

fn read_dropped(mut words: Cursor<'_>) -> Option<StatementKind> {
    match words.next_keyword().as_str() {
        "TABLE" => DropTable::read(words).map(StatementKind::DropTable),
        "INDEX" => {
            let concurrently = eat_concurrently(&mut words);
            IndexStatement::read_dropped(words, concurrently).map(StatementKind::Index)
        }
        "VIEW" => Some(StatementKind::View),
        "TRIGGER" => Some(StatementKind::Trigger),
        _ => None,
    }
}

/// Moves past `CONCURRENTLY`, which is an ordinary name in a dialect without it.
fn eat_concurrently(words: &mut Cursor<'_>) -> bool {
    rules(words.dialect()).concurrent_indexes && words.eat("CONCURRENTLY")
}

/// What differs between the dialects; each has a file named after it.
struct Rules {
    /// Whether indexes can be built and dropped `CONCURRENTLY`.
    concurrent_indexes: bool,
    /// Reads a statement that is specific to the dialect, from its first word in upper case and the
    /// words after it.
    read_kind: fn(&str, Cursor<'_>) -> Option<StatementKind>,
    /// Returns the settings that a statement may change.
    setting_changes: fn(Cursor<'_>, &StatementKind) -> SettingChanges,
}

fn rules(dialect: Dialect) -> &'static Rules {
    match dialect {
        Dialect::Sqlite => &sqlite::RULES,
        Dialect::Postgres => &postgres::RULES,
    }
}
