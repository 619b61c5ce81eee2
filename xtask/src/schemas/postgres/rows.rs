//! Which rows must outlast a change.

use std::collections::BTreeMap;

use alembic_schema::{Change, Definition, Hazard, ObjectId, ObjectKind, Schema, SharedName};

use super::{Database, query};
use crate::schemas::attempt::Fault;

/// The columns whose values must stay, by their tables.
pub(super) type Kept = BTreeMap<(SharedName, SharedName), Vec<SharedName>>;

/// Returns the columns that both schemas have with one type, and that no change says to lose.
pub(super) fn kept(from: &Schema, to: &Schema, changes: &[Change]) -> Kept {
    let hazards: Vec<&Hazard> = changes.iter().flat_map(|change| &change.hazards).collect();
    let mut kept = Kept::new();
    for (id, object) in &from.objects {
        let (Definition::Column(before), Some(Definition::Column(after)), Some(table)) = (
            &object.definition,
            to.get(id).map(|object| &object.definition),
            &id.parent,
        ) else {
            continue;
        };
        let owner = ObjectId::new(ObjectKind::Table, &id.schema, table);
        let is_lost = hazards.contains(&&Hazard::DestroysValues(id.clone()))
            || hazards.contains(&&Hazard::DestroysRows(owner));
        if before.data_type == after.data_type && before.generated.is_none() && !is_lost {
            let table = (id.schema.clone(), table.clone());
            kept.entry(table).or_default().push(id.name.clone());
        }
    }
    kept
}

/// Returns the number of rows of each table, and a digest of the values.
pub(super) fn digests(
    database: &Database,
    kept: &Kept,
) -> Result<BTreeMap<(SharedName, SharedName), String>, Fault> {
    let mut client = database.client()?;
    let mut digests = BTreeMap::new();
    for (table, columns) in kept {
        let quoted = |name: &SharedName| format!("\"{}\"", name.replace('"', "\"\""));
        let columns: Vec<String> = columns.iter().map(quoted).collect();
        let sql = format!(
            "SELECT count(*) || ' ' || coalesce(md5(string_agg(r, ' ' ORDER BY r)), '') \
             FROM (SELECT ROW({})::text AS r FROM ONLY {}.{}) AS t",
            columns.join(", "),
            quoted(&table.0),
            quoted(&table.1)
        );
        let rows = query(&mut client, &sql)
            .map_err(|error| Fault::new("rows cannot be read", format!("{error}\n{sql}")))?;
        let digest = rows.into_iter().flatten().flatten().collect();
        digests.insert(table.clone(), digest);
    }
    Ok(digests)
}

/// Returns the first table whose rows are not the same.
pub(super) fn lost(
    before: &BTreeMap<(SharedName, SharedName), String>,
    after: &BTreeMap<(SharedName, SharedName), String>,
) -> Option<String> {
    before.iter().find_map(|(table, digest)| {
        let now = after.get(table);
        (now != Some(digest)).then(|| format!("{}.{}: {digest}, now {now:?}", table.0, table.1))
    })
}
