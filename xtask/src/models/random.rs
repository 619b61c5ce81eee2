//! Random structs, as sources, and what is left of them after some changes.

use std::fmt::Write;

use alembic_tests::Numbers;

use super::field::{Field, Kind};

/// The structs of one schema.
#[derive(Clone, Debug)]
pub(super) struct RandomModels {
    naming: Option<&'static str>,
    tables: Vec<Table>,
}

#[derive(Clone, Debug)]
struct Table {
    /// The number in the name of the struct.
    number: usize,
    name: Option<String>,
    key: Key,
    has_base: bool,
    /// Choices: how rows are numbered, whether there are rowids, a field that is skipped.
    options: usize,
    fields: Vec<Field>,
    clauses: Vec<Clause>,
    strict: bool,
    comment: bool,
}

/// What tells the rows of a table apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// A column of its own that numbers rows.
    Identity(Kind),
    /// A column of its own.
    Plain(Kind),
    /// Two columns of their own.
    Pair,
    /// None, or that of the base.
    Other,
}

/// Something that stands on the struct. The numbers are those of fields.
#[derive(Clone, Debug)]
enum Clause {
    Unique(usize, usize),
    Check(usize),
    /// Two fields, and the number of a table.
    ForeignKey(usize, usize, usize),
    Index {
        fields: (usize, usize),
        options: usize,
        number: usize,
    },
}

const NAMES: [&str; 8] = [
    "users",
    "order",
    "Two Words",
    "it's",
    "naïve",
    "Upper",
    "items",
    "select",
];

impl RandomModels {
    pub(super) fn new(numbers: &mut Numbers) -> Self {
        let namings = [
            None,
            Some("naming = sqlalchemy"),
            Some("naming(index = \"ix_{table}_{columns}\", unique = \"uq_{table}_{columns}\")"),
        ];
        let mut models = Self {
            naming: numbers.one_of(&namings),
            tables: Vec::new(),
        };
        for _ in 0..=numbers.below(4) {
            models.add_table(numbers);
        }
        // Tables may refer to tables after them, and to themselves.
        for at in 0..models.tables.len() {
            for _ in 0..numbers.below(3) {
                models.add_reference(at, numbers);
            }
        }
        models
    }

    fn add_table(&mut self, numbers: &mut Numbers) {
        let number = self
            .tables
            .iter()
            .map(|table| table.number + 1)
            .max()
            .unwrap_or(0);
        let name = numbers.one_of(&NAMES);
        let is_free = self
            .tables
            .iter()
            .all(|table| table.name.as_deref() != Some(name));
        let key = match numbers.below(6) {
            0 | 1 => Key::Identity(numbers.one_of(&[Kind::I32, Kind::I64])),
            2 => Key::Plain(numbers.one_of(&[Kind::I64, Kind::Text, Kind::Uuid])),
            3 => Key::Pair,
            _ => Key::Other,
        };
        let mut table = Table {
            number,
            name: (is_free && numbers.below(2) == 0).then(|| name.to_owned()),
            key,
            has_base: key == Key::Other && numbers.below(3) > 0,
            options: numbers.below(12),
            fields: Vec::new(),
            clauses: Vec::new(),
            strict: numbers.below(8) == 0,
            comment: numbers.below(4) == 0,
        };
        for _ in 0..=numbers.below(6) {
            table.add_field(numbers);
        }
        for _ in 0..numbers.below(4) {
            table.add_clause(numbers);
        }
        self.tables.push(table);
    }

    fn add_reference(&mut self, at: usize, numbers: &mut Numbers) {
        let target = &self.tables[numbers.below(self.tables.len())];
        let kind = match target.key {
            Key::Identity(kind) | Key::Plain(kind) => kind,
            Key::Other if target.has_base => Kind::I32,
            Key::Pair => {
                let number = target.number;
                let table = &mut self.tables[at];
                let first = table.next_field();
                for (place, kind) in [(first, Kind::I32), (first + 1, Kind::Text)] {
                    table.fields.push(Field::part(place, kind, numbers));
                }
                table
                    .clauses
                    .push(Clause::ForeignKey(first, first + 1, number));
                return;
            }
            Key::Other => return,
        };
        let number = target.number;
        let table = &mut self.tables[at];
        let field = Field::reference(table.next_field(), kind, number, numbers);
        table.fields.push(field);
    }

