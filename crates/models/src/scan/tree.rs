//! The modules of a crate, and what a path means in them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use syn::UseTree;

use super::known_derives::{by_name, is_ours};

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
    /// The names that `extern crate` gives in a root, for all modules below it.
    pub(super) crates: BTreeMap<String, String>,
    /// The file that it is in.
    pub(super) file: PathBuf,
}

/// One name that a `use` brings in, or all names of a module.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// The name here; none is `*`.
    pub(super) name: Option<String>,
    pub(super) path: Vec<String>,
}

/// What a path leads to.
#[derive(Clone)]
enum Place<'t> {
    Module(&'t Tree, usize),
    Item(&'t str),
    /// A path from the name of a crate on whose sources are not known.
    Outside(Vec<String>),
}

/// Which names are looked for: a type and a derive may have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Names {
    /// Those of modules and types.
    Types,
    Derives,
}

/// A name in a module of a tree.
type Question = (*const Tree, usize, Names, String);

/// What is known while a path is followed. Modules that import everything from each other ask the
/// same again and again.
struct Search<'t> {
    /// What the whole path should lead to.
    names: Names,
    answers: BTreeMap<Question, Place<'t>>,
    /// What has been asked in this round, answered or not.
    asked: BTreeSet<Question>,
}

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

    /// Adds what has the names of a module, and imports of its own, as the body of a function does.
    pub(super) fn add_scope(&mut self, module: usize, imports: Vec<Use>) -> usize {
        let place = self.modules.len();
        let outer = Use {
            name: None,
            path: vec!["super".to_owned()],
        };
        let inner = imports.into_iter().map(|one| Use {
            path: from_scope(one.path),
            ..one
        });
        self.modules.push(Module {
            path: self.modules[module].path.clone(),
            parent: Some(module),
            root: self.modules[module].root,
            uses: inner.chain([outer]).collect(),
            ..Module::default()
        });
        place
    }

    /// Returns the key of the struct or enum that a path means in a module.
    pub(super) fn find(&self, module: usize, path: &str) -> Option<&str> {
        let segments: Vec<String> = path.split("::").map(str::to_owned).collect();
        match self.search(module, &segments, Names::Types)? {
            Place::Item(key) => Some(key),
            Place::Module(..) | Place::Outside(_) => None,
        }
    }

    /// Returns the path of the derive that a path means in a module, from the name of its crate on.
    pub(super) fn find_derive(&self, module: usize, path: &[String]) -> Option<Vec<String>> {
        match self.search(module, path, Names::Derives)? {
            Place::Outside(path) => Some(path),
            Place::Module(..) | Place::Item(_) => None,
        }
    }

    fn search(&self, module: usize, path: &[String], names: Names) -> Option<Place<'_>> {
        let mut search = Search {
            names,
            answers: BTreeMap::new(),
            asked: BTreeSet::new(),
        };
        loop {
            let answers = search.answers.len();
            search.asked.clear();
            let found = match path {
                [name] => self.lookup(module, name, names, &mut search),
                path => self.follow(module, path, names, &mut search),
            };
            // What was asked for while it was being looked for may be found with what is known now.
            if found.is_some() || search.answers.len() == answers {
                return found;
            }
        }
    }

    fn follow<'t>(
        &'t self,
        module: usize,
        path: &[String],
        names: Names,
        search: &mut Search<'t>,
    ) -> Option<Place<'t>> {
        let (first, rest) = path.split_first()?;
        let here = &self.modules[module];
        let mut place = match first.as_str() {
            "crate" => Place::Module(self, here.root),
            "self" => Place::Module(self, module),
            "super" => Place::Module(self, here.parent?),
            // `::name`
            "" => {
                let (name, rest) = rest.split_first()?;
                let start = self.external(module, name, search)?;
                return descend(start, rest, names, search);
            }
            name => {
                let wanted = if rest.is_empty() { names } else { Names::Types };
                match self.lookup(module, name, wanted, search) {
                    Some(place) => place,
                    None => self.external(module, name, search)?,
                }
            }
        };
        let mut rest = rest;
        while let ([first, after @ ..], Place::Module(tree, module)) = (rest, &place)
            && first == "super"
        {
            place = Place::Module(tree, tree.modules[*module].parent?);
            rest = after;
        }
        descend(place, rest, names, search)
    }

    /// Returns the root of another crate, or of the library of this one.
    fn external<'t>(&'t self, module: usize, name: &str, search: &Search<'t>) -> Option<Place<'t>> {
        let root = self.modules[module].root;
        let real = self.modules[root].crates.get(name);
        let name = real.map_or(name, String::as_str);
        if name == "self" {
            return Some(Place::Module(self, root));
        }
        // What the crates of the derives hold is known without their sources.
        if search.names == Names::Derives && is_ours(name) {
            return Some(Place::Outside(vec![name.to_owned()]));
        }
        if let Some(tree) = self.dependencies.get(name) {
            return Some(Place::Module(tree, tree.library?));
        }
        if name == self.name {
            return Some(Place::Module(self, self.library?));
        }
        Some(Place::Outside(vec![name.to_owned()]))
    }

    /// Returns what a name means in a module, without looking at other crates.
    fn lookup<'t>(
        &'t self,
        module: usize,
        name: &str,
        names: Names,
        search: &mut Search<'t>,
    ) -> Option<Place<'t>> {
        let question: Question = (self, module, names, name.to_owned());
        if let Some(answer) = search.answers.get(&question) {
            return Some(answer.clone());
        }
        if !search.asked.insert(question.clone()) {
            return None;
        }
        let place = self
            .declared(module, name, names)
            .or_else(|| self.imported_by_name(module, name, names, search))
            .or_else(|| self.imported_with_all(module, name, names, search))?;
        search.answers.insert(question, place.clone());
        Some(place)
    }

    fn declared(&self, module: usize, name: &str, names: Names) -> Option<Place<'_>> {
        let here = &self.modules[module];
        match names {
            Names::Derives => None,
            Names::Types => {
                let item = here.items.get(name).map(|key| Place::Item(key));
                let child = here.children.get(name);
                item.or_else(|| child.map(|child| Place::Module(self, *child)))
            }
        }
    }

    fn imported_by_name<'t>(
        &'t self,
        module: usize,
        name: &str,
        names: Names,
        search: &mut Search<'t>,
    ) -> Option<Place<'t>> {
        let uses = self.modules[module].uses.iter();
        let mut outside = None;
        for one in uses.filter(|one| one.name.as_deref() == Some(name)) {
            match self.follow_use(module, one, names, search) {
                // Under other conditions, the name may be that of something known.
                Some(Place::Outside(path)) => {
                    let is_ours = path.first().is_some_and(|first| is_ours(first));
                    outside = outside.filter(|_| !is_ours).or(Some(Place::Outside(path)));
                }
                Some(found) => return Some(found),
                None => {}
            }
        }
        outside
    }

    fn imported_with_all<'t>(
        &'t self,
        module: usize,
        name: &str,
        names: Names,
        search: &mut Search<'t>,
    ) -> Option<Place<'t>> {
        let globs = self.modules[module].uses.iter();
        for glob in globs.filter(|one| one.name.is_none()) {
            let found = match self.follow_use(module, glob, Names::Types, search) {
                Some(Place::Module(tree, inner)) => tree.lookup(inner, name, names, search),
                Some(Place::Outside(mut path)) => {
                    let is_derive = names == Names::Derives && by_name(name).is_some();
                    let is_known = is_derive && path.first().is_some_and(|first| is_ours(first));
                    path.push(name.to_owned());
                    is_known.then_some(Place::Outside(path))
                }
                Some(Place::Item(_)) | None => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Returns what a `use` leads to. A name that it brings in under itself, as in `use a::a`, is
    /// not looked for in the module again.
    fn follow_use<'t>(
        &'t self,
        module: usize,
        one: &Use,
        names: Names,
        search: &mut Search<'t>,
    ) -> Option<Place<'t>> {
        let is_own = one.path.first() == one.name.as_ref();
        if is_own && let Some(first) = one.path.first() {
            let child = self.modules[module].children.get(first);
            let child = child.map(|child| Place::Module(self, *child));
            let start = child.or_else(|| self.external(module, first, search))?;
            return descend(start, &one.path[1..], names, search);
        }
        self.follow(module, &one.path, names, search)
    }

    /// Returns whether a module imports a name by itself.
    pub(super) fn imports(&self, module: usize, name: &str) -> bool {
        let mut uses = self.modules[module].uses.iter();
        uses.any(|one| one.name.as_deref() == Some(name))
    }
}

fn descend<'t>(
    mut place: Place<'t>,
    path: &[String],
    names: Names,
    search: &mut Search<'t>,
) -> Option<Place<'t>> {
    for (index, segment) in path.iter().enumerate() {
        let is_last = index + 1 == path.len();
        let wanted = if is_last { names } else { Names::Types };
        place = match place {
            Place::Module(tree, module) => tree.lookup(module, segment, wanted, search)?,
            Place::Outside(mut outside) => {
                outside.push(segment.clone());
                Place::Outside(outside)
            }
            Place::Item(_) => return None,
        };
    }
    Some(place)
}

/// Returns a path as it is written in the scope inside of the module that it counts from.
pub(super) fn from_scope(mut path: Vec<String>) -> Vec<String> {
    match path.first().map(String::as_str) {
        Some("self") => path[0] = "super".to_owned(),
        Some("super") => path.insert(0, "super".to_owned()),
        Some(_) | None => {}
    }
    path
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
