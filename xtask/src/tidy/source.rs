//! Reads Rust sources as tokens, without their tests.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The tokens of a source file outside of its tests.
pub(super) struct Source {
    pub(super) tokens: Vec<TokenTree>,
    /// The modules with files of their own that only tests have.
    pub(super) test_modules: Vec<String>,
}

impl Source {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let tokens: TokenStream = text.parse().map_err(|error| format!("{error}"))?;
        let mut test_modules = Vec::new();
        let tokens = without_tests(tokens, &mut test_modules);
        Ok(Self {
            tokens,
            test_modules,
        })
    }

    /// Returns the string literals as they are written, except those of documentation.
    pub(super) fn string_literals(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect_strings(&self.tokens, &mut found);
        found
    }
}

/// Removes items that only tests have, and collects the names of modules among them.
fn without_tests(tokens: TokenStream, test_modules: &mut Vec<String>) -> Vec<TokenTree> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            let item = &tokens[at + 2..];
            let length = item_length(item);
            test_modules.extend(declared_module(&item[..length]));
            at += 2 + length;
            continue;
        }
        kept.push(match &tokens[at] {
            TokenTree::Group(group) => {
                let inside = without_tests(group.stream(), test_modules);
                Group::new(group.delimiter(), inside.into_iter().collect()).into()
            }
            token => token.clone(),
        });
        at += 1;
    }
    kept
}

/// Checks for `#[cfg(test)]` or `#[test]`.
fn is_test_attribute(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] = tokens else {
        return false;
    };
    let text = attribute.stream().to_string().replace(' ', "");
    hash.as_char() == '#' && ["cfg(test)", "test"].contains(&text.as_str())
}

/// Returns how many tokens an item has, its further attributes included.
fn item_length(tokens: &[TokenTree]) -> usize {
    let to_semicolon = ["use", "const", "static", "type"];
    let mut keywords = tokens.iter().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    });
    let keyword = keywords.find(|word| word != "pub");
    let has_braces = keyword.is_none_or(|word| !to_semicolon.contains(&word.as_str()));
    let end = tokens.iter().position(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => has_braces && group.delimiter() == Delimiter::Brace,
        _ => false,
    });
    end.map_or(tokens.len(), |end| end + 1)
}

/// Returns the name in `mod name;`.
fn declared_module(item: &[TokenTree]) -> Option<String> {
    let [
        ..,
        TokenTree::Ident(keyword),
        TokenTree::Ident(name),
        TokenTree::Punct(_),
    ] = item
    else {
        return None;
    };
    (keyword == "mod").then(|| name.to_string())
}

fn collect_strings(tokens: &[TokenTree], found: &mut Vec<String>) {
    let mut after_hash = false;
    for token in tokens {
        let hash = matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#');
        match token {
            TokenTree::Group(group) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let is_doc =
                    matches!(inside.first(), Some(TokenTree::Ident(name)) if name == "doc");
                if !(after_hash && is_doc) {
                    collect_strings(&inside, found);
                }
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.ends_with(['"', '#']) {
                    found.push(text);
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
        // `#![doc = "…"]` has a `!` in between.
        let bang = matches!(token, TokenTree::Punct(punct) if punct.as_char() == '!');
        after_hash = hash || (after_hash && bang);
    }
}
