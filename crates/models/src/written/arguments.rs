//! The shape of attributes: words, values and lists, before anything of it has a meaning.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Lit, LitInt, LitStr, Path, Token, parenthesized};

use super::Findings;

/// An argument of an attribute.
#[derive(Clone)]
pub(super) enum Argument {
    /// `"..."`
    Text(LitStr),
    /// `500`
    Number(LitInt),
    /// `crate::User`
    Path(Path),
    /// `unique`
    Word(Ident),
    /// `name = ...`
    Value(Ident, Box<Argument>),
    /// `index(...)`
    List(Ident, Vec<Argument>),
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // Looking for each kind of literal would read it once for each.
        if input.cursor().literal().is_some() {
            return match input.parse()? {
                Lit::Str(text) => Ok(Self::Text(text)),
                Lit::Int(number) => Ok(Self::Number(number)),
                other => Err(syn::Error::new(
                    other.span(),
                    "expected a string or a number",
                )),
            };
        }
        if input.peek(Token![::]) || input.peek2(Token![::]) {
            return Path::parse_mod_style(input).map(Self::Path);
        }
        let name = input.call(Ident::parse_any)?;
        if input.peek(syn::token::Paren) {
            let inner;
            parenthesized!(inner in input);
            return Ok(Self::List(name, list(&inner)?));
        }
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self::Value(name, Box::new(input.parse()?)));
        }
        Ok(Self::Word(name))
    }
}

fn list(input: ParseStream<'_>) -> syn::Result<Vec<Argument>> {
    let arguments = Punctuated::<Argument, Token![,]>::parse_terminated(input)?;
    Ok(arguments.into_iter().collect())
}

impl Argument {
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span(),
            Self::Number(number) => number.span(),
            Self::Path(path) => path.segments[0].ident.span(),
            Self::Word(name) | Self::Value(name, _) | Self::List(name, _) => name.span(),
        }
    }

    /// Returns the name that an argument begins with.
    pub(super) fn key(&self) -> Option<&Ident> {
        match self {
            Self::Word(name) | Self::Value(name, _) | Self::List(name, _) => Some(name),
            Self::Text(_) | Self::Number(_) | Self::Path(_) => None,
        }
    }

    /// Returns the path that an argument is.
    pub(super) fn path(&self) -> Option<Path> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Word(name) => Some(Path::from(name.clone())),
            Self::Text(_) | Self::Number(_) | Self::Value(..) | Self::List(..) => None,
        }
    }

    /// Returns the text that is the argument's value, or says that there has to be one.
    pub(super) fn text(&self, findings: &mut Findings) -> Option<LitStr> {
        let value = match self {
            Self::Value(_, value) => value,
            Self::List(_, arguments) if arguments.len() == 1 => &arguments[0],
            other => other,
        };
        match value {
            Self::Text(text) => Some(text.clone()),
            other => {
                let name = self
                    .key()
                    .map_or_else(|| "name".to_owned(), Ident::to_string);
                findings.add_with_help(
                    other.span(),
                    "expected a string",
                    format!("write `{name} = \"...\"`"),
                );
                None
            }
        }
    }

    /// Says that the argument is a word without a value, if it is not.
    pub(super) fn expect_word(&self, findings: &mut Findings) {
        match self {
            Self::Word(_) => {}
            Self::Value(name, _) | Self::List(name, _) => findings.add_with_help(
                name.span(),
                format!("`{name}` has no value"),
                format!("write `{name}`"),
            ),
            Self::Text(_) | Self::Number(_) | Self::Path(_) => {
                findings.add(self.span(), "expected a word");
            }
        }
    }

    /// Returns a number from 1 on.
    pub(super) fn number(&self, findings: &mut Findings) -> Option<u32> {
        if let Self::Value(_, value) = self
            && let Self::Number(number) = &**value
            && let Ok(number) = number.base10_parse()
        {
            return Some(number);
        }
        findings.add(self.span(), "expected a number, as in `length = 500`");
        None
    }
}

/// Reads the attributes that are called by one of `names`.
pub(super) fn of_attributes(
    attributes: &[Attribute],
    names: &[&str],
    findings: &mut Findings,
) -> Vec<Argument> {
    let mut all = Vec::new();
    for attribute in attributes {
        if !names.iter().any(|name| attribute.path().is_ident(name)) {
            continue;
        }
        match attribute.parse_args_with(list) {
            Ok(arguments) => all.extend(arguments),
            Err(error) => findings.add_syntax(error),
        }
    }
    all
}

/// The arguments of an attribute, by their names.
pub(super) struct Arguments(BTreeMap<String, (Span, Vec<Argument>)>);

impl Arguments {
    /// Sorts arguments by name, and reports the unknown ones. Those in `repeated` may be there
    /// several times.
    pub(super) fn sort(
        all: Vec<Argument>,
        known: &[&str],
        repeated: &[&str],
        findings: &mut Findings,
    ) -> Self {
        let mut sorted: BTreeMap<String, (Span, Vec<Argument>)> = BTreeMap::new();
        for argument in all {
            let Some(key) = argument.key() else {
                findings.add(argument.span(), "expected a name");
                continue;
            };
            let name = key.to_string();
            if !known.contains(&name.as_str()) && !repeated.contains(&name.as_str()) {
                let mut all: Vec<&str> = known.iter().chain(repeated).copied().collect();
                all.sort_unstable();
                let all: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
                findings.add_with_help(
                    key.span(),
                    format!("unknown attribute `{name}`"),
                    format!("known are {}", all.join(", ")),
                );
                continue;
            }
            let span = key.span();
            let (_, of_name) = sorted.entry(name.clone()).or_insert((span, Vec::new()));
            if !of_name.is_empty() && !repeated.contains(&name.as_str()) {
                findings.add(span, format!("`{name}` is given twice"));
                continue;
            }
            of_name.push(argument);
        }
        Self(sorted)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Argument> {
        self.0.get(name).and_then(|(_, of_name)| of_name.first())
    }

    pub(super) fn all(&self, name: &str) -> &[Argument] {
        self.0.get(name).map_or(&[], |(_, of_name)| of_name)
    }

    /// Returns where the argument is.
    pub(super) fn span(&self, name: &str) -> Option<Span> {
        self.0.get(name).map(|(span, _)| *span)
    }

    /// Returns whether the word is there.
    pub(super) fn word(&self, name: &str, findings: &mut Findings) -> bool {
        let Some(argument) = self.get(name) else {
            return false;
        };
        argument.expect_word(findings);
        true
    }

    pub(super) fn text(&self, name: &str, findings: &mut Findings) -> Option<LitStr> {
        self.get(name)?.text(findings)
    }

    /// Returns the path of `crate = "..."`, by which a struct reaches the library of the derives.
    pub(super) fn library(&self, findings: &mut Findings) -> Option<Path> {
        let text = self.text("crate", findings)?;
        let path = text.parse_with(Path::parse_mod_style);
        path.map_err(|_| {
            let help = "write `crate = \"path::to::alembic_migrate\"`";
            findings.add_with_help(text.span(), "this is not a path", help);
        })
        .ok()
    }
}
