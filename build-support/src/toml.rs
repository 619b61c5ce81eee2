//! Reads as much of TOML as a manifest's `metadata.alembic` tables need.
//!
//! Every user's build waits for this crate, so it brings no TOML library. Cargo itself has read the
//! manifest before a build script runs, so the text is valid TOML; values that this reader does not
//! know (dates, floats) are skipped.

use alembic_history::SettingsValue;

/// A table: its keys in order, each with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: String,
    /// The byte at which the key is first written.
    offset: usize,
    item: Item,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Value(SettingsValue),
    Table(Table),
}

/// A place in a manifest that this reader cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TomlError {
    /// The byte at which reading stopped.
    pub(crate) offset: usize,
}

impl Item {
    fn value(&self) -> SettingsValue {
        match self {
            Item::Value(value) => value.clone(),
            Item::Table(table) => SettingsValue::Table(table.values()),
        }
    }
}

impl Table {
    /// Reads a whole document.
    pub(crate) fn parse(text: &str) -> Result<Self, TomlError> {
        let mut reader = Reader { text, at: 0 };
        let document = reader.document();
        document.ok_or(TomlError { offset: reader.at })
    }

    /// Returns the table at `path`.
    pub(crate) fn table(&self, path: &[&str]) -> Option<&Table> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match &self.entry(first)?.item {
            Item::Table(table) => table.table(rest),
            Item::Value(_) => None,
        }
    }

    /// Returns the byte at which a key is written.
    pub(crate) fn offset(&self, key: &str) -> Option<usize> {
        Some(self.entry(key)?.offset)
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns the keys with their values.
    pub(crate) fn values(&self) -> Vec<(String, SettingsValue)> {
        let entries = self.entries.iter();
        let entries = entries.map(|entry| (entry.key.clone(), entry.item.value()));
        entries.collect()
    }

    /// Returns the table at `path`, which is written at `offset`, and creates missing tables.
    fn reach(&mut self, path: &[String], offset: usize) -> Option<&mut Table> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        let index = match self.entries.iter().position(|entry| entry.key == *first) {
            Some(index) => index,
            None => {
                self.push(first, offset, Item::Table(Table::default()));
                self.entries.len() - 1
            }
        };
        match &mut self.entries[index].item {
            Item::Table(table) => table.reach(rest, offset),
            Item::Value(_) => None,
        }
    }

    fn insert(&mut self, path: &[String], offset: usize, item: Item) -> Option<()> {
        let (last, parents) = path.split_last()?;
        self.reach(parents, offset)?.push(last, offset, item);
        Some(())
    }

    fn push(&mut self, key: &str, offset: usize, item: Item) {
        let key = key.to_owned();
        self.entries.push(Entry { key, offset, item });
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Option<()> {
        self.take(token).then_some(())
    }

    fn skip_while(&mut self, keep: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn skip_blanks(&mut self) {
        self.skip_while(|c| c == ' ' || c == '\t');
    }

    /// Skips white space, line ends and comments.
    fn skip_lines(&mut self) {
        loop {
            self.skip_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{feff}'));
            if !self.rest().starts_with('#') {
                return;
            }
            self.skip_while(|c| c != '\n');
        }
    }

    fn document(&mut self) -> Option<Table> {
        let mut root = Table::default();
        let mut current: Option<Vec<String>> = Some(Vec::new());
        loop {
            self.skip_lines();
            if self.rest().is_empty() {
                return Some(root);
            }
            let offset = self.at;
            if self.take("[[") {
                // A list of tables holds no configuration.
                self.key_path()?;
                self.expect("]]")?;
                current = None;
            } else if self.take("[") {
                let path = self.key_path()?;
                self.expect("]")?;
                root.reach(&path, offset)?;
                current = Some(path);
            } else {
                let key = self.key_path()?;
                self.expect("=")?;
                let item = self.item()?;
                if let Some(table) = &current {
                    root.reach(table, offset)?.insert(&key, offset, item)?;
                }
            }
        }
    }

    /// Reads a key, or several with dots between them, and the blanks around.
    fn key_path(&mut self) -> Option<Vec<String>> {
        let mut path = Vec::new();
        loop {
            self.skip_blanks();
            path.push(match self.rest().chars().next()? {
                '"' => self.basic_string()?,
                '\'' => self.literal_string()?,
                _ => {
                    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                    let key = self.skip_while(bare);
                    (!key.is_empty()).then(|| key.to_owned())?
                }
            });
            self.skip_blanks();
            if !self.take(".") {
                return Some(path);
            }
        }
    }

    fn item(&mut self) -> Option<Item> {
        self.skip_blanks();
        if self.take("{") {
            return self.inline_table().map(Item::Table);
        }
        self.value().map(Item::Value)
    }

    fn inline_table(&mut self) -> Option<Table> {
        let mut table = Table::default();
        loop {
            self.skip_lines();
            if self.take("}") {
                return Some(table);
            }
            let offset = self.at;
            let key = self.key_path()?;
            self.expect("=")?;
            let item = self.item()?;
            table.insert(&key, offset, item)?;
            self.skip_lines();
            if !self.take(",") {
                self.expect("}")?;
                return Some(table);
            }
        }
    }

    fn value(&mut self) -> Option<SettingsValue> {
        if self.rest().starts_with('"') {
            return self.basic_string().map(SettingsValue::Text);
        }
        if self.rest().starts_with('\'') {
            return self.literal_string().map(SettingsValue::Text);
        }
        if self.take("[") {
            return self.list().map(SettingsValue::List);
        }
        let word = self.skip_while(|c| !matches!(c, ',' | ']' | '}' | '#' | '\n' | '\r'));
        let word = word.trim();
        if word.is_empty() {
            return None;
        }
        if let Ok(flag) = word.parse() {
            return Some(SettingsValue::Flag(flag));
        }
        let number = word.replace('_', "");
        Some(
            number
                .parse()
                .map_or(SettingsValue::Other, SettingsValue::Number),
        )
    }

    fn list(&mut self) -> Option<Vec<SettingsValue>> {
        let mut list = Vec::new();
        loop {
            self.skip_lines();
            if self.take("]") {
                return Some(list);
            }
            list.push(self.item()?.value());
            self.skip_lines();
            if !self.take(",") {
                self.expect("]")?;
                return Some(list);
            }
        }
    }

    /// Reads `'...'` or `'''...'''`.
    fn literal_string(&mut self) -> Option<String> {
        let quote = if self.take("'''") { "'''" } else { "'" };
        if quote == "'" {
            self.expect("'")?;
        } else {
            self.skip_first_line_end();
        }
        let end = self.closing(quote, |_| false)?;
        let text = self.rest()[..end].to_owned();
        self.at += end + quote.len();
        Some(text)
    }

    /// Reads `"..."` or `"""..."""`.
    fn basic_string(&mut self) -> Option<String> {
        let quote = if self.take("\"\"\"") { "\"\"\"" } else { "\"" };
        if quote == "\"" {
            self.expect("\"")?;
        } else {
            self.skip_first_line_end();
        }
        let end = self.closing(quote, |c| c == '\\')?;
        let raw = &self.rest()[..end];
        let text = unescape(raw)?;
        self.at += end + quote.len();
        Some(text)
    }

    fn skip_first_line_end(&mut self) {
        if !self.take("\r\n") {
            self.take("\n");
        }
    }

    /// Finds the quote that closes a string; up to two more quotes before three belong to it.
    fn closing(&self, quote: &str, escapes: impl Fn(char) -> bool) -> Option<usize> {
        let rest = self.rest();
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            if escapes(c) {
                chars.next();
            } else if quote.len() == 1 && c == '\n' {
                return None;
            } else if rest[at..].starts_with(quote) {
                let more = rest[at + quote.len()..].chars();
                let more = more.take_while(|c| quote.starts_with(*c)).count();
                return Some(if quote.len() == 3 {
                    at + more.min(2)
                } else {
                    at
                });
            }
        }
        None
    }
}

