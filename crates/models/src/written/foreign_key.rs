//! Reads foreign keys.

use proc_macro2::Ident;
use syn::Path;

use super::arguments::{Argument, Arguments};
use super::clauses::{Clause, Clauses, field_name};
use super::{Findings, Paths, Wanted, sql_text};
use crate::model::{Action, Constraint, Link, Rule, Target, Text, Timing};

const FOREIGN_KEY: &[&str] = &[
    "deferrable",
    "deferred",
    "name",
    "on_delete",
    "on_update",
    "references",
    "schema",
];

impl Clauses {
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
        let Some((target, inner)) = target(references, &self.own, paths, findings) else {
            return;
        };
        let name = clause.options.get("name").or_else(|| inner.get("name"));
        self.add_foreign_key(fields, target, name, [&clause.options, &inner], findings);
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
        if let Some((target, inner)) = target(argument, &self.own, paths, findings) {
            let fields = vec![field.to_owned().into()];
            // Beside the key stands the name of the column.
            let name = inner.get("name");
            self.add_foreign_key(fields, target, name, [&inner, beside], findings);
        }
    }

    /// Adds a foreign key whose options are in one of several places.
    fn add_foreign_key(
        &mut self,
        fields: Vec<Text>,
        target: Target,
        name: Option<&Argument>,
        options: [&Arguments; 2],
        findings: &mut Findings,
    ) {
        let mut find = |name: &str| {
            let mut found = options.iter().filter_map(|options| options.get(name));
            let first = found.next();
            if let Some(second) = found.next() {
                findings.add(second.span(), format!("`{name}` is given twice"));
            }
            first.cloned()
        };
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
    own: &Ident,
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
            // A `static` does not know the `Self` around it.
            let path = match path.is_ident("Self") {
                true => Path::from(own.clone()),
                false => path,
            };
            let fields = clause.fields.iter().map(field_name);
            Target::Struct {
                table: Link::Path(paths.keep(Wanted::Table, &path)),
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
