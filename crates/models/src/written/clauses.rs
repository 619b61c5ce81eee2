//! Reads constraints and indexes.

use alembic_sql::Dialect;
use proc_macro2::{Ident, Span};
use syn::LitStr;
use syn::ext::IdentExt;

use super::arguments::{Argument, Arguments};
use super::{Findings, sql_text};
use crate::model::{Constraint, Engines, Index, Part, Rule, Text, Timing};

/// The constraints and indexes that are read.
pub(super) struct Clauses {
    /// The struct, which `Self` means.
    pub(super) own: Ident,
    pub(super) constraints: Vec<Constraint>,
    pub(super) indexes: Vec<Index>,
    /// The fields that are named, to be looked up once all fields are read.
    pub(super) mentions: Vec<Ident>,
    /// The fields of the primary key that the struct names.
    pub(super) key_fields: Vec<Ident>,
    /// Where primary keys are stated.
    pub(super) keys: Vec<Span>,
    /// The fields that are no columns themselves.
    pub(super) no_columns: Vec<String>,
    /// The columns of foreign keys that are to become NULL, and where that is said.
    pub(super) set_to_null: Vec<(String, Span)>,
}

/// What an index or constraint is about, and the options after it.
pub(super) struct Clause {
    pub(super) span: Span,
    pub(super) fields: Vec<Ident>,
    pub(super) texts: Vec<LitStr>,
    pub(super) options: Arguments,
}

const INDEX: &[&str] = &[
    "include",
    "name",
    "nulls_not_distinct",
    "only",
    "unique",
    "using",
    "where",
];
const UNIQUE: &[&str] = &["deferrable", "deferred", "name", "nulls_not_distinct"];

/// The options that are words without a value. A field of such a name is written with `r#`.
const FLAGS: [&str; 4] = ["deferrable", "deferred", "nulls_not_distinct", "unique"];

fn is_flag(word: &Ident, options: &[&str]) -> bool {
    let is_word = |one: &&str| word == *one;
    FLAGS.iter().any(is_word) && options.iter().any(is_word)
}

impl Clause {
    /// Reads the arguments of `name(...)`, in which `options` have a meaning.
    pub(super) fn read(argument: &Argument, options: &[&str], findings: &mut Findings) -> Self {
        let mut clause = Self {
            span: argument.span(),
            fields: Vec::new(),
            texts: Vec::new(),
            options: Arguments::sort(Vec::new(), &[], &[], findings),
        };
        let arguments = match argument {
            Argument::List(_, arguments) => arguments.clone(),
            Argument::Word(_) => Vec::new(),
            Argument::Text(_) | Argument::Number(_) | Argument::Path(_) | Argument::Value(..) => {
                findings.add(argument.span(), "expected a list in parentheses");
                Vec::new()
            }
        };
        let mut rest = Vec::new();
        for argument in arguments {
            match argument {
                Argument::Word(word) if !is_flag(&word, options) => {
                    clause.fields.push(word);
                }
                Argument::Text(text) => clause.texts.push(text),
                other => rest.push(other),
            }
        }
        clause.options = Arguments::sort(rest, options, &[], findings);
        clause
    }

    /// Says that the clause names nothing itself, if it does.
    fn expect_options(&self, findings: &mut Findings) {
        for field in &self.fields {
            findings.add_with_help(
                field.span(),
                format!("unknown option `{field}`"),
                "columns are named by attributes of the struct",
            );
        }
        self.expect_no_texts(findings);
    }

    pub(super) fn expect_no_texts(&self, findings: &mut Findings) {
        for text in &self.texts {
            findings.add_with_help(text.span(), "expected a field", "name it without quotes");
        }
    }

    fn name(&self, findings: &mut Findings) -> Option<Text> {
        let name = self.options.text("name", findings)?;
        sql_text::name(&name, findings)
    }

