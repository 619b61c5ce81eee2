//! Finds the derives of this tool among others of the same name.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Path, Token};

use super::known_derives::{Derive, Grammar};
use super::tree::Tree;
use crate::written::plain_name;

/// What the path in a derive means.
pub(super) enum Meaning {
    Ours(Derive),
    /// It has the name of one of this tool, and nothing tells where it comes from.
    Unknown,
}

/// Returns the paths in derives that are not known to mean something else.
pub(super) fn derives(
    attributes: &[Attribute],
    tree: &Tree,
    module: usize,
    grammar: Grammar,
) -> Vec<(Meaning, Path)> {
    let lists = attributes
        .iter()
        .filter(|one| one.path().is_ident("derive"));
    let paths = lists.filter_map(|list| list.parse_args_with(paths).ok());
    let is_ours = grammar == Grammar::Own && names_library(attributes);
    let known = paths.flatten().filter_map(|path| {
        let segments = segments(&path);
        let found = match (meaning(&segments, tree, module, grammar), segments.last()) {
            // No other derive has that attribute, whatever crate exports this one anew.
            (None | Some(Meaning::Unknown), Some(last)) if is_ours => {
                grammar.derive(last).map(Meaning::Ours)
            }
            (found, _) => found,
        };
        Some((found?, path))
    });
    known.collect()
}

/// Returns whether an attribute names the library of the derives: `#[table(crate = "...")]`.
fn names_library(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|one| {
        let is_of_derives = one.path().is_ident("table") || one.path().is_ident("column");
        is_of_derives
            && one.meta.require_list().is_ok_and(|list| {
                let mut tokens = list.tokens.clone().into_iter();
                tokens.any(|token| matches!(token, TokenTree::Ident(word) if word == "crate"))
            })
    })
}

fn paths(input: ParseStream<'_>) -> syn::Result<Punctuated<Path, Token![,]>> {
    Punctuated::parse_terminated_with(input, Path::parse_mod_style)
}

/// Returns the segments of a path; the first is empty if it begins with `::`.
fn segments(path: &Path) -> Vec<String> {
    let leading = path.leading_colon.map(|_| String::new());
    let segments = path.segments.iter().map(|one| plain_name(&one.ident));
    leading.into_iter().chain(segments).collect()
}

/// Returns what a path means as a derive in a module; nothing, if it states nothing about tables.
pub(super) fn meaning(
    path: &[String],
    tree: &Tree,
    module: usize,
    grammar: Grammar,
) -> Option<Meaning> {
    let last = path.last()?;
    match (tree.find_derive(module, path), grammar) {
        (Some(found), _) => {
            let is_known = found.first().is_some_and(|first| grammar.is_from(first));
            grammar
                .derive(found.last()?)
                .filter(|_| is_known)
                .map(Meaning::Ours)
        }
        (None, Grammar::SeaOrm) => grammar.derive(last).map(Meaning::Ours),
        // Nothing names it here, so it comes with all names of a crate.
        (None, Grammar::Own) if path.len() == 1 && !tree.imports(module, last) => {
            grammar.derive(last).map(Meaning::Ours)
        }
        (None, Grammar::Own) => grammar.derive(last).map(|_| Meaning::Unknown),
    }
}

/// Returns the paths in a derive whose tokens may be those of a macro.
pub(super) fn paths_of(list: TokenStream) -> Vec<Vec<String>> {
    let mut paths = vec![Vec::new()];
    for token in list {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => paths.push(Vec::new()),
            TokenTree::Ident(ident) => {
                if let Some(path) = paths.last_mut() {
                    path.push(plain_name(&ident));
                }
            }
            TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_) => {}
        }
    }
    paths.retain(|path| !path.is_empty());
    paths
}
