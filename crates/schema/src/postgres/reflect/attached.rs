//! Reads constraints, indexes, triggers, rules, policies and statistics.

use super::Reader;
use super::cells::Cells;
use super::place::{Catalog, Place};
use super::stable::stable;
use crate::answers::ReflectError;
use crate::model::{
    Constraint, ConstraintKind, Definition, Firing, Index, IndexUse, ObjectId, ObjectKind,
    SharedName, Statistics, Trigger,
};

pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), ReflectError> {
    let constraints = reader.rows("constraints")?;
    for cells in constraints.clone() {
        read_constraint(reader, cells)?;
    }
    let rows = reader.rows("indexes")?;
    for cells in rows.clone() {
        read_index(reader, cells)?;
    }
    for cells in rows {
        read_index_parent(reader, Catalog::CLASS, cells, 6)?;
    }
    for cells in constraints {
        read_index_parent(reader, Catalog::CONSTRAINT, cells, 12)?;
    }
    for cells in reader.rows("parts")? {
        read_part(reader, cells)?;
    }
    Ok(())
}

fn read_constraint<'a>(reader: &mut Reader<'a>, mut cells: Cells<'a>) -> Result<(), ReflectError> {
    let place = Place::new(Catalog::CONSTRAINT, cells.number()?);
    let relation = cells.number()?;
    let table = reader.relation(relation);
    let domain = reader.at(Place::new(Catalog::TYPE, cells.number()?));
    let Some(owner) = table.or(domain).cloned() else {
        return Ok(());
    };
    let name = cells.text()?;
    let kind = match cells.text()? {
        "p" => ConstraintKind::PrimaryKey,
        "u" => ConstraintKind::Unique,
        "c" => ConstraintKind::Check,
        "x" => ConstraintKind::Exclude,
        "n" => ConstraintKind::NotNull,
        "f" => ConstraintKind::ForeignKey,
        other => return Err(cells.error(format!("{other} is not a kind of constraint"))),
    };
    let definition = cells.text()?;
    let definition = definition.strip_suffix(" NOT VALID").unwrap_or(definition);
    let definition = stable(definition).into_owned();
    let (validated, inherited) = (cells.flag()?, cells.flag()?);
    let referenced = reader.relation(cells.number()?).cloned();
    let references = referenced.as_ref();
    let references = references.map(|table| (table.schema.clone(), table.name.clone()));
    let numbers = cells.optional()?.unwrap_or_default();
    let places = numbers.split_whitespace().map(|number| {
        let number = cells.parsed(number)?;
        Ok(Place::of_column(Catalog::CLASS, relation, number))
    });
    let places: Vec<Place> = places.collect::<Result<_, ReflectError>>()?;
    let columns = places.iter().map(|place| {
        let column = reader.at(*place);
        let column = column.ok_or_else(|| cells.error(format!("{name} is of no known column")))?;
        Ok(column.name.clone())
    });
    let columns: Result<Vec<SharedName>, ReflectError> = columns.collect();
    let storage = cells
        .optional()?
        .map(|options| options.split(", ").map(str::to_owned).collect());
    let constraint = Constraint {
        kind,
        is_named: true,
        definition,
        references,
        validated,
        inherited,
        index_parent: None,
        storage: storage.unwrap_or_default(),
        index_comment: None,
        columns: columns?,
        uses: uses(&mut cells)?,
    };
    if kind == ConstraintKind::NotNull
        && !names_not_null(reader, &owner, places.first(), name, &constraint)
    {
        return Ok(());
    }
    let part = (&owner, ObjectKind::Constraint, name);
    let object = reader.add_part(place, part, Definition::Constraint(constraint.into()));
    object.needs.extend(referenced);
    Ok(())
}

/// Returns whether a NOT NULL is more than what the column says of itself; the column leaves it to
/// the constraint then.
fn names_not_null<'a>(
    reader: &mut Reader<'a>,
    owner: &ObjectId,
    column_place: Option<&Place>,
    name: &str,
    constraint: &Constraint,
) -> bool {
    let Some(place) = column_place else {
        return false;
    };
    let is_usual = is_chosen_by_server(name)
        && constraint.validated
        && !constraint.definition.ends_with("NO INHERIT");
    if is_usual || owner.kind != ObjectKind::Table {
        return false;
    }
    if let Some(Definition::Column(column)) = reader.definition(*place) {
        column.not_null = false;
    }
    true
}

/// Returns whether the server may have chosen the name of a NOT NULL: `users_id_not_null`. The table or the
/// column may be called otherwise since, the table may have been a partition of the one in the name, and the
/// name may have been taken or too long.
fn is_chosen_by_server(name: &str) -> bool {
    let name = name.trim_end_matches(|last: char| last.is_ascii_digit());
    name.ends_with("_not_null")
}

fn uses(cells: &mut Cells<'_>) -> Result<Vec<IndexUse>, ReflectError> {
    let mut uses = Vec::new();
    for used in [IndexUse::Cluster, IndexUse::ReplicaIdentity] {
        if cells.optional()? == Some("true") {
            uses.push(used);
        }
    }
    Ok(uses)
}

