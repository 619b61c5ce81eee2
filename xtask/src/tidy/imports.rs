//! Finds which source files of a crate import which, by their `use` lines and the paths in them.
//!
//! An import counts for the file that defines the name: re-exports are followed. Tests may import
//! anything.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenTree;

use super::source::Source;

/// How many re-exports of re-exports are followed.
const MOST_REEXPORTS: usize = 16;

/// The path of a module below the root of its crate.
pub(super) type ModulePath = Vec<String>;

/// A module, and the names in it.
#[derive(Default)]
struct Module {
    /// The module whose file it stands in: itself, unless it is written inline.
    file: ModulePath,
    items: BTreeSet<String>,
    /// The names that `use` brings into it.
    bindings: BTreeMap<String, RawPath>,
    /// The modules of which `use` brings in all names.
    globs: Vec<RawPath>,
}

/// A path as it is written, with the module that it is written in.
#[derive(Clone)]
struct RawPath {
    module: ModulePath,
    segments: Vec<String>,
}

/// The modules of a crate, and the paths that their files import.
#[derive(Default)]
pub(super) struct Crate {
    modules: BTreeMap<ModulePath, Module>,
    imports: Vec<RawPath>,
}

impl Crate {
    /// Reads the files of a crate, each with its path below `src`.
    pub(super) fn parse(files: &[(String, String)]) -> Result<Self, String> {
        let has_library = files.iter().any(|(path, _)| path == "lib.rs");
        let mut sources = Vec::new();
        let mut test_modules = BTreeSet::new();
        for (path, text) in files {
            // A program next to a library imports it from outside.
            if has_library && (path == "main.rs" || path.starts_with("bin/")) {
                continue;
            }
            let module = module_path(path);
            let source = Source::parse(text).map_err(|error| format!("{path}: {error}"))?;
            for name in &source.test_modules {
                test_modules.insert(child(&module, name));
            }
            sources.push((module, source));
        }
        let mut krate = Self::default();
        for (module, source) in sources {
            let is_test = |tests: &ModulePath| module.starts_with(tests);
            if !test_modules.iter().any(is_test) {
                krate.read_module(&module, &module, &source.tokens);
            }
        }
        Ok(krate)
    }

    /// Returns for each file, named by its module, the files that it imports.
    pub(super) fn imports(&self) -> BTreeMap<ModulePath, BTreeSet<ModulePath>> {
        let mut imports: BTreeMap<ModulePath, BTreeSet<ModulePath>> = BTreeMap::new();
        for path in &self.imports {
            let from = &self.modules[&path.module].file;
            let Some(to) = self.resolve(path, MOST_REEXPORTS) else {
                continue;
            };
            let to = &self.modules[&to].file;
            if from != to {
                imports.entry(from.clone()).or_default().insert(to.clone());
            }
        }
        imports
    }

    fn read_module(&mut self, path: &ModulePath, file: &ModulePath, tokens: &[TokenTree]) {
        self.modules.entry(path.clone()).or_default().file = file.clone();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            at += if let Some((name, body)) = inline_module(rest) {
                self.read_module(&child(path, &name), file, &body);
                3
            } else if let Some(length) = use_length(rest) {
                self.read_use(path, &rest[1..length]);
                length
            } else if let Some(name) = defined_name(rest) {
                let module = self.modules.entry(path.clone()).or_default();
                module.items.insert(name);
                2
            } else {
                self.read_token(path, tokens, at)
            };
        }
    }

    /// Reads what stands inside an item.
    fn read_body(&mut self, path: &ModulePath, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            at += match use_length(&tokens[at..]) {
                Some(length) => {
                    let paths = use_paths(&tokens[at + 1..at + length]);
                    self.import(path, paths.into_iter().map(|used| used.segments));
                    length
                }
                None => self.read_token(path, tokens, at),
            };
        }
    }

    /// Reads a group, or a path like `crate::name`; returns how many tokens that is.
    fn read_token(&mut self, path: &ModulePath, tokens: &[TokenTree], at: usize) -> usize {
        match &tokens[at] {
            TokenTree::Group(group) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                self.read_body(path, &inside);
                1
            }
            TokenTree::Ident(_) if !is_separated(&tokens[..at]) => {
                let segments = path_segments(&tokens[at..]);
                let length = segments.len();
                if length > 1 {
                    self.import(path, [segments]);
                }
                // Between two segments are two colons.
                1 + 3 * (length - 1)
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
        }
    }

    fn read_use(&mut self, path: &ModulePath, tree: &[TokenTree]) {
        for used in use_paths(tree) {
            let raw = RawPath {
                module: path.clone(),
                segments: used.segments,
            };
            self.imports.push(raw.clone());
            let module = self.modules.entry(path.clone()).or_default();
            match used.name {
                Some(name) => {
                    module.bindings.insert(name, raw);
                }
                None => module.globs.push(raw),
            }
        }
    }

    fn import(&mut self, module: &ModulePath, paths: impl IntoIterator<Item = Vec<String>>) {
        let raw = paths.into_iter().map(|segments| RawPath {
            module: module.clone(),
            segments,
        });
        self.imports.extend(raw);
    }

    /// Returns the module that a path leads to, or that defines the item at its end; `None` for
    /// other crates' names.
    fn resolve(&self, path: &RawPath, reexports: usize) -> Option<ModulePath> {
        let mut segments = path.segments.as_slice();
        let mut module = path.module.clone();
        let first = segments.first()?;
        match first.as_str() {
            // A path that begins with `::`.
            "" => return None,
            "crate" => {
                module.clear();
                segments = &segments[1..];
            }
            "self" => segments = &segments[1..],
            "super" => {
                while segments.first().is_some_and(|segment| segment == "super") {
                    module.pop();
                    segments = &segments[1..];
                }
            }
            name => {
                let is_child = self.modules.contains_key(&child(&module, name));
                let bound = self.modules.get(&module)?.bindings.get(name);
                let names_itself = bound.is_some_and(|bound| bound.segments == path.segments);
                if !is_child && (bound.is_none() || names_itself) {
                    return None;
                }
            }
        }
        self.descend(module, segments, reexports)
    }

    fn descend(
        &self,
        mut module: ModulePath,
        segments: &[String],
        reexports: usize,
    ) -> Option<ModulePath> {
        let mut segments = segments.iter();
        while let Some(name) = segments.next() {
            let next = child(&module, name);
            if self.modules.contains_key(&next) {
                module = next;
                continue;
            }
            let here = self.modules.get(&module)?;
            if here.items.contains(name) {
                return Some(module);
            }
            let reexports = reexports.checked_sub(1)?;
            if let Some(bound) = here.bindings.get(name) {
                let rest = segments.cloned();
                let segments = bound.segments.iter().cloned().chain(rest).collect();
                let module = bound.module.clone();
                return self.resolve(&RawPath { module, segments }, reexports);
            }
            let through_globs = here.globs.iter().find_map(|glob| {
                let glob = self.resolve(glob, reexports)?;
                self.has_name(&glob, name, reexports).then_some(glob)
            });
            return match through_globs {
                Some(glob) => {
                    let rest: Vec<String> = [name].into_iter().chain(segments).cloned().collect();
                    self.descend(glob, &rest, reexports)
                }
                // What a macro defines, for one.
                None => Some(module),
            };
        }
        Some(module)
    }

    fn has_name(&self, module: &ModulePath, name: &str, reexports: usize) -> bool {
        let Some(reexports) = reexports.checked_sub(1) else {
            return false;
        };
        let Some(here) = self.modules.get(module) else {
            return false;
        };
        here.items.contains(name)
            || here.bindings.contains_key(name)
            || self.modules.contains_key(&child(module, name))
            || here.globs.iter().any(|glob| {
                let glob = self.resolve(glob, reexports);
                glob.is_some_and(|glob| self.has_name(&glob, name, reexports))
            })
    }
}

