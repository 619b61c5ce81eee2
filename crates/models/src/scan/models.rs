//! The tables of a crate, as its sources state them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alembic_sql::Dialect;
use proc_macro2::{LineColumn, Span};

use super::fault::Fault;
use super::known_derives::Grammar;
use super::own::Own;
use super::reader::{Kind, Read, Stated};
use super::relink;
use super::sea_orm::{name_all, remove_impossible};
use super::tree::Tree;
use crate::fault::{ModelError, ModelFault};
use crate::link::Known;
use crate::model::{ColumnsModel, Link, Member, TableModel, Text, TypeModel};
use crate::sql;
use crate::written::{Paths, Wanted, plain_name};

/// The tables of a crate, as its sources state them.
#[derive(Debug)]
pub struct Models {
    tree: Arc<Tree>,
    grammar: Grammar,
    known: KnownModels,
    /// The keys of the crate's own tables.
    own: Vec<String>,
    places: BTreeMap<String, Places>,
    left: BTreeMap<String, Vec<Text>>,
    unread_entity: Option<Fault>,
    files: Vec<PathBuf>,
}

/// A column of which nothing is stated, but that it exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftColumn {
    /// The schema of the table.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
}

/// Where a struct and its fields are.
#[derive(Clone, Debug)]
struct Places {
    file: PathBuf,
    start: LineColumn,
    fields: BTreeMap<String, LineColumn>,
}

/// Everything that paths may lead to, of this crate and of those below it.
#[derive(Clone, Debug, Default)]
struct KnownModels {
    tables: BTreeMap<String, TableModel>,
    columns: BTreeMap<String, ColumnsModel>,
    types: BTreeMap<String, TypeModel>,
}

impl Known for KnownModels {
    fn table(&self, path: &str) -> Option<&TableModel> {
        self.tables.get(path)
    }

    fn columns(&self, path: &str) -> Option<&ColumnsModel> {
        let of_table = || self.tables.get(path).map(|table| &table.columns);
        self.columns.get(path).or_else(of_table)
    }

    fn data_type(&self, path: &str) -> Option<&TypeModel> {
        self.types.get(path)
    }
}

/// A table, and the struct that states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedTable<'a> {
    /// The schema of the table.
    pub schema: Option<&'a str>,
    /// The name of the table.
    pub name: &'a str,
    /// The path of the struct, from the name of its crate on.
    pub path: &'a str,
    /// The file of the struct.
    pub file: &'a Path,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

/// A new name that a struct states.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rename {
    /// The schema of the table.
    pub schema: Option<String>,
    /// The table, by its new name.
    pub table: String,
    /// The column, by its new name, unless the table itself is renamed.
    pub column: Option<String>,
    /// The name before.
    pub from: String,
}

