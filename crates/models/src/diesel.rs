//! The tables that diesel's `table!` declares, as they are read from a file and written into one.

use std::fmt::Write;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, File, Ident, Item, ItemUse, Lit, Meta, Path, Token};

/// What a file of diesel declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DieselSchema {
    /// The tables, in their order.
    pub tables: Vec<DieselTable>,
    /// Which tables join which.
    pub joins: Vec<DieselJoin>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DieselTable {
    /// Its name in Rust.
    pub name: String,
    /// Its name in the database.
    pub sql_name: String,
    /// The columns of the primary key, by their names in Rust; none, if a database has no key.
    pub primary_key: Vec<String>,
    /// The columns, in their order.
    pub columns: Vec<DieselColumn>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DieselColumn {
    /// Its name in Rust.
    pub name: String,
    /// Its name in the database.
    pub sql_name: String,
    /// Its type, without spaces.
    pub data_type: String,
    /// The length that its type has.
    pub max_length: Option<String>,
    /// The last segment of a type that diesel does not bring.
    pub custom_type: Option<String>,
}

/// A table that refers to another one by a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DieselJoin {
    /// The table that refers.
    pub child: String,
    /// The table that it refers to.
    pub parent: String,
    /// The column by which it refers.
    pub column: String,
}

/// Why a file cannot be read, and where: the line and the column, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DieselFault {
    /// What is wrong.
    pub text: String,
    /// The line.
    pub line: usize,
    /// The column in characters.
    pub column: usize,
}

impl From<syn::Error> for DieselFault {
    fn from(error: syn::Error) -> Self {
        let start = error.span().start();
        Self {
            text: error.to_string(),
            line: start.line,
            column: start.column + 1,
        }
    }
}

impl DieselSchema {
    /// Reads what a file declares.
    ///
    /// # Errors
    ///
    /// What is no Rust, or no declaration that diesel reads.
    pub fn read(text: &str) -> Result<Self, DieselFault> {
        let file: File = syn::parse_file(text)?;
        let mut schema = Self::default();
        schema.add(&file.items)?;
        Ok(schema)
    }

