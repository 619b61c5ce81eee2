//! How values of one type become values of another one.

mod base;
mod using;

use base::{arguments, base, is_array_of_words, is_number, is_text, plain};
pub(super) use using::using;

use crate::change::Hazard;
use crate::comparison::Comparison;
use crate::model::ObjectId;

/// What a change of a type does to the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Conversion {
    /// They stay as they are, and the table is not written anew.
    Free,
    /// They mean the same.
    Exact,
    /// They mean the same, but for the order of keys and equal ones.
    Unordered,
    /// What they mean depends on the time zone of the session.
    Zoned,
    /// They may not fit into the new type, and then the change fails.
    Checked,
    /// What the new type does not hold is lost.
    Rounded,
}

impl Conversion {
    /// Returns what may happen to the values of a column that gets a type.
    pub(super) fn hazard(self, id: &ObjectId, data_type: &str) -> Option<Hazard> {
        let column = &id.name;
        match self {
            Self::Free | Self::Exact => None,
            Self::Unordered => Some(Hazard::BreaksProgram(format!(
                "the order of the keys in {column} and all but the last of equal ones are not kept"
            ))),
            Self::Zoned => Some(Hazard::BreaksProgram(format!(
                "values of {column} are taken to be in the time zone of the session (SHOW TimeZone)"
            ))),
            Self::Checked => Some(Hazard::MayFail(format!(
                "values of {column} do not fit into {data_type}"
            ))),
            Self::Rounded => Some(Hazard::DestroysValues(id.clone())),
        }
    }
}

/// Returns what a change of a type does to the values.
pub(super) fn conversion(before: &str, after: &str, comparison: Comparison<'_>) -> Conversion {
    let (from, to) = (base(comparison.from, before), base(comparison.to, after));
    let conversion = match (
        from.data_type.strip_suffix("[]"),
        to.data_type.strip_suffix("[]"),
    ) {
        (Some(from), Some(to)) if from != to => between(from, to).max(Conversion::Exact),
        (_, _) => between(&from.data_type, &to.data_type),
    };
    match to.is_domain && before != after {
        // Its constraints are checked.
        true => conversion.max(Conversion::Checked),
        false => conversion,
    }
}

fn between(before: &str, after: &str) -> Conversion {
    let (from, to) = (plain(before), plain(after));
    if from == to || (is_text(from) && is_text(to)) {
        return same_family((from, before), (to, after));
    }
    if from.starts_with("time") && to.starts_with("time") && digits(after) < digits(before) {
        return Conversion::Rounded;
    }
    let rank = |data_type: &str| {
        let numbers = ["smallint", "integer", "bigint", "numeric"];
        numbers.iter().position(|number| *number == data_type)
    };
    match (from, to) {
        ("date", "timestamp without time zone") | ("real", "double precision") => Conversion::Exact,
        ("smallint" | "integer", "double precision") | ("cidr", "inet") => Conversion::Exact,
        (_, "text" | "character varying") if arguments(after).is_empty() => Conversion::Exact,
        (_, "date" | "time without time zone" | "time with time zone")
            if from.starts_with("timestamp") || from == "time with time zone" =>
        {
            Conversion::Rounded
        }
        // A text may say more than the day, or than its digits.
        ("interval", "time without time zone") => Conversion::Rounded,
        (_, "date" | "real" | "double precision") if is_text(from) => Conversion::Rounded,
        // The bytes of a text come back as their digits.
        (_, "jsonb" | "bytea") if is_text(from) => Conversion::Rounded,
        ("timestamp without time zone" | "date", "timestamp with time zone")
        | ("timestamp with time zone", "timestamp without time zone")
        | ("time without time zone", "time with time zone") => Conversion::Zoned,
        (_, "json" | "jsonb") if from.ends_with("[]") => Conversion::Exact,
        // A whole document becomes one element, unless elements cannot have brackets in them.
        ("json" | "jsonb", _) if to.ends_with("[]") => match is_array_of_words(to) {
            true => Conversion::Checked,
            false => Conversion::Rounded,
        },
        ("json", "jsonb") => Conversion::Unordered,
        ("jsonb", "json") => Conversion::Exact,
        ("inet", "cidr") => Conversion::Rounded,
        (_, "boolean") if is_number(from) => Conversion::Rounded,
        ("boolean", _) if is_number(to) && arguments(after).is_empty() => Conversion::Exact,
        ("numeric" | "real" | "double precision", _) if is_number(to) => Conversion::Rounded,
        ("bigint", "real" | "double precision") | ("integer", "real") => Conversion::Rounded,
        // The server cuts or rounds what a text says.
        (_, _) if is_text(from) && !arguments(after).is_empty() => match to {
            "numeric" | "bit" | "bit varying" | "interval" => Conversion::Rounded,
            _ if to.starts_with("time") => Conversion::Rounded,
            _ => Conversion::Checked,
        },
        (_, _) => match (rank(from), rank(to)) {
            (Some(from), Some(to)) if from < to && arguments(after).is_empty() => Conversion::Exact,
            _ => Conversion::Checked,
        },
    }
}

