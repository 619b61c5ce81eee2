//! Makes a schema of what the queries return.

mod attached;
mod cells;
mod place;
mod relations;
mod routines;
mod stable;
mod statements;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasherDefault;

use alembic_sql::Dialect;

use self::cells::Cells;
use self::place::{Catalog, Place, Places};
use super::facts;
use super::queries::QUERIES;
use crate::answers::{ReflectError, Rows};
use crate::model::{ConstraintKind, Definition, Object, ObjectId, ObjectKind, Schema, SharedName};

/// Reads the answers to [`QUERIES`], in their order.
pub(crate) fn reflect(answers: &[Rows]) -> Result<Schema, ReflectError> {
    // Most rows are objects, or what they need.
    let rows = answers.iter().map(Vec::len).sum();
    let mut reader = Reader {
        answers,
        objects: Vec::with_capacity(rows),
        schemas: BTreeMap::new(),
        places: Places::with_capacity_and_hasher(rows, BuildHasherDefault::new()),
        aliases: Places::default(),
        column_names: Places::default(),
    };
    for cells in reader.rows("aliases")? {
        reader.read_alias(cells)?;
    }
    types::read(&mut reader)?;
    statements::read(&mut reader)?;
    relations::read(&mut reader)?;
    attached::read(&mut reader)?;
    routines::read(&mut reader)?;
    for cells in reader.rows("needs")? {
        reader.read_need(cells)?;
    }
    for cells in reader.rows("comments")? {
        reader.read_comment(cells)?;
    }
    let mut schema = Schema::new(Dialect::Postgres);
    for mut cells in reader.rows("others")? {
        let kind = cells.text()?.to_owned();
        let names = schema.not_compared.entry(kind).or_default();
        names.insert(cells.text()?.to_owned());
    }
    routines::add_mentions(&mut reader.objects);
    // They are large: their order is found before they are moved.
    reader.objects.sort_by_cached_key(|(id, _)| id.clone());
    schema.objects = reader.objects.into_iter().collect();
    add_tables_of_checks(&mut schema);
    Ok(schema)
}

/// Lets a check that is not validated wait for the tables that inherit it: one that is created afterwards has
/// it validated.
fn add_tables_of_checks(schema: &mut Schema) {
    let constraints = schema.of_kind(ObjectKind::Constraint).map(|(id, _)| id);
    let tables = constraints.filter_map(|id| {
        let made = facts::made_by_check(schema, id).into_iter();
        let tables: Vec<ObjectId> = made.map(|(heir, _)| facts::owner_table(&heir)).collect();
        (!tables.is_empty()).then(|| (id.clone(), tables))
    });
    let tables: Vec<(ObjectId, Vec<ObjectId>)> = tables.collect();
    for (id, tables) in tables {
        if let Some(object) = schema.objects.get_mut(&id) {
            object.needs.extend(tables);
        }
    }
}

