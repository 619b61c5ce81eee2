//! Reports the tables inside of macros and functions, where they cannot be read.

use std::fs;
use std::path::PathBuf;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Ident, ItemMod, LitStr, Token, Visibility};

use super::Reader;
use super::doubt::{Cause, Doubt};
use crate::scan::attributes::decided;
use crate::scan::condition::Truth;
use crate::scan::derives::{Meaning, meaning};
use crate::scan::fault::Fault;
use crate::scan::hidden::{Hidden, Search};
use crate::scan::module_files::{Here, real};
use crate::scan::tree::from_scope;

/// A derive inside of a macro or a function, to be looked at when all imports are known.
pub(super) struct HiddenDerive {
    file: PathBuf,
    span: Span,
    /// What has the imports of the macro or the function.
    scope: usize,
    paths: Vec<Vec<String>>,
}

impl Reader<'_> {
    /// Looks for tables inside of an item, where they cannot be read.
    pub(super) fn search(
        &mut self,
        item: &impl ToTokens,
        attributes: &[Attribute],
        here: &Here,
        module: usize,
    ) {
        let decided = decided(attributes.to_vec(), self.features);
        let mut there = decided.attributes.iter();
        if decided.is_there == Truth::False || there.any(|one| one.path().is_ident("test")) {
            return;
        }
        self.search_tokens(item.to_token_stream(), here, module);
    }

    fn search_tokens(&mut self, tokens: TokenStream, here: &Here, module: usize) {
        let mut search = Search::default();
        search.read(tokens);
        if search.found.is_empty() {
            return;
        }
        let scope = self.tree.add_scope(module, search.imports);
        for hidden in search.found {
            match hidden {
                Hidden::Derive { span, paths } => self.hidden.push(HiddenDerive {
                    file: here.file.clone(),
                    span,
                    scope,
                    paths: paths.into_iter().map(from_scope).collect(),
                }),
                Hidden::Module {
                    attributes,
                    name,
                    inside,
                } => self.read_hidden_module(attributes, name, &inside, here, module),
                Hidden::Include(path) => self.search_file(&path, here, module),
                Hidden::UnknownFile(span) => self.faults.push(
                    Fault::new(&here.file, span, "which files are read here is not known")
                        .with_help(
                            "write `mod name;` for each, or leave it out: `#[cfg(not(alembic))]`",
                        ),
                ),
            }
        }
    }

    /// Reads a module that may be there; whether it is or not, it must not hold a table.
    fn read_hidden_module(
        &mut self,
        attributes: Vec<Attribute>,
        name: Ident,
        inside: &[String],
        here: &Here,
        module: usize,
    ) {
        let doubt = Doubt {
            file: here.file.clone(),
            span: name.span(),
            cause: Cause::Tokens,
        };
        let mut here = here.clone();
        let mut module = module;
        for outer in inside {
            here = here.inside(outer, None);
            module = self.tree.add_module(outer, Some(module));
        }
        let item = ItemMod {
            attrs: attributes,
            vis: Visibility::Inherited,
            unsafety: None,
            mod_token: Token![mod](name.span()),
            semi: Some(Token![;](name.span())),
            content: None,
            ident: name,
        };
        self.read_module(item, &here, module, Some(&doubt));
    }

    /// Looks for tables in a file that is included inside of a macro or a function.
    fn search_file(&mut self, path: &LitStr, here: &Here, module: usize) {
        let included = Here {
            file: here.included(&path.value()),
            ..here.clone()
        };
        // If the macro is not used, the file need not exist; if it is, the compiler reports it.
        let Ok(text) = fs::read_to_string(&included.file) else {
            return;
        };
        let file = real(&included.file);
        if self.open.contains(&file) {
            return;
        }
        self.files.insert(included.file.clone());
        if let Ok(tokens) = text.parse::<TokenStream>() {
            self.open.push(file);
            self.search_tokens(tokens, &included, module);
            self.open.pop();
        }
    }

    fn states_table(&self, path: &[String], scope: usize) -> bool {
        match meaning(path, self.tree, scope, self.grammar) {
            Some(Meaning::Ours(derive)) => derive.is_table(),
            Some(Meaning::Unknown) => true,
            None => false,
        }
    }

    /// Reports the derives of this tool inside of macros and functions.
    pub(super) fn report_hidden(&mut self) {
        for hidden in &self.hidden {
            let HiddenDerive {
                file,
                span,
                scope,
                paths,
            } = hidden;
            let mut paths = paths.iter();
            if paths.any(|path| self.states_table(path, *scope)) {
                let text = "a table inside of a function or a macro cannot be read";
                let fault = Fault::new(file, *span, text)
                    .with_help("write the struct out in a module, or state the table in SQL");
                self.faults.push(fault);
            }
        }
    }
}
