//! Random fields.

use alembic_tests::Numbers;

/// A field with a column.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) number: usize,
    pub(super) kind: Kind,
    nullable: bool,
    name: Option<&'static str>,
    length: Option<usize>,
    default: bool,
    unique: bool,
    /// A choice: none, plain, partial.
    index: usize,
    check: bool,
    comment: bool,
    collation: bool,
    generated: bool,
    renamed: bool,
    /// The number of a table, and a choice of what follows.
    reference: Option<(usize, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    I16,
    I32,
    I64,
    F64,
    Text,
    Bytes,
    Date,
    DateTime,
    Instant,
    Uuid,
    Json,
    Decimal,
    Status,
    Size,
    Number,
    Tags,
    Statuses,
    Sizes,
    Numbers,
    Other,
}

const KINDS: [Kind; 21] = [
    Kind::Bool,
    Kind::I16,
    Kind::I32,
    Kind::I64,
    Kind::F64,
    Kind::Text,
    Kind::Bytes,
    Kind::Date,
    Kind::DateTime,
    Kind::Instant,
    Kind::Uuid,
    Kind::Json,
    Kind::Decimal,
    Kind::Status,
    Kind::Size,
    Kind::Number,
    Kind::Tags,
    Kind::Statuses,
    Kind::Sizes,
    Kind::Numbers,
    Kind::Other,
];

const NAMES: [&str; 5] = ["order", "Two Words", "Upper", "naïve", "a\"b"];

impl Kind {
    pub(super) fn rust(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F64 => "f64",
            Self::Text => "String",
            Self::Bytes => "Vec<u8>",
            Self::Date => "chrono::NaiveDate",
            Self::DateTime => "chrono::NaiveDateTime",
            Self::Instant => "chrono::DateTime<chrono::Utc>",
            Self::Uuid => "uuid::Uuid",
            Self::Json => "serde_json::Value",
            Self::Decimal => "rust_decimal::Decimal",
            Self::Status => "Status",
            Self::Size => "Size",
            Self::Number => "Number",
            Self::Tags => "Vec<String>",
            Self::Statuses => "Vec<Status>",
            Self::Sizes => "Vec<Size>",
            Self::Numbers => "Vec<Number>",
            Self::Other => "std::time::Duration",
        }
    }

    /// Returns whether a column of it can be indexed and compared on every engine.
    pub(super) fn is_ordered(self) -> bool {
        self != Self::Json
    }

    fn default(self) -> Option<&'static str> {
        match self {
            Self::Bool => Some("default = \"TRUE\""),
            Self::I16 | Self::I32 | Self::I64 | Self::Number => Some("default = \"-7\""),
            Self::F64 | Self::Decimal => Some("default = \"1.5\""),
            Self::Text => Some("default = \"'it''s; (new'\""),
            Self::Date => Some("default = \"CURRENT_DATE\""),
            Self::DateTime | Self::Instant => {
                Some("default(sqlite = \"datetime('now')\", postgres = \"now()\")")
            }
            Self::Json => Some("default = \"'{}'\""),
            Self::Status => Some("default = \"'open'\""),
            Self::Size => Some("default = \"'Small'\""),
            Self::Uuid => Some("default(postgres = \"gen_random_uuid()\")"),
            Self::Bytes
            | Self::Tags
            | Self::Statuses
            | Self::Sizes
            | Self::Numbers
            | Self::Other => None,
        }
    }
}

impl Field {
    pub(super) fn new(number: usize, numbers: &mut Numbers) -> Self {
        let kind = numbers.one_of(&KINDS);
        let mut one_in = |many: usize| numbers.below(many) == 0;
        let mut field = Self {
            number,
            kind,
            nullable: one_in(2),
            name: None,
            length: None,
            default: one_in(3),
            unique: kind.is_ordered() && one_in(6),
            index: 0,
            check: one_in(6),
            comment: one_in(8),
            collation: one_in(6),
            generated: kind == Kind::I32 && one_in(4),
            renamed: one_in(8),
            reference: None,
        };
        if kind.is_ordered() {
            field.index = numbers.below(8).saturating_sub(5);
        }
        if numbers.below(4) == 0 {
            field.name = Some(numbers.one_of(&NAMES));
        }
        if numbers.below(2) == 0 {
            field.length = Some(1 + numbers.below(500));
        }
        field
    }

    pub(super) fn reference(
        number: usize,
        kind: Kind,
        table: usize,
        numbers: &mut Numbers,
    ) -> Self {
        Self {
            kind,
            name: None,
            length: None,
            default: false,
            check: false,
            collation: false,
            generated: false,
            reference: Some((table, numbers.below(6))),
            ..Self::new(number, numbers)
        }
    }

