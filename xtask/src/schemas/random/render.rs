//! The SQL of random schemas, for each engine.

use std::fmt::Write;

use alembic_migrate::Dialect;
use alembic_sql::{literal, quote};
use alembic_tests::Numbers;

use super::column::{Column, Data};
use super::{Constraint, Index, Kind, RandomSchema, Table};

impl RandomSchema {
    /// Returns the statements that make the schema.
    pub(super) fn sql(&self, engine: Dialect) -> String {
        let is_sqlite = engine == Dialect::Sqlite;
        let mut sql = String::new();
        let mut late = String::new();
        for (at, table) in self.tables.iter().enumerate() {
            let mut items: Vec<String> = table
                .columns
                .iter()
                .map(|column| definition(column, table, is_sqlite))
                .collect();
            for constraint in &table.constraints {
                let Some(item) = self.constraint(table, constraint, is_sqlite) else {
                    continue;
                };
                // What is not there yet cannot be referred to everywhere.
                let is_late =
                    matches!(constraint.kind, Kind::ForeignKey(_, parent, _) if parent > at);
                match is_late && !is_sqlite {
                    true => {
                        let name = quote(&table.name);
                        let _ = writeln!(late, "ALTER TABLE {name} ADD {item};");
                    }
                    false => items.push(item),
                }
            }
            let options = match table.options {
                0 if is_sqlite && strict(table) => " STRICT",
                1 if is_sqlite => " WITHOUT ROWID",
                _ => "",
            };
            let name = quote(&table.name);
            let items = items.join(",\n    ");
            let _ = writeln!(sql, "CREATE TABLE {name} (\n    {items}\n){options};");
            for index in &table.indexes {
                sql += &index_sql(table, index, is_sqlite);
            }
            if table.has_trigger && is_sqlite {
                let trigger = quote(&format!("touch {}", table.name));
                let _ = writeln!(
                    sql,
                    "CREATE TRIGGER {trigger} AFTER DELETE ON {name} BEGIN SELECT 1; END;"
                );
            }
        }
        sql += &late;
        for (name, at, choice) in &self.views {
            let table = &self.tables[*at];
            let columns = match choice {
                0 => "count(*) AS rows_of_it".to_owned(),
                1 => "id".to_owned(),
                _ => {
                    let names = table.columns.iter().map(|column| quote(column.name));
                    names.collect::<Vec<_>>().join(", ")
                }
            };
            let _ = writeln!(
                sql,
                "CREATE VIEW {name} AS SELECT {columns} FROM {};",
                quote(&table.name)
            );
        }
        sql
    }

    fn constraint(
        &self,
        table: &Table,
        constraint: &Constraint,
        is_sqlite: bool,
    ) -> Option<String> {
        let name = |at: &usize| quote(table.columns[*at].name);
        let says = match &constraint.kind {
            Kind::Unique(columns) => {
                let can_be = columns
                    .iter()
                    .all(|at| is_sqlite || table.columns[*at].data != Data::Json);
                if !can_be {
                    return None;
                }
                let columns: Vec<String> = columns.iter().map(name).collect();
                format!("UNIQUE ({})", columns.join(", "))
            }
            Kind::Check(column, choice) => {
                let column = name(column);
                match choice {
                    0 => format!("CHECK ({column} IS NOT NULL OR id IS NOT NULL)"),
                    1 if is_sqlite => format!("CHECK ({column} IS NULL OR {column} = {column})"),
                    // Not all types have an operator for it.
                    1 => format!(
                        "CHECK ({column} IS NULL \
                         OR {column}::text IS NOT DISTINCT FROM {column}::text)"
                    ),
                    _ => format!("CHECK (NOT ({column} IS NULL AND id IS NULL))"),
                }
            }
            Kind::ForeignKey(column, parent, choice) => {
                let parent = &self.tables[*parent];
                let (own, key) = (&table.columns[*column], &parent.columns[0]);
                if own.data != key.data || own.generated_from.is_some() || own.is_key {
                    return None;
                }
                let action = match choice {
                    0 => " ON DELETE CASCADE",
                    1 => " ON DELETE SET NULL",
                    2 => " ON UPDATE CASCADE ON DELETE RESTRICT",
                    3 => " DEFERRABLE INITIALLY DEFERRED",
                    _ => "",
                };
                format!(
                    "FOREIGN KEY ({}) REFERENCES {} (id){action}",
                    quote(own.name),
                    quote(&parent.name)
                )
            }
        };
        Some(match &constraint.name {
            Some(name) => format!("CONSTRAINT {name} {says}"),
            None => says,
        })
    }

    /// Returns statements that insert rows, of which some may be refused.
    pub(super) fn rows(&self, engine: Dialect, numbers: &mut Numbers) -> String {
        let mut sql = String::new();
        for round in 1..=3 {
            for table in &self.tables {
                let columns = table.columns.iter();
                let columns: Vec<&Column> = columns
                    .filter(|column| column.generated_from.is_none())
                    .collect();
                let names: Vec<String> = columns.iter().map(|column| quote(column.name)).collect();
                let values: Vec<String> = columns
                    .iter()
                    .map(|column| match !column.not_null && numbers.below(4) == 0 {
                        true => "NULL".to_owned(),
                        false => value(column.data, round),
                    })
                    .collect();
                let overriding = match engine {
                    Dialect::Sqlite => "",
                    Dialect::Postgres => "OVERRIDING SYSTEM VALUE ",
                };
                let _ = writeln!(
                    sql,
                    "INSERT INTO {} ({}) {overriding}VALUES ({});",
                    quote(&table.name),
                    names.join(", "),
                    values.join(", ")
                );
            }
        }
        sql
    }
}

