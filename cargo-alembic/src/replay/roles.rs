//! The roles that revisions create on a server.

use alembic_migrate::Dialect;
use alembic_sql::{TokenKind, Tokens};

/// Returns the names of the roles that the statements of a file create, and the code in their
/// strings.
pub(super) fn created(text: &str) -> Vec<String> {
    let tokens = Tokens::new(text, Dialect::Postgres).without_trivia();
    let tokens: Vec<(TokenKind, &str)> = tokens
        .map(|token| (token.kind, token.span.text(text)))
        .collect();
    let names = tokens.windows(3).filter_map(|words| {
        let [(_, verb), (_, object), (kind, name)] = words else {
            return None;
        };
        let mut objects = ["role", "user", "group"].iter();
        let is_role = verb.eq_ignore_ascii_case("create")
            && objects.any(|known| object.eq_ignore_ascii_case(known));
        match kind {
            // `CREATE USER MAPPING` is something else.
            TokenKind::Word if is_role && !name.eq_ignore_ascii_case("mapping") => {
                Some(name.to_lowercase())
            }
            TokenKind::QuotedName if is_role => Some(name.trim_matches('"').replace("\"\"", "\"")),
            _ => None,
        }
    });
    let strings = tokens.iter().filter(|(kind, _)| *kind == TokenKind::String);
    let within = strings.flat_map(|(_, string)| created(content(string)));
    names.chain(within).collect()
}

/// Returns a string without its quotes.
fn content(string: &str) -> &str {
    let inner = match string.split_once('\'') {
        Some((prefix, inner)) if !prefix.contains('$') => inner.strip_suffix('\''),
        _ => string.get(1..).and_then(|rest| {
            let tag = rest.find('$')? + 2;
            string.get(tag..string.len().checked_sub(tag)?)
        }),
    };
    inner.unwrap_or_default()
}

#[test]
fn roles_are_those_that_statements_create() {
    let text = "CREATE ROLE App LOGIN; create user \"My \"\"User\"; CREATE GROUP g;\n\
                CREATE TABLE role (a int); DO $do$ BEGIN CREATE ROLE hidden; END $do$;\n\
                DO 'BEGIN EXECUTE ''CREATE ROLE inner''; END'; INSERT INTO apple VALUES ('app');\n\
                -- CREATE ROLE comment\nDROP ROLE gone; CREATE USER MAPPING FOR a SERVER b;";
    assert_eq!(created(text), ["app", "My \"User", "g", "hidden", "inner"]);
}
