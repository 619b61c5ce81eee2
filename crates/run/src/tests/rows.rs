//! How the rows of answers are read.

use crate::{DatabaseError, Row};

fn row(cells: &[Option<&str>]) -> Row {
    Row::new(
        cells
            .iter()
            .map(|cell| cell.map(ToOwned::to_owned))
            .collect(),
    )
}

#[test]
fn cells_are_read_as_what_they_should_be() {
    let row = row(&[Some("7"), None, Some(""), Some("-7"), Some("seven")]);
    assert_eq!(row.cell(0), Some("7"));
    assert_eq!(row.cell(1), None);
    assert_eq!(row.cell(9), None);
    assert_eq!(row.text(2).unwrap(), "");
    assert_eq!(row.number::<u64>(0).unwrap(), 7);
    assert_eq!(row.number::<i32>(3).unwrap(), -7);
    let message = |error: DatabaseError| error.to_string();
    let nothing = |column| format!("the answer holds an unexpected \"nothing\" in column {column}");
    assert_eq!(row.text(1).map_err(message), Err(nothing(2)));
    assert_eq!(row.text(9).map_err(message), Err(nothing(10)));
    assert_eq!(row.number::<u64>(1).map_err(message), Err(nothing(2)));
    for (column, found) in [(2, ""), (3, "-7"), (4, "seven")] {
        let expected = format!(
            "the answer holds an unexpected {found:?} in column {}",
            column + 1
        );
        assert_eq!(row.number::<u64>(column).map_err(message), Err(expected));
    }
}

#[test]
fn databases_say_in_several_ways_that_something_is_true() {
    for (cell, expected) in [
        (Some("t"), true),
        (Some("true"), true),
        (Some("1"), true),
        (Some("f"), false),
        (Some("false"), false),
        (Some("0"), false),
        (Some(""), false),
        (None, false),
    ] {
        assert_eq!(row(&[cell]).is_true(0), expected, "{cell:?}");
    }
    assert!(!row(&[]).is_true(0));
}
