//! Descriptions of schemas, as they stay when a server reads its own words again.

/// Takes the casts and parentheses out of lists of values: PostgreSQL writes what `IN` makes of them in
/// one form, and in another one once it has read that.
#[must_use]
pub fn settled(description: &str) -> String {
    let lines = description.lines().map(|line| {
        if !line.contains(" = ANY (") {
            return format!("{line}\n");
        }
        let casts = ["::text[]", "::text", "::character varying", "(", ")"];
        casts
            .into_iter()
            .fold(line.to_owned(), |line, part| line.replace(part, ""))
            + "\n"
    });
    lines.collect()
}
