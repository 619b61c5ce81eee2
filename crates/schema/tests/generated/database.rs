//! Random databases.

use crate::objects::{indexes, views_and_triggers};
use crate::random::Random;
use crate::tables::{TABLES, Table, constrain, distinct, skeleton};

pub(crate) struct Database {
    pub(crate) tables: Vec<Table>,
    /// The statements that create it; those that SQLite refuses are left out.
    pub(crate) statements: Vec<String>,
}

impl Database {
    pub(crate) fn generate(random: &mut Random) -> Self {
        let mut statements = Vec::new();
        let mut tables: Vec<Table> = Vec::new();
        for schema in ["main", "aux", "temp"] {
            let is_left_out = match schema {
                "aux" => random.chance(60),
                "temp" => random.chance(85),
                _ => false,
            };
            if is_left_out {
                continue;
            }
            let count = 1 + random.below(3);
            for name in distinct(random, TABLES, count) {
                tables.push(skeleton(random, schema, name));
            }
            statements.push(format!(
                "CREATE TABLE {schema}.log ( n INTEGER PRIMARY KEY , what , value )"
            ));
            statements.push(format!(
                "INSERT INTO {schema}.log ( what ) VALUES ( 'first' )"
            ));
        }
        for index in 0..tables.len() {
            constrain(random, &mut tables, index);
        }
        for table in &tables {
            statements.push(table.create(random));
        }
        for table in &tables {
            indexes(random, table, &mut statements);
        }
        views_and_triggers(random, &tables, &mut statements);
        Self { tables, statements }
    }
}