fn read_index<'a>(reader: &mut Reader<'a>, mut cells: Cells<'a>) -> Result<(), ReflectError> {
    let place = Place::relation(cells.number()?);
    let id = reader.id(ObjectKind::Index, cells.text()?, cells.text()?);
    let Some(table) = reader.relation(cells.number()?) else {
        return Ok(());
    };
    let table = table.name.clone();
    let (head, definition) = (cells.text()?, stable(cells.text()?));
    let unique = cells.flag()?;
    let _parent = cells.optional()?;
    let valid = cells.flag()?;
    let uses = uses(&mut cells)?;
    let statistics = cells.lines()?.into_iter();
    let statistics = statistics.filter_map(|line| {
        let (number, target) = line.split_once(' ')?;
        Some((number.to_owned(), target.to_owned()))
    });
    let index = Index {
        sql: format!("{head}{definition}"),
        definition: definition.into_owned(),
        table,
        unique,
        parent: None,
        valid,
        uses,
        statistics: statistics.collect(),
    };
    reader.add(place, id, Definition::Index(index.into()));
    Ok(())
}

/// Reads the index that the index of a partition belongs to, which may be one of a constraint; `cells`
/// stand between the index, or the constraint that it is of, and that one.
fn read_index_parent<'a>(
    reader: &mut Reader<'a>,
    catalog: Catalog,
    mut cells: Cells<'a>,
    between: usize,
) -> Result<(), ReflectError> {
    let place = Place::new(catalog, cells.number()?);
    for _before_the_parent in 0..between {
        cells.optional()?;
    }
    let Some(parent) = cells.optional_number()? else {
        return Ok(());
    };
    let parent = reader.whole_at(Place::relation(parent));
    let parent = parent.map(|parent| reader.objects[parent].0.name.clone());
    match reader.definition(place) {
        Some(Definition::Index(index)) => index.parent = parent,
        Some(Definition::Constraint(constraint)) => constraint.index_parent = parent,
        _ => {}
    }
    Ok(())
}

fn read_part<'a>(reader: &mut Reader<'a>, mut cells: Cells<'a>) -> Result<(), ReflectError> {
    let kind = cells.text()?;
    let oid = cells.number()?;
    let Some(owner) = reader.relation(cells.number()?).cloned() else {
        return Ok(());
    };
    let schema = cells.text()?;
    let name = cells.text()?;
    let state = cells.optional()?;
    let sql = stable(cells.text()?).into_owned();
    let (catalog, kind, definition) = match kind {
        "trigger" => (Catalog::TRIGGER, ObjectKind::Trigger, trigger(sql, state)),
        "rule" => (Catalog::REWRITE, ObjectKind::Rule, trigger(sql, state)),
        "policy" => (
            Catalog::POLICY,
            ObjectKind::Policy,
            Definition::Statement(sql),
        ),
        "statistics" => {
            let target = state.map(str::to_owned);
            let sql = in_order(&sql);
            let statistics = Definition::Statistics(Statistics { sql, target });
            let id = reader.id(ObjectKind::Statistics, schema, name);
            reader.add(Place::new(Catalog::STATISTIC_EXT, oid), id, statistics);
            return Ok(());
        }
        other => return Err(cells.error(format!("{other} is not a kind of part"))),
    };
    reader.add_part(Place::new(catalog, oid), (&owner, kind, name), definition);
    Ok(())
}

/// Returns the statement that creates statistics with its columns in the order of their names: the server has
/// them in that of the table, which other changes move.
fn in_order(sql: &str) -> String {
    let parts = sql.rsplit_once(" FROM ").and_then(|(head, table)| {
        let (head, columns) = head.rsplit_once(" ON ")?;
        Some((head, columns, table))
    });
    match parts {
        Some((head, columns, table)) if !columns.contains(['(', '"']) => {
            let mut columns: Vec<&str> = columns.split(", ").collect();
            columns.sort_unstable();
            format!("{head} ON {} FROM {table}", columns.join(", "))
        }
        _ => sql.to_owned(),
    }
}

fn trigger(sql: String, state: Option<&str>) -> Definition {
    let sql = sql.strip_suffix(';').map(str::to_owned).unwrap_or(sql);
    Definition::Trigger(Trigger {
        sql,
        firing: match state {
            Some("D") => Firing::Disabled,
            Some("R") => Firing::Replica,
            Some("A") => Firing::Always,
            _ => Firing::Origin,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::is_chosen_by_server;

    #[test]
    fn names_of_not_null_that_the_server_chooses() {
        for (name, expected) in [
            ("users_id_not_null", true),
            ("users_id_not_null1", true),
            ("users_id_not_null12", true),
            ("id_is_there", false),
            ("users_id_not_null_", false),
            ("not_null_id", false),
        ] {
            assert_eq!(is_chosen_by_server(name), expected, "{name}");
        }
    }
}
