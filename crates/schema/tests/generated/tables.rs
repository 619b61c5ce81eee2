//! Random tables, from the whole grammar of SQLite.

use crate::random::{Random, token};

pub(crate) struct Column {
    /// The name, without quotes.
    pub(crate) name: String,
    pub(crate) type_name: Option<&'static str>,
    pub(crate) constraints: Vec<String>,
    pub(crate) is_generated: bool,
}

pub(crate) struct Table {
    pub(crate) schema: &'static str,
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// The key, if it is one of the table.
    pub(crate) constraints: Vec<(Option<String>, String)>,
    pub(crate) key: Vec<String>,
    pub(crate) without_rowid: bool,
    pub(crate) strict: bool,
}

pub(crate) const TABLES: &[&str] = &[
    "t",
    "order",
    "Two Words",
    "x.y",
    "ti`ck",
    "it's",
    "q\"q",
    "naïve",
    "Upper",
    "alembic_old",
    "a",
];
const COLUMNS: &[&str] = &[
    "a",
    "b",
    "c",
    "select",
    "two words",
    "ti`ck",
    "it's",
    "q\"q",
    "ñandú",
    "Upper",
    "x.y",
    "(",
    "rowid",
    "key",
    "check",
    "t",
    "generated",
    "always",
    "x",
    "-- no",
    "end",
];
const TYPES: &[&str] = &[
    "INTEGER",
    "INT",
    "TEXT",
    "VARCHAR ( 10 )",
    "REAL",
    "BLOB",
    "NUMERIC",
    "DECIMAL ( 10 , 2 )",
    "BOOLEAN",
    "DATE",
    "double precision",
    "\"TEXT\"",
    "unsigned big int",
    "'quoted'",
];
const STRICT_TYPES: &[&str] = &["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];
const COLLATIONS: &[&str] = &["NOCASE", "BINARY", "RTRIM", "\"nocase\"", "'NOCASE'"];
pub(crate) const CONFLICTS: &[&str] = &[
    "",
    "",
    "",
    "",
    " ON CONFLICT REPLACE",
    " ON CONFLICT IGNORE",
    " ON CONFLICT ABORT",
    " ON CONFLICT FAIL",
    " ON CONFLICT ROLLBACK",
];
pub(crate) const DEFAULTS: &[&str] = &[
    "0",
    "1",
    "- 5",
    "+ 3",
    "1.5",
    ".5",
    "1e3",
    "2.5e-3",
    "1e+2",
    "0x1F",
    "'txt'",
    "'it''s'",
    "''",
    "x'00ff'",
    "NULL",
    "TRUE",
    "false",
    "CURRENT_DATE",
    "( 1 + 2 )",
    "( 'a' || ( 'b' ) )",
    "( abs ( - 3 ) )",
    "( 'a,b' )",
    "\"dq\"",
    "word",
];
const ACTIONS: &[&str] = &[
    "CASCADE",
    "SET NULL",
    "SET DEFAULT",
    "RESTRICT",
    "NO ACTION",
];

/// Quotes a name, in one of the ways that SQLite has.
pub(crate) fn quoted(random: &mut Random, name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !["ORDER", "SELECT", "CHECK"].contains(&name.to_ascii_uppercase().as_str());
    let written = match random.below(4) {
        0 if is_plain => name.to_owned(),
        1 => format!("`{}`", name.replace('`', "``")),
        2 if !name.contains(']') => format!("[{name}]"),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    };
    token(&written)
}

/// Quotes a name where it is used, in any case.
pub(crate) fn mentioned(random: &mut Random, name: &str) -> String {
    match random.chance(20) {
        true => quoted(random, &name.to_ascii_uppercase()),
        false => quoted(random, name),
    }
}

pub(crate) fn distinct(random: &mut Random, choices: &[&str], count: usize) -> Vec<String> {
    let mut choices: Vec<&str> = choices.to_vec();
    random.shuffle(&mut choices);
    choices.truncate(count);
    choices.into_iter().map(ToOwned::to_owned).collect()
}

/// Returns a check that is true of most values.
pub(crate) fn check(random: &mut Random, table: &str, columns: &[String]) -> String {
    let name = random.pick(columns);
    let (column, other) = (mentioned(random, &name), random.pick(columns));
    let other = mentioned(random, &other);
    let qualified = format!("{} . {column}", mentioned(random, table));
    match random.below(11) {
        0 => format!("length ( {column} ) < 100"),
        1 => format!("{column} IS NOT 'zz'"),
        2 => format!("coalesce ( {column} , {other} ) IS NOT 'nope'"),
        3 => format!("{qualified} IS NOT 99"),
        4 => format!("{column} IS NOT {}", token("'a) CHECK ('")),
        5 => format!("{column} IS NOT x'0102'"),
        6 => format!("CASE WHEN {column} = 77 THEN 0 ELSE 1 END"),
        7 => format!("{column} COLLATE NOCASE IS NOT 'bad'"),
        8 => format!("{column} NOT IN ( 'p' , 'q' ) AND ( {other} IS NULL OR 1 )"),
        9 => "1".to_owned(),
        _ => format!("typeof ( {column} ) <> 'other' OR {other} IS NOT NULL"),
    }
}

fn name_of_constraint(random: &mut Random, number: &mut usize) -> (Option<String>, String) {
    if random.chance(60) {
        return (None, String::new());
    }
    *number += 1;
    let name = format!("c {number}");
    let written = mentioned(random, &name);
    (Some(name), format!("CONSTRAINT {written} "))
}

fn reference(random: &mut Random, parent: &Table) -> Option<(usize, String)> {
    if parent.key.is_empty() {
        return None;
    }
    let table = mentioned(random, &parent.name);
    let columns = match random.chance(50) {
        true => {
            let columns: Vec<String> = parent
                .key
                .iter()
                .map(|name| mentioned(random, name))
                .collect();
            format!(" ( {} )", columns.join(" , "))
        }
        false => String::new(),
    };
    let mut text = format!("REFERENCES {table}{columns}");
    if random.chance(40) {
        text += &format!(" ON DELETE {}", random.pick(ACTIONS));
    }
    if random.chance(30) {
        text += &format!(" ON UPDATE {}", random.pick(ACTIONS));
    }
    if random.chance(10) {
        text += " MATCH SIMPLE";
    }
    if random.chance(25) {
        text += random.pick(&[
            " DEFERRABLE INITIALLY DEFERRED",
            " NOT DEFERRABLE",
            " DEFERRABLE",
            " NOT DEFERRABLE INITIALLY IMMEDIATE",
        ]);
    }
    Some((parent.key.len(), text))
}

/// Returns a table with its columns and keys; constraints follow when all tables are known.
pub(crate) fn skeleton(random: &mut Random, schema: &'static str, name: String) -> Table {
    let strict = random.chance(15);
    let count = 1 + random.below(6);
    let names = distinct(random, COLUMNS, count);
    let types = if strict { STRICT_TYPES } else { TYPES };
    let mut columns: Vec<Column> = names
        .into_iter()
        .map(|name| Column {
            name,
            type_name: (strict || random.chance(85)).then(|| random.pick(types)),
            constraints: Vec::new(),
            is_generated: false,
        })
        .collect();
    let mut table_constraints = Vec::new();
    let mut key = Vec::new();
    let mut without_rowid = false;
    let first = random.below(columns.len());
    let conflict = random.pick(CONFLICTS);
    let mut number = 100;
    let (constraint, named) = name_of_constraint(random, &mut number);
    match random.below(6) {
        0 => {}
        1 | 2 => {
            let column = &mut columns[first];
            column.type_name = Some(random.pick(&["INTEGER", "integer"]));
            let order = random.pick(&["", "", " ASC", " DESC"]);
            let numbering = match order {
                " DESC" => "",
                _ => random.pick(&["", " AUTOINCREMENT"]),
            };
            let text = format!("{named}PRIMARY KEY{order}{conflict}{numbering}");
            column.constraints.push(text);
            key.push(column.name.clone());
            without_rowid = numbering.is_empty() && random.chance(20);
        }
        3 => {
            let column = &mut columns[first];
            column.type_name = Some("INTEGER");
            key.push(column.name.clone());
            let written = quoted(random, &key[0]);
            let tail = random.pick(&["", " DESC", " ASC", " AUTOINCREMENT"]);
            let text = format!("{named}PRIMARY KEY ( {written}{tail} ){conflict}");
            table_constraints.push((constraint, text));
            without_rowid = tail != " AUTOINCREMENT" && random.chance(20);
        }
        4 => {
            let column = &mut columns[first];
            column
                .constraints
                .push(format!("{named}PRIMARY KEY{conflict}"));
            key.push(column.name.clone());
            without_rowid = random.chance(30);
        }
        _ => {
            let mut parts = Vec::new();
            for column in &columns[..columns.len().min(2)] {
                key.push(column.name.clone());
                let written = quoted(random, &column.name);
                let tail = random.pick(&["", "", " DESC", " ASC"]);
                parts.push(format!("{written}{tail}"));
            }
            let text = format!("{named}PRIMARY KEY ( {} ){conflict}", parts.join(" , "));
            table_constraints.push((constraint, text));
            without_rowid = random.chance(40);
        }
    }
    Table {
        schema,
        name,
        columns,
        constraints: table_constraints,
        key,
        without_rowid,
        strict,
    }
}

pub(crate) fn constrain(random: &mut Random, tables: &mut [Table], index: usize) {
    let mut number = 0;
    let names: Vec<String> = tables[index]
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let table = tables[index].name.clone();
    let schema = tables[index].schema;
    let parents: Vec<usize> = (0..tables.len())
        .filter(|other| tables[*other].schema == schema)
        .collect();
    for (place, column) in names.iter().enumerate() {
        let is_key = tables[index].key.contains(column);
        let mut found = Vec::new();
        if random.chance(30) {
            let (_, name) = name_of_constraint(random, &mut number);
            found.push(format!("{name}NOT NULL{}", random.pick(CONFLICTS)));
        } else if random.chance(5) {
            found.push("NULL".to_owned());
        }
        if random.chance(20) {
            found.push(format!("COLLATE {}", random.pick(COLLATIONS)));
        }
        if random.chance(25) {
            let (_, name) = name_of_constraint(random, &mut number);
            found.push(format!("{name}CHECK ( {} )", check(random, &table, &names)));
        }
        if !is_key && place > 0 && random.chance(20) {
            let before = random.pick(&names[..place]);
            let before = mentioned(random, &before);
            let expression = match random.below(3) {
                0 => format!("{before} || '-x'"),
                1 => format!("coalesce ( {before} , 0 )"),
                _ => format!("length ( {before} ) + 1"),
            };
            let always = random.pick(&["", "GENERATED\u{E000}ALWAYS "]);
            let stored = random.pick(&["", " VIRTUAL", " STORED"]);
            found.push(format!("{always}AS ( {expression} ){stored}"));
            tables[index].columns[place].is_generated = true;
        } else {
            if random.chance(30) {
                found.push(format!("DEFAULT {}", random.pick(DEFAULTS)));
            }
            let parent = random.pick(&parents);
            if random.chance(20)
                && let Some((1, text)) = reference(random, &tables[parent])
            {
                let (_, name) = name_of_constraint(random, &mut number);
                found.push(format!("{name}{text}"));
            }
        }
        if !is_key && random.chance(15) {
            let (_, name) = name_of_constraint(random, &mut number);
            found.push(format!("{name}UNIQUE{}", random.pick(CONFLICTS)));
        }
        if random.chance(3) {
            found.push("CONSTRAINT nothing".to_owned());
        }
        random.shuffle(&mut found);
        tables[index].columns[place].constraints.extend(found);
    }
    for _ in 0..random.below(4) {
        let (name, written) = name_of_constraint(random, &mut number);
        let column = random.pick(&names);
        let text = match random.below(3) {
            0 => format!("CHECK ( {} )", check(random, &table, &names)),
            1 => {
                let mut columns = vec![column.clone()];
                if random.chance(40) {
                    columns.extend(names.iter().find(|name| **name != column).cloned());
                }
                let columns: Vec<String> = columns
                    .iter()
                    .map(|column| {
                        let written = quoted(random, column);
                        let tail = random.pick(&["", "", " COLLATE NOCASE", " DESC"]);
                        format!("{written}{tail}")
                    })
                    .collect();
                format!(
                    "UNIQUE ( {} ){}",
                    columns.join(" , "),
                    random.pick(CONFLICTS)
                )
            }
            _ => {
                let parent = random.pick(&parents);
                match reference(random, &tables[parent]) {
                    Some((count, text)) if count <= names.len() => {
                        let own: Vec<String> = names[names.len() - count..]
                            .iter()
                            .map(|name| quoted(random, name))
                            .collect();
                        format!("FOREIGN KEY ( {} ) {text}", own.join(" , "))
                    }
                    _ => continue,
                }
            }
        };
        tables[index]
            .constraints
            .push((name, format!("{written}{text}")));
    }
}

impl Table {
    pub(crate) fn written(&self, random: &mut Random) -> String {
        let name = quoted(random, &self.name);
        format!("{} . {name}", self.schema)
    }

    pub(crate) fn create(&self, random: &mut Random) -> String {
        let mut parts = String::new();
        for column in &self.columns {
            if !parts.is_empty() {
                parts += " , ";
            }
            // Here, a string is a name as well.
            let name = match random.chance(10) {
                true => token(&format!("'{}'", column.name.replace('\'', "''"))),
                false => quoted(random, &column.name),
            };
            parts += &name;
            for text in column
                .type_name
                .iter()
                .copied()
                .chain(column.constraints.iter().map(String::as_str))
            {
                parts += " ";
                parts += text;
            }
        }
        for (number, (_, text)) in self.constraints.iter().enumerate() {
            // SQLite lets constraints follow each other without a comma.
            parts += if number > 0 && random.chance(15) {
                " "
            } else {
                " , "
            };
            parts += text;
        }
        let mut options = Vec::new();
        if self.without_rowid {
            options.push("WITHOUT ROWID");
        }
        if self.strict {
            options.push("STRICT");
        }
        random.shuffle(&mut options);
        let options = options.join(" , ");
        format!(
            "CREATE TABLE {} ( {parts} ) {options}",
            self.written(random)
        )
    }
}
