//! Random columns.

use alembic_tests::Numbers;

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) data: Data,
    pub(super) not_null: bool,
    pub(super) has_default: bool,
    /// The column that its values are computed from.
    pub(super) generated_from: Option<&'static str>,
    /// Choices that each engine reads in its own way: collation, who numbers the rows.
    pub(super) options: usize,
    pub(super) is_key: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    Integer,
    BigInteger,
    Text,
    Short(u8),
    Real,
    Decimal,
    Boolean,
    Time,
    Binary,
    Json,
    Uuid,
}

const DATA: &[Data] = &[
    Data::Integer,
    Data::BigInteger,
    Data::Text,
    Data::Short(20),
    Data::Short(200),
    Data::Real,
    Data::Decimal,
    Data::Boolean,
    Data::Time,
    Data::Binary,
    Data::Json,
    Data::Uuid,
];

const NAMES: &[&str] = &[
    "name",
    "email",
    "user",
    "Two Words",
    "it's",
    "größe",
    "Upper",
    "select",
    "check",
    "created",
    "amount",
    "note",
    "x",
    "key",
];

/// Returns a column that is not the key.
pub(super) fn column(known: &[&'static str], numbers: &mut Numbers) -> Column {
    let is_generated = numbers.below(10) == 0 && !known.is_empty();
    Column {
        name: numbers.one_of(NAMES),
        data: match is_generated {
            true => Data::Text,
            false => numbers.one_of(DATA),
        },
        not_null: numbers.below(3) == 0 && !is_generated,
        has_default: numbers.below(3) == 0 && !is_generated,
        generated_from: is_generated.then(|| numbers.one_of(known)),
        options: numbers.below(6),
        is_key: false,
    }
}

impl Column {
    /// Returns the key of a table.
    pub(super) fn key(numbers: &mut Numbers) -> Self {
        Self {
            name: "id",
            data: match numbers.below(4) {
                0 => Data::Text,
                1 => Data::BigInteger,
                _ => Data::Integer,
            },
            not_null: true,
            has_default: false,
            generated_from: None,
            options: numbers.below(4),
            is_key: true,
        }
    }

    /// Makes one change.
    pub(super) fn alter(&mut self, numbers: &mut Numbers) {
        if self.is_key || self.generated_from.is_some() {
            return;
        }
        match numbers.below(4) {
            0 => self.data = numbers.one_of(DATA),
            1 => self.not_null = !self.not_null,
            2 => self.has_default = !self.has_default,
            _ => self.options = numbers.below(6),
        }
    }
}