/// Returns the module of a file, by its path below `src`.
fn module_path(path: &str) -> ModulePath {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" | "main" => Vec::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}

fn child(module: &ModulePath, name: &str) -> ModulePath {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

fn is_punct(token: Option<&TokenTree>, what: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == what)
}

fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

/// Tells whether `::` comes last.
fn is_separated(before: &[TokenTree]) -> bool {
    let mut last = before.iter().rev();
    is_punct(last.next(), ':') && is_punct(last.next(), ':')
}

/// Returns the name and the tokens of `mod name { … }`.
fn inline_module(tokens: &[TokenTree]) -> Option<(String, Vec<TokenTree>)> {
    let [
        TokenTree::Ident(keyword),
        TokenTree::Ident(name),
        TokenTree::Group(body),
        ..,
    ] = tokens
    else {
        return None;
    };
    (keyword == "mod").then(|| (name.to_string(), body.stream().into_iter().collect()))
}

/// Returns the name that an item defines.
fn defined_name(tokens: &[TokenTree]) -> Option<String> {
    let keywords = [
        "fn", "struct", "enum", "union", "trait", "type", "const", "static",
    ];
    let keyword = ident(tokens.first())?;
    let name = ident(tokens.get(1))?;
    (keywords.contains(&keyword.as_str()) && name != "fn").then_some(name)
}

/// Returns how many tokens a `use` item has, the semicolon included.
fn use_length(tokens: &[TokenTree]) -> Option<usize> {
    // `use<'a>` is a bound.
    if ident(tokens.first())? != "use" || is_punct(tokens.get(1), '<') {
        return None;
    }
    let end = tokens.iter().position(|token| is_punct(Some(token), ';'))?;
    Some(end + 1)
}

/// Returns the segments of a path from its beginning.
fn path_segments(tokens: &[TokenTree]) -> Vec<String> {
    let mut segments: Vec<String> = ident(tokens.first()).into_iter().collect();
    let mut at = 1;
    while is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':') {
        let Some(segment) = ident(tokens.get(at + 2)) else {
            break;
        };
        segments.push(segment);
        at += 3;
    }
    segments
}

/// One path of a `use` item.
struct Used {
    segments: Vec<String>,
    /// The name that it has here; none for `*`.
    name: Option<String>,
}

/// Returns the paths of a `use` item, from the tokens after `use`.
fn use_paths(tree: &[TokenTree]) -> Vec<Used> {
    let mut found = Vec::new();
    collect_use_paths(&[], tree, &mut found);
    found
}

fn collect_use_paths(prefix: &[String], tree: &[TokenTree], found: &mut Vec<Used>) {
    let mut segments = prefix.to_vec();
    let mut name = None;
    let mut tokens = tree.iter().peekable();
    if is_punct(tree.first(), ':') {
        segments.push(String::new());
    }
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "as" => {
                name = tokens.next().map(ToString::to_string);
            }
            // `{self}` is the path before it.
            TokenTree::Ident(word) if word == "self" && !segments.is_empty() => {}
            TokenTree::Ident(word) => segments.push(word.to_string()),
            TokenTree::Group(group) => {
                let trees: Vec<TokenTree> = group.stream().into_iter().collect();
                for tree in trees.split(|token| is_punct(Some(token), ',')) {
                    if !tree.is_empty() {
                        collect_use_paths(&segments, tree, found);
                    }
                }
                return;
            }
            TokenTree::Punct(punct) if punct.as_char() == '*' => {
                found.push(Used {
                    segments,
                    name: None,
                });
                return;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    let name = name.or_else(|| segments.last().cloned());
    found.push(Used { segments, name });
}
