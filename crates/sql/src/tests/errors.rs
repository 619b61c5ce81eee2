//! Errors: their spans and their messages.

use super::{BOTH, POSTGRES, SQLITE};
use crate::Dialect::Sqlite;
use crate::{Position, split};

#[test]
fn errors_begin_where_the_fault_was_opened() {
    for (dialects, sql, line, column) in [
        (BOTH, "a;\r\n  é 'b\n;", 2, 5),
        (BOTH, "-- é\n\n\tSELECT /* 1;\n2", 3, 9),
        (BOTH, "'é\n'; \"a\n", 2, 4),
        (SQLITE, "CREATE TRIGGER t\n BEGIN\n SELECT 1;\n", 2, 2),
        (SQLITE, "a;\n  .read b\n", 2, 3),
        (POSTGRES, "SELECT\n  (1, (2);\nSELECT 3;", 2, 3),
        (POSTGRES, "DO $$;$$;\nDO\n  é$$; $a$\n$$", 3, 8),
        (POSTGRES, "a;\n/* b */ COPY t\nFROM stdin;\nc\n", 2, 9),
        (POSTGRES, "a /*\n*/ \\gexec\n", 2, 4),
        (
            POSTGRES,
            "CREATE FUNCTION f()\nBEGIN ATOMIC SELECT 1;",
            2,
            1,
        ),
    ] {
        for dialect in dialects {
            let errors = split(sql, *dialect).errors;
            let found = errors
                .first()
                .map(|error| Position::of(sql, error.span.start));
            assert_eq!(found, Some(Position { line, column }), "{dialect}: {sql:?}");
        }
    }
}

#[test]
fn errors_are_lower_case_fragments() {
    let error = split("'", Sqlite).errors[0];
    assert_eq!(error.to_string(), "string literal is never closed");
}
