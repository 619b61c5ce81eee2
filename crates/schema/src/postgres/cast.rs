//! How values of one type become values of another one.

use super::name::quote;
use crate::diff::Comparison;
use crate::model::{Definition, ObjectKind, Schema};

/// Returns what computes the new values of a column, unless the server converts them by itself.
pub(super) fn using(
    column: &str,
    before: &str,
    after: &str,
    comparison: Comparison<'_>,
) -> Option<String> {
    let column = quote(column);
    let (from, is_domain_before) = base(comparison.from, before);
    let (to, is_domain_after) = base(comparison.to, after);
    let (from, to) = (plain(from), plain(to));
    if !is_domain_after && (from == to || is_assigned(from, to)) {
        return None;
    }
    if is_domain_before && from == to {
        return Some(format!("{column}::{after}"));
    }
    let is_direct = from == to
        || is_text(from)
        || is_assigned(from, to)
        || matches!((from, to), ("integer", "boolean") | ("boolean", "integer"));
    if is_direct {
        return Some(format!("{column}::{after}"));
    }
    if is_number(from) && to == "boolean" {
        return Some(format!("({column} <> 0)::{after}"));
    }
    if from == "boolean" && is_number(to) {
        return Some(format!("{column}::integer::{after}"));
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

/// Returns the type under a domain, and whether it is one.
fn base<'t>(schema: &'t Schema, data_type: &'t str) -> (&'t str, bool) {
    let mut data_type = data_type;
    let mut is_domain = false;
    while let Some(under) = domain(schema, data_type) {
        data_type = under;
        is_domain = true;
    }
    (data_type, is_domain)
}

fn domain<'s>(schema: &'s Schema, data_type: &str) -> Option<&'s str> {
    schema.objects.iter().find_map(|(id, object)| {
        let Definition::Domain(domain) = &object.definition else {
            return None;
        };
        let is_this =
            id.kind == ObjectKind::Domain && super::name::full(&id.schema, &id.name) == data_type;
        is_this.then_some(domain.data_type.as_str())
    })
}

/// Returns a type without its arguments: `numeric` for `numeric(10,2)`.
fn plain(data_type: &str) -> &str {
    match data_type {
        _ if data_type.ends_with("[]") && data_type.starts_with("character varying") => {
            "character varying[]"
        }
        _ if data_type.ends_with("[]") && data_type.starts_with("numeric") => "numeric[]",
        _ if data_type.starts_with("timestamp") || data_type.starts_with("time") => {
            let zoned = data_type.contains("with time zone");
            let is_array = data_type.ends_with("[]");
            match (data_type.starts_with("timestamp"), zoned, is_array) {
                (true, true, false) => "timestamp with time zone",
                (true, false, false) => "timestamp without time zone",
                (false, true, false) => "time with time zone",
                (false, false, false) => "time without time zone",
                _ => data_type,
            }
        }
        _ if data_type.ends_with(')') => {
            let (word, _) = data_type.split_once('(').unwrap_or((data_type, ""));
            word
        }
        _ => data_type,
    }
}

fn is_text(data_type: &str) -> bool {
    matches!(
        data_type,
        "text" | "character varying" | "character" | "name" | "\"char\""
    )
}

fn is_number(data_type: &str) -> bool {
    matches!(
        data_type,
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision"
    )
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
