//! Random indexes, views and triggers of tables.

use crate::random::{Random, token};
use crate::tables::{Table, mentioned, quoted};

pub(crate) fn indexes(random: &mut Random, table: &Table, statements: &mut Vec<String>) {
    for number in 0..random.below(4) {
        let unique = random.pick(&["", "", " UNIQUE"]);
        let name = quoted(random, &format!("i {} {number}", table.name));
        let on = quoted(random, &table.name);
        let mut parts = Vec::new();
        for _ in 0..=random.below(2) {
            let column = random.pick(
                &table
                    .columns
                    .iter()
                    .map(|column| column.name.clone())
                    .collect::<Vec<_>>(),
            );
            let written = mentioned(random, &column);
            let string = token(&format!("'{}'", column.replace('\'', "''")));
            parts.push(match random.below(6) {
                0 => format!("lower ( {written} )"),
                1 => format!("{written} COLLATE NOCASE DESC"),
                2 => format!("{written} DESC"),
                3 => string,
                _ => written,
            });
        }
        let condition = match random.chance(25) {
            true => {
                let column = random.pick(
                    &table
                        .columns
                        .iter()
                        .map(|column| column.name.clone())
                        .collect::<Vec<_>>(),
                );
                let written = quoted(random, &column);
                random.pick(&[
                    format!(" WHERE {written} IS NOT NULL"),
                    format!(" WHERE {written} > 3"),
                ])
            }
            false => String::new(),
        };
        let parts = parts.join(" , ");
        statements.push(format!(
            "CREATE{unique} INDEX {}.{name} ON {on} ( {parts} ){condition}",
            table.schema
        ));
    }
}

pub(crate) fn views_and_triggers(
    random: &mut Random,
    tables: &[Table],
    statements: &mut Vec<String>,
) {
    for (number, table) in tables.iter().enumerate() {
        let schema = table.schema;
        let on = quoted(random, &table.name);
        let names: Vec<String> = table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let column = random.pick(&names);
        let column = quoted(random, &column);
        if random.chance(25) {
            let select = match random.below(3) {
                0 => "*".to_owned(),
                1 => format!("{column} AS one"),
                _ => format!("count ( * ) AS one , max ( {column} ) AS two"),
            };
            statements.push(format!(
                "CREATE VIEW {schema}.v{number} AS SELECT {select} FROM {on}"
            ));
            if random.chance(40) {
                statements.push(format!(
                    "CREATE VIEW {schema}.w{number} AS SELECT * FROM v{number} WHERE 1"
                ));
                statements.push(format!(
                    "CREATE TRIGGER {schema}.iw{number} INSTEAD OF INSERT ON w{number} BEGIN INSERT INTO log ( what ) VALUES ( 'w' ) ; END"
                ));
            }
        }
        for turn in 0..random.below(3) {
            let time = random.pick(&["BEFORE", "AFTER", ""]);
            let (event, row) = match random.below(4) {
                0 => ("INSERT".to_owned(), "new"),
                1 => ("DELETE".to_owned(), "old"),
                2 => (format!("UPDATE OF {column}"), "new"),
                _ => ("UPDATE".to_owned(), "old"),
            };
            let when = random.pick(&[String::new(), format!("WHEN {row} . {column} IS NOT 'zz'")]);
            let body = match random.below(4) {
                0 => format!(
                    "INSERT INTO log ( what , value ) VALUES ( '{number}{turn}' , {row} . {column} )"
                ),
                1 => format!("SELECT RAISE ( ABORT , 'no' ) FROM {on} WHERE {column} = 12345"),
                2 => format!("UPDATE log SET value = ( SELECT count ( * ) FROM {on} ) WHERE n = 1"),
                _ => format!("INSERT INTO log ( what ) SELECT max ( {column} ) FROM {on}"),
            };
            let (at, on) = match random.chance(20) {
                true => ("temp", format!("{schema} . {on}")),
                false => (schema, on.clone()),
            };
            // A temporary trigger finds its tables by their names alone.
            let body = if at == "temp" {
                "SELECT 1".to_owned()
            } else {
                body
            };
            statements.push(format!(
                "CREATE TRIGGER {at}.tr{number}{turn} {time} {event} ON {on} {when} BEGIN {body} ; END"
            ));
        }
    }
}
