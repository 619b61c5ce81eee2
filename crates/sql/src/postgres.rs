//! Statements of PostgreSQL that reach beyond the database they run in.

use crate::{Dialect, TokenKind, Tokens};

/// Returns whether a statement for PostgreSQL changes what all databases of a server share, such as its roles.
///
/// Statements within the bodies of routines and of `DO` are not looked at.
///
/// # Examples
///
/// ```
/// use alembic_sql::is_about_server;
///
/// assert!(is_about_server("CREATE ROLE app LOGIN"));
/// assert!(!is_about_server("GRANT SELECT ON users TO app"));
/// ```
#[must_use]
pub fn is_about_server(statement: &str) -> bool {
    let tokens = Tokens::new(statement, Dialect::Postgres).without_trivia();
    let words: Vec<String> = tokens
        .map(|token| match token.kind {
            TokenKind::Word => token.span.text(statement).to_ascii_uppercase(),
            _ => String::new(),
        })
        .collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match [word(0), word(1), word(2)] {
        ["CREATE" | "ALTER" | "DROP", "USER", "MAPPING"] => false,
        [
            "CREATE" | "ALTER" | "DROP",
            "ROLE" | "USER" | "GROUP" | "DATABASE" | "TABLESPACE",
            _,
        ]
        | ["COMMENT", "ON", "ROLE" | "DATABASE" | "TABLESPACE"]
        | ["ALTER", "SYSTEM", _]
        | ["REASSIGN" | "DROP", "OWNED", _] => true,
        // Privileges are granted on something, and roles are not.
        ["GRANT" | "REVOKE", _, _] | ["SECURITY", "LABEL", _] => {
            let on = words.iter().position(|word| word == "ON");
            on.is_none_or(|on| {
                let objects = ["DATABASE", "TABLESPACE", "PARAMETER", "ROLE"];
                objects.contains(&word(on + 1))
            })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_about_server;

    #[test]
    fn statements_are_about_a_database_or_the_whole_server() {
        for (statement, expected) in [
            ("CREATE ROLE app LOGIN", true),
            ("/* x */ create user app", true),
            ("ALTER DATABASE other SET work_mem = '1GB'", true),
            ("ALTER SYSTEM SET work_mem = '1GB'", true),
            ("DROP OWNED BY app", true),
            ("COMMENT ON DATABASE d IS 'on'", true),
            ("GRANT app TO other", true),
            ("REVOKE ADMIN OPTION FOR app FROM other", true),
            ("GRANT CONNECT ON DATABASE shop TO app", true),
            ("GRANT CREATE ON TABLESPACE pg_default TO app", true),
            ("GRANT SET ON PARAMETER work_mem TO app", true),
            ("SECURITY LABEL FOR p ON ROLE app IS 'x'", true),
            ("SECURITY LABEL FOR p ON TABLE t IS 'x'", false),
            ("CREATE USER MAPPING FOR app SERVER s", false),
            ("GRANT SELECT ON t TO app", false),
            ("REVOKE ALL ON SCHEMA public FROM PUBLIC", false),
            ("ALTER TABLE t OWNER TO app", false),
            ("CREATE TABLE role (id integer)", false),
            ("CREATE TABLE \"ROLE\" (id integer)", false),
            (
                "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app",
                false,
            ),
            ("COMMENT ON TABLE t IS 'x'", false),
        ] {
            let found = is_about_server(statement);
            assert_eq!(found, expected, "{statement}");
        }
    }
}
