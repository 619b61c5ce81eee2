//! Walks through the files of a crate.

mod doubt;
mod inside;
mod pending;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use doubt::{Cause, Doubt};
use inside::HiddenDerive;
use pending::{Alias, Implementation, Pending};
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{
    Attribute, DeriveInput, Expr, File, Item, ItemExternCrate, ItemImpl, ItemMacro, ItemMod, Lit,
    LitStr, Meta,
};

use super::attributes::{decided, has_condition};
use super::bodies::without_bodies;
use super::condition::Truth;
use super::fault::Fault;
use super::known_derives::Grammar;
use super::module_files::{Here, real};
use super::sea_orm::trait_of;
use super::tree::{Tree, Use, names_of};
use crate::model::{ColumnsModel, TableModel, Text, TypeModel};
use crate::written::{Reading, plain_name};

/// Structs and enums that were found, by the key of each.
pub(super) type Found = BTreeMap<String, Stated>;

/// What was read.
pub(super) struct Read {
    pub(super) found: Found,
    /// The keys of structs that are wrong themselves.
    pub(super) failed: BTreeSet<String>,
    pub(super) files: BTreeSet<PathBuf>,
    pub(super) faults: Vec<Fault>,
    /// The fault of the first entity of sea-orm, if those are not read.
    pub(super) unread_entity: Option<Fault>,
}

/// A struct or enum with a derive of this tool.
pub(super) struct Stated {
    pub(super) file: PathBuf,
    pub(super) span: Span,
    /// The module that its paths count from.
    pub(super) module: usize,
    /// The modules of other targets that hold it too.
    pub(super) also: Vec<usize>,
    /// The columns that stay as they are.
    pub(super) left: Vec<Text>,
    pub(super) kind: Kind,
}

/// What a struct or an enum states.
pub(super) enum Kind {
    Table(Reading<TableModel>),
    Columns(Reading<ColumnsModel>),
    Type(Reading<TypeModel>),
}

