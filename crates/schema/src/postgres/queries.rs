//! The queries that a schema is read by.
//!
//! Their names are not qualified: they run with a search path of `pg_catalog` and `pg_temp`, which
//! also makes the server qualify every name in a definition. What only newer servers have is read
//! from the row as JSON, because a query that names such a column fails on an older one.

/// The queries, each with its name, in the order in which [`reflect`](super::reflect) reads them.
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("schemas", include_str!("queries/schemas.sql")),
    ("extensions", include_str!("queries/extensions.sql")),
    ("collations", include_str!("queries/collations.sql")),
    ("statements", include_str!("queries/statements.sql")),
    ("enums", include_str!("queries/enums.sql")),
    ("ranges", include_str!("queries/ranges.sql")),
    ("domains", include_str!("queries/domains.sql")),
    ("relations", include_str!("queries/relations.sql")),
    ("columns", include_str!("queries/columns.sql")),
    ("sequences", include_str!("queries/sequences.sql")),
    ("constraints", include_str!("queries/constraints.sql")),
    ("indexes", include_str!("queries/indexes.sql")),
    ("routines", include_str!("queries/routines.sql")),
    ("parts", include_str!("queries/parts.sql")),
    ("aliases", include_str!("queries/aliases.sql")),
    ("needs", include_str!("queries/needs.sql")),
    ("comments", include_str!("queries/comments.sql")),
    ("others", include_str!("queries/others.sql")),
];
