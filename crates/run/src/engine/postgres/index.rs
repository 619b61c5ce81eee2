//! Indexes that are built or dropped while other sessions keep writing.
//!
//! A failure leaves an invalid index: it slows down every write, serves no query, and occupies its
//! name. `CREATE INDEX CONCURRENTLY IF NOT EXISTS` even treats it as built.

use alembic_sql::{IndexAction, Name, ReindexTarget, StatementKind, literal};

use super::Probe;
use crate::action::Action;
use crate::failure::Failure;
use crate::link::Link;
use crate::refused_request::attribute_to;
use crate::request::{Query, Task};

/// An index that a statement builds or drops.
struct Index {
    /// Its name, quoted and with its schema.
    name: String,
    is_valid: bool,
}

pub(super) async fn find_invalid_target(
    link: &Link<'_>,
    kind: &StatementKind,
) -> Result<Option<String>, Failure> {
    match kind.concurrent_index() {
        Some(index @ IndexAction::Create { name: Some(_), .. }) => {
            let found = find(link, index).await?;
            let invalid = found.into_iter().find(|index| !index.is_valid);
            Ok(invalid.map(|index| index.name))
        }
        Some(
            IndexAction::Create { name: None, .. }
            | IndexAction::Drop { .. }
            | IndexAction::Reindex { .. },
        )
        | None => Ok(None),
    }
}

pub(super) async fn find_leftover(
    link: &Link<'_>,
    kind: &StatementKind,
) -> Result<Vec<String>, Failure> {
    let Some(index) = kind.concurrent_index() else {
        return Ok(Vec::new());
    };
    let found = find(link, index).await?;
    let invalid = found.into_iter().filter(|index| !index.is_valid);
    Ok(invalid.map(|index| index.name).collect())
}

pub(super) async fn probe(link: &Link<'_>, kind: &StatementKind) -> Result<Option<Probe>, Failure> {
    let Some(index) = kind.concurrent_index() else {
        return Ok(None);
    };
    let found = find(link, index).await?;
    let probe = |took_effect, text| Some(Probe { took_effect, text });
    Ok(match (index, found.first()) {
        (IndexAction::Create { name: Some(_), .. }, Some(index)) if index.is_valid => {
            let text = format!("the index {} exists and is valid", index.name);
            probe(Some(true), text)
        }
        (IndexAction::Create { name: Some(_), .. }, Some(index)) => {
            let text = format!(
                "the index {0} exists, but is invalid: drop it with \
                 `DROP INDEX CONCURRENTLY {0}`",
                index.name
            );
            probe(Some(false), text)
        }
        (
            IndexAction::Create {
                name: Some(name), ..
            },
            None,
        ) => probe(Some(false), format!("there is no index {}", name.kept())),
        (IndexAction::Drop { name }, None) => {
            probe(Some(true), format!("there is no index {}", name.written()))
        }
        (IndexAction::Drop { .. }, Some(index)) => {
            let text = format!("the index {} still exists", index.name);
            probe(Some(false), text)
        }
        (IndexAction::Create { name: None, .. } | IndexAction::Reindex { .. }, Some(index)) => {
            let text = format!("the index {} exists, but is invalid", index.name);
            probe(None, text)
        }
        (IndexAction::Create { name: None, .. } | IndexAction::Reindex { .. }, None) => None,
    })
}

const EQUALS: &str = "OPERATOR(pg_catalog.=)";

async fn find(link: &Link<'_>, index: &IndexAction) -> Result<Vec<Index>, Failure> {
    let class = |name: &Name| {
        format!(
            "pg_catalog.to_regclass({})::pg_catalog.oid",
            literal(name.written())
        )
    };
    let table_of_index = |name: &Name| {
        format!(
            "(SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid {EQUALS} {})",
            class(name)
        )
    };
    let condition = match index {
        IndexAction::Create {
            name: Some(name),
            table,
        } => format!(
            "i.indrelid {EQUALS} {} AND c.relname {EQUALS} {}",
            class(table),
            literal(name.kept())
        ),
        IndexAction::Create { name: None, table } => {
            format!("i.indrelid {EQUALS} {} AND NOT i.indisvalid", class(table))
        }
        IndexAction::Drop { name } => format!("i.indexrelid {EQUALS} {}", class(name)),
        IndexAction::Reindex { object, name } => {
            let table = match (object, name) {
                (ReindexTarget::Index, Some(name)) => Some(table_of_index(name)),
                (ReindexTarget::Table, Some(name)) => Some(class(name)),
                (ReindexTarget::Schema | ReindexTarget::Database, _) | (_, None) => None,
            };
            let of_table = table.map(|table| format!(" AND i.indrelid {EQUALS} {table}"));
            format!("NOT i.indisvalid{}", of_table.unwrap_or_default())
        }
    };
    let query = format!(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), \
             i.indisvalid FROM pg_catalog.pg_index i \
             JOIN pg_catalog.pg_class c ON c.oid {EQUALS} i.indexrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid {EQUALS} c.relnamespace \
             WHERE {condition} ORDER BY 1"
    );
    let name = match index {
        IndexAction::Create {
            name: Some(name), ..
        } => name.kept(),
        IndexAction::Drop { name } => name.written(),
        IndexAction::Create { name: None, table } => table.written(),
        IndexAction::Reindex { name, .. } => name.as_ref().map_or("", Name::written),
    };
    let task = Task::FindIndexes(name.to_owned());
    let rows = link.query(Query::new(task, query)).await?;
    let mut indexes = Vec::new();
    for row in rows {
        let name = row
            .text(0)
            .map_err(attribute_to(Action::FindInvalidIndexes))?;
        indexes.push(Index {
            name: name.to_owned(),
            is_valid: row.is_true(1),
        });
    }
    Ok(indexes)
}
