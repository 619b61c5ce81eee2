//! The schema of a database as text, to compare and to show.
//!
//! The database gives rows of a heading and a line below it, in the order in which they are shown.

use super::exchange::Run;
use super::session::{STATEMENT_LOCK_TIMEOUT, Session};
use super::{Action, Fault, Request, RunError, Runner};
use alembic_history::{Dialect, VersionTable};
use alembic_sql::literal;
use alembic_sql::normalized;

impl<'h> Runner<'h> {
    /// Describes the schema: everything but the version table, by kind and name, so that two schemas
    /// that say the same are the same text.
    ///
    /// Columns keep their order. What the database keeps for itself is left out; on PostgreSQL so are
    /// what belongs to an extension, owners and grants.
    #[must_use]
    pub fn describe(self) -> Run<'h, Result<String, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            loop {
                let outcome = describe(&mut session).await;
                if let Some(outcome) = session.settle(outcome).await {
                    return session.close(outcome).await;
                }
            }
        })
    }
}

async fn describe(session: &mut Session<'_>) -> Result<String, Fault> {
    let failed = |error| Fault::Database {
        action: Action::DescribeSchema,
        error,
    };
    match session.runner.dialect {
        Dialect::Sqlite => {
            let query = Request::Query(sqlite(&session.table).into());
            let rows = session.ask_patiently(query).await.rows();
            Ok(text(rows.map_err(failed)?, |sql| {
                broken(&normalized(sql, Dialect::Sqlite))
            }))
        }
        Dialect::Postgres => {
            session.find_version_table().await?;
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
            session.execute(Action::Begin, begin).await?;
            session.open = true;
            let turn = session.runner.lock_timeout.min(STATEMENT_LOCK_TIMEOUT);
            let settings = settings(turn.as_millis().max(1));
            session.port.query(settings).await.map_err(failed)?;
            let rows = session.port.query(postgres(&session.table)).await;
            Ok(text(rows.map_err(failed)?, indented))
        }
    }
}

fn sqlite(table: &VersionTable) -> String {
    format!(
        "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master \
         WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name COLLATE NOCASE NOT IN ({}, {}) \
         ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 WHEN 'view' THEN 3 ELSE 4 END, \
         name",
        literal(&table.name),
        literal(&table.progress().name)
    )
}

/// Returns the query that makes definitions come out the same on every connection, for the
/// transaction that is open: names of all schemas but PostgreSQL's own are qualified.
fn settings(lock_timeout: u128) -> String {
    let lock_timeout = lock_timeout.to_string();
    let settings = [
        ("search_path", "pg_catalog, pg_temp"),
        ("lock_timeout", &lock_timeout),
        ("datestyle", "ISO"),
        ("intervalstyle", "postgres"),
        ("timezone", "UTC"),
        ("bytea_output", "hex"),
        ("extra_float_digits", "1"),
        ("quote_all_identifiers", "off"),
        // To compile the query would take longer than the query does.
        ("jit", "off"),
    ];
    let set =
        settings.map(|(name, value)| format!("pg_catalog.set_config('{name}', '{value}', true)"));
    format!("SELECT {}", set.join(", "))
}

fn postgres(table: &VersionTable) -> String {
    let schema = literal(table.schema.as_deref().unwrap_or_default());
    let (name, progress) = (literal(&table.name), literal(&table.progress().name));
    let query = include_str!("describe/postgres.sql");
    format!(
        "WITH left_out (schema, name) AS (VALUES ({schema}, {name}), ({schema}, {progress})),\n{query}"
    )
}

/// Writes each heading once, and the lines below it as `line` makes them.
fn text(rows: Vec<Vec<Option<String>>>, line: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut last = String::new();
    for row in rows {
        let mut cells = row.into_iter();
        let heading = cells.next().flatten().unwrap_or_default();
        if heading != last {
            text = text + &heading + "\n";
        }
        if let Some(found) = cells.next().flatten() {
            text += &line(&found);
        }
        last = heading;
    }
    text
}

fn indented(definition: &str) -> String {
    let lines = definition.trim().lines();
    lines
        .map(|line| format!("  {line}").trim_end().to_owned() + "\n")
        .collect()
}

/// Breaks a definition into lines at its outermost parentheses and the commas between them.
fn broken(sql: &str) -> String {
    let mut text = String::from("  ");
    let mut depth = 0_usize;
    for token in sql.split(' ') {
        match token {
            ")" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    trim_end(&mut text);
                    text.push_str("\n  ");
                }
            }
            "(" => depth += 1,
            _ => {}
        }
        text.push_str(token);
        let breaks = depth == 1 && matches!(token, "(" | ",");
        text.push_str(if breaks { "\n    " } else { " " });
    }
    trim_end(&mut text);
    text.push('\n');
    text
}

fn trim_end(text: &mut String) {
    text.truncate(text.trim_end().len());
}
