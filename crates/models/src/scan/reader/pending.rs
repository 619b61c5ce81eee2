//! Reads the structs and enums, when all imports are known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{DeriveInput, ItemImpl, ItemType};

use super::doubt::Doubt;
use super::{Found, Kind, Read, Reader, Stated};
use crate::scan::attributes::Decided;
use crate::scan::derives::{DerivePath, Meaning, derives};
use crate::scan::fault::Fault;
use crate::scan::known_derives::{Derive, Grammar};
use crate::scan::members::{Members, undecided};
use crate::scan::sea_orm::{
    Declared, ENTITY, Parts, RELATION_TRAIT, Relations, Scope, is_integer, read_active_enum,
    read_entity, read_expanded, read_json, read_relation_impl, read_relations, read_value_type,
    stored_alias, trait_of,
};
use crate::scan::tree::Tree;
use crate::written::{
    Finding, Paths, Reading, path_text, plain_name, read_column_type, read_columns, read_table,
};

/// The name of a type for another one.
pub(super) struct Alias {
    pub(super) here: PathBuf,
    pub(super) module: usize,
    pub(super) item: ItemType,
}

/// An implementation that says something about an entity.
pub(super) struct Implementation {
    pub(super) here: PathBuf,
    pub(super) module: usize,
    pub(super) item: ItemImpl,
}

/// A struct or an enum that may have a derive that states tables.
pub(super) struct Pending {
    pub(super) here: PathBuf,
    pub(super) module: usize,
    pub(super) input: DeriveInput,
    pub(super) decided: Decided,
    pub(super) doubt: Option<Doubt>,
}

