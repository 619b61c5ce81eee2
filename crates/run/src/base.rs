//! What databases hold that are older than the first revision.

use crate::event::Event;
use crate::failure::Failure;
use crate::schema::create_schema;
use crate::session::Session;

/// Creates what is older than the revisions, in a database that has none of it and no version table.
///
/// A database that has some of it was made before versions were tracked: it is taken as it is. That is told
/// by its tables, so a base without any is never created here.
pub(crate) async fn provide_base(session: &mut Session<'_>) -> Result<(), Failure> {
    let Some(base) = session.runner.base.clone() else {
        return Ok(());
    };
    if session.versions.rows.is_some() {
        return Ok(());
    }
    let own = base.tables(session.runner.dialect);
    if own.is_empty() {
        return Ok(());
    }
    let found = session.link.query(session.engine.list_tables()).await?;
    let mut found = found.iter().filter_map(|row| row.cell(0));
    let is_own = |table: &str| {
        own.iter()
            .any(|own| session.engine.is_same_table(own, table))
    };
    if found.any(is_own) {
        return Ok(());
    }
    session.provide_version_table().await?;
    create_schema(session, &base).await?;
    session
        .link
        .report(Event::BaseCreated { path: base.path })
        .await;
    Ok(())
}
