//! Decides which fields and variants are there.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Token};

use super::attributes::{decided, has_condition};
use super::condition::Truth;
use super::fault::Fault;

/// Decides which fields and variants of a struct or enum are there.
pub(super) struct Members<'r> {
    pub(super) features: &'r BTreeSet<String>,
    pub(super) here: &'r Path,
    pub(super) faults: &'r mut Vec<Fault>,
}

impl Members<'_> {
    /// Removes the fields and variants that are not there, and decides the attributes of the others.
    pub(super) fn decide(&mut self, input: &mut DeriveInput) {
        match &mut input.data {
            Data::Struct(data) => match &mut data.fields {
                Fields::Named(fields) => self.decide_fields(&mut fields.named),
                Fields::Unnamed(fields) => self.decide_fields(&mut fields.unnamed),
                Fields::Unit => {}
            },
            Data::Enum(data) => {
                if !data.variants.iter().any(|one| has_condition(&one.attrs)) {
                    return;
                }
                let variants = std::mem::take(&mut data.variants);
                for mut variant in variants {
                    if self.decide_member(&mut variant.attrs) {
                        data.variants.push(variant);
                    }
                }
            }
            Data::Union(_) => {}
        }
    }

    fn decide_fields(&mut self, fields: &mut Punctuated<Field, Token![,]>) {
        if !fields.iter().any(|field| has_condition(&field.attrs)) {
            return;
        }
        for mut field in std::mem::take(fields) {
            if self.decide_member(&mut field.attrs) {
                fields.push(field);
            }
        }
    }

    /// Decides the attributes of a field or variant, and returns whether it is there.
    fn decide_member(&mut self, attributes: &mut Vec<Attribute>) -> bool {
        let decided = decided(std::mem::take(attributes), self.features);
        let is_ours = |one: &&Attribute| {
            let path = one.path();
            let names = ["table", "column", "sea_orm", "cfg_attr"];
            names.iter().any(|name| path.is_ident(name))
        };
        let uncertain = decided.uncertain.iter().find(is_ours).map(Spanned::span);
        if let Some(span) = decided.undecided.or(uncertain) {
            let text = "what is stored depends on a condition that cannot be decided";
            self.faults.push(undecided(self.here, span, text));
        }
        *attributes = decided.attributes;
        decided.is_there == Truth::True
    }
}

/// Returns the fault of a condition that cannot be decided.
pub(super) fn undecided(here: &Path, span: Span, text: impl Into<String>) -> Fault {
    Fault::new(here, span, text).with_help(
        "only features and `test` can be decided; `any(alembic, ...)` puts it into the models, \
             `all(not(alembic), ...)` leaves it out",
    )
}
