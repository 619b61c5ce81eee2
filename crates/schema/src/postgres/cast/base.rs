//! Types as they are without domains, arguments and the like.

use crate::model::{Definition, ObjectKind, Schema};
use crate::postgres::name;

/// The type that values have under domains.
pub(super) struct Base {
    pub(super) data_type: String,
    pub(super) is_domain: bool,
}

/// Returns the type under a domain, or under the domain of an array's elements.
pub(super) fn base(schema: &Schema, data_type: &str) -> Base {
    let mut base = Base {
        data_type: data_type.to_owned(),
        is_domain: false,
    };
    loop {
        let (element, array) = match base.data_type.strip_suffix("[]") {
            Some(element) => (element, "[]"),
            None => (base.data_type.as_str(), ""),
        };
        let Some(under) = domain(schema, element) else {
            return base;
        };
        base = Base {
            data_type: format!("{under}{array}"),
            is_domain: true,
        };
    }
}

fn domain<'s>(schema: &'s Schema, data_type: &str) -> Option<&'s str> {
    let mut domains = schema.of_kind(ObjectKind::Domain);
    domains.find_map(|(id, object)| {
        let Definition::Domain(domain) = &object.definition else {
            return None;
        };
        let is_this = name::full(&id.schema, &id.name) == data_type;
        is_this.then_some(domain.data_type.as_str())
    })
}

/// Returns a type without its arguments: `numeric` for `numeric(10,2)`.
pub(super) fn plain(data_type: &str) -> &str {
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
        _ if data_type.starts_with("interval") && !data_type.ends_with("[]") => "interval",
        _ if data_type.ends_with(')') => {
            let (word, _) = data_type.split_once('(').unwrap_or((data_type, ""));
            word
        }
        _ => data_type,
    }
}

pub(super) fn is_text(data_type: &str) -> bool {
    matches!(
        data_type,
        "text" | "character varying" | "character" | "name" | "\"char\""
    )
}

pub(super) fn is_number(data_type: &str) -> bool {
    matches!(
        data_type,
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision"
    )
}

/// Returns the numbers between the parentheses of a type.
pub(super) fn arguments(data_type: &str) -> Vec<u32> {
    let inside = data_type
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    let numbers = inside.map_or("", |(inside, _)| inside).split(',');
    numbers.filter_map(|number| number.parse().ok()).collect()
}

/// Returns whether the elements of an array are numbers or truth values.
pub(super) fn is_array_of_words(data_type: &str) -> bool {
    let element = data_type.strip_suffix("[]").map(plain);
    element.is_some_and(|element| is_number(element) || element == "boolean")
}