    fn timing(&self, findings: &mut Findings) -> Timing {
        let deferrable = self.options.word("deferrable", findings);
        match self.options.word("deferred", findings) {
            true => Timing::Deferred,
            false if deferrable => Timing::Deferrable,
            false => Timing::Immediate,
        }
    }
}

/// Returns a name without `r#`.
pub(crate) fn field_name(field: &Ident) -> String {
    field.unraw().to_string()
}

impl Clauses {
    pub(super) fn new(own: &Ident) -> Self {
        Self {
            own: own.clone(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            mentions: Vec::new(),
            key_fields: Vec::new(),
            keys: Vec::new(),
            no_columns: Vec::new(),
            set_to_null: Vec::new(),
        }
    }

    pub(super) fn fields(
        &mut self,
        fields: &[Ident],
        at: Span,
        findings: &mut Findings,
    ) -> Vec<Text> {
        if fields.is_empty() {
            findings.add(at, "expected at least one field");
        }
        for (index, field) in fields.iter().enumerate() {
            let name = field_name(field);
            if fields[..index]
                .iter()
                .any(|other| field_name(other) == name)
            {
                findings.add(field.span(), format!("`{name}` is given twice"));
            }
        }
        self.mentions.extend(fields.iter().cloned());
        let names = fields.iter().map(field_name);
        names.map(Text::from).collect()
    }

    /// Reads `primary_key(a, b)` of a struct.
    pub(super) fn primary_key(&mut self, argument: &Argument, findings: &mut Findings) {
        let clause = Clause::read(argument, &["name"], findings);
        clause.expect_no_texts(findings);
        let fields = self.fields(&clause.fields, clause.span, findings);
        self.keys.push(clause.span);
        self.key_fields.extend(clause.fields.iter().cloned());
        self.constraints.push(Constraint {
            name: clause.name(findings),
            rule: Rule::PrimaryKey {
                fields: fields.into(),
            },
        });
    }

    /// Reads `primary_key` of a field.
    pub(super) fn primary_key_of(
        &mut self,
        field: &str,
        argument: &Argument,
        findings: &mut Findings,
    ) {
        let clause = Clause::read(argument, &["name"], findings);
        clause.expect_options(findings);
        self.keys.push(clause.span);
        self.constraints.push(Constraint {
            name: clause.name(findings),
            rule: Rule::PrimaryKey {
                fields: vec![field.to_owned().into()].into(),
            },
        });
    }

    /// Reads `unique(a, b)` of a struct.
    pub(super) fn unique(&mut self, argument: &Argument, findings: &mut Findings) {
        let clause = Clause::read(argument, UNIQUE, findings);
        clause.expect_no_texts(findings);
        let fields = self.fields(&clause.fields, clause.span, findings);
        self.add_unique(&clause, fields, findings);
    }

    /// Reads `unique` of a field.
    pub(super) fn unique_of(&mut self, field: &str, argument: &Argument, findings: &mut Findings) {
        let clause = Clause::read(argument, UNIQUE, findings);
        clause.expect_options(findings);
        self.add_unique(&clause, vec![field.to_owned().into()], findings);
    }

    fn add_unique(&mut self, clause: &Clause, fields: Vec<Text>, findings: &mut Findings) {
        self.constraints.push(Constraint {
            name: clause.name(findings),
            rule: Rule::Unique {
                fields: fields.into(),
                nulls_not_distinct: clause.options.word("nulls_not_distinct", findings),
                timing: clause.timing(findings),
            },
        });
    }

    /// Reads `check("...", name = "...")` and `check(sqlite = "...", postgres = "...")`, of a struct
    /// or of a field.
    pub(super) fn check(
        &mut self,
        field: Option<&str>,
        argument: &Argument,
        findings: &mut Findings,
    ) {
        let mut name = None;
        let mut rest = argument.clone();
        if let Argument::List(_, arguments) = &mut rest {
            let is_name = |one: &Argument| one.key().is_some_and(|key| key == "name");
            name = arguments.iter().find(|one| is_name(one)).cloned();
            arguments.retain(|one| !is_name(one));
        }
        let name = name.and_then(|name| name.text(findings));
        self.constraints.push(Constraint {
            name: name.and_then(|name| sql_text::name(&name, findings)),
            rule: Rule::Check {
                field: field.map(|field| field.to_owned().into()),
                expression: sql_text::each(&rest, findings),
            },
        });
    }

    /// Reads `index(a, "lower(b)", ...)` of a struct.
    pub(super) fn index(&mut self, argument: &Argument, findings: &mut Findings) {
        let Argument::List(name, arguments) = argument else {
            findings.add_with_help(
                argument.span(),
                "expected what the index is on",
                "name fields, or write SQL in quotes: `index(author, \"published DESC\")`",
            );
            return;
        };
        let mut parts = Vec::new();
        let mut options = Vec::new();
        for argument in arguments {
            match argument {
                Argument::Word(word) if !is_flag(word, INDEX) => {
                    self.mentions.push(word.clone());
                    parts.push(Part::Field(field_name(word).into()));
                }
                Argument::Text(text) => {
                    let sql = sql_text::checked(text, Dialect::ALL, findings);
                    parts.extend(sql.map(Part::Sql));
                }
                other => options.push(other.clone()),
            }
        }
        if parts.is_empty() {
            findings.add(name.span(), "expected at least one field");
        }
        let options = Argument::List(name.clone(), options);
        self.add_index(parts, &Clause::read(&options, INDEX, findings), findings);
    }

    /// Reads `index` of a field.
    pub(super) fn index_of(&mut self, field: &str, argument: &Argument, findings: &mut Findings) {
        let clause = Clause::read(argument, INDEX, findings);
        clause.expect_options(findings);
        self.add_index(
            vec![Part::Field(field.to_owned().into())],
            &clause,
            findings,
        );
    }

    fn add_index(&mut self, parts: Vec<Part>, clause: &Clause, findings: &mut Findings) {
        let options = &clause.options;
        let include = match options.get("include") {
            None => Vec::new(),
            Some(argument) => {
                let clause = Clause::read(argument, &[], findings);
                clause.expect_no_texts(findings);
                self.fields(&clause.fields, clause.span, findings)
            }
        };
        let method = options.text("using", findings);
        let condition = options.get("where");
        let condition = condition.map(|argument| sql_text::each(argument, findings));
        let only = options.get("only");
        let engines = only.map(|argument| engines(argument, findings));
        self.indexes.push(Index {
            name: clause.name(findings),
            unique: options.word("unique", findings),
            nulls_not_distinct: options.word("nulls_not_distinct", findings),
            parts: parts.into(),
            include: include.into(),
            method: method.and_then(|method| sql_text::name(&method, findings)),
            condition: condition.unwrap_or_default(),
            engines: engines.unwrap_or(Engines {
                sqlite: true,
                postgres: true,
            }),
        });
    }
}

/// Reads `only = sqlite`.
fn engines(argument: &Argument, findings: &mut Findings) -> Engines {
    let word = match argument {
        Argument::Value(_, value) => value.key().map(ToString::to_string),
        Argument::Text(_)
        | Argument::Number(_)
        | Argument::Path(_)
        | Argument::Word(_)
        | Argument::List(..) => None,
    };
    let only = word.and_then(|word| word.parse::<Dialect>().ok());
    if only.is_none() {
        findings.add_with_help(
            argument.span(),
            "unknown engine",
            "write `only = sqlite` or `only = postgres`",
        );
    }
    let mut has = Dialect::ALL
        .iter()
        .map(|dialect| only.is_none_or(|only| only == *dialect));
    Engines {
        sqlite: has.next().unwrap_or(true),
        postgres: has.next().unwrap_or(true),
    }
}
