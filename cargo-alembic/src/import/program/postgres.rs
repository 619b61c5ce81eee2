//! Programs on PostgreSQL: they connect to a proxy.

pub(super) mod proxy;
mod values;
mod wire;

use alembic_import::Observed;
use url::Url;

use crate::database::Connection;
use crate::database::scratch::Scratch;
use crate::url::PostgresUrl;
use proxy::Proxy;

/// Lists the tables of a database.
pub(super) const TABLES: &str = "SELECT relname FROM pg_catalog.pg_class WHERE relkind = 'r' \
                                 AND relnamespace::pg_catalog.regnamespace::text \
                                 !~ '^(pg_|information_schema$)' ORDER BY relname";

/// What may keep a program of sea-orm from connecting.
pub(super) const HELP: &str = "for PostgreSQL, its sea-orm-migration needs the feature `sqlx-postgres`, and the \
                               server has to take connections without TLS; `--scratch-url` names another one";

/// Returns the URL of a database by way of a proxy.
pub(super) fn by_way_of(proxy: &Proxy, url: &PostgresUrl) -> String {
    let address = proxy.address();
    let text = format!("postgres://{address}/{}?sslmode=disable", url.database());
    let Ok(mut shown) = Url::parse(&text) else {
        return text;
    };
    let _ = shown.set_username(url.options.get_username());
    let _ = shown.set_password(url.password().as_deref());
    shown.into()
}

/// Returns what a program has sent by way of a proxy, once it has ended.
pub(super) fn observed(proxy: Proxy, scratch: &Scratch) -> Vec<Observed> {
    let sent = proxy.finish();
    match &scratch.connection {
        Connection::Postgres(server) => values::written(server, sent),
        Connection::Sqlite(_) => Vec::new(),
    }
}
