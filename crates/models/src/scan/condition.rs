//! Decides the conditions of `cfg`.

use std::collections::BTreeSet;

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, LitBool, Meta, Token};

/// What is known of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    /// It depends on the machine, the profile or a flag of the compiler.
    Unknown,
}

impl Truth {
    fn of(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            (Self::Unknown, Self::True | Self::Unknown) | (Self::True, Self::Unknown) => {
                Self::Unknown
            }
        }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

/// A condition; `true` and `false` are none that [`Meta`] reads.
pub(super) enum Condition {
    Literal(bool),
    Meta(Box<Meta>),
}

impl Parse for Condition {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitBool) {
            return Ok(Self::Literal(input.parse::<LitBool>()?.value));
        }
        Ok(Self::Meta(Box::new(input.parse()?)))
    }
}

/// Decides a condition. Tests are never compiled in, and `alembic` holds only here, so that sources can
/// leave something out of the models, or decide what cannot be decided otherwise.
pub(super) fn decide(condition: &Condition, features: &BTreeSet<String>) -> Truth {
    let meta = match condition {
        Condition::Literal(truth) => return Truth::of(*truth),
        Condition::Meta(meta) => meta,
    };
    match &**meta {
        Meta::Path(path) => {
            let never = ["test", "doc", "doctest", "miri"];
            if path.is_ident("alembic") {
                Truth::True
            } else if never.iter().any(|name| path.is_ident(name)) {
                Truth::False
            } else {
                Truth::Unknown
            }
        }
        Meta::NameValue(pair) if pair.path.is_ident("feature") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(feature) => Truth::of(features.contains(&feature.value())),
                _ => Truth::Unknown,
            },
            _ => Truth::Unknown,
        },
        Meta::NameValue(_) => Truth::Unknown,
        Meta::List(list) => {
            let parser = Punctuated::<Condition, Token![,]>::parse_terminated;
            let Ok(parts) = list.parse_args_with(parser) else {
                return Truth::Unknown;
            };
            let mut parts = parts.iter().map(|part| decide(part, features));
            if list.path.is_ident("all") {
                parts.fold(Truth::True, Truth::and)
            } else if list.path.is_ident("any") {
                parts.fold(Truth::False, Truth::or)
            } else if list.path.is_ident("not") {
                parts.next().map_or(Truth::Unknown, Truth::not)
            } else {
                Truth::Unknown
            }
        }
    }
}