fn unescape(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let escaped = rest.chars().next()?;
        let mut length = escaped.len_utf8();
        match escaped {
            'b' => text.push('\u{8}'),
            't' => text.push('\t'),
            'n' => text.push('\n'),
            'f' => text.push('\u{c}'),
            'r' => text.push('\r'),
            'e' => text.push('\u{1b}'),
            '"' | '\\' => text.push(escaped),
            'x' | 'u' | 'U' => {
                let digits = match escaped {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                length += digits;
                let code = u32::from_str_radix(rest.get(1..length)?, 16).ok()?;
                text.push(char::from_u32(code)?);
            }
            // A backslash at the end of a line joins it with the next word.
            ' ' | '\t' | '\n' | '\r' => length = rest.len() - rest.trim_start().len(),
            _ => return None,
        }
        rest = &rest[length..];
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `metadata.alembic` with the `toml` crate, to compare.
    fn expected(text: &str) -> Option<Vec<(String, SettingsValue)>> {
        fn value(item: &toml::Value) -> SettingsValue {
            match item {
                toml::Value::String(text) => SettingsValue::Text(text.clone()),
                toml::Value::Integer(number) => SettingsValue::Number(*number),
                toml::Value::Boolean(flag) => SettingsValue::Flag(*flag),
                toml::Value::Array(list) => SettingsValue::List(list.iter().map(value).collect()),
                toml::Value::Table(table) => {
                    let entries = table.iter();
                    let entries = entries.map(|(key, item)| (key.clone(), value(item)));
                    SettingsValue::Table(entries.collect())
                }
                _ => SettingsValue::Other,
            }
        }
        let document: toml::Table = text.parse().unwrap();
        let alembic = document.get("package")?.get("metadata")?.get("alembic")?;
        let mut entries: Vec<_> = alembic
            .as_table()?
            .iter()
            .map(|(key, item)| (key.clone(), value(item)))
            .collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Some(entries)
    }

    #[test]
    fn tables_are_read_as_toml_says() {
        for text in [
            "",
            "[package]\nname = 'a'\n",
            "[package.metadata.alembic]\nurl = \"sqlite://a.db\" # the database\ntruncate-slug-length = 6_0\n",
            "[package]\nmetadata.alembic.url = 'x'\nmetadata.alembic.dialects = ['sqlite', \"postgres\"]\n",
            "[package]\nmetadata = { alembic = { url = \"x\", migrations = [\n  \"a\", # one\n  'b',\n] } }\n",
            "[package.metadata]\nalembic = { url = \"x\" }\n[dependencies]\nurl = '1'\n",
            "[ package . \"metadata\" . 'alembic' ]\r\n\"url\" = \"a\\tb\\u00e9\\\\\\\"\"\r\n",
            "a = \"\"\"\n[package.metadata.alembic]\nurl = \"no\" \\\n   x\"\"\"\"\"\nb = '''\n[x]'''\n[package.metadata.alembic]\nurl = 'yes'\n",
            "[[bin]]\nname = 'x'\n[[bin]]\nname = 'y'\n[package.metadata.alembic]\nx = 1.5\ny = true\nz = 1979-05-27T07:32:00Z\nv = { a = 1 }\nw = [[\"a\", \"b\"], []]\n",
            "[package.metadata.alembic]\n[package.metadata.alembic.x]\ny = 1\n",
        ] {
            let read = Table::parse(text).unwrap_or_else(|error| panic!("{error:?} in {text}"));
            let found = read
                .table(&["package", "metadata", "alembic"])
                .map(|table| {
                    let mut values = table.values();
                    values.sort_by(|a, b| a.0.cmp(&b.0));
                    values
                });
            assert_eq!(found, expected(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_toml_is_an_error() {
        for text in [
            "[package",
            "a = ",
            "a = \"x",
            "a = [1, ",
            "= 1",
            "a = {b = 1",
        ] {
            assert!(Table::parse(text).is_err(), "{text}");
        }
    }
}