    fn add(&mut self, items: &[Item]) -> syn::Result<()> {
        for item in items {
            match item {
                Item::Mod(module) => {
                    let items = module.content.as_ref().map(|(_, items)| items.as_slice());
                    self.add(items.unwrap_or_default())?;
                }
                Item::Macro(item) => {
                    let last = item.mac.path.segments.last();
                    let name = last.map(|last| last.ident.to_string());
                    match name.as_deref() {
                        Some("table") => self.tables.push(item.mac.parse_body()?),
                        Some("joinable") => self.joins.push(item.mac.parse_body()?),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes over what another file says beyond what a database has: the primary keys of tables that have
    /// none there, and are left out otherwise, and joins without a foreign key, by columns that exist.
    pub fn keep_what_is_written(&mut self, other: &Self) {
        for table in self
            .tables
            .iter_mut()
            .filter(|table| table.primary_key.is_empty())
        {
            let mut known = other.tables.iter();
            if let Some(known) = known.find(|known| known.sql_name == table.sql_name) {
                table.primary_key.clone_from(&known.primary_key);
            }
        }
        self.tables.retain(|table| !table.primary_key.is_empty());
        let has = |join: &DieselJoin| {
            let mut tables = self.tables.iter();
            let child = tables.clone().find(|table| table.name == join.child);
            let has_column = child.is_some_and(|child| {
                let mut columns = child.columns.iter();
                columns.any(|column| column.name == join.column)
            });
            has_column && tables.any(|table| table.name == join.parent)
        };
        let kept: Vec<DieselJoin> = other
            .joins
            .iter()
            .filter(|join| has(join))
            .cloned()
            .collect();
        self.joins.extend(kept);
        self.joins.sort();
        self.joins.dedup();
    }

    /// Writes the declarations as diesel's command does, without what stands above them.
    #[must_use]
    pub fn written(&self) -> String {
        let mut text = String::new();
        for (number, table) in self.tables.iter().enumerate() {
            text += if number > 0 { "\n" } else { "" };
            text += &table.written();
        }
        if !self.joins.is_empty() {
            text.push('\n');
        }
        for join in &self.joins {
            let DieselJoin {
                child,
                parent,
                column,
            } = join;
            let _ = writeln!(text, "diesel::joinable!({child} -> {parent} ({column}));");
        }
        if self.tables.len() > 1 {
            text += &allowed(&self.tables);
        }
        text
    }
}

/// Writes the tables that may be used in one query.
fn allowed(tables: &[DieselTable]) -> String {
    /// As rustfmt does it.
    const WIDTH: usize = 60;
    let names: Vec<String> = tables
        .iter()
        .map(|table| format!("{},", table.name))
        .collect();
    let names = match names.join(" ") {
        line if line.len() <= WIDTH => line,
        _ => format!("\n    {}\n", names.join("\n    ")),
    };
    format!("\ndiesel::allow_tables_to_appear_in_same_query!({names});\n")
}

impl DieselTable {
    fn written(&self) -> String {
        let mut text = "diesel::table! {\n".to_owned();
        let mut imported: Vec<&str> = Vec::new();
        for custom in self
            .columns
            .iter()
            .filter_map(|column| column.custom_type.as_deref())
        {
            if imported.is_empty() {
                text += "    use diesel::sql_types::*;\n";
            }
            if !imported.contains(&custom) {
                let _ = writeln!(text, "    use super::sql_types::{custom};");
                imported.push(custom);
            }
        }
        if !imported.is_empty() {
            text.push('\n');
        }
        if self.name != self.sql_name {
            let _ = writeln!(text, "    #[sql_name = {:?}]", self.sql_name);
        }
        let _ = writeln!(
            text,
            "    {} ({}) {{",
            self.name,
            self.primary_key.join(", ")
        );
        for column in &self.columns {
            if column.name != column.sql_name {
                let _ = writeln!(text, "        #[sql_name = {:?}]", column.sql_name);
            }
            if let Some(length) = &column.max_length {
                let _ = writeln!(text, "        #[max_length = {length}]");
            }
            let _ = writeln!(text, "        {} -> {},", column.name, column.data_type);
        }
        text + "    }\n}\n"
    }
}

impl Parse for DieselTable {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut imported = Vec::new();
        while input.peek(Token![use]) {
            imported.extend(custom_type(&input.parse()?));
        }
        let attributes = input.call(Attribute::parse_outer)?;
        let mut path = plain(&input.call(Ident::parse_any)?);
        // `schema.table`
        if input.parse::<Option<Token![.]>>()?.is_some() {
            path = plain(&input.call(Ident::parse_any)?);
        }
        let primary_key = match input.peek(syn::token::Paren) {
            true => {
                let inner;
                syn::parenthesized!(inner in input);
                let names = inner.parse_terminated(Ident::parse_any, Token![,])?;
                names.iter().map(plain).collect()
            }
            false => vec!["id".to_owned()],
        };
        let body;
        syn::braced!(body in input);
        let columns = Punctuated::<DieselColumn, Token![,]>::parse_terminated(&body)?;
        let sql_name = value_of(&attributes, "sql_name");
        // A name with a schema may be written in the attribute, too.
        let sql_name = sql_name.map(|name| match name.rsplit_once('.') {
            Some((_, name)) => name.to_owned(),
            None => name,
        });
        Ok(Self {
            sql_name: sql_name.unwrap_or_else(|| path.clone()),
            name: path,
            primary_key,
            columns: columns
                .into_iter()
                .map(|column| column.with_custom_type(&imported))
                .collect(),
        })
    }
}

/// Returns the type that is imported from those that the file itself declares.
fn custom_type(import: &ItemUse) -> Option<String> {
    let text = squeezed(&import.tree.to_token_stream().to_string());
    text.strip_prefix("super::sql_types::").map(str::to_owned)
}

impl DieselColumn {
    fn with_custom_type(self, imported: &[String]) -> Self {
        let mut words = self.data_type.split(['<', '>']);
        let custom_type = words.find(|word| imported.iter().any(|name| name == word));
        Self {
            custom_type: custom_type.map(str::to_owned),
            ..self
        }
    }
}

impl Parse for DieselColumn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let name = plain(&input.call(Ident::parse_any)?);
        input.parse::<Token![->]>()?;
        let mut tokens = TokenStream::new();
        let mut depth = 0_usize;
        while !(input.is_empty() || depth == 0 && input.peek(Token![,])) {
            let token: TokenTree = input.parse()?;
            if let TokenTree::Punct(punct) = &token {
                match punct.as_char() {
                    '<' => depth += 1,
                    '>' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            tokens.extend([token]);
        }
        Ok(Self {
            sql_name: value_of(&attributes, "sql_name").unwrap_or_else(|| name.clone()),
            name,
            data_type: squeezed(&tokens.to_string()),
            max_length: value_of(&attributes, "max_length"),
            custom_type: None,
        })
    }
}

impl Parse for DieselJoin {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let child = Path::parse_mod_style(input)?;
        input.parse::<Token![->]>()?;
        let parent = Path::parse_mod_style(input)?;
        let inner;
        syn::parenthesized!(inner in input);
        let column = inner.call(Ident::parse_any)?;
        let last = |path: &Path| path.segments.last().map(|last| plain(&last.ident));
        Ok(Self {
            child: last(&child).unwrap_or_default(),
            parent: last(&parent).unwrap_or_default(),
            column: plain(&column),
        })
    }
}

fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Returns the value of an attribute, as in `#[sql_name = "..."]`.
fn value_of(attributes: &[Attribute], name: &str) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident(name) => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                Expr::Lit(ExprLit {
                    lit: Lit::Int(number),
                    ..
                }) => Some(number.to_string()),
                _ => None,
            },
            _ => None,
        })
}

/// Returns a text without the space in it.
#[must_use]
pub fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace())
        .collect()
}
