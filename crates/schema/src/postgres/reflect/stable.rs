//! Expressions that the server writes in one form, and in another one once it has read that.

use std::borrow::Cow;

const BEGIN: &str = "(ARRAY[";
const END: &str = "])::text[]";
const CAST: &str = "::character varying";

/// Returns an expression in the form that stays the same when the server reads it: what `IN` with
/// literals makes of a `varchar` comes back with a cast of each literal rather than of all of them.
pub(super) fn stable(text: &str) -> Cow<'_, str> {
    let mut written = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let (before, after) = rest.split_at(at);
        let inside = &after[BEGIN.len()..];
        let Some((literals, length)) = literals(inside) else {
            written.push_str(before);
            written.push_str(BEGIN);
            rest = inside;
            continue;
        };
        written.push_str(before);
        let casts: Vec<String> = literals
            .iter()
            .map(|literal| format!("({literal}{CAST})::text"))
            .collect();
        written.push_str(&format!("ARRAY[{}]", casts.join(", ")));
        rest = &inside[length..];
    }
    match written.is_empty() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(written + rest),
    }
}

/// Reads literals of `varchar` up to the cast of the array, and returns how long all of that is.
fn literals(text: &str) -> Option<(Vec<&str>, usize)> {
    let mut literals = Vec::new();
    let mut at = 0;
    loop {
        let literal = literal(&text[at..])?;
        literals.push(literal);
        at += literal.len();
        at += text[at..].starts_with(CAST).then_some(CAST.len())?;
        if text[at..].starts_with(END) {
            return Some((literals, at + END.len()));
        }
        at += text[at..].starts_with(", ").then_some(2)?;
    }
}

/// Reads a literal, with the quotes.
fn literal(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('\'')?;
    let mut end = 1;
    let mut quotes = inside.split('\'');
    loop {
        let part = quotes.next()?;
        end += part.len() + 1;
        if !text[end..].starts_with('\'') {
            return text.get(..end);
        }
        quotes.next()?;
        end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::stable;

    #[test]
    fn casts_of_arrays_become_casts_of_literals() {
        for (written, expected) in [
            (
                "((s)::text = ANY ((ARRAY['a'::character varying, 'it''s'::character varying])::text[]))",
                "((s)::text = ANY (ARRAY[('a'::character varying)::text, ('it''s'::character varying)::text]))",
            ),
            (
                "(ARRAY['a, b'::character varying])::text[]",
                "ARRAY[('a, b'::character varying)::text]",
            ),
            ("((ARRAY[x, y])::text[])", "((ARRAY[x, y])::text[])"),
            ("(ARRAY['a'::text])::text[]", "(ARRAY['a'::text])::text[]"),
            ("(a > 0)", "(a > 0)"),
        ] {
            assert_eq!(stable(written), expected);
        }
    }
}
