//! Reads the structs and enums, when all imports are known.

use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::DeriveInput;
use syn::spanned::Spanned;

use super::doubt::Doubt;
use super::{Found, Kind, Read, Reader, Stated};
use crate::scan::attributes::Decided;
use crate::scan::derives::{Meaning, derives};
use crate::scan::fault::Fault;
use crate::scan::known_derives::Derive;
use crate::scan::members::{Members, undecided};
use crate::written::{Finding, plain_name, read_column_type, read_columns, read_table};

/// A struct or an enum that may have a derive of this tool.
pub(super) struct Pending {
    pub(super) here: PathBuf,
    pub(super) module: usize,
    pub(super) input: DeriveInput,
    pub(super) decided: Decided,
    pub(super) doubt: Option<Doubt>,
}

impl Reader<'_> {
    /// Reads the structs and enums, and returns them with everything that is wrong.
    pub(in crate::scan) fn finish(mut self) -> Read {
        let mut found = Found::new();
        for pending in std::mem::take(&mut self.pending) {
            self.read_pending(pending, &mut found);
        }
        self.report_hidden();
        Read {
            found,
            failed: self.failed,
            files: self.files,
            faults: self.faults,
        }
    }

    fn read_pending(&mut self, pending: Pending, found: &mut Found) {
        let Pending {
            here,
            module,
            mut input,
            decided,
            doubt,
        } = pending;
        let certain = derives(&decided.attributes, self.tree, module);
        let uncertain = derives(&decided.uncertain, self.tree, module);
        let unknown = certain
            .iter()
            .chain(&uncertain)
            .find(|(meaning, _)| matches!(meaning, Meaning::Unknown));
        if let Some((_, path)) = unknown {
            self.faults.push(unknown_derive(&here, path));
            return;
        }
        if let Some((_, path)) = uncertain.first() {
            let text = "whether this is derived depends on a condition that cannot be decided";
            self.faults.push(undecided(&here, path.span(), text));
            return;
        }
        let Some((Meaning::Ours(derive), _)) = certain.first() else {
            return;
        };
        if let Some(doubt) = doubt {
            self.faults.push(doubt.fault(&input.ident));
            return;
        }
        if let Some((_, second)) = certain.get(1) {
            let text = "a struct is a table, columns, or the type of a column";
            self.faults.push(Fault::new(&here, second.span(), text));
            return;
        }
        let span = input.ident.span();
        let name = plain_name(&input.ident);
        let start = span.start();
        let place = (here.clone(), start.line, start.column);
        if let Some(key) = self.places.get(&place) {
            let key = key.clone();
            if let Some(stated) = found.get_mut(&key) {
                stated.also.push(module);
            }
            self.tree.modules[module].items.insert(name, key);
            return;
        }
        let mut key = format!("{}::{name}", self.tree.modules[module].path);
        // The library and a program may have different structs at the same path.
        while found.contains_key(&key) {
            key.push('\'');
        }
        input.attrs = decided.attributes;
        Members {
            features: self.features,
            here: &here,
            faults: &mut self.faults,
        }
        .decide(&mut input);
        let kind = match derive {
            Derive::Table => read_table(&input).map(Kind::Table),
            Derive::Columns => read_columns(&input).map(Kind::Columns),
            Derive::ColumnType => read_column_type(&input).map(Kind::Type),
        };
        self.places.insert(place, key.clone());
        self.tree.modules[module].items.insert(name, key.clone());
        match kind {
            Ok(kind) => {
                let stated = Stated {
                    file: here,
                    span,
                    module,
                    also: Vec::new(),
                    kind,
                };
                found.insert(key, stated);
            }
            Err(findings) => {
                self.failed.insert(key);
                let fault = |finding: Finding| Fault::of_finding(&here, finding);
                self.faults.extend(findings.into_iter().map(fault));
            }
        }
    }
}

/// Returns the fault of a derive that may be one of this tool, or not.
fn unknown_derive(here: &Path, path: &syn::Path) -> Fault {
    let name = path.to_token_stream().to_string().replace(' ', "");
    Fault::new(
        here,
        path.span(),
        format!("where the derive `{name}` comes from is not found"),
    )
    .with_help(
        "import it from `alembic_migrate`; if it is another, leave it out: \
             `#[cfg_attr(not(alembic), derive(...))]`",
    )
}
