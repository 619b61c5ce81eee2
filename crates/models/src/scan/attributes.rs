//! What the compiler does to attributes before a derive sees them: it decides `cfg`, and puts what
//! is in `cfg_attr` in its place.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Meta, Token};

use super::condition::{Condition, Truth, decide};

/// The attributes of an item, with what is known of its conditions.
pub(super) struct Decided {
    /// The attributes that are there.
    pub(super) attributes: Vec<Attribute>,
    /// Whether the item is there.
    pub(super) is_there: Truth,
    /// Where the condition is that cannot be decided.
    pub(super) undecided: Option<Span>,
    /// Attributes that are there under a condition that cannot be decided.
    pub(super) uncertain: Vec<Attribute>,
}

struct Conditional {
    condition: Condition,
    attributes: Punctuated<Meta, Token![,]>,
}

impl Parse for Conditional {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let condition = input.parse()?;
        input.parse::<Token![,]>()?;
        Ok(Self {
            condition,
            attributes: Punctuated::parse_terminated(input)?,
        })
    }
}

/// Decides the conditions of an item's attributes.
pub(super) fn decided(attributes: Vec<Attribute>, features: &BTreeSet<String>) -> Decided {
    let mut decided = Decided {
        attributes: Vec::new(),
        is_there: Truth::True,
        undecided: None,
        uncertain: Vec::new(),
    };
    if !has_condition(&attributes) {
        decided.attributes = attributes;
        return decided;
    }
    for attribute in attributes {
        decided.add(attribute, Truth::True, features);
    }
    decided
}

/// Returns whether there is anything to decide.
pub(super) fn has_condition(attributes: &[Attribute]) -> bool {
    let is_condition =
        |one: &Attribute| one.path().is_ident("cfg") || one.path().is_ident("cfg_attr");
    attributes.iter().any(is_condition)
}

impl Decided {
    fn add(&mut self, attribute: Attribute, certainty: Truth, features: &BTreeSet<String>) {
        if attribute.path().is_ident("cfg") {
            let condition = attribute.parse_args::<Condition>();
            let truth = condition.map_or(Truth::Unknown, |condition| decide(&condition, features));
            let truth = match (certainty, truth) {
                // If the attribute itself is uncertain, so is what it decides.
                (Truth::Unknown, Truth::False) => Truth::Unknown,
                (Truth::True | Truth::False | Truth::Unknown, truth) => truth,
            };
            self.is_there = self.is_there.and(truth);
            if truth == Truth::Unknown {
                self.undecided.get_or_insert(attribute.span());
            }
        } else if attribute.path().is_ident("cfg_attr") {
            let Ok(conditional) = attribute.parse_args::<Conditional>() else {
                self.uncertain.push(attribute);
                return;
            };
            let truth = certainty.and(decide(&conditional.condition, features));
            if truth == Truth::False {
                return;
            }
            for meta in conditional.attributes {
                let inner = Attribute {
                    meta,
                    ..attribute.clone()
                };
                self.add(inner, truth, features);
            }
        } else if certainty == Truth::Unknown {
            self.uncertain.push(attribute);
        } else {
            self.attributes.push(attribute);
        }
    }
}
