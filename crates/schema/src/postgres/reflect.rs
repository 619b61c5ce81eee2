//! Makes a schema of what the queries return.

mod attached;
mod cells;
mod relations;
mod routines;
mod stable;
mod types;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use alembic_sql::Dialect;

use self::cells::Cells;
use super::queries::QUERIES;
use crate::answers::{ReflectError, Rows};
use crate::model::{ConstraintKind, Definition, Object, ObjectId, ObjectKind, Schema};

/// Reads the answers to [`QUERIES`], in their order.
pub(crate) fn reflect(answers: &[Rows]) -> Result<Schema, ReflectError> {
    // Most rows are objects, or what they need.
    let rows = answers.iter().map(Vec::len).sum();
    let mut reader = Reader {
        answers,
        schema: Schema::new(Dialect::Postgres),
        places: HashMap::with_capacity(rows),
        aliases: HashMap::new(),
        column_names: HashMap::new(),
    };
    for cells in reader.rows("aliases")? {
        reader.read_alias(cells)?;
    }
    types::read(&mut reader)?;
    relations::read(&mut reader)?;
    attached::read(&mut reader)?;
    routines::read(&mut reader)?;
    for cells in reader.rows("needs")? {
        reader.read_need(cells)?;
    }
    for cells in reader.rows("comments")? {
        reader.read_comment(cells)?;
    }
    for mut cells in reader.rows("others")? {
        let kind = cells.text()?.to_owned();
        let names = reader.schema.not_compared.entry(kind).or_default();
        names.insert(cells.text()?.to_owned());
    }
    reader.add_owners();
    routines::add_mentions(&mut reader.schema);
    Ok(reader.schema)
}

/// A row of the catalog: the catalog, the number of the row there, and the number of a column.
type Place<'a> = (&'a str, &'a str, &'a str);

/// Reads answers.
struct Reader<'a> {
    answers: &'a [Rows],
    schema: Schema,
    /// Which object a row of the catalog is.
    places: HashMap<Place<'a>, ObjectId>,
    /// Which other row stands for the object that a row is a part of.
    aliases: HashMap<(&'a str, &'a str), Place<'a>>,
    /// The names of columns, by the numbers of the relation and the column.
    column_names: HashMap<(&'a str, &'a str), &'a str>,
}

