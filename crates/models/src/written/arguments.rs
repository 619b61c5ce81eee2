//! The shape of attributes: words, values and lists, before anything of it has a meaning.

use std::collections::BTreeMap;

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::{Attribute, Lit, LitInt, LitStr, Path, Token};

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

/// Reads arguments from tokens. syn's parser copies all tokens first, and again to look at one; in a scan
/// of many structs, that is most of the time that their attributes take.
struct Reader {
    /// The tokens, and in front of them those of groups that only macros see.
    streams: Vec<IntoIter>,
    next: Option<TokenTree>,
    /// What has no place is at the end.
    end: Span,
}

impl Reader {
    fn new(tokens: TokenStream, end: Span) -> Self {
        let mut reader = Self {
            streams: vec![tokens.into_iter()],
            next: None,
            end,
        };
        reader.take();
        reader
    }

    /// Returns the next token, and goes on.
    fn take(&mut self) -> Option<TokenTree> {
        let mut following = None;
        while let Some(stream) = self.streams.last_mut() {
            match stream.next() {
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
                    self.streams.push(group.stream().into_iter());
                }
                Some(token) => {
                    following = Some(token);
                    break;
                }
                None => {
                    self.streams.pop();
                }
            }
        }
        std::mem::replace(&mut self.next, following)
    }

    fn is_at(&self, sign: char) -> bool {
        matches!(&self.next, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
    }

    fn unexpected(&self, expected: &str) -> syn::Error {
        match &self.next {
            Some(token) => syn::Error::new(token.span(), format!("expected {expected}")),
            None => {
                let text = format!("unexpected end of input, expected {expected}");
                syn::Error::new(self.end, text)
            }
        }
    }

    fn word(&mut self) -> syn::Result<Ident> {
        match self.take() {
            Some(TokenTree::Ident(word)) => Ok(word),
            other => {
                self.next = other;
                Err(self.unexpected("identifier"))
            }
        }
    }

    fn list(mut self) -> syn::Result<Vec<Argument>> {
        let mut arguments = Vec::new();
        while self.next.is_some() {
            arguments.push(self.argument()?);
            if self.is_at(',') {
                self.take();
            } else if self.next.is_some() {
                return Err(self.unexpected("`,`"));
            }
        }
        Ok(arguments)
    }

    fn argument(&mut self) -> syn::Result<Argument> {
        if let Some(TokenTree::Literal(literal)) = &self.next {
            let literal = Lit::new(literal.clone());
            self.take();
            return match literal {
                Lit::Str(text) => Ok(Argument::Text(text)),
                Lit::Int(number) => Ok(Argument::Number(number)),
                other => Err(syn::Error::new(
                    other.span(),
                    "expected a string or a number",
                )),
            };
        }
        if self.is_at(':') {
            return self.path(None);
        }
        let name = self.word()?;
        if self.is_at(':') {
            return self.path(Some(name));
        }
        match &self.next {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                let inner = Self::new(group.stream(), group.span_close());
                self.take();
                Ok(Argument::List(name, inner.list()?))
            }
            Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {
                self.take();
                Ok(Argument::Value(name, Box::new(self.argument()?)))
            }
            Some(_) | None => Ok(Argument::Word(name)),
        }
    }

    /// Reads a path after its first word, or one that begins with `::`.
    fn path(&mut self, first: Option<Ident>) -> syn::Result<Argument> {
        let leading_colon = match first {
            Some(_) => None,
            None => Some(self.colons()?),
        };
        let mut segments = Punctuated::new();
        segments.push_value(match first {
            Some(first) => first.into(),
            None => self.word()?.into(),
        });
        while self.is_at(':') {
            segments.push_punct(self.colons()?);
            segments.push_value(self.word()?.into());
        }
        Ok(Argument::Path(Path {
            leading_colon,
            segments,
        }))
    }

    fn colons(&mut self) -> syn::Result<Token![::]> {
        let first = self.take().map_or(self.end, |token| token.span());
        if !self.is_at(':') {
            return Err(self.unexpected("`::`"));
        }
        let second = self.take().map_or(self.end, |token| token.span());
        Ok(Token![::]([first, second]))
    }
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
        let read = attribute.meta.require_list().and_then(|list| {
            let end = list.delimiter.span().close();
            Reader::new(list.tokens.clone(), end).list()
        });
        match read {
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
