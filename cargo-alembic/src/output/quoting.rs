//! Quotes arguments and names in suggested commands.

/// Quotes an argument for a shell, if necessary.
pub(crate) fn quote_for_shell(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-+=:,./@%".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

/// Quotes a name for SQL.
pub(crate) fn quote_for_sql(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted() {
        for (argument, expected) in [
            ("postgres://u@h:5/d", "postgres://u@h:5/d"),
            ("postgres://u:***@h/d", "'postgres://u:***@h/d'"),
            ("sqlite://a.db?mode=rw", "'sqlite://a.db?mode=rw'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quote_for_shell(argument), expected);
        }
    }
}