impl Reader<'_> {
    /// Reads the structs and enums, and returns them with everything that is wrong.
    pub(in crate::scan) fn finish(mut self) -> Read {
        let mut found = Found::new();
        let mut relations = Vec::new();
        if self.grammar == Grammar::SeaOrm {
            for alias in std::mem::take(&mut self.aliases) {
                self.read_alias(alias, &mut found);
            }
        }
        let mut parts = self.parts();
        for pending in self.in_order(&mut parts) {
            self.read_pending(pending, &parts, &mut found, &mut relations);
        }
        self.read_relation_impls(&mut relations);
        for (module, relations) in relations {
            self.add_relations(module, relations, &mut found);
        }
        self.report_hidden();
        Read {
            found,
            failed: self.failed,
            files: self.files,
            faults: self.faults,
            unread_entity: self.unread_entity,
        }
    }

    /// Returns the items that are pending, with the types of columns before what has columns, and adds
    /// those without a derive that is known to the parts of the entity in the same module.
    fn in_order(&mut self, parts: &mut BTreeMap<usize, Parts>) -> Vec<Pending> {
        let all = std::mem::take(&mut self.pending);
        if self.grammar == Grammar::Own {
            return all;
        }
        let (mut types, mut entities) = (Vec::new(), Vec::new());
        for pending in all {
            let derives = derives(
                &pending.decided.attributes,
                self.tree,
                pending.module,
                self.grammar,
            );
            let is_entity = |(meaning, _): &(Meaning, _)| {
                matches!(
                    meaning,
                    Meaning::Ours(Derive::Entity | Derive::ExpandedEntity)
                )
            };
            if derives.iter().any(is_entity) {
                entities.push(pending);
                continue;
            }
            if derives.is_empty()
                && let Some(parts) = parts.get_mut(&pending.module)
            {
                let mut input = pending.input.clone();
                Members {
                    features: self.features,
                    here: &pending.here,
                    faults: &mut self.faults,
                }
                .decide(&mut input);
                parts.inputs.push(input);
            }
            types.push(pending);
        }
        types.into_iter().chain(entities).collect()
    }

    /// Returns what is implemented for entities, by the modules.
    fn parts(&self) -> BTreeMap<usize, Parts> {
        let mut parts: BTreeMap<usize, Parts> = BTreeMap::new();
        for implementation in &self.impls {
            let parts = parts.entry(implementation.module).or_default();
            parts.impls.push(implementation.item.clone());
        }
        parts
    }

    /// Reads the relations that are written out, of entities in either format.
    fn read_relation_impls(&mut self, relations: &mut Vec<(usize, Relations)>) {
        for Implementation { here, module, item } in std::mem::take(&mut self.impls) {
            if trait_of(&item) != Some(RELATION_TRAIT) {
                continue;
            }
            match read_relation_impl(&item) {
                Ok(read) => relations.push((module, read)),
                Err(findings) => self.add_findings(&here, findings),
            }
        }
    }

    fn add_findings(&mut self, here: &Path, findings: Vec<Finding>) {
        let fault = |finding: Finding| Fault::of_finding(here, finding);
        self.faults.extend(findings.into_iter().map(fault));
    }

    /// Notes that there are entities of sea-orm, where those are not what states the tables.
    fn note_entity(&mut self, here: &Path, module: usize, decided: &Decided, input: &DeriveInput) {
        if self.grammar == Grammar::SeaOrm || self.unread_entity.is_some() {
            return;
        }
        let all = derives(&decided.attributes, self.tree, module, Grammar::SeaOrm);
        let is_entity = |(meaning, _): &(Meaning, _)| {
            matches!(
                meaning,
                Meaning::Ours(Derive::Entity | Derive::ExpandedEntity)
            )
        };
        if all.iter().any(is_entity) {
            let text = "no struct states a table, and entities of sea-orm are not read";
            let fault = Fault::new(here, input.ident.span(), text)
                .with_help("if they are to state the tables, write `models = { sea-orm = true }`");
            self.unread_entity = Some(fault);
        }
    }

    /// Adds relations to the entity that they are of.
    fn add_relations(&mut self, module: usize, relations: Relations, found: &mut Found) {
        let key = self.tree.find(module, &relations.entity);
        let entity = key.and_then(|key| found.get_mut(key));
        if let Some(Kind::Table(reading)) = entity.map(|stated| &mut stated.kind) {
            relations.add_to(reading);
        }
    }

    /// Takes what an alias stands for as a type of columns.
    fn read_alias(&self, alias: Alias, found: &mut Found) {
        let Alias { here, module, item } = alias;
        let scope = SeaOrmScope {
            tree: &*self.tree,
            module,
            found,
        };
        let Some(model) = stored_alias(&item.ty, &scope) else {
            return;
        };
        let key = format!(
            "{}::{}",
            self.tree.modules[module].path,
            plain_name(&item.ident)
        );
        let stated = Stated {
            file: here,
            span: item.ident.span(),
            module,
            also: Vec::new(),
            left: Vec::new(),
            kind: Kind::Type(Reading {
                model,
                paths: Paths::default(),
                fields: BTreeMap::new(),
            }),
        };
        found.entry(key).or_insert(stated);
    }

    fn read_pending(
        &mut self,
        pending: Pending,
        parts: &BTreeMap<usize, Parts>,
        found: &mut Found,
        relations: &mut Vec<(usize, Relations)>,
    ) {
        let Pending {
            here,
            module,
            mut input,
            decided,
            doubt,
        } = pending;
        let certain = derives(&decided.attributes, self.tree, module, self.grammar);
        let uncertain = derives(&decided.uncertain, self.tree, module, self.grammar);
        let unknown = certain
            .iter()
            .chain(&uncertain)
            .find(|(meaning, _)| matches!(meaning, Meaning::Unknown));
        if let Some((_, path)) = unknown {
            self.faults.push(unknown_derive(&here, path));
            return;
        }
        if let Some((_, path)) = uncertain.first() {
            let text = "whether this is derived depends on a condition that cannot be decided";
            self.faults.push(undecided(&here, path.span, text));
            return;
        }
        let Some((Meaning::Ours(derive), _)) = certain.first() else {
            self.note_entity(&here, module, &decided, &input);
            return;
        };
        if let Some(doubt) = doubt {
            self.faults.push(doubt.fault(&input.ident));
            return;
        }
        if let Some((_, second)) = certain.get(1) {
            let text = "a struct is a table, columns, or the type of a column";
            self.faults.push(Fault::new(&here, second.span, text));
            return;
        }
        let span = input.ident.span();
        // An entity is known by the name of the struct that its derive adds.
        let name = match derive {
            Derive::Entity => ENTITY.to_owned(),
            _ => plain_name(&input.ident),
        };
        let start = span.start();
        let place = (here.clone(), start.line, start.column);
        if let Some(key) = self.places.get(&place) {
            let key = key.clone();
            if let Some(stated) = found.get_mut(&key) {
                stated.also.push(module);
            }
            self.tree.modules[module].items.insert(name, key);
            return;
        }
        let mut key = format!("{}::{name}", self.tree.modules[module].path);
        // The library and a program may have different structs at the same path.
        while found.contains_key(&key) {
            key.push('\'');
        }
        input.attrs = decided.attributes;
        Members {
            features: self.features,
            here: &here,
            faults: &mut self.faults,
        }
        .decide(&mut input);
        let mut left = Vec::new();
        let scope = SeaOrmScope {
            tree: &*self.tree,
            module,
            found,
        };
        let kind = match derive {
            Derive::Table => read_table(&input).map(Kind::Table),
            Derive::Columns => read_columns(&input).map(Kind::Columns),
            Derive::ColumnType => read_column_type(&input).map(Kind::Type),
            Derive::Entity => read_entity(&input, &scope).map(|entity| {
                left = entity.left;
                Kind::Table(entity.reading)
            }),
            Derive::ActiveEnum => read_active_enum(&input).map(Kind::Type),
            Derive::ValueType => read_value_type(&input, &scope).map(Kind::Type),
            Derive::Json => read_json(&input).map(Kind::Type),
            Derive::ExpandedEntity => {
                let none = Parts::default();
                let parts = parts.get(&module).unwrap_or(&none);
                read_expanded(&input, parts, &scope).map(|entity| {
                    left = entity.left;
                    Kind::Table(entity.reading)
                })
            }
            Derive::Relations => {
                match read_relations(&input) {
                    Ok(read) => relations.push((module, read)),
                    Err(findings) => self.add_findings(&here, findings),
                }
                return;
            }
        };
        self.places.insert(place, key.clone());
        self.tree.modules[module].items.insert(name, key.clone());
        match kind {
            Ok(kind) => {
                let stated = Stated {
                    file: here,
                    span,
                    module,
                    also: Vec::new(),
                    left,
                    kind,
                };
                found.insert(key, stated);
            }
            Err(findings) => {
                self.failed.insert(key);
                self.add_findings(&here, findings);
            }
        }
    }
}

/// The types that the sources declare, from one module.
struct SeaOrmScope<'r> {
    tree: &'r Tree,
    module: usize,
    found: &'r Found,
}

impl Scope for SeaOrmScope<'_> {
    fn declared(&self, path: &syn::Path) -> Option<Declared> {
        let key = self.tree.find(self.module, &path_text(path))?;
        let is_integer = match self.found.get(key).map(|stated| &stated.kind) {
            Some(Kind::Type(reading)) => is_integer(&reading.model),
            Some(Kind::Table(_) | Kind::Columns(_)) | None => false,
        };
        Some(match is_integer {
            true => Declared::Integer,
            false => Declared::Other,
        })
    }
}

/// Returns the fault of a derive that may be one of this tool, or not.
fn unknown_derive(here: &Path, path: &DerivePath) -> Fault {
    let name = path.segments.join("::");
    Fault::new(
        here,
        path.span,
        format!("where the derive `{name}` comes from is not found"),
    )
    .with_help(
        "import it from `alembic_migrate`; if it is another, leave it out: \
             `#[cfg_attr(not(alembic), derive(...))]`",
    )
}
