//! The values of parameters as literals of PostgreSQL: the server itself writes them.

use std::error::Error;

use alembic_import::Observed;
use alembic_sql::{Dialect, TokenKind, Tokens};
use sqlx::encode::IsNull;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgConnection, PgTypeInfo};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Encode, Postgres, Type, query_scalar};

use super::wire::{Sent, Value};
use crate::database::Server;

/// Types whose literals are numbers.
const NUMBERS: [u32; 7] = [20, 21, 23, 26, 700, 701, 1700];
/// `bool`
const TRUTH: u32 = 16;
/// `text`, `varchar`, `bpchar`, `name` and a literal's own.
const TEXTS: [u32; 5] = [25, 1043, 1042, 19, 705];

/// A value as the client sent it, in the format of its type that is binary.
struct Raw(u32, Vec<u8>);

impl Type<Postgres> for Raw {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(TEXTS[0]))
    }
}

impl Encode<'_, Postgres> for Raw {
    fn encode_by_ref(
        &self,
        buffer: &mut PgArgumentBuffer,
    ) -> Result<IsNull, Box<dyn Error + Send + Sync>> {
        buffer.extend_from_slice(&self.1);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(Oid(self.0)))
    }
}

/// Returns what was sent with its values in it, as the server of the database writes them.
pub(super) fn written(server: &Server, sent: Vec<Sent>) -> Vec<Observed> {
    server.block_on(async {
        let mut connection = None;
        let mut observed = Vec::new();
        for one in sent.into_iter().filter(|one| !one.failed) {
            observed.push(match statement(server, &mut connection, &one).await {
                Ok(sql) => Observed::Executed(sql),
                Err(why) => Observed::Unwritten { sql: one.sql, why },
            });
        }
        if let Some(connection) = connection {
            let connection: PgConnection = connection;
            let _ = connection.close().await;
        }
        observed
    })
}

async fn statement(
    server: &Server,
    connection: &mut Option<PgConnection>,
    sent: &Sent,
) -> Result<String, String> {
    if sent.streamed {
        return Err("its rows come from the program".to_owned());
    }
    let mut literals = Vec::new();
    for value in &sent.values {
        let literal = literal(server, connection, value).await;
        literals.push(literal.map_err(|error| crate::database::message(&error))?);
    }
    Ok(inlined(&sent.sql, &literals))
}

async fn literal(
    server: &Server,
    connection: &mut Option<PgConnection>,
    value: &Value,
) -> sqlx::Result<String> {
    let Some(bytes) = &value.bytes else {
        return Ok("NULL".to_owned());
    };
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(server.options().connect().await?),
    };
    let quoted: String = match value.is_binary {
        true => {
            // Kept, it would take each value for one of the first one's type.
            let quoting = query_scalar("SELECT pg_catalog.format('%L', $1)").persistent(false);
            let raw = Raw(value.oid, bytes.clone());
            quoting.bind(raw).fetch_one(&mut *connection).await?
        }
        false => {
            let quoting = query_scalar("SELECT pg_catalog.quote_literal($1)");
            let text = String::from_utf8_lossy(bytes).into_owned();
            quoting.bind(text).fetch_one(&mut *connection).await?
        }
    };
    if let Some(plain) = plain(value.oid, &quoted) {
        return Ok(plain);
    }
    let oid = value.oid;
    let naming = AssertSqlSafe(format!("SELECT pg_catalog.format_type({oid}, NULL)"));
    let name: String = query_scalar(naming).fetch_one(connection).await?;
    Ok(format!("CAST({quoted} AS {name})"))
}

/// Returns a literal without the name of its type, if it needs none.
fn plain(oid: u32, quoted: &str) -> Option<String> {
    let inner = quoted.trim_matches('\'');
    let is_number = |text: &str| {
        let mut bytes = text.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_digit())
            && bytes.all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    match oid {
        TRUTH => Some(if inner == "t" { "true" } else { "false" }.to_owned()),
        oid if NUMBERS.contains(&oid) => match inner.strip_prefix('-') {
            Some(number) if is_number(number) => Some(format!("({inner})")),
            None if is_number(inner) => Some(inner.to_owned()),
            _ => None,
        },
        0 => Some(quoted.to_owned()),
        oid if TEXTS.contains(&oid) => Some(quoted.to_owned()),
        _ => None,
    }
}

/// Returns SQL with literals in the place of its parameters.
fn inlined(sql: &str, literals: &[String]) -> String {
    let tokens = Tokens::new(sql, Dialect::Postgres);
    let texts = tokens.map(|token| {
        let text = token.span.text(sql);
        let number = text
            .strip_prefix('$')
            .and_then(|number| number.parse().ok());
        let place = number.and_then(|number: usize| number.checked_sub(1));
        match (token.kind, place.and_then(|place| literals.get(place))) {
            (TokenKind::Parameter, Some(literal)) => literal,
            _ => text,
        }
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_literals() {
        let literals = ["'$2'".to_owned(), "(-1)".to_owned()];
        assert_eq!(
            inlined("SELECT '$1', $2, \"$1\", $1, $3 -- $1", &literals),
            "SELECT '$1', (-1), \"$1\", '$2', $3 -- $1"
        );
    }

    #[test]
    fn some_literals_need_no_type() {
        for (oid, quoted, expected) in [
            (16, "'t'", Some("true")),
            (16, "'f'", Some("false")),
            (23, "'12'", Some("12")),
            (20, "'-12'", Some("(-12)")),
            (1700, "'1.50'", Some("1.50")),
            (1700, "'NaN'", None),
            (701, "'1e+20'", None),
            (701, "'-Infinity'", None),
            (25, "'it''s'", Some("'it''s'")),
            (1043, " E'a\\\\b'", Some(" E'a\\\\b'")),
            (2950, "'00000000-0000-0000-0000-000000000000'", None),
        ] {
            assert_eq!(plain(oid, quoted).as_deref(), expected, "{quoted}");
        }
    }
}
