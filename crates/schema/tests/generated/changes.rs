//! Random changes of a table, and what takes them back.

use crate::picture::{ColumnInfo, Picture, Place};
use crate::random::{Random, token};
use crate::tables::{Column, DEFAULTS, Table, check, quoted};

/// What was asked of a table.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    NotNull(String, bool),
    Default(String, Option<String>),
    Type(String),
    Add(String),
    Drop(String),
    /// A constraint that shows in the keys and indexes of the table.
    Constraint,
    /// A new primary key, or the end of one.
    PrimaryKey,
    /// What shows nowhere but in the text.
    Text,
}

pub(crate) struct Change {
    pub(crate) actions: Vec<String>,
    /// What takes it back, if something does.
    pub(crate) back: Option<Vec<String>>,
    /// Whether the definition is the same to the byte when it was taken back.
    pub(crate) is_exact: bool,
    pub(crate) asked: Vec<Asked>,
}

const NEW_TYPES: &[&str] = &[
    "INTEGER",
    "TEXT",
    "VARCHAR(300)",
    "REAL",
    "BLOB",
    "NUMERIC",
    "DECIMAL(12, 3)",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP WITH TIME ZONE",
    "\"odd type\"",
];
const NEW_STRICT_TYPES: &[&str] = &["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];

impl Change {
    pub(crate) fn generate(
        random: &mut Random,
        table: &Table,
        tables: &[&Table],
        before: &Picture,
    ) -> Self {
        let mut change = Self {
            actions: Vec::new(),
            back: Some(Vec::new()),
            is_exact: true,
            asked: Vec::new(),
        };
        let mut columns: Vec<&Column> = table.columns.iter().collect();
        random.shuffle(&mut columns);
        let count = random.pick(&[1, 1, 1, 2, 3]);
        let mut has_constraint = false;
        for number in 0..count {
            let Some(column) = columns.pop() else { break };
            match random.below(14) {
                0 | 1 => change.not_null(random, table, column, before),
                2 | 3 => change.default(random, table, column, before),
                4..=6 => change.type_of(random, table, column),
                7 | 8 => change.add_column(random, table, number),
                9 | 10 => change.add_constraint(random, table, tables, number),
                11 | 12 if !has_constraint => {
                    has_constraint = true;
                    change.constraint(random, table);
                }
                _ => change.drop_column(random, column),
            }
        }
        if let Some(back) = &mut change.back {
            back.reverse();
        }
        change
    }

    fn push(&mut self, asked: Asked, action: String, back: Option<String>, is_exact: bool) {
        self.asked.push(asked);
        self.actions.push(action);
        self.is_exact &= is_exact;
        match (back, &mut self.back) {
            (Some(back), Some(all)) => all.push(back),
            (None, back) => *back = None,
            (_, None) => {}
        }
    }

    fn not_null(&mut self, random: &mut Random, table: &Table, column: &Column, before: &Picture) {
        let written = quoted(random, &column.name);
        let word = random.pick(&["", "COLUMN "]);
        let is_set = info(before, table, &column.name).1 != 0;
        let says_null = column.constraints.iter().any(|text| text == "NULL");
        let (set, drop) = (
            format!("ALTER {word}{written} SET NOT NULL"),
            format!("ALTER {word}{written} DROP NOT NULL"),
        );
        match is_set {
            true => self.push(
                Asked::NotNull(column.name.clone(), false),
                drop,
                Some(set),
                false,
            ),
            false => self.push(
                Asked::NotNull(column.name.clone(), true),
                set,
                Some(drop),
                !says_null,
            ),
        }
    }

    fn default(&mut self, random: &mut Random, table: &Table, column: &Column, before: &Picture) {
        let written = quoted(random, &column.name);
        let known = info(before, table, &column.name).2;
        let has_known = known.is_some() && !column.is_generated;
        if known.as_deref() == Some("word") {
            return;
        }
        let back = match has_known {
            true => format!(
                "ALTER {written} SET DEFAULT {}",
                token(&known.map(|known| known + "\n").unwrap_or_default())
            ),
            false => format!("ALTER {written} DROP DEFAULT"),
        };
        if has_known && random.chance(40) {
            let asked = Asked::Default(column.name.clone(), None);
            self.push(
                asked,
                format!("ALTER {written} DROP DEFAULT"),
                Some(back),
                false,
            );
            return;
        }
        // A word alone is a text as a default of a new column only.
        let to = random.pick(&DEFAULTS[..DEFAULTS.len() - 1]);
        let asked = Asked::Default(column.name.clone(), Some(to.to_owned()));
        self.push(
            asked,
            format!("ALTER {written} SET DEFAULT {to}"),
            Some(back),
            !has_known,
        );
    }

    fn type_of(&mut self, random: &mut Random, table: &Table, column: &Column) {
        let written = quoted(random, &column.name);
        let to = random.pick(if table.strict {
            NEW_STRICT_TYPES
        } else {
            NEW_TYPES
        });
        let before = column.type_name;
        let form = random.pick(&["TYPE", "SET DATA TYPE"]);
        let back = before.map(|before| format!("ALTER COLUMN {written} TYPE {before}"));
        let is_exact = before.is_some_and(|before| !before.contains(' '));
        let asked = Asked::Type(column.name.clone());
        self.push(
            asked,
            format!("ALTER COLUMN {written} {form} {to}"),
            back,
            is_exact,
        );
    }

    fn add_column(&mut self, random: &mut Random, table: &Table, number: usize) {
        let name = format!("new {number}");
        let written = quoted(random, &name);
        let first = quoted(random, &table.columns[0].name);
        let type_name = if table.strict {
            "ANY"
        } else {
            random.pick(&["", "TEXT", "INTEGER"])
        };
        let names: Vec<String> = vec![name.clone()];
        let rest = match random.below(11) {
            0 => String::new(),
            1 => format!("DEFAULT {}", random.pick(DEFAULTS)),
            2 => "NOT NULL DEFAULT ( 1 + 1 )".to_owned(),
            3 => "NOT NULL DEFAULT 'x'".to_owned(),
            4 => format!("AS ( coalesce ( {first} , 'x' ) ) STORED"),
            5 => format!("GENERATED\u{E000}ALWAYS AS ( {first} )"),
            6 => "UNIQUE".to_owned(),
            7 => format!("CHECK ( {} )", check(random, &table.name, &names)),
            8 => "DEFAULT ( abs ( - 4 ) ) COLLATE NOCASE".to_owned(),
            9 => "NOT NULL".to_owned(),
            _ => format!(
                "CONSTRAINT new_fk REFERENCES {} DEFAULT NULL",
                quoted(random, &table.name)
            ),
        };
        let action = format!("ADD COLUMN {written} {type_name} {rest}")
            .trim_end()
            .to_owned();
        let back = Some(format!("DROP COLUMN {written}"));
        self.push(Asked::Add(name), action, back, true);
    }

    fn add_constraint(
        &mut self,
        random: &mut Random,
        table: &Table,
        tables: &[&Table],
        number: usize,
    ) {
        let name = quoted(random, &format!("new c {number}"));
        let names: Vec<String> = table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let column = random.pick(&names);
        let column = quoted(random, &column);
        let (asked, says) = match random.below(5) {
            0 => (Asked::Constraint, format!("UNIQUE ( {column} )")),
            1 if table.key.is_empty() => (Asked::PrimaryKey, format!("PRIMARY KEY ( {column} )")),
            2 => {
                let parents: Vec<&&Table> = tables
                    .iter()
                    .filter(|parent| parent.schema == table.schema && parent.key.len() == 1)
                    .collect();
                if parents.is_empty() {
                    return;
                }
                let parent = random.pick(&parents);
                let to = quoted(random, &parent.key[0]);
                let to = random.pick(&[String::new(), format!("( {to} )")]);
                let parent = quoted(random, &parent.name);
                let tail = random.pick(&["", "ON DELETE CASCADE", "DEFERRABLE INITIALLY DEFERRED"]);
                let text = format!("FOREIGN KEY ( {column} ) REFERENCES {parent} {to} {tail}");
                (Asked::Constraint, text.trim_end().to_owned())
            }
            _ => (
                Asked::Text,
                format!("CHECK ( {} )", check(random, &table.name, &names)),
            ),
        };
        let back = format!("DROP CONSTRAINT {name}");
        self.push(
            asked,
            format!("ADD CONSTRAINT {name} {says}"),
            Some(back),
            true,
        );
    }

    /// Drops a constraint that there is, or gives it another name.
    fn constraint(&mut self, random: &mut Random, table: &Table) {
        let named: Vec<&(Option<String>, String)> = table
            .constraints
            .iter()
            .filter(|(name, _)| name.is_some())
            .collect();
        if named.is_empty() {
            return;
        }
        let (name, text) = random.pick(&named);
        let name = quoted(random, name.as_deref().unwrap_or_default());
        if random.chance(50) {
            let action = format!("RENAME CONSTRAINT {name} TO other_name");
            let back = format!("RENAME CONSTRAINT other_name TO {name}");
            self.push(Asked::Text, action, Some(back), false);
            return;
        }
        let asked = match text.contains("PRIMARY KEY") {
            true => Asked::PrimaryKey,
            false => Asked::Constraint,
        };
        self.push(
            asked,
            format!("DROP CONSTRAINT {name}"),
            Some(format!("ADD {text}")),
            false,
        );
    }

    fn drop_column(&mut self, random: &mut Random, column: &Column) {
        let written = quoted(random, &column.name);
        let asked = Asked::Drop(column.name.clone());
        self.push(asked, format!("DROP COLUMN {written}"), None, false);
    }
}

pub(crate) fn info(picture: &Picture, table: &Table, column: &str) -> ColumnInfo {
    let columns = &picture.columns[&place(table)];
    let found = columns.iter().find(|(name, _)| name == column);
    found
        .unwrap_or_else(|| panic!("{column} is not among {columns:?}"))
        .1
        .clone()
}

pub(crate) fn place(table: &Table) -> Place {
    (table.schema.to_owned(), table.name.clone())
}
