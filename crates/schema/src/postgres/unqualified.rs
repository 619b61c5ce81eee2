//! Statements without the schema `public`.
//!
//! The server writes every name in a definition with its schema, and our own parts of a statement leave
//! `public` out. A statement that does both creates a table wherever the search path leads to, and lets its
//! foreign keys refer to tables elsewhere.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, Token, TokenKind, Tokens, literal, unquote};

use crate::change::Change;
use crate::model::{ObjectKind, Schema};
use crate::postgres::name;

const PUBLIC: &str = "public";

/// Takes `public` away in front of the names of tables, views, sequences and types, where the names mean
/// the same without it. Routines keep it: the server creates them with it.
pub(crate) fn unqualify(changes: &mut [Change], from: &Schema, to: &Schema) {
    let texts = changes.iter_mut().flat_map(|change| {
        let statements = change.statements.iter_mut();
        let texts = statements.map(|statement| &mut statement.sql);
        texts.chain([&mut change.sentence])
    });
    let mut texts = texts.filter(|text| text.contains(PUBLIC)).peekable();
    if texts.peek().is_none() {
        return;
    }
    let names = names(from, to);
    if names.contains(PUBLIC) {
        // What stands before a dot may be this table.
        return;
    }
    for text in texts {
        *text = unqualified(text, &names);
    }
}

/// Returns the names in `public` that the server finds without it.
fn names<'s>(from: &'s Schema, to: &'s Schema) -> BTreeSet<&'s str> {
    let objects = from.objects.iter().chain(&to.objects);
    // What others need may be left out, as the tables of other crates are.
    let ids = objects.flat_map(|(id, object)| std::iter::once(id).chain(&object.needs));
    let ids = ids.filter(|id| id.schema == PUBLIC);
    let (mut found, mut called) = (BTreeSet::new(), BTreeSet::new());
    // Most objects follow another part of the same table.
    let mut last = "";
    let mut find = |name: &'s str| {
        if name != last {
            last = name;
            found.insert(name);
        }
    };
    for id in ids {
        match id.kind {
            ObjectKind::Enum
            | ObjectKind::Composite
            | ObjectKind::Range
            | ObjectKind::Domain
            | ObjectKind::Sequence
            | ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView => find(&id.name),
            ObjectKind::Column => {
                if let Some(table) = &id.parent {
                    find(table);
                }
            }
            ObjectKind::Routine => {
                called.extend(id.name.split('(').next());
            }
            ObjectKind::Schema
            | ObjectKind::Extension
            | ObjectKind::Collation
            | ObjectKind::TextSearchDictionary
            | ObjectKind::TextSearchConfiguration
            | ObjectKind::SequenceOwner
            | ObjectKind::Default
            | ObjectKind::Constraint
            | ObjectKind::Operator
            | ObjectKind::Cast
            | ObjectKind::Index
            | ObjectKind::Statistics
            | ObjectKind::Rule
            | ObjectKind::Trigger
            | ObjectKind::Policy => {}
        }
    }
    found.retain(|name| {
        let is_of_server = name.starts_with("pg_") || name::is_type_of_server(name);
        !is_of_server && !called.contains(name)
    });
    found
}

/// Returns a statement without `public` in front of these names.
fn unqualified(sql: &str, names: &BTreeSet<&str>) -> String {
    let tokens: Vec<Token> = Tokens::new(sql, Dialect::Postgres)
        .without_trivia()
        .collect();
    let text = |at: usize| tokens.get(at).map_or("", |token| token.span.text(sql));
    let mut written = String::with_capacity(sql.len());
    let mut end = 0;
    for (at, token) in tokens.iter().enumerate() {
        let is_name = text(at) == PUBLIC && text(at + 1) == "." && !follows_dot(&tokens[..at]);
        if is_name && names.contains(unquoted(text(at + 2)).as_str()) {
            written.push_str(&sql[end..token.span.start]);
            end = tokens[at + 2].span.start;
        }
        // `'public.users_id_seq'::regclass`
        let is_cast = text(at + 1) == ":" && text(at + 2) == ":";
        if token.kind == TokenKind::String
            && is_cast
            && text(at + 3).starts_with("reg")
            && let Some(inside) = unquote(text(at))
        {
            written.push_str(&sql[end..token.span.start]);
            written.push_str(&literal(&unqualified(&inside, names)));
            end = token.span.end;
        }
    }
    written.push_str(&sql[end..]);
    written
}

fn follows_dot(before: &[Token]) -> bool {
    let last = before.last();
    last.is_some_and(|token| token.kind == TokenKind::Symbol(b'.'))
}

fn unquoted(name: &str) -> String {
    unquote(name).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::unqualified;

    #[test]
    fn names_lose_the_schema_where_they_mean_the_same() {
        let names = BTreeSet::from(["task", "Big Table", "mood", "task_id_seq"]);
        for (written, expected) in [
            ("REFERENCES public.task(id)", "REFERENCES task(id)"),
            ("ON public.\"Big Table\" USING", "ON \"Big Table\" USING"),
            ("a public.mood[]", "a mood[]"),
            (
                "nextval('public.task_id_seq'::regclass)",
                "nextval('task_id_seq'::regclass)",
            ),
            ("'public.task'::text", "'public.task'::text"),
            ("'public.f()'::regprocedure", "'public.f()'::regprocedure"),
            ("public.f(task)", "public.f(task)"),
            ("a OPERATOR(public.@>) b", "a OPERATOR(public.@>) b"),
            ("other.public.task", "other.public.task"),
            ("x.public", "x.public"),
            ("$$ public.task $$", "$$ public.task $$"),
            ("\"public.task\"", "\"public.task\""),
            ("publics.task", "publics.task"),
        ] {
            assert_eq!(unqualified(written, &names), expected);
        }
    }
}
