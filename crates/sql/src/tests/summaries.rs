//! Statements, as they are shown to people.

use super::BOTH;
use crate::summary;

#[test]
fn summaries_are_one_short_line() {
    let sixty = "é".repeat(60);
    for (statement, expected) in [
        ("", String::new()),
        (" a\r\n\t b -- c\n/* d */ ", "a b".to_owned()),
        ("a/**/b(c)", "a b(c)".to_owned()),
        ("SELECT 'a\n\n\u{1b}b'", "SELECT 'a b'".to_owned()),
        ("SELECT 'a", "SELECT 'a".to_owned()),
        (&sixty, sixty.clone()),
        (&format!("{sixty}é"), format!("{}…", "é".repeat(59))),
        (
            &format!("{} é é", "é".repeat(58)),
            format!("{}…", "é".repeat(58)),
        ),
    ] {
        for dialect in BOTH {
            assert_eq!(
                summary(statement, *dialect),
                expected,
                "{dialect}: {statement:?}"
            );
        }
    }
}