pub(super) struct Reader<'t> {
    tree: &'t mut Tree,
    features: &'t BTreeSet<String>,
    grammar: Grammar,
    /// The items with derives, to be looked at when all imports are known.
    pending: Vec<Pending>,
    aliases: Vec<Alias>,
    impls: Vec<Implementation>,
    hidden: Vec<HiddenDerive>,
    /// The key of what begins at a place, which several targets may lead to.
    places: BTreeMap<(PathBuf, usize, usize), String>,
    failed: BTreeSet<String>,
    files: BTreeSet<PathBuf>,
    faults: Vec<Fault>,
    unread_entity: Option<Fault>,
    /// The files that lead to what is being read.
    open: Vec<PathBuf>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(
        tree: &'t mut Tree,
        features: &'t BTreeSet<String>,
        grammar: Grammar,
    ) -> Self {
        Self {
            tree,
            features,
            grammar,
            pending: Vec::new(),
            aliases: Vec::new(),
            impls: Vec::new(),
            hidden: Vec::new(),
            places: BTreeMap::new(),
            failed: BTreeSet::new(),
            files: BTreeSet::new(),
            faults: Vec::new(),
            unread_entity: None,
            open: Vec::new(),
        }
    }

    /// Reads a target.
    pub(super) fn read_root(&mut self, root: &Path, is_library: bool) {
        let name = self.tree.name.clone();
        let module = self.tree.add_module(&name, None);
        if is_library {
            self.tree.library = Some(module);
        }
        self.tree.modules[module].file = root.to_owned();
        self.read_file(&Here::beside(root.to_owned()), module, None, None);
    }

    /// Reads a file; `declared` is where another file names it.
    fn read_file(
        &mut self,
        here: &Here,
        module: usize,
        declared: Option<(&Path, Span)>,
        doubt: Option<&Doubt>,
    ) {
        let text = match fs::read_to_string(&here.file) {
            Ok(text) => text,
            Err(error) => {
                let (file, span) = declared.unwrap_or((&here.file, Span::call_site()));
                let text = format!("cannot read {}: {error}", here.file.display());
                self.faults.push(Fault::new(file, span, text));
                return;
            }
        };
        self.files.insert(here.file.clone());
        let file = real(&here.file);
        if self.open.contains(&file) {
            let (file, span) = declared.unwrap_or((&here.file, Span::call_site()));
            let text = "files include each other without end";
            self.faults.push(Fault::new(file, span, text));
            return;
        }
        match syn::parse_file(&without_bodies(&text, self.grammar.traits())) {
            Ok(File { attrs, items, .. }) => {
                let decided = decided(attrs, self.features);
                if decided.is_there != Truth::False {
                    let own = Doubt::of(&decided, here);
                    let doubt = doubt.or(own.as_ref());
                    self.open.push(file);
                    self.read_items(items, here, module, doubt);
                    self.open.pop();
                }
            }
            Err(errors) => {
                let fault =
                    |error: syn::Error| Fault::new(&here.file, error.span(), error.to_string());
                self.faults.extend(errors.into_iter().map(fault));
            }
        }
    }

    fn read_items(&mut self, items: Vec<Item>, here: &Here, module: usize, doubt: Option<&Doubt>) {
        for item in items {
            match item {
                Item::Mod(item) => self.read_module(item, here, module, doubt),
                Item::Use(item) if self.is_there(&item.attrs) => {
                    let names = names_of(&item.tree, item.leading_colon.is_some());
                    self.tree.modules[module].uses.extend(names);
                }
                Item::ExternCrate(item) if self.is_there(&item.attrs) => {
                    self.read_crate(&item, module);
                }
                Item::Type(item) if self.is_there(&item.attrs) => {
                    self.declare(&item.ident, module);
                    self.aliases.push(Alias {
                        here: here.file.clone(),
                        module,
                        item,
                    });
                }
                Item::Struct(item) => self.read_input(item.into(), here, module, doubt),
                Item::Enum(item) => self.read_input(item.into(), here, module, doubt),
                Item::Macro(item) => self.read_macro(&item, here, module, doubt),
                Item::Fn(ref inner) => self.search(&item, &inner.attrs, here, module),
                Item::Impl(item) => self.read_impl(item, here, module),
                Item::Const(ref inner) => self.search(&item, &inner.attrs, here, module),
                Item::Static(ref inner) => self.search(&item, &inner.attrs, here, module),
                Item::Trait(ref inner) => self.search(&item, &inner.attrs, here, module),
                _ => {}
            }
        }
    }

    /// Keeps an implementation that says something about an entity.
    fn read_impl(&mut self, item: ItemImpl, here: &Here, module: usize) {
        self.search(&item, &item.attrs, here, module);
        if self.grammar == Grammar::SeaOrm
            && trait_of(&item).is_some()
            && self.is_there(&item.attrs)
        {
            self.impls.push(Implementation {
                here: here.file.clone(),
                module,
                item,
            });
        }
    }

    /// Returns whether an item may be there.
    fn is_there(&self, attributes: &[Attribute]) -> bool {
        !has_condition(attributes)
            || decided(attributes.to_vec(), self.features).is_there != Truth::False
    }

    /// Notes the name that `extern crate` gives to a crate: in a root, all modules have it.
    fn read_crate(&mut self, item: &ItemExternCrate, module: usize) {
        let real = plain_name(&item.ident);
        let renamed = item.rename.as_ref().map(|(_, name)| plain_name(name));
        let name = renamed.unwrap_or_else(|| real.clone());
        let path = match real.as_str() {
            "self" => vec!["crate".to_owned()],
            _ => vec![String::new(), real.clone()],
        };
        let module = &mut self.tree.modules[module];
        if module.parent.is_none() {
            module.crates.insert(name.clone(), real);
        }
        module.uses.push(Use {
            name: Some(name),
            path,
        });
    }

    fn read_module(&mut self, item: ItemMod, here: &Here, module: usize, doubt: Option<&Doubt>) {
        let decided = decided(item.attrs.clone(), self.features);
        if decided.is_there == Truth::False {
            return;
        }
        let own = Doubt::of(&decided, here);
        let doubt = doubt.or(own.as_ref());
        let name = plain_name(&item.ident);
        let path = path_attribute(&decided.attributes);
        let mut uncertain = decided.uncertain.iter();
        let uncertain = uncertain.find(|one| one.path().is_ident("path"));
        let child = self.tree.add_module(&name, Some(module));
        self.tree.modules[child].file.clone_from(&here.file);
        if let Some((_, items)) = item.content {
            self.read_items(items, &here.inside(&name, path.as_deref()), child, doubt);
            return;
        }
        let declared = Some((here.file.as_path(), item.ident.span()));
        // Whichever of its files is compiled, none may hold a table.
        if let Some(uncertain) = uncertain {
            let doubt = Doubt {
                file: here.file.clone(),
                span: uncertain.span(),
                cause: Cause::Condition,
            };
            let named = path_attribute(&decided.uncertain);
            let named = named.map(|path| Here::beside(here.named(&path)));
            let own = here.candidates(&name).map(|file| here.module(&name, file));
            for inner in named.into_iter().chain(own) {
                if inner.file.is_file() {
                    self.read_file(&inner, child, declared, Some(&doubt));
                }
            }
            return;
        }
        let inner = match path {
            Some(path) => Here::beside(here.named(&path)),
            None => {
                let candidates = here.candidates(&name);
                match candidates.iter().find(|file| file.is_file()) {
                    Some(file) => here.module(&name, file.clone()),
                    // A module that may not be there need not have a file.
                    None if doubt.is_some() => return,
                    None => {
                        let text = format!(
                            "the file of module `{name}` is missing: neither {} nor {} exists",
                            candidates[0].display(),
                            candidates[1].display()
                        );
                        let fault = Fault::new(&here.file, item.ident.span(), text);
                        self.faults.push(fault);
                        return;
                    }
                }
            }
        };
        self.tree.modules[child].file.clone_from(&inner.file);
        self.read_file(&inner, child, declared, doubt);
    }

    fn read_macro(&mut self, item: &ItemMacro, here: &Here, module: usize, doubt: Option<&Doubt>) {
        let decided = decided(item.attrs.clone(), self.features);
        if decided.is_there == Truth::False {
            return;
        }
        if !item.mac.path.is_ident("include") {
            self.search(&item.mac, &item.attrs, here, module);
            return;
        }
        let span = item.mac.path.span();
        match item.mac.parse_body::<LitStr>() {
            Ok(path) => {
                let included = Here {
                    file: here.included(&path.value()),
                    ..here.clone()
                };
                let own = Doubt::of(&decided, here);
                let doubt = doubt.or(own.as_ref());
                self.read_file(&included, module, Some((&here.file, path.span())), doubt);
            }
            Err(_) => self.faults.push(
                Fault::new(&here.file, span, "what is included here cannot be read").with_help(
                    "name the file by a string, or leave it out: `#[cfg(not(alembic))]`",
                ),
            ),
        }
    }

    fn read_input(
        &mut self,
        mut input: DeriveInput,
        here: &Here,
        module: usize,
        doubt: Option<&Doubt>,
    ) {
        let decided = decided(std::mem::take(&mut input.attrs), self.features);
        if decided.is_there != Truth::False {
            self.declare(&input.ident, module);
            self.pending.push(Pending {
                here: here.file.clone(),
                module,
                doubt: doubt.cloned().or_else(|| Doubt::of(&decided, here)),
                input,
                decided,
            });
        }
    }

    /// Notes that a module has a type, whatever its derives.
    fn declare(&mut self, name: &Ident, module: usize) {
        let name = plain_name(name);
        let module = &mut self.tree.modules[module];
        let key = format!("{}::{name}", module.path);
        module.items.insert(name, key);
    }
}

/// Returns the file that `#[path = "..."]` names.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(path) => Some(path.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
}
