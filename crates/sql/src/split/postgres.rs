//! Where statements of PostgreSQL end.

use super::Rules;
use super::open_statement::Form;
use crate::cursor::Cursor;

pub(super) static RULES: Rules = Rules {
    semicolons_in_parentheses: true,
    begins_client_command,
    read_form,
};

/// psql has commands that begin with a backslash, after and within a statement, too.
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
