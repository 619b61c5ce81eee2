//! Which rows must outlast a change.

use std::collections::BTreeMap;

use alembic_schema::{
    Change, Column, Definition, Hazard, ObjectId, ObjectKind, Schema, SharedName,
};

use super::{Database, query};
use crate::schemas::attempt::Fault;

/// The columns whose values must stay, by their tables.
pub(super) type Kept = BTreeMap<(SharedName, SharedName), Vec<SharedName>>;

/// Returns the columns that both schemas have with one type, and that no change says to lose.
pub(super) fn kept(from: &Schema, to: &Schema, changes: &[Change]) -> Kept {
    columns(from, to, changes, |id, before, after| {
        let needs = from.get(id).map(|object| &object.needs);
        // Values of a type that changes may be written in another way.
        let is_same = |needed: &ObjectId| match needed.kind {
            ObjectKind::Domain | ObjectKind::Composite => from.get(needed) == to.get(needed),
            _ => true,
        };
        before.data_type == after.data_type && needs.into_iter().flatten().all(is_same)
    })
}

/// Returns the columns that both schemas have, and that no change there or back says to lose.
pub(super) fn returning(from: &Schema, to: &Schema, changes: &[Change]) -> Kept {
    columns(from, to, changes, |_, _, _| true)
}

fn columns(
    from: &Schema,
    to: &Schema,
    changes: &[Change],
    is_kept: impl Fn(&ObjectId, &Column, &Column) -> bool,
) -> Kept {
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
        // What happens to a partitioned table happens to its partitions.
        let is_lost = with_parents(from, owner).into_iter().any(|owner| {
            let column = owner.part(ObjectKind::Column, id.name.clone());
            hazards.contains(&&Hazard::DestroysValues(column))
                || hazards.contains(&&Hazard::DestroysRows(owner))
        });
        if is_kept(id, before, after) && before.generated.is_none() && !is_lost {
            let table = (id.schema.clone(), table.clone());
            kept.entry(table).or_default().push(id.name.clone());
        }
    }
    kept
}

/// Returns a table with those that it is a partition of.
fn with_parents(schema: &Schema, table: ObjectId) -> Vec<ObjectId> {
    let mut tables = vec![table];
    while let Some(Definition::Table(table)) = tables
        .last()
        .and_then(|table| Some(&schema.get(table)?.definition))
        && let Some(partition) = &table.partition
    {
        let (of, parent) = &partition.table;
        tables.push(ObjectId::new(ObjectKind::Table, of, parent));
    }
    tables
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

/// The columns that are numbered by a sequence, each with whether the next number is free.
pub(super) type Numbered = BTreeMap<String, bool>;

/// Returns which columns are numbered, and whether the next number is above all others.
pub(super) fn numbered(database: &Database) -> Result<Numbered, Fault> {
    let mut client = database.client()?;
    let fault = |error: postgres::Error| Fault::new("numbers cannot be read", error.to_string());
    let columns = query(&mut client, NUMBERED).map_err(fault)?;
    let mut numbered = Numbered::new();
    for row in columns {
        let [Some(table), Some(column), Some(sequence)] = row.as_slice() else {
            continue;
        };
        let sql = format!(
            "SELECT ((SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM {sequence}) \
             > coalesce(max({column}), 0))::text FROM {table}"
        );
        let rows = query(&mut client, &sql).map_err(fault)?;
        let is_free = rows
            .into_iter()
            .flatten()
            .flatten()
            .any(|free| free == "true");
        numbered.insert(format!("{table}.{column}"), is_free);
    }
    Ok(numbered)
}

const NUMBERED: &str = "SELECT d.adrelid::regclass::text, quote_ident(a.attname), s.oid::regclass::text \
    FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum \
    JOIN pg_depend n ON n.classid = 'pg_attrdef'::regclass AND n.objid = d.oid \
    AND n.refclassid = 'pg_class'::regclass \
    JOIN pg_class s ON s.oid = n.refobjid AND s.relkind = 'S' \
    JOIN pg_sequence q ON q.seqrelid = s.oid AND q.seqincrement > 0 \
    WHERE a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) \
    UNION \
    SELECT a.attrelid::regclass::text, quote_ident(a.attname), s.oid::regclass::text \
    FROM pg_attribute a JOIN pg_depend n ON n.refclassid = 'pg_class'::regclass \
    AND n.refobjid = a.attrelid AND n.refobjsubid = a.attnum AND n.deptype = 'i' \
    JOIN pg_class s ON s.oid = n.objid AND s.relkind = 'S' \
    JOIN pg_sequence q ON q.seqrelid = s.oid AND q.seqincrement > 0 \
    WHERE a.attidentity <> ''";

/// Returns a column that is numbered from where others begin, and was not before.
pub(super) fn restarted(before: &Numbered, after: &Numbered) -> Option<String> {
    let mut restarted = after
        .iter()
        .filter(|(column, is_free)| !**is_free && before.get(*column).copied().unwrap_or(true));
    restarted.next().map(|(column, _)| column.clone())
}
