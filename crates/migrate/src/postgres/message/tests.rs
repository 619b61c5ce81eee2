//! Errors of the server in a message, attributed to its statements.

use super::place;

#[test]
fn a_byte_of_a_message_is_one_of_a_statement() {
    let statements = ["ab", "ä", "cde"];
    for (offset, expected) in [
        (0, (0, 0)),
        (1, (0, 1)),
        // The separator is not part of the statement: the error is that the statement ends there.
        (2, (0, 2)),
        (4, (0, 2)),
        (5, (1, 0)),
        (7, (1, 2)),
        (10, (2, 0)),
        (12, (2, 2)),
        (13, (2, 3)),
        (99, (2, 3)),
    ] {
        assert_eq!(place(&statements, offset), expected, "{offset}");
    }
}
