//! How values of one type become values of another one.

use super::name::quote;
use crate::comparison::Comparison;
use crate::model::{Definition, ObjectKind, Schema};

/// What a change of a type does to the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conversion {
    /// They stay as they are, and the table is not written anew.
    Free,
    /// They mean the same.
    Exact,
    /// What the new type does not hold is lost.
    Rounded,
    /// They may not fit into the new type, and then the change fails.
    Checked,
}

/// Returns what a change of a type does to the values.
pub(super) fn conversion(before: &str, after: &str) -> Conversion {
    let (from, to) = (plain(before), plain(after));
    if from == to || (is_text(from) && is_text(to)) {
        return same_family(from, to, arguments(before), arguments(after));
    }
    let rank = |data_type: &str| {
        let numbers = ["smallint", "integer", "bigint", "numeric"];
        numbers.iter().position(|number| *number == data_type)
    };
    match (from, to) {
        ("date", "timestamp without time zone") | ("real", "double precision") => Conversion::Exact,
        ("smallint" | "integer", "double precision") | ("inet" | "cidr", "inet") => {
            Conversion::Exact
        }
        (_, "text" | "character varying") if arguments(after).is_empty() => Conversion::Exact,
        (_, "text[]" | "character varying[]")
            if from.ends_with("[]") && arguments(after).is_empty() =>
        {
            Conversion::Exact
        }
        (_, "date" | "time without time zone") if from.starts_with("timestamp") => {
            Conversion::Rounded
        }
        ("numeric" | "real" | "double precision", _) if is_number(to) => Conversion::Rounded,
        ("bigint", "real" | "double precision") | ("integer", "real") => Conversion::Rounded,
        (_, _) => match (rank(from), rank(to)) {
            (Some(from), Some(to)) if from < to && arguments(after).is_empty() => Conversion::Exact,
            _ => Conversion::Checked,
        },
    }
}

/// Returns what happens to the values if only the arguments of a type change, or one text becomes
/// another one.
fn same_family(from: &str, to: &str, before: Vec<u32>, after: Vec<u32>) -> Conversion {
    let is_varying = |data_type: &str| matches!(data_type, "text" | "character varying");
    if is_varying(from) && is_varying(to) {
        return match (before.first(), after.first()) {
            (_, None) => Conversion::Free,
            (Some(before), Some(after)) if before <= after => Conversion::Free,
            (_, Some(_)) => Conversion::Checked,
        };
    }
    match (before.as_slice(), after.as_slice()) {
        _ if before == after && from == to => Conversion::Free,
        (_, []) if from == to => Conversion::Free,
        ([digits, places], [more, same]) if from == "numeric" && places <= same => {
            match digits - digits.min(places) <= more - more.min(same) {
                true if places == same => Conversion::Free,
                true => Conversion::Exact,
                false => Conversion::Checked,
            }
        }
        (_, _) if from == "numeric" || from.starts_with("time") => Conversion::Rounded,
        (_, _) => Conversion::Checked,
    }
}

/// Returns the numbers between the parentheses of a type.
fn arguments(data_type: &str) -> Vec<u32> {
    let inside = data_type
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    let numbers = inside.map_or("", |(inside, _)| inside).split(',');
    numbers.filter_map(|number| number.parse().ok()).collect()
}

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
    let mut domains = schema.of_kind(ObjectKind::Domain);
    domains.find_map(|(id, object)| {
        let Definition::Domain(domain) = &object.definition else {
            return None;
        };
        let is_this = super::name::full(&id.schema, &id.name) == data_type;
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

#[cfg(test)]
mod tests {
    use alembic_sql::Dialect;

    use super::{Conversion, conversion, using};
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
        ] {
            let found = using("c", before, after, comparison);
            assert_eq!(found.as_deref(), expected, "{before} to {after}");
        }
    }

    #[test]
    fn a_conversion_is_free_or_exact_or_loses_something() {
        for (before, after, expected) in [
            (
                "character varying(50)",
                "character varying(100)",
                Conversion::Free,
            ),
            ("character varying(50)", "text", Conversion::Free),
            ("text", "character varying", Conversion::Free),
            ("text", "character varying(10)", Conversion::Checked),
            ("numeric(10,2)", "numeric(12,2)", Conversion::Free),
            ("numeric(10,2)", "numeric", Conversion::Free),
            ("numeric(10,2)", "numeric(12,4)", Conversion::Exact),
            ("numeric(10,2)", "numeric(10,4)", Conversion::Checked),
            ("numeric(10,4)", "numeric(10,2)", Conversion::Rounded),
            ("integer", "bigint", Conversion::Exact),
            ("bigint", "integer", Conversion::Checked),
            ("numeric", "integer", Conversion::Rounded),
            ("timestamp with time zone", "date", Conversion::Rounded),
            ("date", "timestamp without time zone", Conversion::Exact),
            ("uuid", "text", Conversion::Exact),
            ("text", "uuid", Conversion::Checked),
            ("mood[]", "text[]", Conversion::Exact),
            ("mood[]", "character varying(4)[]", Conversion::Checked),
            ("text", "text[]", Conversion::Checked),
            ("character(4)", "character(2)", Conversion::Checked),
        ] {
            assert_eq!(conversion(before, after), expected, "{before} to {after}");
        }
    }
}