    /// Makes one change.
    pub(super) fn change(&mut self, numbers: &mut Numbers) {
        let at = numbers.below(self.tables.len());
        match numbers.below(9) {
            0 => self.add_table(numbers),
            1 => self.drop_table(at),
            2 => self.add_reference(at, numbers),
            3 | 4 => self.tables[at].add_field(numbers),
            5 => self.tables[at].drop_field(numbers),
            6 => self.tables[at].add_clause(numbers),
            7 => self.tables[at].drop_clause(numbers),
            _ => self.tables[at].change_field(numbers),
        }
    }

    fn drop_table(&mut self, at: usize) {
        let number = self.tables[at].number;
        let refers =
            |clause: &Clause| matches!(clause, Clause::ForeignKey(.., to) if *to == number);
        let is_used = |table: &Table| {
            table.fields.iter().any(|field| field.refers_to(number))
                || table.clauses.iter().any(refers)
        };
        if self.tables.len() > 1 && !self.tables.iter().any(is_used) {
            self.tables.remove(at);
        }
    }

    /// Writes the structs.
    pub(super) fn source(&self) -> String {
        let naming = self
            .naming
            .map_or_else(String::new, |naming| format!("#[table({naming})]\n"));
        let mut source = format!(
            "#[derive(Columns)]\n{naming}pub struct Base {{\n    #[column(identity)]\n    pub id: i32,\n    \
             #[column(default = \"CURRENT_TIMESTAMP\")]\n    pub created_at: chrono::NaiveDateTime,\n    \
             #[column(index)]\n    pub updated_at: Option<chrono::NaiveDateTime>,\n}}\n\n\
             #[derive(ColumnType)]\n#[column(rename_all = \"snake_case\")]\npub enum Status {{ Open, InWork, \
             #[column(rename = \"it's done\")] Done }}\n\n\
             #[derive(ColumnType)]\n#[column(native = \"Size\")]\npub enum Size {{ Small, Big }}\n\n\
             #[derive(ColumnType)]\npub struct Number(pub i64);\n"
        );
        for table in &self.tables {
            source += "\n";
            source += &table.source(self.naming);
        }
        source
    }

    /// Returns the names of the structs with tables.
    pub(super) fn structs(&self) -> impl Iterator<Item = String> {
        self.tables.iter().map(|table| format!("T{}", table.number))
    }
}

impl Table {
    fn next_field(&self) -> usize {
        self.fields
            .iter()
            .map(|field| field.number + 1)
            .max()
            .unwrap_or(0)
    }

    fn add_field(&mut self, numbers: &mut Numbers) {
        let number = self.next_field();
        let field = Field::new(number, numbers);
        // Two columns must not have one name.
        let is_free = self
            .fields
            .iter()
            .all(|known| known.column() != field.column());
        if is_free {
            self.fields.push(field);
        }
    }

    fn drop_field(&mut self, numbers: &mut Numbers) {
        if self.fields.len() > 1 {
            let gone = self.fields.remove(numbers.below(self.fields.len())).number;
            self.clauses.retain(|clause| !clause.names(gone));
        }
    }

    fn change_field(&mut self, numbers: &mut Numbers) {
        let at = numbers.below(self.fields.len());
        self.fields[at].change(numbers);
    }

    fn add_clause(&mut self, numbers: &mut Numbers) {
        let a = numbers.below(self.fields.len());
        let b = numbers.below(self.fields.len());
        let (a, b) = (&self.fields[a], &self.fields[b]);
        let number = numbers.below(1000);
        let is_free = |clause: &Clause| match clause {
            Clause::Unique(..) | Clause::Check(..) | Clause::ForeignKey(..) => {
                !clause.names(a.number)
            }
            Clause::Index { number: known, .. } => *known != number,
        };
        if a.number == b.number
            || !a.kind.is_ordered()
            || !b.kind.is_ordered()
            || !self.clauses.iter().all(is_free)
        {
            return;
        }
        self.clauses.push(match numbers.below(4) {
            0 => Clause::Unique(a.number, b.number),
            1 => Clause::Check(a.number),
            _ => Clause::Index {
                fields: (a.number, b.number),
                options: numbers.below(8),
                number,
            },
        });
    }

