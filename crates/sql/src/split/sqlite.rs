//! Where statements of SQLite end.

use super::Rules;
use super::open_statement::Form;
use crate::cursor::Cursor;

pub(super) static RULES: Rules = Rules {
    semicolons_in_parentheses: false,
    begins_client_command,
    read_form,
};

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
