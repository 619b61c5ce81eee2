//! Finds the derives of this tool among others of the same name.

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::{Attribute, Path, Token};

use super::tree::Tree;
use crate::written::plain_name;

/// A derive of this tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derive {
    Table,
    Columns,
    ColumnType,
}

const NAMES: [(&str, Derive); 3] = [
    ("Table", Derive::Table),
    ("Columns", Derive::Columns),
    ("ColumnType", Derive::ColumnType),
];

/// The crates that have the derives.
const CRATES: [&str; 2] = ["alembic_migrate", "alembic_macros"];

fn by_name(name: &str) -> Option<Derive> {
    let mut names = NAMES.iter();
    names
        .find(|(one, _)| *one == name)
        .map(|(_, derive)| *derive)
}

/// Returns the derives of this tool among attributes, with their paths.
pub(super) fn derives(attributes: &[Attribute], tree: &Tree, module: usize) -> Vec<(Derive, Path)> {
    let lists = attributes
        .iter()
        .filter(|one| one.path().is_ident("derive"));
    let parser = Punctuated::<Path, Token![,]>::parse_terminated;
    let paths = lists.filter_map(|list| list.parse_args_with(parser).ok());
    let known = paths.flatten().filter_map(|path| {
        let segments = path.segments.iter();
        let segments: Vec<String> = segments.map(|one| plain_name(&one.ident)).collect();
        Some((derive_of(&segments, tree, module)?, path))
    });
    known.collect()
}

/// Returns which derive a path means in a module.
fn derive_of(path: &[String], tree: &Tree, module: usize) -> Option<Derive> {
    let (first, rest) = path.split_first()?;
    let derive = by_name(path.last()?);
    if CRATES.contains(&first.as_str()) {
        return derive;
    }
    match tree.imported(module, first) {
        Some(imported) => {
            let imported = imported.iter().filter(|segment| !segment.is_empty());
            let imported: Vec<String> = imported.chain(rest).cloned().collect();
            // What the crates of this workspace pass on under the name is taken for this.
            match imported.first() {
                Some(first) if CRATES.contains(&first.as_str()) => by_name(imported.last()?),
                Some(first) if tree.is_known(module, first) => by_name(imported.last()?),
                Some(_) | None => None,
            }
        }
        None if rest.is_empty() || tree.is_known(module, first) => derive,
        None => None,
    }
}

/// Returns where tokens hold a derive of a table, as those of a macro may.
pub(super) fn hidden_derive(tokens: TokenStream) -> Option<proc_macro2::Span> {
    let mut after_derive = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                if after_derive && names_derive(group.stream()) {
                    return Some(group.span());
                }
                if let Some(found) = hidden_derive(group.stream()) {
                    return Some(found);
                }
                after_derive = false;
            }
            TokenTree::Ident(ident) => after_derive = ident == "derive",
            TokenTree::Punct(_) | TokenTree::Literal(_) => after_derive = false,
        }
    }
    None
}

/// Returns whether the list of a derive names one of this tool, by itself or by its crate.
fn names_derive(list: TokenStream) -> bool {
    let mut before: Option<String> = None;
    let mut is_qualified = false;
    for token in list {
        match token {
            TokenTree::Ident(ident) => {
                let name = plain_name(&ident);
                let is_ours = match (is_qualified, &before) {
                    (true, Some(crate_name)) => CRATES.contains(&crate_name.as_str()),
                    (true | false, _) => true,
                };
                if is_ours && by_name(&name).is_some() {
                    return true;
                }
                before = Some(name);
            }
            TokenTree::Punct(punct) => is_qualified = punct.as_char() == ':',
            TokenTree::Group(_) | TokenTree::Literal(_) => is_qualified = false,
        }
    }
    false
}
