//! The arguments of `#[sea_orm(...)]`.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Path, Token};

use crate::written::Findings;

/// An argument of `#[sea_orm(...)]`.
pub(super) struct Argument {
    name: Ident,
    value: Option<Expr>,
}

/// The arguments of all the `#[sea_orm(...)]` of one item.
#[derive(Default)]
pub(super) struct Arguments(Vec<Argument>);

struct List(Vec<Argument>);

impl Parse for List {
    /// Reads arguments as sea-orm does: commas between them may be missing.
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Vec::new();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            let value = if input.peek(syn::token::Paren) {
                input.parse::<proc_macro2::Group>()?;
                None
            } else if input.peek(Token![=]) {
                input.parse::<Token![=]>()?;
                Some(input.parse()?)
            } else {
                None
            };
            arguments.push(Argument { name, value });
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self(arguments))
    }
}

impl Arguments {
    pub(super) fn read(attributes: &[Attribute], findings: &mut Findings) -> Self {
        let mut all = Vec::new();
        for attribute in attributes
            .iter()
            .filter(|one| one.path().is_ident("sea_orm"))
        {
            match attribute.parse_args::<List>() {
                Ok(List(arguments)) => all.extend(arguments),
                Err(error) => findings.add_syntax(error),
            }
        }
        Self(all)
    }

    /// Adds what another notation states, as an argument.
    pub(super) fn add(&mut self, name: &str, span: Span, value: Option<Expr>) {
        let name = Ident::new(name, span);
        self.0.push(Argument { name, value });
    }

    pub(super) fn add_word(&mut self, name: &str, span: Span) {
        self.add(name, span, None);
    }

    pub(super) fn add_text(&mut self, name: &str, text: &str, span: Span) {
        let value = Expr::Lit(ExprLit {
            attrs: Vec::new(),
            lit: Lit::Str(LitStr::new(text, span)),
        });
        self.add(name, span, Some(value));
    }

    fn get(&self, name: &str) -> Option<&Argument> {
        self.0.iter().find(|argument| argument.name == name)
    }

    /// Returns whether an argument stands there, whatever its value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn span(&self, name: &str) -> Option<Span> {
        self.get(name).map(|argument| argument.name.span())
    }

    pub(super) fn value(&self, name: &str) -> Option<&Expr> {
        self.get(name)?.value.as_ref()
    }

    /// Returns the text that is the value of an argument, or says that there has to be one.
    pub(super) fn text(&self, name: &str, findings: &mut Findings) -> Option<LitStr> {
        let argument = self.get(name)?;
        match &argument.value {
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => Some(text.clone()),
            _ => {
                let help = format!("write `{name} = \"...\"`");
                findings.add_with_help(argument.name.span(), "expected a string", help);
                None
            }
        }
    }

    /// Returns the word `true` or `false` that is the value of an argument.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Expr::Lit(ExprLit {
                lit: Lit::Bool(flag),
                ..
            }) => Some(flag.value),
            _ => None,
        }
    }

    /// Returns the code that an argument holds as a text.
    pub(super) fn code<T: Parse>(&self, name: &str, findings: &mut Findings) -> Option<T> {
        let text = self.text(name, findings)?;
        match text.parse() {
            Ok(code) => Some(code),
            Err(error) => {
                findings.add(text.span(), format!("cannot read this as Rust: {error}"));
                None
            }
        }
    }

    /// Returns the last segments of the paths that an argument lists: `Column::A`, or `(a, b)`.
    pub(super) fn columns(&self, name: &str, findings: &mut Findings) -> Vec<Ident> {
        let Some(ColumnPaths(paths)) = self.code(name, findings) else {
            return Vec::new();
        };
        let last = |path: Path| path.segments.last().map(|last| last.ident.clone());
        paths.into_iter().filter_map(last).collect()
    }
}

struct ColumnPaths(Vec<Path>);

impl Parse for ColumnPaths {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(syn::token::Paren) {
            return Ok(Self(vec![Path::parse_mod_style(input)?]));
        }
        let inner;
        syn::parenthesized!(inner in input);
        let paths = inner.parse_terminated(Path::parse_mod_style, Token![,])?;
        Ok(Self(paths.into_iter().collect()))
    }
}
