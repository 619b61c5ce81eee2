//! The table of what SQLite has added, and in which version, as its release notes say.
//!
//! Math functions are an option of every version, so that no version answers for them. The forms of
//! `ALTER TABLE` that newer versions have are missing here: a run carries them out on every version.

/// Additions to the syntax.
#[derive(Clone, Copy)]
pub(super) enum Feature {
    StrictTable,
    TableList,
    JsonArrow,
    JsonValueArrow,
    RightJoin,
    FullJoin,
    IsDistinctFrom,
    HavingAlone,
    AggregateOrder,
    DigitSeparator,
    RaisedExpression,
    ShortIif,
    LongIif,
    ReindexExpressions,
}

impl Feature {
    /// Returns the description, and the minor version that brought it.
    pub(super) const fn described(self) -> (&'static str, u16) {
        match self {
            Self::StrictTable => ("a `STRICT` table", 37),
            Self::TableList => ("`pragma_table_list`", 37),
            Self::JsonArrow => ("the operator `->`", 38),
            Self::JsonValueArrow => ("the operator `->>`", 38),
            Self::RightJoin => ("`RIGHT JOIN`", 39),
            Self::FullJoin => ("`FULL JOIN`", 39),
            Self::IsDistinctFrom => ("`IS [NOT] DISTINCT FROM`", 39),
            Self::HavingAlone => ("`HAVING` without `GROUP BY`", 39),
            Self::AggregateOrder => ("`ORDER BY` in the arguments of an aggregate", 44),
            Self::DigitSeparator => ("`_` between digits", 46),
            Self::RaisedExpression => ("an expression as the message of `RAISE()`", 47),
            Self::ShortIif => ("`iif()` with two arguments", 48),
            Self::LongIif => ("`iif()` with more than three arguments", 49),
            Self::ReindexExpressions => ("`REINDEX EXPRESSIONS`", 53),
        }
    }
}

/// Functions, and the minor versions that brought them.
pub(super) const FUNCTIONS: &[(&str, u16)] = &[
    ("format", 38),
    ("unixepoch", 38),
    ("unhex", 41),
    ("json_error_position", 42),
    ("octet_length", 43),
    ("timediff", 43),
    ("concat", 44),
    ("concat_ws", 44),
    ("string_agg", 44),
    ("jsonb", 45),
    ("jsonb_array", 45),
    ("jsonb_extract", 45),
    ("jsonb_group_array", 45),
    ("jsonb_group_object", 45),
    ("jsonb_insert", 45),
    ("jsonb_object", 45),
    ("jsonb_patch", 45),
    ("jsonb_remove", 45),
    ("jsonb_replace", 45),
    ("jsonb_set", 45),
    ("json_pretty", 46),
    ("if", 48),
    ("unistr", 50),
    ("unistr_quote", 50),
    ("jsonb_each", 51),
    ("jsonb_tree", 51),
    ("json_array_insert", 53),
    ("jsonb_array_insert", 53),
];

/// The option that builds the functions of JSON into versions before this minor one, which always
/// has them.
pub(super) const JSON_OPTION: (&str, u16) = ("SQLITE_ENABLE_JSON1", 38);

/// The functions of that option.
pub(super) const JSON_FUNCTIONS: &[&str] = &[
    "json",
    "json_array",
    "json_array_length",
    "json_each",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_patch",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_tree",
    "json_type",
    "json_valid",
];

/// The words that an expression, or a table of a query, can follow.
pub(super) const BEFORE_EXPRESSIONS: &[&str] = &[
    "ALL",
    "AND",
    "BETWEEN",
    "BY",
    "CASE",
    "DISTINCT",
    "ELSE",
    "ESCAPE",
    "FROM",
    "GLOB",
    "HAVING",
    "IN",
    "IS",
    "JOIN",
    "LIKE",
    "LIMIT",
    "MATCH",
    "NOT",
    "OFFSET",
    "ON",
    "OR",
    "REGEXP",
    "RETURNING",
    "SELECT",
    "THEN",
    "USING",
    "WHEN",
    "WHERE",
];

/// The words between that of a join and `JOIN`.
pub(super) const JOIN_WORDS: &[&str] = &["LEFT", "RIGHT", "FULL", "NATURAL", "OUTER"];