/// Reads answers.
struct Reader<'a> {
    answers: &'a [Rows],
    objects: Vec<(ObjectId, Object)>,
    schemas: BTreeMap<&'a str, ObjectId>,
    /// Which of the objects a row of the catalog is.
    places: Places<usize>,
    /// Which other row stands for the object that a row is a part of.
    aliases: Places<Place>,
    /// The names of columns that are no objects.
    column_names: Places<&'a str>,
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

    /// Identifies an object that is in a schema, and not a part of another.
    fn id(&self, kind: ObjectKind, schema: &'a str, name: impl Into<SharedName>) -> ObjectId {
        let known = self.schemas.get(schema);
        let schema = known.map_or_else(|| SharedName::from(schema), |known| known.name.clone());
        ObjectId::new(kind, schema, name)
    }

    /// Adds an object that is this row of the catalog; it needs its schema.
    fn add(&mut self, place: Place, id: ObjectId, definition: Definition) -> &mut Object {
        let schema = self.schemas.get(id.schema.as_str());
        let needs = schema.cloned().into_iter().collect();
        self.places.insert(place, self.objects.len());
        self.add_unplaced(id, definition, needs)
    }

    /// Adds a part of an object that is this row of the catalog; it needs what it is a part of.
    fn add_part(
        &mut self,
        place: Place,
        (owner, kind, name): (&ObjectId, ObjectKind, &str),
        definition: Definition,
    ) -> &mut Object {
        self.places.insert(place, self.objects.len());
        let needs = BTreeSet::from([owner.clone()]);
        self.add_unplaced(owner.part(kind, name), definition, needs)
    }

    /// Adds an object that no row of the catalog stands for.
    fn add_unplaced(
        &mut self,
        id: ObjectId,
        definition: Definition,
        needs: BTreeSet<ObjectId>,
    ) -> &mut Object {
        let object = Object {
            definition,
            comment: None,
            needs,
            mentions: BTreeSet::new(),
        };
        let at = self.objects.len();
        self.objects.push((id, object));
        &mut self.objects[at].1
    }

    /// Returns the object that a row of the catalog is.
    fn at(&self, place: Place) -> Option<&ObjectId> {
        let at = *self.places.get(&place)?;
        Some(&self.objects[at].0)
    }

    /// Returns what the object is that a row of the catalog is.
    fn definition(&mut self, place: Place) -> Option<&mut Definition> {
        let at = *self.places.get(&place)?;
        Some(&mut self.objects[at].1.definition)
    }

    /// Returns what the object is that a row of the catalog is; the first of its rows adds it.
    fn definition_or_add(
        &mut self,
        place: Place,
        id: ObjectId,
        empty: Definition,
    ) -> Option<&mut Definition> {
        if self.at(place).is_none() {
            self.add(place, id, empty);
        }
        self.definition(place)
    }

    /// Returns the object that a row of the catalog is, or is a part of.
    fn whole_at(&self, place: Place) -> Option<usize> {
        let mut place = place;
        // An array of rows of a table is as far as it goes; a circle is impossible, but not on paper.
        for _ in 0..8 {
            let exact = self.places.get(&place);
            if let Some(at) = exact.or_else(|| self.places.get(&place.whole())) {
                return Some(*at);
            }
            place = *self.aliases.get(&place.whole())?;
        }
        None
    }

    /// Returns the table or view with this number.
    fn relation(&self, oid: u32) -> Option<&ObjectId> {
        self.at(Place::relation(oid))
    }

    fn read_alias(&mut self, mut cells: Cells<'a>) -> Result<(), ReflectError> {
        let part = Place::new(cells.catalog()?, cells.number()?);
        let whole = cells.place()?;
        self.aliases.insert(part, whole);
        Ok(())
    }

    fn read_need(&mut self, mut cells: Cells<'a>) -> Result<(), ReflectError> {
        let (dependent, needed) = (cells.place()?, cells.place()?);
        let (Some(dependent), Some(needed)) = (self.whole_at(dependent), self.whole_at(needed))
        else {
            return Ok(());
        };
        if dependent == needed {
            return Ok(());
        }
        let needs_index = self.objects[needed].0.kind == ObjectKind::Index;
        if needs_index && has_index(&self.objects[dependent].1.definition) {
            // The index of a partitioned table takes those that its partitions have by then.
            let dependent = self.objects[dependent].0.clone();
            self.objects[needed].1.mentions.insert(dependent);
            return Ok(());
        }
        let needed = self.objects[needed].0.clone();
        self.objects[dependent].1.needs.insert(needed);
        Ok(())
    }

    fn read_comment(&mut self, mut cells: Cells<'a>) -> Result<(), ReflectError> {
        let place = cells.place()?;
        let comment = cells.text()?.to_owned();
        let is_of_index = place.catalog == Catalog::CLASS;
        // What belongs to an extension has comments of the extension.
        let place = match self.aliases.get(&place.whole()) {
            Some(whole)
                if !self.places.contains_key(&place) && whole.catalog != Catalog::EXTENSION =>
            {
                *whole
            }
            Some(_) | None => place,
        };
        if let Some(at) = self.places.get(&place) {
            let object = &mut self.objects[*at].1;
            match &mut object.definition {
                Definition::Constraint(constraint) if is_of_index => {
                    constraint.index_comment = Some(comment);
                }
                _ => object.comment = Some(comment),
            }
            return Ok(());
        }
        let Some(name) = self.column_names.get(&place).copied() else {
            return Ok(());
        };
        match self.definition(place.whole()) {
            Some(Definition::View(view)) => {
                view.column_comments.insert(name.to_owned(), comment);
            }
            Some(Definition::Composite(attributes)) => {
                for attribute in attributes {
                    if attribute.name == name {
                        attribute.comment = Some(comment.clone());
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns whether an object is an index, or a constraint with one.
fn has_index(definition: &Definition) -> bool {
    match definition {
        Definition::Index(_) => true,
        Definition::Constraint(constraint) => matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclude
        ),
        _ => false,
    }
}
