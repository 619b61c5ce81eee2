//! How SQLite reads SQL.

use crate::cursor::Cursor;
use crate::name::Name;
use crate::rules::Rules;
use crate::scanner::{Scanner, is_space};
use crate::splitter::Form;
use crate::{Setting, SettingName, SettingScope, SplitErrorKind, StatementKind, TokenKind};

pub(crate) static RULES: Rules = Rules {
    name: "sqlite",
    other_names: &[],
    product: "SQLite",
    nested_comments: false,
    comments_end_at_return: false,
    inner_byte_order_marks: true,
    semicolons_in_parentheses: false,
    concurrent_indexes: false,
    read_token,
    begins_client_command,
    read_form,
    read_table: Name::read,
    keep_plain_name: str::to_owned,
    cut_name,
    read_kind,
    may_set_search_path,
};

fn read_token(scanner: &mut Scanner<'_>, first: u8) -> Option<TokenKind> {
    match first {
        b'`' => Some(scanner.quoted(first, TokenKind::QuotedName)),
        b'[' => Some(read_bracketed(scanner)),
        b'?' => {
            scanner.skip(1);
            scanner.digits();
            Some(TokenKind::Parameter)
        }
        b'$' | b':' | b'@' | b'#' => Some(parameter(scanner)),
        _ => None,
    }
}

/// Reads a name in brackets, which ends at the first `]`.
fn read_bracketed(scanner: &mut Scanner<'_>) -> TokenKind {
    if scanner.skip_until(|byte| byte == b']') {
        scanner.skip(1);
        TokenKind::QuotedName
    } else {
        TokenKind::Unterminated(SplitErrorKind::UnterminatedIdentifier)
    }
}

/// Reads a parameter, whose name may end in a text in parentheses without spaces, as in Tcl.
fn parameter(scanner: &mut Scanner<'_>) -> TokenKind {
    scanner.skip(1);
    let start = scanner.position();
    scanner.word();
    while scanner.at(b"::") {
        scanner.skip(2);
        scanner.word();
    }
    if scanner.position() > start && scanner.at(b"(") {
        scanner.skip_until(|byte| byte == b')' || is_space(byte));
        if scanner.at(b")") {
            scanner.skip(1);
        }
    }
    TokenKind::Parameter
}

/// Returns whether a symbol begins a command of the sqlite3 shell: a dot does, between statements.
fn begins_client_command(symbol: u8, may_begin_statement: bool) -> bool {
    symbol == b'.' && may_begin_statement
}

fn read_form(mut words: Cursor<'_>) -> Form {
    if words.eat("EXPLAIN") && words.eat("QUERY") {
        words.eat("PLAN");
    }
    if words.eat("CREATE") {
        words.eat_any(&["TEMP", "TEMPORARY"]);
        if words.at("TRIGGER") {
            return Form::Trigger;
        }
    }
    Form::Plain
}

/// SQLite keeps names of any length.
fn cut_name(_: &mut String) {}

/// Reads a pragma with a value.
fn read_kind(first: &str, mut words: Cursor<'_>) -> Option<StatementKind> {
    if first != "PRAGMA" {
        return None;
    }
    let name = Name::read(&mut words)?.kept().to_ascii_lowercase();
    let has_value = words.eat_any(&["=", "("]);
    has_value.then_some(StatementKind::Setting(Setting {
        name: SettingName::One(name),
        scope: SettingScope::Varies,
    }))
}

/// SQLite has no search path to change.
fn may_set_search_path(_: Cursor<'_>, _: &StatementKind) -> bool {
    false
}
