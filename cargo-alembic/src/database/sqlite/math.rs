//! SQLite's mathematical functions.
//!
//! Most builds of SQLite have them, the sqlite3 shell among them; but the one that rusqlite brings
//! does not, and only an environment variable of the build could change that. So revisions, and the
//! tables of databases that other programs have made, find them here, with the results that
//! <https://sqlite.org/lang_mathfunc.html> gives them.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

type Unary = fn(f64) -> f64;
type Binary = fn(f64, f64) -> f64;

const UNARY: [(&str, Unary); 20] = [
    ("acos", f64::acos),
    ("acosh", f64::acosh),
    ("asin", f64::asin),
    ("asinh", f64::asinh),
    ("atan", f64::atan),
    ("atanh", f64::atanh),
    ("cos", f64::cos),
    ("cosh", f64::cosh),
    ("degrees", f64::to_degrees),
    ("exp", f64::exp),
    ("ln", ln),
    ("log", log10),
    ("log10", log10),
    ("log2", log2),
    ("radians", f64::to_radians),
    ("sin", f64::sin),
    ("sinh", f64::sinh),
    ("sqrt", f64::sqrt),
    ("tan", f64::tan),
    ("tanh", f64::tanh),
];

/// They return an integer as it is.
const ROUNDING: [(&str, Unary); 4] = [
    ("ceil", f64::ceil),
    ("ceiling", f64::ceil),
    ("floor", f64::floor),
    ("trunc", f64::trunc),
];

const BINARY: [(&str, Binary); 5] = [
    ("atan2", f64::atan2),
    ("log", |base, x| match (ln(base), ln(x)) {
        (base, x) if base > 0.0 => x / base,
        _ => f64::NAN,
    }),
    ("mod", |x, y| x % y),
    ("pow", f64::powf),
    ("power", f64::powf),
];

fn ln(x: f64) -> f64 {
    positive(x).ln()
}

fn log2(x: f64) -> f64 {
    positive(x).log2()
}

fn log10(x: f64) -> f64 {
    positive(x).log10()
}

/// SQLite's logarithms of zero are NULL, not infinite.
fn positive(x: f64) -> f64 {
    if x > 0.0 { x } else { f64::NAN }
}

/// Adds the functions to a connection.
pub(super) fn add(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    for (name, function) in UNARY {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(number(context, 0).map(function))
        })?;
    }
    for (name, function) in ROUNDING {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(match integer(context, 0) {
                Some(integer) => Value::Integer(integer),
                None => number(context, 0).map(function).into(),
            })
        })?;
    }
    for (name, function) in BINARY {
        connection.create_scalar_function(name, 2, flags, move |context| {
            let numbers = number(context, 0).zip(number(context, 1));
            Ok(numbers.map(|(x, y)| function(x, y)))
        })?;
    }
    connection.create_scalar_function("pi", 0, flags, |_| Ok(std::f64::consts::PI))
}

/// Returns an argument as an integer, if it is one, or a text that looks like one.
fn integer(context: &Context<'_>, argument: usize) -> Option<i64> {
    match context.get_raw(argument) {
        ValueRef::Integer(integer) => Some(integer),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    }
}

/// Returns an argument as a number; a text is one if it looks like one.
fn number(context: &Context<'_>, argument: usize) -> Option<f64> {
    match context.get_raw(argument) {
        ValueRef::Integer(integer) => Some(integer as f64),
        ValueRef::Real(real) => Some(real),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).ok()?.trim();
            // Infinity has no such text in SQL.
            let is_number = text.ends_with(|last: char| last.is_ascii_digit() || last == '.');
            text.parse().ok().filter(|_| is_number)
        }
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_those_of_sqlite() {
        let connection = Connection::open_in_memory().unwrap();
        add(&connection).unwrap();
        for (expression, expected) in [
            ("sqrt(16)", "4.0"),
            ("sqrt('16')", "4.0"),
            ("sqrt(-1)", "NULL"),
            ("sqrt(NULL)", "NULL"),
            ("sqrt('a')", "NULL"),
            ("sqrt('infinity')", "NULL"),
            ("sqrt(' 16. ')", "4.0"),
            ("floor('7')", "7"),
            ("floor('7.5')", "7.0"),
            ("sqrt(x'31')", "NULL"),
            ("pow(2, 3)", "8.0"),
            ("power(2, 0.5) * power(2, 0.5) > 1.99", "1"),
            ("mod(7, 3)", "1.0"),
            ("mod(-7, 3)", "-1.0"),
            ("mod(7, 0)", "NULL"),
            ("ceil(1.2)", "2.0"),
            ("ceiling(-1.2)", "-1.0"),
            ("floor(7)", "7"),
            ("floor(-1.5)", "-2.0"),
            ("trunc(-1.5)", "-1.0"),
            ("trunc(9223372036854775807)", "9223372036854775807"),
            ("ln(0)", "NULL"),
            ("log(100)", "2.0"),
            ("log10(-1)", "NULL"),
            ("log2(8)", "3.0"),
            ("log(2, 8)", "3.0"),
            ("log(1, 8)", "NULL"),
            ("log(0.5, 8)", "NULL"),
            ("round(exp(1), 4)", "2.7183"),
            ("round(pi(), 4)", "3.1416"),
            ("degrees(pi())", "180.0"),
            ("atan2(0, 1)", "0.0"),
        ] {
            let query = format!("SELECT quote({expression})");
            let found: String = connection.query_row(&query, [], |row| row.get(0)).unwrap();
            assert_eq!(found, expected, "{expression}");
        }
    }
}
