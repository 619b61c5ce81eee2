//! Tables that somebody else may have put in the place of the run's own: up to PostgreSQL 14, every
//! role may create objects in `public`, and what is attached to a table runs as the user who migrates.

use alembic_history::VersionTable;
use alembic_sql::literal;

/// Returns the condition that a relation, a row of `pg_class` by this name, is a superuser's, the
/// current user's, or that of a role that the user was made a member of: a superuser is one of all.
pub(super) fn is_own(relation: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_roles o, pg_catalog.pg_roles u \
         WHERE o.oid OPERATOR(pg_catalog.=) {relation}.relowner \
         AND u.rolname OPERATOR(pg_catalog.=) current_user \
         AND (o.rolsuper OR o.oid OPERATOR(pg_catalog.=) u.oid \
         OR NOT u.rolsuper AND pg_catalog.pg_has_role(u.oid, o.oid, 'MEMBER')))"
    )
}

/// Returns the condition that reading a relation and writing to it runs nobody else's code: it is the
/// user's own, or a table with nothing attached to it.
pub(super) fn is_trusted(relation: &str) -> String {
    format!(
        "({} OR {relation}.relkind OPERATOR(pg_catalog.=) 'r' AND NOT {relation}.relhastriggers \
         AND NOT {relation}.relhasrules AND NOT {relation}.relrowsecurity \
         AND NOT {relation}.relhassubclass \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef d \
         WHERE d.adrelid OPERATOR(pg_catalog.=) {relation}.oid) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k \
         WHERE k.conrelid OPERATOR(pg_catalog.=) {relation}.oid \
         AND k.contype OPERATOR(pg_catalog.=) 'c') \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i \
         WHERE i.indrelid OPERATOR(pg_catalog.=) {relation}.oid \
         AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a \
         JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) a.atttypid \
         WHERE a.attrelid OPERATOR(pg_catalog.=) {relation}.oid \
         AND a.attnum OPERATOR(pg_catalog.>) 0 \
         AND y.typnamespace OPERATOR(pg_catalog.<>) \
         'pg_catalog'::pg_catalog.regnamespace::pg_catalog.oid))",
        is_own(relation)
    )
}

/// Returns the condition that the run's tables can be read and written to, as far as they exist.
pub(super) fn are_trusted(table: &VersionTable) -> String {
    let names = [table, &table.log(), &table.progress()].map(|table| {
        let name = literal(&table.quoted());
        format!("pg_catalog.to_regclass({name})::pg_catalog.oid")
    });
    format!(
        "NOT EXISTS (SELECT FROM pg_catalog.pg_class c \
         WHERE c.oid OPERATOR(pg_catalog.=) ANY (ARRAY[{}]) AND NOT {})",
        names.join(", "),
        is_trusted("c")
    )
}

/// The privileges with which a role decides what a table says.
const WRITES: &str = "ARRAY['INSERT', 'UPDATE', 'TRIGGER']";

/// Returns the query for the roles that could have written to a table, other than superusers, the
/// current user, and the roles that the user was made a member of: whether one owns the table, what the
/// privilege was granted to, if it was, and one of the roles.
///
/// A member of the owner does what the owner can, and is not listed.
pub(super) fn find_writers(table: &VersionTable) -> String {
    format!(
        "SELECT w.owns, g.name, pg_catalog.min(w.role::pg_catalog.text) \
         FROM (SELECT r.oid, r.rolname AS role, l.relacl, l.oid AS relation, \
         r.oid OPERATOR(pg_catalog.=) l.relowner AS owns \
         FROM pg_catalog.pg_class l CROSS JOIN pg_catalog.pg_roles r CROSS JOIN pg_catalog.pg_roles u \
         WHERE l.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({})::pg_catalog.oid \
         AND u.rolname OPERATOR(pg_catalog.=) current_user \
         AND NOT r.rolsuper AND r.oid OPERATOR(pg_catalog.<>) u.oid \
         AND (u.rolsuper OR NOT pg_catalog.pg_has_role(u.oid, r.oid, 'MEMBER')) \
         AND (r.oid OPERATOR(pg_catalog.=) l.relowner \
         OR NOT pg_catalog.pg_has_role(r.oid, l.relowner, 'MEMBER') \
         AND r.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid \
         AND (pg_catalog.has_table_privilege(r.oid, l.oid, 'INSERT, UPDATE, TRIGGER') \
         OR pg_catalog.has_any_column_privilege(r.oid, l.oid, 'INSERT, UPDATE')))) AS w \
         LEFT JOIN LATERAL (SELECT CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid \
         THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END AS name \
         FROM (SELECT x.grantee, x.privilege_type FROM pg_catalog.aclexplode(w.relacl) AS x UNION ALL \
         SELECT x.grantee, x.privilege_type FROM pg_catalog.pg_attribute t, \
         pg_catalog.aclexplode(t.attacl) AS x WHERE t.attrelid OPERATOR(pg_catalog.=) w.relation) AS a \
         WHERE NOT w.owns AND a.privilege_type OPERATOR(pg_catalog.=) ANY ({WRITES}) \
         AND (a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid \
         OR pg_catalog.pg_has_role(w.oid, a.grantee, 'MEMBER'))) AS g ON true \
         GROUP BY w.owns, g.name ORDER BY w.owns DESC, g.name",
        literal(&table.quoted())
    )
}
