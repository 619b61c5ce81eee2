//! Carries out what is planned, as a run does.

use alembic_schema::sqlite::{
    AlterError, Alteration, Catalog, Explanation, Loss, Object, ObjectKind, Step, StepTask, plan,
};
use alembic_sql::{AlterAction, Dialect, SqlText, StatementKind};
use rusqlite::Connection;

#[derive(Debug)]
pub(crate) enum Outcome {
    Nothing,
    Native,
    Rebuilt,
    /// By the plan.
    Refused(AlterError),
    /// For rows that it does not allow.
    Rows(Loss, u64),
    /// By SQLite.
    Failed(String),
}

pub(crate) fn read_catalog(connection: &Connection) -> Catalog {
    let mut databases = connection.prepare(Catalog::DATABASES).unwrap();
    let databases = databases.query_map([], |row| row.get(0)).unwrap();
    let mut catalog = Catalog::new(databases.map(Result::unwrap).collect());
    let mut objects = connection.prepare(&catalog.query()).unwrap();
    let mut rows = objects.query([]).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let kind: String = row.get(1).unwrap();
        found.push(Object {
            database: row.get(0).unwrap(),
            kind: ObjectKind::read(&kind).unwrap(),
            name: row.get(2).unwrap(),
            table: row.get(3).unwrap(),
            sql: row.get(4).unwrap(),
        });
    }
    drop(rows);
    drop(objects);
    catalog.objects = found;
    catalog
}

/// Carries out an `ALTER TABLE` in a transaction of its own.
pub(crate) fn alter(connection: &Connection, sql: &str, log: &mut Vec<String>) -> Outcome {
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")
        .unwrap();
    let outcome = alter_inside(connection, sql, log);
    let end = match outcome {
        Outcome::Nothing | Outcome::Native | Outcome::Rebuilt => "COMMIT",
        Outcome::Refused(_) | Outcome::Rows(..) | Outcome::Failed(_) => "ROLLBACK",
    };
    connection
        .execute_batch(&format!(
            "{end}; PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON"
        ))
        .unwrap();
    outcome
}

fn alter_inside(connection: &Connection, sql: &str, log: &mut Vec<String>) -> Outcome {
    let catalog = read_catalog(connection);
    let text = SqlText::new(sql);
    let split = text.split(Dialect::Sqlite);
    let [statement] = split.statements.as_slice() else {
        panic!("not one statement: {sql}");
    };
    let StatementKind::AlterTable(table) = &statement.kind else {
        panic!("not an ALTER TABLE: {sql}");
    };
    let actions: Vec<&AlterAction> = table.actions.iter().collect();
    assert!(
        actions
            .iter()
            .all(|action| alembic_schema::sqlite::is_ours(action)),
        "not all of it was read: {sql}\n{actions:?}"
    );
    let planned = match plan(&catalog, &table.table, table.if_exists, &actions) {
        Ok(planned) => planned,
        Err((_, error)) => return Outcome::Refused(error),
    };
    match planned {
        Alteration::Nothing => Outcome::Nothing,
        Alteration::Native(statements) => {
            for statement in statements {
                log.push(statement.clone());
                if let Err(error) = connection.execute_batch(&statement) {
                    return Outcome::Failed(format!("{error} (natively)"));
                }
            }
            Outcome::Native
        }
        Alteration::Rebuild(rebuild) => {
            for step in &rebuild.steps {
                let (task, sql) = match step {
                    Step::Execute { task, sql } => (task, sql),
                    Step::Expect(_) => continue,
                    Step::Count { from, into } => {
                        let count = |table: &str| -> i64 {
                            let sql = format!("SELECT count(*) FROM {table}");
                            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
                        };
                        assert_eq!(count(from), count(into), "the rows of {from}");
                        continue;
                    }
                    Step::Require(check) => {
                        log.push(format!("-- {}", check.query));
                        match rows_found(connection, &check.query) {
                            Ok(0) => continue,
                            Ok(count) => return Outcome::Rows(check.loss.clone(), count),
                            Err(error) => {
                                return Outcome::Failed(format!("{error}: {}", check.query));
                            }
                        }
                    }
                };
                log.push(sql.clone());
                let Err(error) = connection.execute_batch(sql) else {
                    continue;
                };
                if let Some(explanation) = rebuild.explanation(task)
                    && let Some(found) = explain(connection, explanation, log)
                {
                    return found;
                }
                return Outcome::Failed(match task {
                    StepTask::Copy => format!("{error} (copying)"),
                    _ => error.to_string(),
                });
            }
            let mut found = read_catalog(connection).comparable();
            found.sort();
            if let Some(object) = found
                .iter()
                .find(|object| !rebuild.expected.contains(object))
                .or_else(|| {
                    rebuild
                        .expected
                        .iter()
                        .find(|object| !found.contains(object))
                })
            {
                panic!(
                    "an object is not as it should be: {object:?}\n{}",
                    log.join(";\n")
                );
            }
            Outcome::Rebuilt
        }
    }
}

fn explain(
    connection: &Connection,
    explanation: &Explanation,
    log: &mut Vec<String>,
) -> Option<Outcome> {
    for sql in &explanation.statements {
        log.push(format!("-- {sql}"));
        if let Err(error) = connection.execute_batch(sql) {
            return Some(Outcome::Failed(format!("{error}: {sql}")));
        }
    }
    for check in &explanation.checks {
        match rows_found(connection, &check.query) {
            Ok(0) => {}
            Ok(count) => return Some(Outcome::Rows(check.loss.clone(), count)),
            Err(error) => return Some(Outcome::Failed(format!("{error}: {}", check.query))),
        }
    }
    None
}

fn rows_found(connection: &Connection, query: &str) -> Result<u64, String> {
    let mut statement = connection
        .prepare(query)
        .map_err(|error| error.to_string())?;
    let mut rows = statement.query([]).map_err(|error| error.to_string())?;
    let first = rows.next().map_err(|error| error.to_string())?;
    let count = first.map(|row| row.get::<_, i64>(0).unwrap());
    if let Some(row) = first {
        // What tells the row to people.
        row.get::<_, String>(1).map_err(|error| error.to_string())?;
    }
    Ok(count.unwrap_or_default().try_into().unwrap())
}
