//! How two descriptions of schemas differ.

use std::collections::BTreeSet;

use jiff::{Span, Zoned, civil::Date};
use similar::TextDiff;

/// The difference between two descriptions of schemas.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// The columns or constraints of these tables are in another order; none, if the schemas are
    /// equal.
    Order(BTreeSet<String>),
    /// Anything else, as lines.
    Lines(String),
}

/// Compares two descriptions of schemas that were made today.
pub(super) fn between(expected: &str, found: &str) -> Difference {
    if expected == found {
        return Difference::Order(BTreeSet::new());
    }
    let today = Zoned::now().date();
    let times = [expected, found].map(|text| without_times(text, today));
    if let Some(tables) = reordered(&times[0], &times[1]) {
        return Difference::Order(tables);
    }
    let difference = TextDiff::from_lines(expected, found);
    let difference = difference.unified_diff().context_radius(2).to_string();
    Difference::Lines(difference.trim_end().to_owned())
}

/// Returns the tables whose lines are in another order, unless the texts differ otherwise.
///
/// A column that is brought back is the last one of its table.
fn reordered(expected: &str, found: &str) -> Option<BTreeSet<String>> {
    let (expected, found) = (blocks(expected), blocks(found));
    if expected.len() != found.len() {
        return None;
    }
    let mut tables = BTreeSet::new();
    for ((heading, lines), (other_heading, other_lines)) in expected.into_iter().zip(found) {
        if heading != other_heading {
            return None;
        }
        if lines == other_lines {
            continue;
        }
        let name = heading.split_once("table ").map(|(_, name)| name)?;
        if sorted(&lines) != sorted(&other_lines) {
            return None;
        }
        tables.insert(name.to_owned());
    }
    Some(tables)
}

/// Splits a description into its headings, and the lines below each.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match blocks.last_mut() {
            Some((_, lines)) if line.starts_with(' ') => lines.push(line),
            _ => blocks.push((line, Vec::new())),
        }
    }
    blocks
}

fn sorted<'t>(lines: &[&'t str]) -> Vec<&'t str> {
    let lines = lines.iter().map(|line| line.trim_end_matches([',', ' ']));
    let mut lines: Vec<&str> = lines.collect();
    lines.sort_unstable();
    lines
}

/// Removes the times of about today: PostgreSQL keeps the time at which `'now'::timestamp` in a
/// default or in a view was read.
fn without_times(text: &str, today: Date) -> String {
    const DATE: usize = "2026-01-02".len();
    let mut rest = text;
    let mut without = String::with_capacity(text.len());
    while let Some(place) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, after) = rest.split_at(place);
        without.push_str(before);
        let date: Option<Date> = after.get(..DATE).and_then(|date| date.parse().ok());
        let is_now = date.is_some_and(|date| {
            let days = Span::new().days(1);
            let (first, last) = (today.saturating_sub(days), today.saturating_add(days));
            (first..=last).contains(&date)
        });
        let is_part = |c: char| match is_now {
            true => c.is_ascii_digit() || matches!(c, '-' | '+' | ':' | '.' | ' ' | 'T'),
            false => c.is_ascii_digit(),
        };
        let end = after.find(|c| !is_part(c)).unwrap_or(after.len());
        without.push_str(if is_now { "<now>" } else { &after[..end] });
        rest = &after[end..];
    }
    without + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_columns_is_told_apart_from_everything_else() {
        let table =
            "table t\n  CREATE TABLE t (\n    a INTEGER,\n    b TEXT\n  )\nview v\n  SELECT 1\n";
        for (found, expected) in [
            (table.to_owned(), Some("")),
            (
                table.replace(
                    "    a INTEGER,\n    b TEXT\n",
                    "    b TEXT,\n    a INTEGER\n",
                ),
                Some("t"),
            ),
            (table.replace("a INTEGER", "a TEXT"), None),
            (table.replace("    b TEXT\n", ""), None),
            (table.replace("SELECT 1", "SELECT 2"), None),
            (table.replace("view v", "view w"), None),
            (table.replace("view v\n  SELECT 1\n", ""), None),
            (format!("{table}table u\n"), None),
            (String::new(), None),
        ] {
            let tables = match between(table, &found) {
                Difference::Order(tables) => Some(tables.into_iter().collect::<Vec<_>>().join(" ")),
                Difference::Lines(lines) => {
                    assert!(!lines.is_empty());
                    None
                }
            };
            assert_eq!(tables.as_deref(), expected, "{found}");
        }
        let view = "view v\n  SELECT a,\n    b\n";
        let other = "view v\n  SELECT b,\n    a\n";
        assert!(matches!(between(view, other), Difference::Lines(_)));
    }

    #[test]
    fn times_of_today_are_removed() {
        let today: Date = "2026-03-01".parse().unwrap();
        for (text, expected) in [
            (
                "'2026-03-01 10:11:12.345678+00'::timestamp with time zone",
                "'<now>'::timestamp with time zone",
            ),
            ("'2026-02-28'::date", "'<now>'::date"),
            ("'2026-03-02T00:00:00'", "'<now>'"),
            ("'2026-03-03'::date, 7", "'2026-03-03'::date, 7"),
            ("varchar(12) ä 2026-03", "varchar(12) ä 2026-03"),
            ("1 2026-03-01)", "1 <now>)"),
        ] {
            assert_eq!(without_times(text, today), expected);
        }
    }
}
