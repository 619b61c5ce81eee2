//! The modules of a crate, and what a path means in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use syn::UseTree;

/// The modules of a crate's targets.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The name of the library.
    pub(super) name: String,
    pub(super) modules: Vec<Module>,
    /// The root module of the library.
    pub(super) library: Option<usize>,
    dependencies: BTreeMap<String, Arc<Tree>>,
}

#[derive(Debug, Default)]
pub(super) struct Module {
    /// The path from the name of the crate on.
    pub(super) path: String,
    pub(super) parent: Option<usize>,
    pub(super) root: usize,
    pub(super) children: BTreeMap<String, usize>,
    /// The types that are declared, by their names: the keys of the models, if they have any.
    pub(super) items: BTreeMap<String, String>,
    pub(super) uses: Vec<Use>,
}

/// One name that a `use` brings in, or all names of a module.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// The name here; none is `*`.
    pub(super) name: Option<String>,
    pub(super) path: Vec<String>,
}

/// What a path leads to.
enum Place<'t> {
    Module(&'t Tree, usize),
    Item(&'t str),
}

/// How many `use`s are followed one after another.
const DEEPEST: usize = 64;

impl Tree {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            modules: Vec::new(),
            library: None,
            dependencies: BTreeMap::new(),
        }
    }

    pub(super) fn add_dependency(&mut self, name: &str, tree: &Arc<Tree>) {
        self.dependencies.insert(name.to_owned(), Arc::clone(tree));
    }

    /// Adds a module, and returns its place.
    pub(super) fn add_module(&mut self, name: &str, parent: Option<usize>) -> usize {
        let place = self.modules.len();
        let (path, root) = match parent {
            Some(parent) => {
                let module = &mut self.modules[parent];
                module.children.insert(name.to_owned(), place);
                (format!("{}::{name}", module.path), module.root)
            }
            None => (name.to_owned(), place),
        };
        self.modules.push(Module {
            path,
            parent,
            root,
            ..Module::default()
        });
        place
    }

    /// Returns the key of the struct or enum that a path means in a module.
    pub(super) fn find(&self, module: usize, path: &str) -> Option<&str> {
        let segments: Vec<String> = path.split("::").map(str::to_owned).collect();
        match self.follow(module, &segments, DEEPEST)? {
            Place::Item(key) => Some(key),
            Place::Module(..) => None,
        }
    }

    fn follow(&self, module: usize, path: &[String], depth: usize) -> Option<Place<'_>> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        let here = &self.modules[module];
        let mut place = match first.as_str() {
            "crate" => Place::Module(self, here.root),
            "self" => Place::Module(self, module),
            "super" => Place::Module(self, here.parent?),
            // `::name`
            "" => {
                let (name, rest) = rest.split_first()?;
                return self.descend(self.external(name)?, rest, depth);
            }
            name => match self.lookup(module, name, depth) {
                Some(place) => place,
                None => self.external(name)?,
            },
        };
        let mut rest = rest;
        while let ([first, after @ ..], Place::Module(tree, module)) = (rest, &place)
            && first == "super"
        {
            place = Place::Module(tree, tree.modules[*module].parent?);
            rest = after;
        }
        self.descend(place, rest, depth)
    }

    fn descend<'t>(
        &'t self,
        mut place: Place<'t>,
        path: &[String],
        depth: usize,
    ) -> Option<Place<'t>> {
        for segment in path {
            let Place::Module(tree, module) = place else {
                return None;
            };
            place = tree.lookup(module, segment, depth)?;
        }
        Some(place)
    }

    /// Returns the root of another crate, or of the library of this one.
    fn external(&self, name: &str) -> Option<Place<'_>> {
        if let Some(tree) = self.dependencies.get(name) {
            return Some(Place::Module(tree, tree.library?));
        }
        (name == self.name).then_some(Place::Module(self, self.library?))
    }

    /// Returns what a name means in a module, without looking at other crates.
    fn lookup(&self, module: usize, name: &str, depth: usize) -> Option<Place<'_>> {
        let depth = depth.checked_sub(1)?;
        let here = &self.modules[module];
        if let Some(key) = here.items.get(name) {
            return Some(Place::Item(key));
        }
        if let Some(child) = here.children.get(name) {
            return Some(Place::Module(self, *child));
        }
        let named = here.uses.iter();
        let mut named = named.filter(|one| one.name.as_deref() == Some(name));
        if let Some(found) = named.find_map(|one| self.follow_use(module, one, depth)) {
            return Some(found);
        }
        let globs = here.uses.iter().filter(|one| one.name.is_none());
        for glob in globs {
            if let Some(Place::Module(tree, inner)) = self.follow_use(module, glob, depth)
                && (inner != module || !std::ptr::eq(tree, self))
                && let Some(found) = tree.lookup(inner, name, depth)
            {
                return Some(found);
            }
        }
        None
    }

    /// Returns what a `use` leads to. A name that it brings in under itself, as in `use a::a`, is
    /// not looked for in the module again.
    fn follow_use(&self, module: usize, one: &Use, depth: usize) -> Option<Place<'_>> {
        let is_own = one.path.first() == one.name.as_ref();
        if is_own && let Some(first) = one.path.first() {
            let child = self.modules[module].children.get(first);
            let child = child.map(|child| Place::Module(self, *child));
            let start = child.or_else(|| self.external(first))?;
            return self.descend(start, &one.path[1..], depth);
        }
        self.follow(module, &one.path, depth)
    }

    /// Returns the path that a module imports a name by.
    pub(super) fn imported(&self, module: usize, name: &str) -> Option<&[String]> {
        let mut uses = self.modules[module].uses.iter();
        let found = uses.find(|one| one.name.as_deref() == Some(name));
        found.map(|one| one.path.as_slice())
    }

    /// Returns whether a name is that of a crate whose sources are known, or of a module.
    pub(super) fn is_known(&self, module: usize, name: &str) -> bool {
        ["crate", "self", "super"].contains(&name)
            || self.dependencies.contains_key(name)
            || name == self.name
            || self.modules[module].children.contains_key(name)
    }
}

/// Returns the names that a `use` brings in.
pub(super) fn names_of(tree: &UseTree, leading: bool) -> Vec<Use> {
    let mut found = Vec::new();
    let start = if leading {
        vec![String::new()]
    } else {
        Vec::new()
    };
    collect(tree, start, &mut found);
    found
}

fn collect(tree: &UseTree, mut path: Vec<String>, found: &mut Vec<Use>) {
    let plain = |ident: &syn::Ident| crate::written::plain_name(ident);
    match tree {
        UseTree::Path(inner) => {
            path.push(plain(&inner.ident));
            collect(&inner.tree, path, found);
        }
        UseTree::Name(name) if name.ident == "self" => {
            let name = path.last().cloned();
            found.extend(name.map(|name| Use {
                name: Some(name),
                path,
            }));
        }
        UseTree::Name(name) => {
            let name = plain(&name.ident);
            path.push(name.clone());
            found.push(Use {
                name: Some(name),
                path,
            });
        }
        UseTree::Rename(rename) => {
            if rename.ident != "self" {
                path.push(plain(&rename.ident));
            }
            found.push(Use {
                name: Some(plain(&rename.rename)),
                path,
            });
        }
        UseTree::Glob(_) => found.push(Use { name: None, path }),
        UseTree::Group(group) => {
            for inner in &group.items {
                collect(inner, path.clone(), found);
            }
        }
    }
}
