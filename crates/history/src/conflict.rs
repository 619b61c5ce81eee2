//! Finds what git leaves in a file when a merge has a conflict.

use crate::Span;
use crate::file::lines;

/// The markers around the sides of a conflict, and between them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    Start,
    Base,
    Middle,
    End,
}

impl Marker {
    /// Reads a line that consists of a marker and, except in the middle, a name.
    fn of(line: &str) -> Option<Self> {
        let (marker, name) = line.split_at_checked(7)?;
        let is_named = name.starts_with(' ');
        match marker {
            "<<<<<<<" if is_named || name.is_empty() => Some(Self::Start),
            "|||||||" if is_named || name.is_empty() => Some(Self::Base),
            "=======" if name.is_empty() => Some(Self::Middle),
            ">>>>>>>" if is_named || name.is_empty() => Some(Self::End),
            _ => None,
        }
    }
}

/// Returns the first line of a merge conflict that nobody has resolved.
///
/// A line that begins with `<<<<<<<` is one wherever it stands, since a conflict in a literal would
/// otherwise reach the database. The other markers are one together: `=======` alone may underline a
/// title in a literal.
///
/// ```
/// use alembic_history::merge_conflict;
///
/// let text = "SELECT 1;\n<<<<<<< HEAD\nSELECT 2;\n=======\nSELECT 3;\n>>>>>>> other\n";
/// assert_eq!(merge_conflict(text).unwrap().text(text), "<<<<<<< HEAD");
/// assert_eq!(merge_conflict("INSERT INTO t VALUES ('\nTitle\n=======\n');"), None);
/// ```
#[must_use]
pub fn merge_conflict(text: &str) -> Option<Span> {
    // Most files hold none of the markers, and this is much faster than their lines.
    if !["<<<<<<<", "|||||||", ">>>>>>>"]
        .iter()
        .any(|marker| text.contains(marker))
    {
        return None;
    }
    let mut base = None;
    let mut middle = None;
    for line in lines(text, 0) {
        match Marker::of(line.text(text)) {
            None => {}
            Some(Marker::Start) => return Some(line),
            Some(Marker::Base) => base = base.or(Some(line)),
            Some(Marker::Middle) if base.is_some() => return base,
            Some(Marker::Middle) => middle = middle.or(Some(line)),
            Some(Marker::End) if middle.is_some() => return middle,
            Some(Marker::End) => {}
        }
    }
    None
}

/// Returns the lines of both sides of merge conflicts, and all others; without the markers, and
/// without what was there before.
pub(crate) fn without_markers(text: &str) -> impl Iterator<Item = Span> {
    let mut is_base = false;
    lines(text, 0).filter(move |line| {
        let marker = Marker::of(line.text(text));
        if let Some(marker) = marker {
            is_base = marker == Marker::Base;
        }
        marker.is_none() && !is_base
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_kept() {
        let text = "a\n<<<<<<< HEAD\nb\n||||||| 1a2b\nc\n=======\r\nd\n>>>>>>> other\ne";
        let kept: Vec<&str> = without_markers(text).map(|line| line.text(text)).collect();
        assert_eq!(kept, ["a", "b", "d", "e"]);
    }

    #[test]
    fn conflicts_are_found_and_nothing_else() {
        for (text, expected) in [
            ("", None),
            ("a\n<<<<<<< HEAD\nb\n", Some("<<<<<<< HEAD")),
            ("<<<<<<<\r\na\r\n", Some("<<<<<<<")),
            ("\u{feff}-- a\n<<<<<<< ours\n", Some("<<<<<<< ours")),
            ("a\n=======\nb\n>>>>>>> other\n", Some("=======")),
            ("||||||| 1a2b\na\n=======\nb\n", Some("||||||| 1a2b")),
            ("INSERT INTO t VALUES ('\n<<<<<<< a\n')", Some("<<<<<<< a")),
            ("Title\n=======\n", None),
            (">>>>>>> quoted seven times\n", None),
            (">>>>>>> quoted\n=======\n", None),
            ("||||||| a || b", None),
            ("a <<<<<<< b", None),
            ("<<<<<<<<<<", None),
            ("-- <<<<<<< HEAD", None),
            ("========\n>>>>>>>>", None),
        ] {
            let found = merge_conflict(text).map(|span| span.text(text));
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
