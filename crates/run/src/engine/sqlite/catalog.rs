//! The catalog of a connection.

use alembic_schema::sqlite::{Catalog, Object, ObjectKind};

use crate::action::Action;
use crate::link::Link;
use crate::refused_request::{RefusedRequest, attribute_to};
use crate::request::{CatalogTask, Query, Row, Task};

fn text(row: &Row, column: usize) -> Result<&str, RefusedRequest> {
    row.text(column).map_err(attribute_to(Action::ReadCatalog))
}

/// Reads what the databases of the connection hold.
pub(super) async fn read_catalog(link: &Link<'_>) -> Result<Catalog, RefusedRequest> {
    let ask = |task, sql: std::borrow::Cow<'static, str>| Query::new(Task::Catalog(task), sql);
    let databases = ask(CatalogTask::ListDatabases, Catalog::DATABASES.into());
    let databases = link.query(databases).await?;
    let databases = databases
        .iter()
        .map(|row| text(row, 0).map(ToOwned::to_owned));
    let mut catalog = Catalog::new(databases.collect::<Result<_, _>>()?);
    let objects = ask(CatalogTask::ListObjects, catalog.query().into());
    for row in link.query(objects).await? {
        if let Some(kind) = ObjectKind::read(text(&row, 1)?) {
            catalog.objects.push(Object {
                database: text(&row, 0)?.to_owned(),
                kind,
                name: text(&row, 2)?.to_owned(),
                table: text(&row, 3)?.to_owned(),
                sql: row.cell(4).map(ToOwned::to_owned),
            });
        }
    }
    Ok(catalog)
}
