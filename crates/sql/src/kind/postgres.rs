//! The statements of PostgreSQL.

use super::{EnumValue, Rules, StatementKind};
use crate::cursor::Cursor;
use crate::name::{Name, unquote};
use crate::{
    IndexAction, IndexStatement, ReindexTarget, Setting, SettingChanges, SettingName, SettingScope,
    TransactionControl,
};

pub(super) static RULES: Rules = Rules {
    concurrent_indexes: true,
    read_kind,
    setting_changes,
};

fn read_kind(first: &str, words: Cursor<'_>) -> Option<StatementKind> {
    Some(match first {
        "SET" => StatementKind::Setting(read_set(words)),
        "RESET" => StatementKind::Setting(Setting {
            name: read_setting_name(words),
            scope: SettingScope::Session,
        }),
        "SELECT" => StatementKind::Setting(read_set_config(words)?),
        "REINDEX" => StatementKind::Index(read_reindex(words)?),
        "ALTER" => StatementKind::AddEnumValue(read_enum_value(words)?),
        "CALL" => StatementKind::Call,
        "DO" => {
            let code = words.statement();
            StatementKind::Block {
                may_commit: mentions(code, "commit") || mentions(code, "call"),
            }
        }
        _ => StatementKind::Transaction(read_transaction_control(first, words)?),
    })
}

/// Reads what follows `ALTER`, if it adds a value to an enum.
fn read_enum_value(mut words: Cursor<'_>) -> Option<EnumValue> {
    if !words.eat("TYPE") {
        return None;
    }
    let of = Name::read(&mut words)?;
    if !words.eat_all(&["ADD", "VALUE"]) {
        return None;
    }
    words.eat_all(&["IF", "NOT", "EXISTS"]);
    let written = words.next()?;
    // A literal with escapes may be written in another way elsewhere.
    written.starts_with('\'').then(|| EnumValue {
        of,
        written: written.to_owned(),
    })
}

/// Reads what SQLite does not have, or not with this meaning.
fn read_transaction_control(first: &str, mut words: Cursor<'_>) -> Option<TransactionControl> {
    match first {
        "START" => Some(TransactionControl::Begin),
        "ABORT" => Some(TransactionControl::Rollback),
        "COMMIT" if words.at("PREPARED") => Some(TransactionControl::CommitPrepared),
        "ROLLBACK" if words.at("PREPARED") => Some(TransactionControl::RollbackPrepared),
        // A prepared query may be named `transaction`.
        "PREPARE" if words.eat("TRANSACTION") && !words.at("AS") && !words.at("(") => {
            Some(TransactionControl::Prepare)
        }
        _ => None,
    }
}

/// Reads what follows `SET`.
fn read_set(mut words: Cursor<'_>) -> Setting {
    let of_transaction = |name| Setting {
        name,
        scope: SettingScope::Transaction,
    };
    if words.eat("CONSTRAINTS") {
        return of_transaction(SettingName::Constraints);
    }
    if words.eat("TRANSACTION") {
        return of_transaction(SettingName::Unknown);
    }
    let scope = if words.eat("LOCAL") {
        SettingScope::Transaction
    } else {
        SettingScope::Session
    };
    let mut ahead = words.clone();
    if ahead.eat("SESSION") && !ahead.at("AUTHORIZATION") {
        words = ahead;
    }
    Setting {
        name: read_setting_name(words),
        scope,
    }
}

/// Reads the name of a setting, of which some are words of the grammar.
fn read_setting_name(mut words: Cursor<'_>) -> SettingName {
    let one = |name: &str| SettingName::One(name.to_owned());
    if words.eat("ALL") {
        return SettingName::All;
    }
    if words.eat("SCHEMA") {
        return one("search_path");
    }
    if words.eat("NAMES") {
        return one("client_encoding");
    }
    if words.eat_all(&["TIME", "ZONE"]) {
        return one("timezone");
    }
    if words.eat_all(&["SESSION", "AUTHORIZATION"]) {
        return one("session_authorization");
    }
    if words.eat_all(&["XML", "OPTION"]) {
        return one("xmloption");
    }
    if words.eat("CHARACTERISTICS") {
        return SettingName::Unknown;
    }
    match Name::read(&mut words) {
        // One of an extension has two parts.
        Some(name) => SettingName::One(name.written().replace('"', "").to_ascii_lowercase()),
        None => SettingName::Unknown,
    }
}

/// Finds the first call of `set_config` in a query.
fn read_set_config(mut words: Cursor<'_>) -> Option<Setting> {
    words.find(|word| word.eq_ignore_ascii_case("set_config"))?;
    let is_call = words.eat("(");
    let name = words
        .next()
        .filter(|name| is_call && name.starts_with('\''));
    Some(Setting {
        name: match name.and_then(unquote) {
            Some(name) => SettingName::One(name.to_ascii_lowercase()),
            None => SettingName::Unknown,
        },
        scope: SettingScope::Session,
    })
}

