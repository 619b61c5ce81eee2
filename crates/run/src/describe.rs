//! Descriptions of schemas: headings, and the lines below them, in the order in which a database
//! returns them.

use crate::request::Row;

/// Writes each heading once, and each line below it as `line` formats it.
pub(crate) fn write(rows: &[Row], line: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut last = "";
    for row in rows {
        let heading = row.cell(0).unwrap_or_default();
        if heading != last {
            text = text + heading + "\n";
        }
        if let Some(found) = row.cell(1) {
            text += &line(found);
        }
        last = heading;
    }
    text
}