    fn drop_clause(&mut self, numbers: &mut Numbers) {
        if !self.clauses.is_empty() {
            self.clauses.remove(numbers.below(self.clauses.len()));
        }
    }

    fn source(&self, naming: Option<&str>) -> String {
        let mut arguments: Vec<String> = Vec::new();
        arguments.extend(self.name.as_ref().map(|name| format!("name = {name:?}")));
        // That of the base is taken over.
        let naming = naming.filter(|_| !self.has_base);
        arguments.extend(naming.map(str::to_owned));
        if self.strict {
            arguments.push("strict".to_owned());
        }
        if self.options == 0 && matches!(self.key, Key::Plain(_) | Key::Pair) {
            arguments.push("without_rowid".to_owned());
        }
        if self.comment {
            arguments.push("comment = \"It's a table\"".to_owned());
        }
        if self.key == Key::Pair {
            arguments.push("primary_key(key_a, key_b)".to_owned());
        }
        let column = |number: usize| {
            let field = self.fields.iter().find(|field| field.number == number);
            field.map_or_else(String::new, Field::quoted)
        };
        for clause in &self.clauses {
            arguments.push(clause.source(self.number, &column));
        }
        let mut source = "#[derive(Table)]\n".to_owned();
        if !arguments.is_empty() {
            let _ = writeln!(source, "#[table({})]", arguments.join(", "));
        }
        let _ = writeln!(source, "pub struct T{} {{", self.number);
        match self.key {
            Key::Identity(kind) if self.options < 3 => {
                let always = "    #[column(identity = always)]\n    pub id";
                let _ = writeln!(source, "{always}: {},", kind.rust());
            }
            Key::Identity(kind) => {
                let _ = writeln!(
                    source,
                    "    #[column(identity)]\n    pub id: {},",
                    kind.rust()
                );
            }
            Key::Plain(kind) => {
                let _ = writeln!(
                    source,
                    "    #[column(primary_key)]\n    pub id: {},",
                    kind.rust()
                );
            }
            Key::Pair => source += "    pub key_a: i32,\n    pub key_b: String,\n",
            Key::Other if self.has_base => source += "    #[table(flatten)]\n    pub base: Base,\n",
            Key::Other => {}
        }
        for field in &self.fields {
            source += &field.source();
        }
        if self.options == 3 {
            source += "    #[column(skip)]\n    pub skipped: Option<Base>,\n";
        }
        source + "}\n"
    }
}

impl Clause {
    /// Returns whether it names a field.
    fn names(&self, field: usize) -> bool {
        match self {
            Self::Unique(a, b) | Self::ForeignKey(a, b, _) => *a == field || *b == field,
            Self::Check(a) => *a == field,
            Self::Index { fields: (a, b), .. } => *a == field || *b == field,
        }
    }

    fn source(&self, table: usize, column: &dyn Fn(usize) -> String) -> String {
        match self {
            Self::Unique(a, b) => format!("unique(f{a}, f{b}, name = \"uq_{table}_{a}_{b}\")"),
            Self::Check(a) => {
                let sql = format!("{} IS NOT NULL OR 1 = 1", column(*a));
                format!("check({sql:?}, name = \"ck_{table}_{a}\")")
            }
            Self::ForeignKey(a, b, to) => {
                format!("foreign_key(f{a}, f{b}, references(T{to}), name = \"fk_{table}_{a}\")")
            }
            Self::Index {
                fields: (a, b),
                options: 6,
                number,
            } => format!("index(f{a}, include(f{b}), name = \"ix_{table}_{number}\")"),
            Self::Index {
                fields: (a, b),
                options,
                number,
            } => {
                let second = match options {
                    0 => format!("{:?}", format!("{} DESC", column(*b))),
                    _ => format!("f{b}"),
                };
                let option = match options {
                    1 => ", unique".to_owned(),
                    2 => format!(", where = {:?}", format!("{} IS NOT NULL", column(*a))),
                    3 => ", using = \"btree\"".to_owned(),
                    4 => ", only = postgres".to_owned(),
                    _ => String::new(),
                };
                format!("index(f{a}, {second}{option}, name = \"ix_{table}_{number}\")")
            }
        }
    }
}