/// Returns what happens to the values if only the arguments of a type change, or one text becomes
/// another one.
fn same_family((from, old): (&str, &str), (to, new): (&str, &str)) -> Conversion {
    let (before, after) = (arguments(old), arguments(new));
    if old == new {
        return Conversion::Free;
    }
    let is_varying = |data_type: &str| matches!(data_type, "text" | "character varying");
    if is_varying(from) && is_varying(to) {
        return match (before.first(), after.first()) {
            (_, None) => Conversion::Free,
            (Some(before), Some(after)) if before <= after => Conversion::Free,
            (_, Some(_)) => Conversion::Checked,
        };
    }
    let is_time = from.starts_with("time") || from == "interval";
    match (before.as_slice(), after.as_slice()) {
        // The server cuts what is longer.
        _ if from != to && matches!(to, "name" | "\"char\"") => Conversion::Rounded,
        _ if from == "interval" && finest(new) < finest(old) => Conversion::Rounded,
        _ if is_time && digits(new) < digits(old) => Conversion::Rounded,
        _ if is_time && after.is_empty() && fields(new).is_empty() => Conversion::Free,
        _ if is_time => Conversion::Exact,
        _ if before == after && from == to => Conversion::Free,
        (_, []) if from == to => Conversion::Free,
        ([digits, places], [more, same]) if from == "numeric" && places <= same => {
            match digits - digits.min(places) <= more - more.min(same) {
                true if places == same => Conversion::Free,
                true => Conversion::Exact,
                false => Conversion::Checked,
            }
        }
        (_, _) if from == "numeric" => Conversion::Rounded,
        (_, _) => Conversion::Checked,
    }
}

/// Returns the fields that an interval is restricted to: `day to second`.
fn fields(interval: &str) -> &str {
    let rest = interval.trim_start_matches("interval").trim_start();
    let (fields, _) = rest.split_once('(').unwrap_or((rest, ""));
    fields
}

/// Returns which field of an interval is the finest that it holds.
fn finest(interval: &str) -> usize {
    let units = ["year", "month", "day", "hour", "minute", "second"];
    let last = fields(interval).trim_end().rsplit(' ').next();
    let at = units.iter().position(|unit| Some(*unit) == last);
    at.unwrap_or(units.len() - 1)
}

/// Returns how many digits of a second a type holds.
fn digits(data_type: &str) -> u32 {
    arguments(data_type).first().copied().unwrap_or(6)
}

#[cfg(test)]
mod tests {
    use alembic_sql::Dialect;

    use super::{Conversion, conversion};
    use crate::comparison::{Comparison, DiffOptions};
    use crate::model::Schema;

    #[test]
    fn a_conversion_is_free_or_exact_or_loses_something() {
        let schema = Schema::new(Dialect::Postgres);
        let comparison = Comparison {
            from: &schema,
            to: &schema,
            options: DiffOptions::default(),
        };
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
            ("text", "name", Conversion::Rounded),
            ("text", "numeric(5,1)", Conversion::Rounded),
            ("text", "numeric", Conversion::Checked),
            ("integer", "boolean", Conversion::Rounded),
            ("boolean", "integer", Conversion::Exact),
            ("numeric(8,3)[]", "numeric(8,1)[]", Conversion::Rounded),
            ("numeric(8,1)[]", "numeric(8,3)[]", Conversion::Checked),
            ("character varying(4)[]", "text[]", Conversion::Exact),
            ("interval", "interval day", Conversion::Rounded),
            ("interval day to second(3)", "interval", Conversion::Free),
            ("interval day to second", "interval(0)", Conversion::Rounded),
            ("interval day", "interval day to second", Conversion::Exact),
            ("interval year to month", "interval day", Conversion::Exact),
            ("interval", "time without time zone", Conversion::Rounded),
            (
                "timestamp without time zone",
                "timestamp(6) without time zone",
                Conversion::Exact,
            ),
            (
                "timestamp without time zone",
                "timestamp(0) with time zone",
                Conversion::Rounded,
            ),
            (
                "timestamp with time zone",
                "time with time zone",
                Conversion::Rounded,
            ),
            ("text", "date", Conversion::Rounded),
            (
                "text",
                "timestamp(0) without time zone",
                Conversion::Rounded,
            ),
            ("text", "timestamp without time zone", Conversion::Checked),
            ("text", "jsonb", Conversion::Rounded),
            ("text", "bytea", Conversion::Rounded),
            ("bytea", "text", Conversion::Exact),
            ("boolean", "numeric(1,1)", Conversion::Checked),
            ("interval(3)", "interval(6)", Conversion::Exact),
            ("interval(6)", "interval(3)", Conversion::Rounded),
            (
                "timestamp(3) without time zone",
                "timestamp(6) without time zone",
                Conversion::Exact,
            ),
            (
                "timestamp without time zone",
                "timestamp with time zone",
                Conversion::Zoned,
            ),
            (
                "time with time zone",
                "time without time zone",
                Conversion::Rounded,
            ),
            ("inet", "cidr", Conversion::Rounded),
            ("cidr", "inet", Conversion::Exact),
            ("json", "jsonb", Conversion::Unordered),
            ("jsonb", "json", Conversion::Exact),
            ("text[]", "jsonb", Conversion::Exact),
            ("jsonb", "text[]", Conversion::Rounded),
            ("jsonb", "integer[]", Conversion::Checked),
        ] {
            let found = conversion(before, after, comparison);
            assert_eq!(found, expected, "{before} to {after}");
        }
    }
}
