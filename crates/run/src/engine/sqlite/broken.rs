//! Objects that do not work: foreign keys to nothing, views and triggers that do not compile.

use std::collections::BTreeSet;

use alembic_schema::sqlite::{Catalog, ObjectKind, Offered, compilations, dangling_keys};
use alembic_sql::StatementKind;

use super::catalog::read_catalog;
use crate::broken::{Broken, BrokenObject};
use crate::link::Link;
use crate::refused_request::RefusedRequest;
use crate::request::{BrokenTask, Execute, Query, Task};

/// Returns whether a statement may leave objects that do not work.
pub(super) fn may_break(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::CreateTable(_)
        | StatementKind::AlterTable(_)
        | StatementKind::DropTable(_)
        | StatementKind::View
        | StatementKind::Trigger
        | StatementKind::Other => true,
        StatementKind::Transaction(_)
        | StatementKind::Setting(_)
        | StatementKind::Index(_)
        | StatementKind::Rows
        | StatementKind::Call
        | StatementKind::Block { .. }
        | StatementKind::Attach
        | StatementKind::Detach
        | StatementKind::Vacuum
        | StatementKind::AddEnumValue(_) => false,
    }
}

/// Finds what does not work.
pub(super) async fn find(link: &Link<'_>) -> Result<Broken, RefusedRequest> {
    let catalog = read_catalog(link).await?;
    let keys = dangling_keys(&catalog).into_iter();
    let mut objects: Vec<BrokenObject> = keys.map(BrokenObject::ForeignKey).collect();
    objects.extend(uncompiled(link, &catalog).await?);
    let tables = catalog.objects.into_iter();
    let tables = tables.filter(|object| object.kind == ObjectKind::Table);
    Ok(Broken {
        objects,
        tables: tables.map(|table| table.name).collect(),
    })
}

/// Finds the views and triggers that do not compile.
pub(super) async fn find_uncompiled(link: &Link<'_>) -> Result<Vec<BrokenObject>, RefusedRequest> {
    let catalog = read_catalog(link).await?;
    uncompiled(link, &catalog).await
}

async fn uncompiled(
    link: &Link<'_>,
    catalog: &Catalog,
) -> Result<Vec<BrokenObject>, RefusedRequest> {
    let mut uncompiled = Vec::new();
    for compilation in compilations(catalog) {
        let compile = Execute::new(Task::FindBroken(BrokenTask::Compile), compilation.sql);
        match link.execute(compile).await {
            Ok(_) => {}
            Err(refused) if refused.error.is_generic_sqlite_error() => {
                uncompiled.push(BrokenObject::Uncompiled {
                    kind: compilation.kind,
                    names: compilation.names,
                    error: refused.error.to_string(),
                });
            }
            Err(refused) => return Err(refused),
        }
    }
    if !uncompiled.is_empty() {
        let unknown = unknown(link, catalog).await?;
        uncompiled.retain(|object| match object {
            BrokenObject::Uncompiled { names, .. } => {
                !names.iter().any(|name| unknown.contains(name))
            }
            BrokenObject::ForeignKey(_) => true,
        });
    }
    Ok(uncompiled)
}

/// Finds the objects that need something which the application has and this connection has not.
async fn unknown(link: &Link<'_>, catalog: &Catalog) -> Result<BTreeSet<String>, RefusedRequest> {
    let mut offered = Offered::default();
    for (names, query) in [
        (&mut offered.functions, Offered::FUNCTIONS),
        (&mut offered.collations, Offered::COLLATIONS),
    ] {
        let task = Task::FindBroken(BrokenTask::ListOffered);
        for row in link.query(Query::new(task, query)).await? {
            names.extend(row.cell(0).map(str::to_ascii_lowercase));
        }
    }
    Ok(offered.unknown(catalog))
}