    /// Returns a part of a key of two columns.
    pub(super) fn part(number: usize, kind: Kind, numbers: &mut Numbers) -> Self {
        Self {
            reference: None,
            ..Self::reference(number, kind, 0, numbers)
        }
    }

    pub(super) fn refers_to(&self, table: usize) -> bool {
        self.reference.is_some_and(|(target, _)| target == table)
    }

    /// Changes one thing.
    pub(super) fn change(&mut self, numbers: &mut Numbers) {
        match numbers.below(7) {
            0 => self.nullable = !self.nullable,
            1 => self.default = !self.default && self.reference.is_none(),
            2 => self.unique = !self.unique && self.kind.is_ordered(),
            3 if self.kind.is_ordered() => self.index = (self.index + 1) % 3,
            4 => self.check = !self.check,
            5 => self.comment = !self.comment,
            _ if self.reference.is_none() => self.length = Some(1 + numbers.below(500)),
            _ => {}
        }
    }

    pub(super) fn column(&self) -> String {
        self.name
            .map_or_else(|| format!("f{}", self.number), str::to_owned)
    }

    /// Returns the name of the column, as SQL has it anywhere.
    pub(super) fn quoted(&self) -> String {
        format!("\"{}\"", self.column().replace('"', "\"\""))
    }

    pub(super) fn source(&self) -> String {
        let mut arguments: Vec<String> = Vec::new();
        let mut add = |is_there: bool, argument: &str| {
            if is_there {
                arguments.push(argument.to_owned());
            }
        };
        if let Some(name) = self.name {
            add(true, &format!("name = {name:?}"));
        }
        match (self.kind, self.length) {
            (Kind::Text, Some(length)) => add(true, &format!("length = {length}")),
            (Kind::Decimal, Some(length)) => {
                add(true, &format!("precision = {}, scale = 2", 3 + length % 20));
            }
            (Kind::Tags | Kind::Statuses | Kind::Sizes | Kind::Numbers, _) => {
                add(true, "type(sqlite = \"TEXT\")");
            }
            (Kind::Status | Kind::Size, Some(length)) => match length % 4 {
                0 => add(true, "type(sqlite = \"VARCHAR(9)\")"),
                1 => add(true, "type(postgres = \"VARCHAR(40)\")"),
                _ => {}
            },
            (Kind::Other, Some(_)) => add(true, "type = \"BIGINT\""),
            (Kind::Other, None) => add(true, "type(sqlite = \"TEXT\", postgres = \"INTERVAL\")"),
            _ => {}
        }
        let former = format!("renamed_from = \"an older name {}\"", self.number);
        add(self.renamed, &former);
        add(self.generated, "generated = \"40 + 2\"");
        let default = self.default && !self.generated;
        if default {
            add(
                true,
                self.kind.default().unwrap_or("comment = \"no default\""),
            );
        }
        add(self.unique, "unique");
        add(self.index == 1, "index");
        let partial = format!(
            "index(where = {:?})",
            format!("{} IS NOT NULL", self.quoted())
        );
        add(self.index == 2, &partial);
        let check = format!(
            "check = {:?}",
            format!("{} IS NOT NULL OR 1 > 0", self.quoted())
        );
        // An enum has a check of its own, which may have the same name.
        let is_enum = matches!(
            self.kind,
            Kind::Status | Kind::Size | Kind::Statuses | Kind::Sizes
        );
        add(self.check && !is_enum, &check);
        let has_comment = default && self.kind.default().is_none();
        add(self.comment && !has_comment, "comment = \"It's a column\"");
        let collation = "collation(sqlite = \"NOCASE\", postgres = \"C\")";
        add(self.collation && self.kind == Kind::Text, collation);
        if let Some((table, action)) = self.reference {
            add(true, &format!("references(T{table})"));
            add(action == 0, "on_delete = cascade");
            add(action == 1 && self.nullable, "on_delete = set_null");
            add(action == 2, "on_update = restrict");
            add(action == 3, "deferred");
        }
        let arguments = match arguments.is_empty() {
            true => String::new(),
            false => format!("    #[column({})]\n", arguments.join(", ")),
        };
        let rust = match self.nullable {
            true => format!("Option<{}>", self.kind.rust()),
            false => self.kind.rust().to_owned(),
        };
        format!("{arguments}    pub f{}: {rust},\n", self.number)
    }
}
