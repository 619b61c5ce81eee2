//! Finds the derives of this tool among others of the same name.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::Attribute;

use super::known_derives::{Derive, Grammar};
use super::tree::Tree;
use crate::written::plain_name;

/// What the path in a derive means.
pub(super) enum Meaning {
    Ours(Derive),
    /// It has the name of one of this tool, and nothing tells where it comes from.
    Unknown,
}

/// A path in a derive.
pub(super) struct DerivePath {
    /// Its segments; the first is empty if it begins with `::`.
    pub(super) segments: Vec<String>,
    pub(super) span: Span,
}

/// Returns the paths in derives that are not known to mean something else.
pub(super) fn derives(
    attributes: &[Attribute],
    tree: &Tree,
    module: usize,
    grammar: Grammar,
) -> Vec<(Meaning, DerivePath)> {
    let lists = attributes
        .iter()
        .filter(|one| one.path().is_ident("derive"))
        .filter_map(|one| one.meta.require_list().ok());
    let paths = lists.flat_map(|list| paths_of(list.tokens.clone()));
    let is_ours = grammar == Grammar::Own && names_library(attributes);
    let known = paths.filter_map(|path| {
        let found = meaning(&path.segments, tree, module, grammar);
        let found = match (found, path.segments.last()) {
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

/// Returns the paths in a derive, whose tokens may be those of a macro.
pub(super) fn paths_of(list: TokenStream) -> Vec<DerivePath> {
    let mut paths: Vec<DerivePath> = Vec::new();
    let mut is_new = true;
    for token in list {
        let (span, segment) = match token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                is_new = true;
                continue;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && is_new => {
                (punct.span(), String::new())
            }
            TokenTree::Ident(ident) => (ident.span(), plain_name(&ident)),
            TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_) => continue,
        };
        match paths.last_mut().filter(|_| !is_new) {
            Some(path) => path.segments.push(segment),
            None => paths.push(DerivePath {
                segments: vec![segment],
                span,
            }),
        }
        is_new = false;
    }
    paths
}
