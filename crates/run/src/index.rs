//! Indexes that are built or dropped beside the work of others, on PostgreSQL.
//!
//! When that fails, an index stays that is not valid: it costs every write, serves no query, and keeps
//! its name from being used. `CREATE INDEX CONCURRENTLY IF NOT EXISTS` even takes it for done.

use super::session::Session;
use super::{Action, Fault};
use alembic_sql::{IndexAction, Name, Reindexed, StatementKind, literal};

/// An index that a statement is about.
struct Found {
    /// Its name, quoted and with its schema.
    name: String,
    is_valid: bool,
}

/// What the catalog tells about a statement that may have happened.
pub(super) struct Probe {
    /// Whether it has, where that can be seen.
    pub(super) happened: Option<bool>,
    pub(super) text: String,
}

impl Session<'_> {
    /// Returns the index that a statement is to build and that is not valid: before, the statement
    /// would stumble over it, and afterwards, it is not what was asked for.
    pub(super) async fn invalid_target(
        &self,
        kind: &StatementKind,
    ) -> Result<Option<String>, Fault> {
        match kind.concurrent_index() {
            Some(index @ IndexAction::Create { name: Some(_), .. }) => {
                let found = self.find_indexes(index).await?;
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

    /// Returns the invalid indexes that a statement may have left that failed.
    pub(super) async fn leftover(&self, kind: &StatementKind) -> Vec<String> {
        let Some(index) = kind.concurrent_index() else {
            return Vec::new();
        };
        // The failure is told whether or not this can be found out.
        let found = self.find_indexes(index).await.unwrap_or_default();
        let invalid = found.into_iter().filter(|index| !index.is_valid);
        invalid.map(|index| index.name).collect()
    }

    /// Returns what the catalog tells about a statement that may have happened.
    pub(super) async fn probe(&self, kind: &StatementKind) -> Option<Probe> {
        let index = kind.concurrent_index()?;
        let found = self.find_indexes(index).await.ok()?;
        let probe = |happened, text| Some(Probe { happened, text });
        match (index, found.first()) {
            (IndexAction::Create { name: Some(_), .. }, Some(index)) if index.is_valid => {
                let text = format!("the index {} is there, and valid", index.name);
                probe(Some(true), text)
            }
            (IndexAction::Create { name: Some(_), .. }, Some(index)) => {
                let text = format!(
                    "the index {0} is there, but not valid: drop it with \
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
                let text = format!("the index {} is still there", index.name);
                probe(Some(false), text)
            }
            (IndexAction::Create { name: None, .. } | IndexAction::Reindex { .. }, Some(index)) => {
                let text = format!("the index {} is there, but not valid", index.name);
                probe(None, text)
            }
            (IndexAction::Create { name: None, .. } | IndexAction::Reindex { .. }, None) => None,
        }
    }

    async fn find_indexes(&self, index: &IndexAction) -> Result<Vec<Found>, Fault> {
        let class =
            |name: &Name| format!("pg_catalog.to_regclass({})::oid", literal(name.written()));
        let table_of_index = |name: &Name| {
            format!(
                "(SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = {})",
                class(name)
            )
        };
        let condition = match index {
            IndexAction::Create {
                name: Some(name),
                table,
            } => format!(
                "i.indrelid = {} AND c.relname = {}",
                class(table),
                literal(name.kept())
            ),
            IndexAction::Create { name: None, table } => {
                format!("i.indrelid = {} AND NOT i.indisvalid", class(table))
            }
            IndexAction::Drop { name } => format!("i.indexrelid = {}", class(name)),
            IndexAction::Reindex { object, name } => {
                let table = match (object, name) {
                    (Reindexed::Index, Some(name)) => Some(table_of_index(name)),
                    (Reindexed::Table, Some(name)) => Some(class(name)),
                    (Reindexed::Schema | Reindexed::Database, _) | (_, None) => None,
                };
                let of_table = table.map(|table| format!(" AND i.indrelid = {table}"));
                format!("NOT i.indisvalid{}", of_table.unwrap_or_default())
            }
        };
        let query = format!(
            "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), \
             i.indisvalid FROM pg_catalog.pg_index i \
             JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE {condition} ORDER BY 1"
        );
        let rows = self.port.query(query).await;
        let rows = rows.map_err(|error| Fault::Database {
            action: Action::FindInvalidIndexes,
            error,
        })?;
        let found = rows.into_iter().filter_map(|row| {
            let mut cells = row.into_iter();
            let name = cells.next()??;
            let is_valid = cells.next()?.as_deref() == Some("t");
            Some(Found { name, is_valid })
        });
        Ok(found.collect())
    }
}
