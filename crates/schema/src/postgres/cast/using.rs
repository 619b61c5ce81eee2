//! Expressions that compute the values of another type.

use super::base::{base, is_array_of_words, is_number, is_text, plain};
use crate::comparison::Comparison;
use crate::postgres::name::quote;

/// Returns what computes the new values of a column, unless the server converts them by itself.
pub(in crate::postgres) fn using(
    column: &str,
    before: &str,
    after: &str,
    comparison: Comparison<'_>,
) -> Option<String> {
    let column = quote(column);
    let (from, to) = (base(comparison.from, before), base(comparison.to, after));
    let (from, to) = (plain(&from.data_type), plain(&to.data_type));
    if from == to || is_assigned(from, to) {
        // A cast that is written would cut what is too long.
        return None;
    }
    let is_direct =
        is_text(from) || matches!((from, to), ("integer", "boolean") | ("boolean", "integer"));
    if is_direct {
        return Some(format!("{column}::{after}"));
    }
    if is_number(from) && to == "boolean" {
        return Some(format!("({column} <> 0)::{after}"));
    }
    if from == "boolean" && is_number(to) {
        return Some(format!("{column}::integer::{after}"));
    }
    if from.ends_with("[]") && matches!(to, "json" | "jsonb") {
        return Some(format!("pg_catalog.to_{to}({column})::{after}"));
    }
    if matches!(from, "json" | "jsonb") && to.ends_with("[]") {
        return Some(match is_array_of_words(to) {
            true => format!("pg_catalog.translate({column}::text, '[]', '{{}}')::{after}"),
            false => {
                format!("CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}::text] END::{after}")
            }
        });
    }
    if !from.ends_with("[]") && to.ends_with("[]") && !is_text(from) {
        return Some(format!(
            "CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}] END::{after}"
        ));
    }
    let text = match from.ends_with("[]") && to.ends_with("[]") {
        true => "text[]",
        false => "text",
    };
    Some(format!("{column}::{text}::{after}"))
}

/// Returns whether a value of one type can be assigned to a column of another one.
fn is_assigned(from: &str, to: &str) -> bool {
    if let (Some(from), Some(to)) = (from.strip_suffix("[]"), to.strip_suffix("[]")) {
        return from == to || is_assigned(plain(from), plain(to));
    }
    let is_moment = |data_type: &str| {
        matches!(
            data_type,
            "date" | "timestamp with time zone" | "timestamp without time zone"
        )
    };
    (is_text(to) && to != "\"char\"")
        || (is_number(from) && is_number(to))
        || (is_moment(from) && is_moment(to))
        || matches!(
            (from, to),
            ("json", "jsonb")
                | ("jsonb", "json")
                | ("inet", "cidr")
                | ("cidr", "inet")
                | ("bit", "bit varying")
                | ("bit varying", "bit")
                | ("time without time zone", "time with time zone" | "interval")
                | ("time with time zone", "time without time zone")
                | ("interval", "time without time zone")
                | (
                    "timestamp without time zone" | "timestamp with time zone",
                    "time without time zone"
                )
        )
}

#[cfg(test)]
mod tests {
    use alembic_sql::Dialect;

    use super::using;
    use crate::comparison::{Comparison, DiffOptions};
    use crate::model::Schema;

    #[test]
    fn values_are_converted_by_the_server_or_by_an_expression() {
        let schema = Schema::new(Dialect::Postgres);
        let comparison = Comparison {
            from: &schema,
            to: &schema,
            options: DiffOptions::default(),
        };
        for (before, after, expected) in [
            ("character varying(50)", "character varying(100)", None),
            ("character varying(50)", "text", None),
            ("integer", "bigint", None),
            ("numeric(10,2)", "integer", None),
            ("uuid", "text", None),
            ("character varying(10)[]", "text[]", None),
            ("timestamp without time zone", "date", None),
            ("json", "jsonb", None),
            ("text", "uuid", Some("c::uuid")),
            ("character varying(255)", "integer", Some("c::integer")),
            ("text", "public.mood", Some("c::public.mood")),
            ("integer", "public.mood", Some("c::text::public.mood")),
            ("integer", "boolean", Some("c::boolean")),
            ("bigint", "boolean", Some("(c <> 0)::boolean")),
            ("boolean", "integer", Some("c::integer")),
            ("boolean", "bigint", Some("c::integer::bigint")),
            (
                "public.mood[]",
                "public.tone[]",
                Some("c::text[]::public.tone[]"),
            ),
            (
                "integer",
                "integer[]",
                Some("CASE WHEN c IS NOT NULL THEN ARRAY[c] END::integer[]"),
            ),
            ("integer", "uuid", Some("c::text::uuid")),
            ("text[]", "jsonb", Some("pg_catalog.to_jsonb(c)::jsonb")),
        ] {
            let found = using("c", before, after, comparison);
            assert_eq!(found.as_deref(), expected, "{before} to {after}");
        }
    }
}
