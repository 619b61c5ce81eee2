//! Finds what may state tables where items cannot be read: in the tokens of macros and functions.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::{Attribute, ItemUse, LitStr};

use super::derives::paths_of;
use super::tree::{Use, names_of};
use crate::written::plain_name;

/// Something that may state tables.
pub(super) enum Hidden {
    /// The list of a derive.
    Derive { span: Span, paths: Vec<Vec<String>> },
    /// `mod name;`
    Module {
        attributes: Vec<Attribute>,
        name: Ident,
        /// The modules that it is in.
        inside: Vec<String>,
    },
    /// `include!("...")`
    Include(LitStr),
    /// A module or an include whose file a macro decides.
    UnknownFile(Span),
}

/// What is found in tokens.
#[derive(Default)]
pub(super) struct Search {
    pub(super) found: Vec<Hidden>,
    pub(super) imports: Vec<Use>,
    inside: Vec<String>,
}

impl Search {
    pub(super) fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        // Where the attributes of what follows begin.
        let mut start = 0;
        let mut index = 0;
        while let Some(token) = tokens.get(index) {
            let (before, rest) = (&tokens[start..index], &tokens[index..]);
            let is_start = before.iter().all(is_before_item);
            match rest {
                [TokenTree::Ident(word), TokenTree::Group(list), ..] if word == "derive" => {
                    self.found.push(Hidden::Derive {
                        span: list.span(),
                        paths: paths_of(list.stream())
                            .into_iter()
                            .map(|path| path.segments)
                            .collect(),
                    });
                }
                [TokenTree::Ident(word), ..] if word == "use" => self.import(rest),
                [TokenTree::Ident(word), TokenTree::Ident(name), end, ..] if word == "mod" => {
                    match end {
                        TokenTree::Punct(punct) if punct.as_char() == ';' => {
                            let attributes = attributes(before);
                            self.found.push(Hidden::Module {
                                attributes,
                                name: name.clone(),
                                inside: self.inside.clone(),
                            });
                        }
                        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                            self.inside.push(plain_name(name));
                            self.read(body.stream());
                            self.inside.pop();
                            start = index + 3;
                            index = start;
                            continue;
                        }
                        TokenTree::Group(_)
                        | TokenTree::Ident(_)
                        | TokenTree::Punct(_)
                        | TokenTree::Literal(_) => {}
                    }
                }
                [
                    TokenTree::Ident(word),
                    TokenTree::Punct(sign),
                    TokenTree::Ident(_),
                    TokenTree::Punct(end),
                    ..,
                ] if word == "mod" && sign.as_char() == '$' && end.as_char() == ';' => {
                    self.found.push(Hidden::UnknownFile(word.span()));
                }
                [
                    TokenTree::Ident(word),
                    TokenTree::Punct(sign),
                    TokenTree::Group(body),
                    ..,
                ] if word == "include" && sign.as_char() == '!' => {
                    self.include(word, body, is_start);
                }
                [
                    TokenTree::Ident(automod),
                    TokenTree::Punct(_),
                    TokenTree::Punct(_),
                    TokenTree::Ident(dir),
                    TokenTree::Punct(sign),
                    ..,
                ] if automod == "automod" && dir == "dir" && sign.as_char() == '!' => {
                    self.found.push(Hidden::UnknownFile(automod.span()));
                }
                _ => {}
            }
            if let TokenTree::Group(group) = token {
                self.read(group.stream());
            }
            index += 1;
            if ends_item(token) {
                start = index;
            }
        }
    }

    /// Reads an include. As a part of an expression it is a value, and may be of any file.
    fn include(&mut self, word: &Ident, body: &Group, is_start: bool) {
        match syn::parse2::<LitStr>(body.stream()) {
            Ok(path) => self.found.push(Hidden::Include(path)),
            Err(_) if is_start => self.found.push(Hidden::UnknownFile(word.span())),
            Err(_) => {}
        }
    }

    fn import(&mut self, tokens: &[TokenTree]) {
        let is_end =
            |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
        let Some(end) = tokens.iter().position(is_end) else {
            return;
        };
        let tokens: TokenStream = tokens[..=end].iter().cloned().collect();
        if let Ok(item) = syn::parse2::<ItemUse>(tokens) {
            let names = names_of(&item.tree, item.leading_colon.is_some());
            self.imports.extend(names);
        }
    }
}

/// Returns whether a token may stand before the first word of an item.
fn is_before_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => punct.as_char() == '#',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Bracket,
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

/// Returns the attributes among the tokens before an item.
fn attributes(tokens: &[TokenTree]) -> Vec<Attribute> {
    let is_attribute = tokens.iter().take_while(|token| is_before_item(token));
    let tokens: TokenStream = is_attribute.cloned().collect();
    Attribute::parse_outer.parse2(tokens).unwrap_or_default()
}