impl<'a> Reader<'a> {
    /// Returns the rows of a query.
    fn rows(&self, query: &'static str) -> Result<Vec<Cells<'a>>, ReflectError> {
        let at = QUERIES.iter().position(|(name, _)| *name == query);
        let rows = at.and_then(|at| self.answers.get(at));
        let rows = rows.ok_or_else(|| ReflectError {
            query,
            what: "there is none".to_owned(),
        })?;
        Ok(rows.iter().map(|row| Cells::new(query, row)).collect())
    }

    /// Adds an object that is this row of the catalog.
    fn add(&mut self, place: Place<'a>, id: ObjectId, definition: Definition) {
        self.places.insert(place, id.clone());
        self.add_unplaced(id, definition);
    }

    /// Adds an object that no row of the catalog stands for.
    fn add_unplaced(&mut self, id: ObjectId, definition: Definition) {
        let object = Object {
            definition,
            comment: None,
            needs: BTreeSet::new(),
            mentions: BTreeSet::new(),
        };
        self.schema.objects.insert(id, object);
    }

    /// Returns the object that a row of the catalog is, or is a part of.
    fn object_at(&self, place: Place<'a>) -> Option<&ObjectId> {
        let (mut class, mut oid, mut column) = place;
        // An array of rows of a table is as far as it goes; a circle is impossible, but not on paper.
        for _ in 0..8 {
            let exact = self.places.get(&(class, oid, column));
            if let Some(id) = exact.or_else(|| self.places.get(&(class, oid, "0"))) {
                return Some(id);
            }
            (class, oid, column) = *self.aliases.get(&(class, oid))?;
        }
        None
    }

    /// Returns the table or view with this number.
    fn relation(&self, oid: &'a str) -> Option<&ObjectId> {
        self.places.get(&("pg_class", oid, "0"))
    }

    fn read_alias(&mut self, mut cells: Cells<'a>) -> Result<(), ReflectError> {
        let part = (cells.text()?, cells.text()?);
        let whole = (cells.text()?, cells.text()?, cells.text()?);
        self.aliases.insert(part, whole);
        Ok(())
    }

    fn read_need(&mut self, mut cells: Cells<'a>) -> Result<(), ReflectError> {
        let dependent = (cells.text()?, cells.text()?, cells.text()?);
        let needed = (cells.text()?, cells.text()?, cells.text()?);
        let (Some(dependent), Some(needed)) = (self.object_at(dependent), self.object_at(needed))
        else {
            return Ok(());
        };
        if dependent == needed {
            return Ok(());
        }
        let (dependent, needed) = (dependent.clone(), needed.clone());
        let has_index = dependent.kind == ObjectKind::Index || self.is_key(&dependent);
        if has_index && needed.kind == ObjectKind::Index {
            // The index of a partitioned table takes those that its partitions have by then.
            if let Some(object) = self.schema.objects.get_mut(&needed) {
                object.mentions.insert(dependent);
            }
            return Ok(());
        }
        if let Some(object) = self.schema.objects.get_mut(&dependent) {
            object.needs.insert(needed);
        }
        Ok(())
    }

    /// Returns whether a constraint has an index of its own.
    fn is_key(&self, id: &ObjectId) -> bool {
        let object = self.schema.get(id);
        object.is_some_and(|object| {
            matches!(&object.definition, Definition::Constraint(constraint) if matches!(
                constraint.kind,
                ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclude
            ))
        })
    }

    fn read_comment(&mut self, mut cells: Cells<'a>) -> Result<(), ReflectError> {
        let place = (cells.text()?, cells.text()?, cells.text()?);
        let comment = cells.text()?.to_owned();
        // What belongs to an extension has comments of the extension.
        let place = match self.aliases.get(&(place.0, place.1)) {
            Some(whole) if !self.places.contains_key(&place) && whole.0 != "pg_extension" => *whole,
            Some(_) | None => place,
        };
        if let Some(id) = self.places.get(&place).cloned() {
            if let Some(object) = self.schema.objects.get_mut(&id) {
                object.comment = Some(comment);
            }
            return Ok(());
        }
        let Some(name) = self.column_names.get(&(place.1, place.2)) else {
            return Ok(());
        };
        let owner = self.relation(place.1).cloned();
        let object = owner.and_then(|owner| self.schema.objects.get_mut(&owner));
        match object.map(|object| &mut object.definition) {
            Some(Definition::View(view)) => {
                view.column_comments.insert((*name).to_owned(), comment);
            }
            Some(Definition::Composite(attributes)) => {
                for attribute in attributes {
                    if attribute.name == *name {
                        attribute.comment = Some(comment.clone());
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds the needs that the catalog does not write down: parts need what they are parts of, and
    /// everything else needs its schema.
    fn add_owners(&mut self) {
        let ids = self.schema.objects.keys();
        let owners = ids.filter(|id| {
            id.parent.is_none()
                && matches!(
                    id.kind,
                    ObjectKind::Table
                        | ObjectKind::View
                        | ObjectKind::MaterializedView
                        | ObjectKind::Domain
                )
        });
        let owners = owners.map(|id| ((id.schema.clone(), id.name.clone()), id.clone()));
        let owners: BTreeMap<(String, String), ObjectId> = owners.collect();
        let schemas = self.schema.objects.keys();
        let schemas = schemas.filter(|id| id.kind == ObjectKind::Schema);
        let schemas: BTreeSet<ObjectId> = schemas.cloned().collect();
        let schema = |name: &str| {
            let id = ObjectId::new(ObjectKind::Schema, "", name);
            schemas.contains(&id).then_some(id)
        };
        // The parts of one owner follow each other.
        let mut last: Option<&ObjectId> = None;
        for (id, object) in &mut self.schema.objects {
            if let Definition::Extension(extension) = &object.definition {
                object.needs.extend(schema(&extension.schema));
            }
            let Some(parent) = &id.parent else {
                object.needs.extend(schema(&id.schema));
                continue;
            };
            let is_owner = |owner: &&ObjectId| owner.schema == id.schema && owner.name == *parent;
            let known = last.filter(is_owner);
            let owner = known.or_else(|| owners.get(&(id.schema.clone(), parent.clone())));
            let Some(owner) = owner else {
                object.needs.extend(schema(&id.schema));
                continue;
            };
            if id.kind == ObjectKind::Default && owner.kind == ObjectKind::Table {
                let column = owner.part(ObjectKind::Column, id.name.clone());
                object.needs.insert(column);
            }
            object.needs.insert(owner.clone());
            last = Some(owner);
        }
    }
}
