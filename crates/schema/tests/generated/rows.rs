//! Random rows.

use crate::random::Random;
use crate::tables::{Column, Table, quoted};

/// Returns a statement that adds a row, or changes some.
pub(crate) fn change_of_rows(random: &mut Random, table: &Table, adds: bool) -> String {
    let on = table.written(random);
    let stored: Vec<&Column> = table
        .columns
        .iter()
        .filter(|column| !column.is_generated)
        .collect();
    let value = |random: &mut Random, column: &Column| {
        let type_name = column.type_name.unwrap_or_default().to_ascii_uppercase();
        let number = random.below(60).to_string();
        let texts = [
            "'abc'", "'ABC'", "'x'", "'7'", "'zz'", "'007'", "''", "'é'", "' 12 '",
        ];
        if random.chance(15) {
            "NULL".to_owned()
        } else if type_name.contains("INT") || random.chance(30) {
            number
        } else if type_name.contains("REAL") || random.chance(15) {
            random
                .pick(&["1.5", "0.1", "2.0", "-3.25", "9007199254740993"])
                .to_owned()
        } else if type_name.contains("BLOB") || random.chance(10) {
            random.pick(&["x'00'", "x'0102'", "x''"]).to_owned()
        } else if random.chance(50) {
            format!("'t{number}'")
        } else {
            random.pick(&texts).to_owned()
        }
    };
    let column = random.below(stored.len());
    let column = stored[column];
    let name = quoted(random, &column.name);
    match random.below(6) {
        0 if !adds => format!("DELETE FROM {on} WHERE {name} > {}", random.below(30)),
        1 if !adds => format!("UPDATE {on} SET {name} = {}", value(random, column)),
        2 if !adds => format!(
            "UPDATE {on} SET {name} = {} WHERE {name} < 9",
            value(random, column)
        ),
        3 if !adds => format!("INSERT INTO {on} DEFAULT VALUES"),
        _ => {
            let mut names = Vec::new();
            let mut values = Vec::new();
            for column in &stored {
                if random.chance(85) {
                    names.push(quoted(random, &column.name));
                    values.push(value(random, column));
                }
            }
            let has_rowid = table.columns.iter().any(|column| column.name == "rowid");
            if !table.without_rowid && !has_rowid && (names.is_empty() || random.chance(20)) {
                let is_named = table.columns.iter().any(|column| {
                    column
                        .constraints
                        .iter()
                        .any(|text| text.contains("PRIMARY KEY"))
                });
                if !is_named
                    && !table
                        .constraints
                        .iter()
                        .any(|(_, text)| text.contains("PRIMARY KEY"))
                {
                    names.push("rowid".to_owned());
                    values.push((random.below(90) + 1).to_string());
                }
            }
            match names.is_empty() {
                true => format!("INSERT INTO {on} DEFAULT VALUES"),
                false => format!(
                    "INSERT INTO {on} ( {} ) VALUES ( {} )",
                    names.join(" , "),
                    values.join(" , ")
                ),
            }
        }
    }
}