impl Models {
    /// Puts together what was found, and reports the paths that lead nowhere.
    pub(super) fn link<'a>(
        tree: Arc<Tree>,
        read: Read,
        own: &Own<'_>,
        grammar: Grammar,
        dependencies: impl Iterator<Item = &'a Models>,
    ) -> (Self, Vec<Fault>) {
        let Read {
            found,
            failed,
            files,
            mut faults,
            unread_entity,
        } = read;
        let mut models = Self {
            tree,
            grammar,
            known: KnownModels::default(),
            own: Vec::new(),
            places: BTreeMap::new(),
            left: BTreeMap::new(),
            unread_entity,
            files: files.into_iter().collect(),
        };
        for below in dependencies {
            let known = below.known.clone();
            models.known.tables.extend(known.tables);
            models.known.columns.extend(known.columns);
            models.known.types.extend(known.types);
        }
        let kinds = found
            .iter()
            .map(|(key, stated)| (key.clone(), Some(kind(stated))));
        let mut kinds: BTreeMap<String, Option<Wanted>> = kinds.collect();
        // What leads to a struct that is wrong itself is not wrong.
        kinds.extend(failed.into_iter().map(|key| (key, None)));
        for (key, stated) in found {
            if matches!(stated.kind, Kind::Table(_)) && own.holds(&stated, &models.tree) {
                models.own.push(key.clone());
            }
            models.add(key, stated, &kinds, &mut faults);
        }
        if grammar == Grammar::SeaOrm {
            remove_impossible(&mut models.known.tables);
            models.known.tables.values_mut().for_each(name_all);
        }
        (models, faults)
    }

    fn add(
        &mut self,
        key: String,
        stated: Stated,
        kinds: &BTreeMap<String, Option<Wanted>>,
        faults: &mut Vec<Fault>,
    ) {
        let Stated {
            file,
            span,
            module,
            also: _,
            left,
            kind,
        } = stated;
        if !left.is_empty() {
            self.left.insert(key.clone(), left);
        }
        let spans = match &kind {
            Kind::Table(reading) => &reading.fields,
            Kind::Columns(reading) => &reading.fields,
            Kind::Type(reading) => &reading.fields,
        };
        let starts = spans
            .iter()
            .map(|(field, span)| (field.clone(), span.start()));
        let places = Places {
            file: file.clone(),
            start: span.start(),
            fields: starts.collect(),
        };
        self.places.insert(key.clone(), places);
        let tree = Arc::clone(&self.tree);
        let grammar = self.grammar;
        let assumed = match &kind {
            Kind::Table(reading) => &reading.paths.assumed,
            Kind::Columns(reading) => &reading.paths.assumed,
            Kind::Type(reading) => &reading.paths.assumed,
        };
        for name in assumed {
            if tree.find(module, &plain_name(name)).is_some() {
                let text = format!("`{name}` is a type of its own here, not the well-known one");
                let help = format!("write its path, as in `self::{name}`, or `type = \"...\"`");
                faults.push(Fault::new(&file, name.span(), text).with_help(help));
            }
        }
        let known = &mut self.known;
        let mut resolve = |paths: &Paths, path: &mut crate::model::Text, wanted: Wanted| {
            let found = tree.find(module, path);
            let is_wanted = found.is_some_and(|found| match kinds.get(found) {
                Some(kind) => kind.is_none_or(|kind| fits(kind, wanted)),
                None => known.has(found, wanted),
            });
            match found {
                Some(found) if is_wanted => *path = found.to_owned().into(),
                Some(_) | None => {
                    let written = paths
                        .get(wanted, path)
                        .and_then(|path| path.segments.first());
                    let span = written.map_or_else(Span::call_site, |first| first.ident.span());
                    faults.push(Fault::unresolved(grammar, &file, span, path, wanted));
                }
            }
        };
        match kind {
            Kind::Table(mut reading) => {
                let paths = reading.paths;
                relink::table(&mut reading.model, &mut |path, wanted| {
                    resolve(&paths, path, wanted);
                });
                known.tables.insert(key, reading.model);
            }
            Kind::Columns(mut reading) => {
                let paths = reading.paths;
                relink::columns(&mut reading.model, &mut |path, wanted| {
                    resolve(&paths, path, wanted);
                });
                known.columns.insert(key, reading.model);
            }
            Kind::Type(mut reading) => {
                let paths = reading.paths;
                relink::column_type(&mut reading.model, &mut |path, wanted| {
                    resolve(&paths, path, wanted);
                });
                known.types.insert(key, reading.model);
            }
        }
    }

    pub(super) fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// Returns the statements that create the crate's own tables, those that are referred to before
    /// others. It is empty if there are none.
    ///
    /// # Errors
    ///
    /// When structs do not fit together, or the engine has no type for a column.
    pub fn sql(&self, dialect: Dialect) -> Result<String, Vec<Fault>> {
        let tables: Vec<&TableModel> = self.own().map(|(_, table)| table).collect();
        let errors = match sql::create_sql(&tables, &self.known, dialect) {
            Ok(sql) => return Ok(sql),
            Err(errors) => errors,
        };
        let mut faults = Vec::new();
        for error in errors {
            let ModelError {
                schema,
                table,
                faults: all,
            } = error;
            let is_it = |model: &TableModel| {
                model.schema.as_deref() == schema.as_deref() && model.name == table
            };
            let own = self.own().find(|(_, model)| is_it(model));
            let key = own.map_or("", |(key, _)| key);
            faults.extend(all.into_iter().map(|fault| self.place(key, fault)));
        }
        faults.sort();
        Err(faults)
    }

    fn own(&self) -> impl Iterator<Item = (&str, &TableModel)> {
        let keys = self.own.iter();
        keys.filter_map(|key| Some((key.as_str(), self.known.tables.get(key)?)))
    }

    /// Returns a fault of a table where its struct is, or the field.
    fn place(&self, key: &str, fault: ModelFault) -> Fault {
        let ModelFault { field, text, help } = fault;
        // What helps is an attribute of this tool.
        let help = help.filter(|_| self.grammar == Grammar::Own);
        let places = self.places.get(key);
        let start = places.map(|places| {
            let of_field = field.as_ref().and_then(|field| places.fields.get(field));
            of_field.copied().unwrap_or(places.start)
        });
        let start = start.unwrap_or(LineColumn { line: 1, column: 0 });
        Fault {
            file: places.map(|places| places.file.clone()).unwrap_or_default(),
            line: start.line,
            column: start.column + 1,
            text,
            help,
        }
    }

    /// Returns the crate's own tables, by the paths of their structs.
    pub fn tables(&self) -> impl Iterator<Item = StatedTable<'_>> {
        self.own().filter_map(|(key, table)| {
            let places = self.places.get(key)?;
            Some(StatedTable {
                schema: table.schema.as_deref(),
                name: &table.name,
                path: key,
                file: &places.file,
                line: places.start.line,
                column: places.start.column + 1,
            })
        })
    }

    /// Returns what the structs say has got another name.
    #[must_use]
    pub fn renames(&self) -> Vec<Rename> {
        let mut renames = Vec::new();
        for (_, table) in self.own() {
            let rename = |column: Option<&str>, from: &str| Rename {
                schema: table.schema.as_ref().map(ToString::to_string),
                table: table.name.to_string(),
                column: column.map(str::to_owned),
                from: from.to_owned(),
            };
            renames.extend(table.renamed_from.as_ref().map(|from| rename(None, from)));
            self.each_column(&table.columns, 0, &mut |column| {
                let from = column.renamed_from.as_ref();
                renames.extend(from.map(|from| rename(Some(&column.name), from)));
            });
        }
        renames
    }

    /// Returns the columns of the crate's own tables that stay as they are.
    #[must_use]
    pub fn left(&self) -> Vec<LeftColumn> {
        let columns = self.own().flat_map(|(key, table)| {
            let columns = self.left.get(key).into_iter().flatten();
            columns.map(|column| LeftColumn {
                schema: table.schema.as_ref().map(ToString::to_string),
                table: table.name.to_string(),
                column: column.to_string(),
            })
        });
        columns.collect()
    }

    /// Returns the fault of sources that state no table, and have entities that are not read.
    #[must_use]
    pub fn unread_entity(&self) -> Option<&Fault> {
        self.unread_entity.as_ref().filter(|_| self.own.is_empty())
    }

    /// Returns the names of the types that the crate's own tables state by their values.
    #[must_use]
    pub fn enums(&self) -> BTreeSet<String> {
        let types = self.known.types.values();
        let names = types.filter_map(|model| match model {
            TypeModel::Enum(model) => model.native.as_ref().map(ToString::to_string),
            TypeModel::Newtype(_) => None,
        });
        names.collect()
    }

    fn each_column(
        &self,
        model: &ColumnsModel,
        depth: usize,
        visit: &mut dyn FnMut(&crate::model::Column),
    ) {
        const DEEPEST: usize = 32;
        if depth > DEEPEST {
            return;
        }
        for member in &*model.members {
            match member {
                Member::Column(column) => visit(column),
                Member::Flatten { columns, .. } => {
                    let inner = match columns {
                        Link::Path(path) => self.known.columns(path),
                        Link::Model(model) => Some(model()),
                    };
                    if let Some(inner) = inner {
                        self.each_column(inner, depth + 1, visit);
                    }
                }
            }
        }
    }

    /// Returns the files that were read, for callers who wait for them to change.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }
}

impl KnownModels {
    fn has(&self, key: &str, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Table => self.tables.contains_key(key),
            Wanted::Columns => self.columns(key).is_some(),
            Wanted::Type => self.types.contains_key(key),
        }
    }
}

fn kind(stated: &Stated) -> Wanted {
    match stated.kind {
        Kind::Table(_) => Wanted::Table,
        Kind::Columns(_) => Wanted::Columns,
        Kind::Type(_) => Wanted::Type,
    }
}

/// Returns whether a struct of a kind can be used as another: a table has columns.
fn fits(kind: Wanted, wanted: Wanted) -> bool {
    kind == wanted || (kind == Wanted::Table && wanted == Wanted::Columns)
}
