//! How PostgreSQL reads SQL.

use crate::cursor::Cursor;
use crate::name::{Name, unquote};
use crate::rules::Rules;
use crate::scanner::{Scanner, is_space, is_word};
use crate::splitter::Form;
use crate::{
    IndexAction, IndexStatement, ReindexTarget, Setting, SettingName, SettingScope, SplitErrorKind,
    StatementKind, TokenKind, TransactionControl,
};

pub(crate) static RULES: Rules = Rules {
    name: "postgres",
    other_names: &["postgresql"],
    product: "PostgreSQL",
    nested_comments: true,
    comments_end_at_return: true,
    inner_byte_order_marks: false,
    semicolons_in_parentheses: true,
    concurrent_indexes: true,
    read_token,
    begins_client_command,
    read_form,
    read_table,
    // In UTF-8, other letters stay as they are.
    keep_plain_name: str::to_ascii_lowercase,
    cut_name,
    read_kind,
    may_set_search_path,
};

/// The length in bytes to which names are cut, unless the server was built otherwise.
const NAME_LENGTH: usize = 63;

fn read_token(scanner: &mut Scanner<'_>, first: u8) -> Option<TokenKind> {
    match first {
        b'$' => Some(dollar(scanner)),
        b'e' | b'E' if scanner.rest().get(1) == Some(&b'\'') => {
            scanner.skip(1);
            Some(escape_string(scanner))
        }
        _ => None,
    }
}

/// Reads an `E'...'` from its quote on, including its continuations.
fn escape_string(scanner: &mut Scanner<'_>) -> TokenKind {
    scanner.skip(1);
    while scanner.skip_until(|byte| matches!(byte, b'\'' | b'\\')) {
        if scanner.at(b"\\") {
            scanner.skip(2);
            continue;
        }
        scanner.skip(1);
        if scanner.at(b"'") {
            scanner.skip(1);
        } else if !skip_continuation(scanner) {
            return TokenKind::String;
        }
    }
    TokenKind::Unterminated(SplitErrorKind::UnterminatedString)
}

/// Skips the blanks up to a quote that continues the string just read.
///
/// The blanks are spaces and line comments with at least one line break; without such a quote,
/// nothing is skipped.
fn skip_continuation(scanner: &mut Scanner<'_>) -> bool {
    let end = scanner.position();
    let mut broken = false;
    while let Some(byte) = scanner.peek() {
        match byte {
            b'\'' if broken => {
                scanner.skip(1);
                return true;
            }
            b'-' if scanner.at(b"--") => RULES.skip_line_comment(scanner),
            _ if is_space(byte) => {
                broken |= matches!(byte, b'\n' | b'\r');
                scanner.skip(1);
            }
            _ => break,
        }
    }
    scanner.return_to(end);
    false
}

/// Reads the token after a `$`: a parameter, a dollar-quoted string, or else the symbol alone.
fn dollar(scanner: &mut Scanner<'_>) -> TokenKind {
    let start = scanner.position();
    scanner.skip(1);
    if scanner.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        scanner.digits();
        return TokenKind::Parameter;
    }
    scanner.skip_until(|byte| byte == b'$' || !is_word(byte));
    if !scanner.at(b"$") {
        scanner.return_to(start + 1);
        return TokenKind::Symbol(b'$');
    }
    scanner.skip(1);
    let tag = scanner.since(start);
    while scanner.skip_until(|byte| byte == b'$') {
        if scanner.at(tag) {
            scanner.skip(tag.len());
            return TokenKind::String;
        }
        scanner.skip(1);
    }
    TokenKind::Unterminated(SplitErrorKind::UnterminatedDollarQuote)
}

/// Returns whether a symbol begins a command of psql: a backslash does, even after or inside a
/// statement.
fn begins_client_command(symbol: u8, _may_begin_statement: bool) -> bool {
    symbol == b'\\'
}

fn read_form(mut words: Cursor<'_>) -> Form {
    if words.at("COPY") {
        return Form::Copy;
    }
    if words.eat("CREATE") {
        if words.eat("OR") {
            words.eat("REPLACE");
        }
        if words.at("FUNCTION") || words.at("PROCEDURE") {
            return Form::Routine;
        }
    }
    Form::Plain
}