/// Reads what follows `REINDEX`.
fn read_reindex(mut words: Cursor<'_>) -> Option<IndexStatement> {
    let mut concurrently = words.eat("(") && eat_reindex_options(&mut words);
    let object = match words.next()? {
        word if word.eq_ignore_ascii_case("INDEX") => ReindexTarget::Index,
        word if word.eq_ignore_ascii_case("TABLE") => ReindexTarget::Table,
        word if word.eq_ignore_ascii_case("SCHEMA") => ReindexTarget::Schema,
        word if word.eq_ignore_ascii_case("DATABASE") => ReindexTarget::Database,
        // The catalogs of the system cannot be indexed anew concurrently.
        _ => return None,
    };
    concurrently |= words.eat("CONCURRENTLY");
    let name = Name::read(&mut words);
    let is_whole = name.is_some() || object == ReindexTarget::Database;
    is_whole.then_some(IndexStatement {
        action: IndexAction::Reindex { object, name },
        concurrently,
    })
}

/// Moves past the options of a `REINDEX`, and tells whether `CONCURRENTLY` is on among them.
fn eat_reindex_options(words: &mut Cursor<'_>) -> bool {
    let mut concurrently = false;
    while let Some(option) = words.next() {
        let is_off = ["OFF", "FALSE", "0", "'off'", "'false'"]
            .iter()
            .any(|off| words.at(off));
        if option.eq_ignore_ascii_case("CONCURRENTLY") {
            concurrently = !is_off;
        }
        let end = words.find(|word| matches!(*word, "," | ")"));
        if end != Some(",") {
            break;
        }
    }
    concurrently
}

/// Whatever runs code may change any setting: queries, calls and blocks, and changes of rows that call
/// a function.
fn setting_changes(mut words: Cursor<'_>, kind: &StatementKind) -> SettingChanges {
    if let Some(setting) = kind.setting() {
        // A query may call more than `set_config`.
        let is_query = words.at("SELECT");
        let calls_more = is_query && words.filter(|word| *word == "(").count() > 1;
        return match setting.changes() {
            SettingChanges::One(name) if calls_more => SettingChanges::AnyAnd(name),
            changes => changes,
        };
    }
    if loads_library(words.clone()) {
        return SettingChanges::AnyAndMore;
    }
    let runs_code = match kind {
        StatementKind::Call | StatementKind::Block { .. } => true,
        StatementKind::CreateTable(table) => table.is_filled,
        _ => RUNNING.iter().any(|first| words.at(first)) || changes_rows_by_call(&mut words),
    };
    match runs_code || words.any(|word| word.eq_ignore_ascii_case("set_config")) {
        true => SettingChanges::Any,
        false => SettingChanges::None,
    }
}

/// Returns whether a statement loads a library into the server, as the script of an extension may.
fn loads_library(mut words: Cursor<'_>) -> bool {
    match words.next_keyword().as_str() {
        "LOAD" => true,
        "CREATE" | "ALTER" => words.at("EXTENSION"),
        _ => false,
    }
}

/// The first words of statements that run code, or reset settings.
const RUNNING: [&str; 8] = [
    "SELECT", "(", "WITH", "VALUES", "EXECUTE", "EXPLAIN", "REFRESH", "DISCARD",
];

/// Words of the grammar that may stand before a parenthesis in a change of rows.
const BEFORE_PARENTHESES: [&str; 30] = [
    "VALUES",
    "IN",
    "AS",
    "ON",
    "USING",
    "CONFLICT",
    "AND",
    "OR",
    "NOT",
    "WHERE",
    "EXISTS",
    "ANY",
    "ALL",
    "SOME",
    "SET",
    "FROM",
    "SELECT",
    "BY",
    "RETURNING",
    "THEN",
    "WHEN",
    "ELSE",
    "ROW",
    "ARRAY",
    "JOIN",
    "COALESCE",
    "NULLIF",
    "GREATEST",
    "LEAST",
    "CAST",
];

/// Returns whether a statement changes rows, and contains what may be the call of a function.
fn changes_rows_by_call(words: &mut Cursor<'_>) -> bool {
    match words.next_keyword().as_str() {
        "INSERT" | "MERGE" => {
            // The columns in parentheses may follow the table.
            words.eat("INTO");
            Name::read(words);
        }
        "UPDATE" | "DELETE" => {}
        _ => return false,
    }
    let mut before = "";
    words.any(|word| {
        let is_name = before.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '"');
        let mut grammar = BEFORE_PARENTHESES.iter();
        let is_call =
            word == "(" && is_name && !grammar.any(|known| before.eq_ignore_ascii_case(known));
        before = word;
        is_call || word.eq_ignore_ascii_case("set_config")
    })
}

/// Returns whether `word`, which is in lower case, is anywhere in a text, in any case.
fn mentions(text: &str, word: &str) -> bool {
    let mut windows = text.as_bytes().windows(word.len());
    windows.any(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()))
}
