//! Commands in texts, which the user is to run next.

use crate::commands::GlobalArgs;
use crate::url::Redacted;

/// Those arguments of a command that the commands which it suggests must repeat, so that they are
/// about the same databases and crates.
#[derive(Debug, Default)]
pub(crate) struct Repeated {
    /// ` --url URL`, or nothing.
    url: String,
    /// ` --manifest-path PATH`, or nothing.
    manifest: String,
}

/// How a suggested command begins.
const BEGIN: &str = "`cargo alembic ";

impl Repeated {
    pub(crate) fn new(global: &GlobalArgs, url: Option<&str>) -> Self {
        let url = url.map(|url| Redacted::new(url).to_string());
        let manifest = global.manifest_path.as_ref();
        let manifest = manifest.map(|path| path.display().to_string());
        let given = |name: &str, value: Option<String>| match value {
            Some(value) => format!(" {name} {}", in_shell(&value)),
            None => String::new(),
        };
        Self {
            url: given("--url", url),
            manifest: given("--manifest-path", manifest),
        }
    }

    /// Puts the arguments behind every command in a text; the URL only where the command asks a
    /// database, unless that is `elsewhere`.
    pub(crate) fn complete(&self, text: &str, elsewhere: bool) -> String {
        let mut parts = text.split(BEGIN);
        let mut completed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (command, rest) = part.split_once('`').unwrap_or((part, ""));
            let url = match command.split(' ').next() {
                Some("current" | "downgrade" | "ensure" | "stamp" | "upgrade") if !elsewhere => {
                    self.url.as_str()
                }
                _ => "",
            };
            completed += &format!("{BEGIN}{command}{url}{}`{rest}", self.manifest);
        }
        completed
    }
}

/// Quotes an argument for a shell, where it needs that.
pub(crate) fn in_shell(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-+=:,./@%".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

/// Quotes a name for SQL.
pub(crate) fn in_sql(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_repeated() {
        let repeated = Repeated {
            url: " --url 'sqlite://a b.db'".to_owned(),
            manifest: " --manifest-path x/Cargo.toml".to_owned(),
        };
        for (text, elsewhere, expected) in [
            ("no command", false, "no command"),
            (
                "try `cargo alembic upgrade -p a`, or `b`",
                false,
                "try `cargo alembic upgrade -p a --url 'sqlite://a b.db' --manifest-path \
                 x/Cargo.toml`, or `b`",
            ),
            (
                "`cargo alembic stamp x` or `cargo alembic heads`",
                true,
                "`cargo alembic stamp x --manifest-path x/Cargo.toml` or `cargo alembic heads \
                 --manifest-path x/Cargo.toml`",
            ),
        ] {
            assert_eq!(repeated.complete(text, elsewhere), expected);
            assert_eq!(Repeated::default().complete(text, elsewhere), text);
        }
    }

    #[test]
    fn arguments_are_quoted() {
        for (argument, expected) in [
            ("postgres://u@h:5/d", "postgres://u@h:5/d"),
            ("postgres://u:***@h/d", "'postgres://u:***@h/d'"),
            ("sqlite://a.db?mode=rw", "'sqlite://a.db?mode=rw'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(in_shell(argument), expected);
        }
    }
}