/// Reads a table; `ONLY` and `*` may say whether the tables that inherit from it are meant.
fn read_table(words: &mut Cursor<'_>) -> Option<Name> {
    if words.eat("ONLY") && words.eat("(") {
        return Name::read(words).filter(|_| words.eat(")"));
    }
    let name = Name::read(words)?;
    words.eat("*");
    Some(name)
}

fn cut_name(name: &mut String) {
    name.truncate(name.floor_char_boundary(NAME_LENGTH));
}

fn read_kind(first: &str, words: Cursor<'_>) -> Option<StatementKind> {
    Some(match first {
        "SET" => StatementKind::Setting(read_set(words)),
        "RESET" => StatementKind::Setting(Setting {
            name: read_setting_name(words),
            scope: SettingScope::Session,
        }),
        "SELECT" => StatementKind::Setting(read_set_config(words)?),
        "REINDEX" => StatementKind::Index(read_reindex(words)?),
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

/// Reads the transaction control that SQLite lacks, or reads differently.
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

/// Reads the rest of a statement after `SET`.
fn read_set(mut words: Cursor<'_>) -> Setting {
    if words.eat_any(&["CONSTRAINTS", "TRANSACTION"]) {
        return Setting {
            name: SettingName::Unknown,
            scope: SettingScope::Transaction,
        };
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

/// Reads the name of a setting; some are keywords of the grammar.
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
        // The settings of extensions have two parts.
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

/// Reads the rest of a statement after `REINDEX`.
fn read_reindex(mut words: Cursor<'_>) -> Option<IndexStatement> {
    let mut concurrently = words.eat("(") && eat_reindex_options(&mut words);
    let object = match words.next()? {
        word if word.eq_ignore_ascii_case("INDEX") => ReindexTarget::Index,
        word if word.eq_ignore_ascii_case("TABLE") => ReindexTarget::Table,
        word if word.eq_ignore_ascii_case("SCHEMA") => ReindexTarget::Schema,
        word if word.eq_ignore_ascii_case("DATABASE") => ReindexTarget::Database,
        // The system catalogs cannot be reindexed concurrently.
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

/// Moves past the options of a `REINDEX`, and returns whether they turn `CONCURRENTLY` on.
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

/// Returns whether a statement may set the search path. Any statement may call code that does, and
/// `SET SCHEMA` and `RESET ALL` do not name it.
///
/// So every mention of it counts, even as a part of a name or in what may be code.
fn may_set_search_path(words: Cursor<'_>, kind: &StatementKind) -> bool {
    if kind.setting().is_some_and(|setting| setting.names(PATH)) {
        return true;
    }
    let mut before = "";
    let mut words = words.with_kinds();
    words.any(|(kind, word)| {
        let sets = match kind {
            TokenKind::Word => mentions(word, PATH) || sets_schema(before, word),
            TokenKind::QuotedName => mentions(word, PATH),
            TokenKind::String => mentions(word, PATH) || mentions_schema(word),
            TokenKind::Whitespace
            | TokenKind::Comment
            | TokenKind::ByteOrderMark
            | TokenKind::Number
            | TokenKind::Parameter
            | TokenKind::Symbol(_)
            | TokenKind::Unterminated(_) => false,
        };
        before = word;
        sets
    })
}

const PATH: &str = "search_path";

/// Returns whether two words belong to a `SET SCHEMA` or a `RESET ALL`.
fn sets_schema(before: &str, word: &str) -> bool {
    let is_before = |expected: &str| before.eq_ignore_ascii_case(expected);
    word.eq_ignore_ascii_case("SCHEMA") && ["SET", "LOCAL", "SESSION"].into_iter().any(is_before)
        || word.eq_ignore_ascii_case("ALL") && is_before("RESET")
}

/// Returns whether a string contains such words.
fn mentions_schema(string: &str) -> bool {
    let words = string.split(|c: char| c.is_ascii() && !is_word(c as u8));
    let mut before = "";
    words.filter(|word| !word.is_empty()).any(|word| {
        let sets = sets_schema(before, word);
        before = word;
        sets
    })
}

/// Returns whether `word`, which is in lower case, is anywhere in a text, in any case.
fn mentions(text: &str, word: &str) -> bool {
    let mut windows = text.as_bytes().windows(word.len());
    windows.any(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()))
}