fn strict(table: &Table) -> bool {
    table.columns.iter().all(|column| {
        matches!(
            column.data,
            Data::Integer | Data::Text | Data::Real | Data::Binary
        )
    })
}

fn definition(column: &Column, table: &Table, is_sqlite: bool) -> String {
    let name = quote(column.name);
    let mut text = format!("{name} {}", data_type(column.data, is_sqlite));
    let is_text = matches!(column.data, Data::Text | Data::Short(_));
    if let Some(from) = column.generated_from {
        let from = quote(from);
        let expression = match is_sqlite {
            true => format!("{from} || '!'"),
            false => format!("({from} IS NULL)::text"),
        };
        let kind = match is_sqlite && column.options.is_multiple_of(2) {
            true => "VIRTUAL",
            false => "STORED",
        };
        return format!("{text} GENERATED ALWAYS AS ({expression}) {kind}");
    }
    match (column.options, is_sqlite) {
        (0, true) if is_text => text += " COLLATE NOCASE",
        (0, false) if is_text => text += " COLLATE \"C\"",
        _ => {}
    }
    if column.not_null {
        text += " NOT NULL";
    }
    if column.has_default {
        text = text + " DEFAULT " + &default(column.data);
    }
    if column.is_key {
        let counts = column.data != Data::Text && column.options == 1;
        if counts && !is_sqlite {
            text += " GENERATED BY DEFAULT AS IDENTITY";
        }
        text += " PRIMARY KEY";
        let is_counted = column.data == Data::Integer && column.options == 1 && table.options != 1;
        if is_sqlite && is_counted {
            text += " AUTOINCREMENT";
        }
    }
    text
}

fn data_type(data: Data, is_sqlite: bool) -> String {
    match data {
        Data::Integer => "INTEGER".to_owned(),
        Data::BigInteger => "BIGINT".to_owned(),
        Data::Text => "TEXT".to_owned(),
        Data::Short(length) => format!("VARCHAR({length})"),
        Data::Real if is_sqlite => "REAL".to_owned(),
        Data::Real => "DOUBLE PRECISION".to_owned(),
        Data::Decimal => "NUMERIC(10, 2)".to_owned(),
        Data::Boolean => "BOOLEAN".to_owned(),
        Data::Time => "TIMESTAMP".to_owned(),
        Data::Binary if is_sqlite => "BLOB".to_owned(),
        Data::Binary => "BYTEA".to_owned(),
        Data::Json => "JSON".to_owned(),
        Data::Uuid => "UUID".to_owned(),
    }
}

fn default(data: Data) -> String {
    match data {
        Data::Integer | Data::BigInteger => "(1 + 1)".to_owned(),
        Data::Real | Data::Decimal => "1.5".to_owned(),
        Data::Text | Data::Short(_) => "'it''s'".to_owned(),
        Data::Boolean => "TRUE".to_owned(),
        Data::Time => "CURRENT_TIMESTAMP".to_owned(),
        Data::Binary => "'00'".to_owned(),
        Data::Json => "'{}'".to_owned(),
        Data::Uuid => literal("00000000-0000-0000-0000-000000000000"),
    }
}

fn value(data: Data, round: usize) -> String {
    match data {
        Data::Integer | Data::BigInteger => round.to_string(),
        Data::Real | Data::Decimal => format!("{round}.25"),
        Data::Text | Data::Short(_) => format!("'text {round}'"),
        Data::Boolean => ["TRUE", "FALSE"][round % 2].to_owned(),
        Data::Time => format!("'2026-01-0{round} 10:00:00'"),
        Data::Binary => format!("'0{round}'"),
        Data::Json => format!("'{{\"a\": {round}}}'"),
        Data::Uuid => format!("'00000000-0000-0000-0000-00000000000{round}'"),
    }
}

fn index_sql(table: &Table, index: &Index, is_sqlite: bool) -> String {
    let columns: Vec<&Column> = index.columns.iter().map(|at| &table.columns[*at]).collect();
    let can_be = columns
        .iter()
        .all(|column| is_sqlite || column.data != Data::Json);
    if !can_be {
        return String::new();
    }
    let parts: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = quote(column.name);
            let is_text = matches!(column.data, Data::Text | Data::Short(_));
            match index.options {
                1 => format!("{name} DESC"),
                2 if is_text => format!("lower({name})"),
                _ => name,
            }
        })
        .collect();
    let unique = if index.unique { "UNIQUE " } else { "" };
    let condition = match index.options {
        3 => format!(" WHERE {} IS NOT NULL", quote(columns[0].name)),
        _ => String::new(),
    };
    let include = match index.options {
        4 if !is_sqlite => " INCLUDE (id)",
        _ => "",
    };
    format!(
        "CREATE {unique}INDEX {} ON {} ({}){include}{condition};\n",
        index.name,
        quote(&table.name),
        parts.join(", ")
    )
}
