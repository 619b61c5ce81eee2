//! Reads constraints and indexes.

use alembic_sql::Dialect;
use proc_macro2::{Ident, Span};
use syn::LitStr;
use syn::ext::IdentExt;

use super::arguments::{Argument, Arguments};
use super::{Findings, Paths, sql_text};
use crate::model::{Action, Constraint, Engines, Index, Link, Part, Rule, Target, Text, Timing};

/// The fields that constraints and indexes name, to be looked up once all fields are read.
#[derive(Default)]
pub(super) struct Mentions(pub(super) Vec<Ident>);

/// The constraints and indexes that are read.
#[derive(Default)]
pub(super) struct Clauses {
    pub(super) constraints: Vec<Constraint>,
    pub(super) indexes: Vec<Index>,
    pub(super) mentions: Mentions,
    /// The columns of foreign keys that are to become NULL, and where that is said.
    pub(super) set_to_null: Vec<(String, Span)>,
}

/// What an index or constraint is about, and the options after it.
struct Clause {
    span: Span,
    fields: Vec<Ident>,
    texts: Vec<LitStr>,
    options: Arguments,
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
const FOREIGN_KEY: &[&str] = &[
    "deferrable",
    "deferred",
    "name",
    "on_delete",
    "on_update",
    "references",
    "schema",
];

impl Clause {
    /// Reads the arguments of `name(...)`, in which `options` have a meaning.
    fn read(argument: &Argument, options: &[&str], findings: &mut Findings) -> Self {
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
                Argument::Word(word) if !options.contains(&word.to_string().as_str()) => {
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

    fn expect_no_texts(&self, findings: &mut Findings) {
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

/// Returns the name of a field without `r#`.
pub(super) fn field_name(field: &Ident) -> String {
    field.unraw().to_string()
}

impl Clauses {
    fn fields(&mut self, fields: &[Ident], at: Span, findings: &mut Findings) -> Vec<Text> {
        if fields.is_empty() {
            findings.add(at, "expected at least one field");
        }
        self.mentions.0.extend(fields.iter().cloned());
        let names = fields.iter().map(field_name);
        names.map(Text::from).collect()
    }

    /// Reads `primary_key(a, b)` of a struct.
    pub(super) fn primary_key(&mut self, argument: &Argument, findings: &mut Findings) {
        let clause = Clause::read(argument, &["name"], findings);
        clause.expect_no_texts(findings);
        let fields = self.fields(&clause.fields, clause.span, findings);
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
                Argument::Word(word) if !INDEX.contains(&word.to_string().as_str()) => {
                    self.mentions.0.push(word.clone());
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

    /// Reads `foreign_key(a, b, references(Struct), ...)` of a struct.
    pub(super) fn foreign_key(
        &mut self,
        argument: &Argument,
        paths: &mut Paths,
        findings: &mut Findings,
    ) {
        let clause = Clause::read(argument, FOREIGN_KEY, findings);
        clause.expect_no_texts(findings);
        let fields = self.fields(&clause.fields, clause.span, findings);
        let Some(references) = clause.options.get("references") else {
            findings.add_with_help(
                clause.span,
                "a foreign key has to refer to something",
                "write `foreign_key(a, b, references(Struct))`",
            );
            return;
        };
        let Some((target, inner)) = target(references, paths, findings) else {
            return;
        };
        self.add_foreign_key(fields, target, &[&clause.options, &inner], findings);
    }

    /// Reads `references(Struct, ...)` of a field, and the options beside it.
    pub(super) fn references_of(
        &mut self,
        field: &str,
        argument: &Argument,
        beside: &Arguments,
        paths: &mut Paths,
        findings: &mut Findings,
    ) {
        if let Some((target, inner)) = target(argument, paths, findings) {
            let fields = vec![field.to_owned().into()];
            self.add_foreign_key(fields, target, &[&inner, beside], findings);
        }
    }

    /// Adds a foreign key whose options are in one of several places.
    fn add_foreign_key(
        &mut self,
        fields: Vec<Text>,
        target: Target,
        options: &[&Arguments],
        findings: &mut Findings,
    ) {
        let mut find = |name: &str| {
            let mut found = options.iter().filter_map(|options| options.get(name));
            let first = found.next();
            if let Some(second) = found.next() {
                findings.add(second.span(), format!("`{name}` is there twice"));
            }
            first.cloned()
        };
        // The name of a field's column stands beside the key.
        let name = options
            .iter()
            .take(1)
            .find_map(|options| options.get("name"));
        let name = name.or_else(|| options.get(1)?.get("name").filter(|_| fields.len() > 1));
        let on_delete = find("on_delete");
        let on_update = find("on_update");
        let deferrable = find("deferrable");
        let deferred = find("deferred");
        for word in deferrable.iter().chain(&deferred) {
            word.expect_word(findings);
        }
        let mut action_of = |argument: Option<Argument>| {
            let argument = argument?;
            let action = action(&argument, findings)?;
            if action == Action::SetNull {
                let span = argument.span();
                let names = fields.iter().map(ToString::to_string);
                self.set_to_null.extend(names.map(|name| (name, span)));
            }
            Some(action)
        };
        let on_delete = action_of(on_delete);
        let on_update = action_of(on_update);
        let name = name.and_then(|name| name.text(findings));
        self.constraints.push(Constraint {
            name: name.and_then(|name| sql_text::name(&name, findings)),
            rule: Rule::ForeignKey {
                fields: fields.into(),
                target,
                on_delete,
                on_update,
                timing: match deferred.is_some() {
                    true => Timing::Deferred,
                    false if deferrable.is_some() => Timing::Deferrable,
                    false => Timing::Immediate,
                },
            },
        });
    }
}

/// Reads what a key refers to, and the options in the same parentheses.
fn target(
    argument: &Argument,
    paths: &mut Paths,
    findings: &mut Findings,
) -> Option<(Target, Arguments)> {
    let help = "write `references(Struct)`, or `references(\"table\", \"column\")`";
    let Argument::List(name, arguments) = argument else {
        findings.add_with_help(argument.span(), "expected what the key refers to", help);
        return None;
    };
    let Some((first, rest)) = arguments.split_first() else {
        findings.add_with_help(name.span(), "expected what the key refers to", help);
        return None;
    };
    let rest = Argument::List(name.clone(), rest.to_vec());
    let clause = Clause::read(&rest, FOREIGN_KEY, findings);
    let schema = clause.options.text("schema", findings);
    let target = match (first, first.path()) {
        (Argument::Text(table), _) => {
            for field in &clause.fields {
                findings.add_with_help(field.span(), "expected a column", "write it in quotes");
            }
            let columns = clause.texts.iter();
            let columns: Vec<Text> = columns
                .filter_map(|column| sql_text::name(column, findings))
                .collect();
            Target::Named {
                schema: schema.and_then(|schema| sql_text::name(&schema, findings)),
                table: sql_text::name(table, findings)?,
                columns: columns.into(),
            }
        }
        (_, Some(path)) => {
            clause.expect_no_texts(findings);
            if let Some(schema) = schema {
                findings.add(schema.span(), "the struct says which schema it is in");
            }
            let fields = clause.fields.iter().map(field_name);
            Target::Struct {
                table: Link::Path(paths.keep(&path).into()),
                fields: fields.map(Text::from).collect::<Vec<Text>>().into(),
            }
        }
        (_, None) => {
            findings.add_with_help(first.span(), "expected what the key refers to", help);
            return None;
        }
    };
    Some((target, clause.options))
}

fn action(argument: &Argument, findings: &mut Findings) -> Option<Action> {
    let word = match argument {
        Argument::Value(_, value) => value.key().map(ToString::to_string),
        Argument::Text(_)
        | Argument::Number(_)
        | Argument::Path(_)
        | Argument::Word(_)
        | Argument::List(..) => None,
    };
    let action = match word.as_deref() {
        Some("cascade") => Action::Cascade,
        Some("restrict") => Action::Restrict,
        Some("set_null") => Action::SetNull,
        Some("set_default") => Action::SetDefault,
        Some("no_action") => Action::NoAction,
        _ => {
            findings.add_with_help(
                argument.span(),
                "unknown action of a foreign key",
                "known are `cascade`, `restrict`, `set_null`, `set_default`, `no_action`",
            );
            return None;
        }
    };
    Some(action)
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
