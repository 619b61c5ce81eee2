//! The schema of a SQLite database as text, to compare and to show.

use alembic_history::{Dialect, VersionTable};
use alembic_sql::{literal, normalized};

use crate::describe::write;
use crate::request::{Query, Row, Task};

pub(super) fn query(table: &VersionTable) -> Query {
    let query = format!(
        "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master \
         WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name COLLATE NOCASE NOT IN ({}, {}, {}) \
         ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 WHEN 'view' THEN 3 ELSE 4 END, \
         name",
        literal(&table.name),
        literal(&table.log().name),
        literal(&table.progress().name)
    );
    Query::new(Task::DescribeSchema, query)
}

pub(super) fn text(rows: &[Row]) -> String {
    write(rows, |sql| break_lines(&normalized(sql, Dialect::Sqlite)))
}

/// Breaks a definition into lines at its outermost parentheses and the commas between them.
fn break_lines(sql: &str) -> String {
    let mut text = String::from("  ");
    let mut depth = 0_usize;
    for token in sql.split(' ') {
        match token {
            ")" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    trim_end(&mut text);
                    text.push_str("\n  ");
                }
            }
            "(" => depth += 1,
            _ => {}
        }
        text.push_str(token);
        let breaks = depth == 1 && matches!(token, "(" | ",");
        text.push_str(if breaks { "\n    " } else { " " });
    }
    trim_end(&mut text);
    text.push('\n');
    text
}

fn trim_end(text: &mut String) {
    text.truncate(text.trim_end().len());
}
