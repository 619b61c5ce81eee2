//! Tables that somebody else may have put in the place of the run's own: up to PostgreSQL 14, every
//! role may create objects in `public`, and what is attached to a table runs as the user who migrates.

use alembic_history::VersionTable;
use alembic_sql::literal;

/// Whom the server lets do everything: the user that it was set up with has this id on every server, and
/// a superuser counts as a member of every role.
const SUPERUSER: &str = "10::pg_catalog.oid";

/// Returns the condition that a relation, a row of `pg_class` by this name, is a superuser's, the
/// current user's, or that of a role that the user was made a member of: a superuser is one of all.
///
/// It asks functions instead of tables, since it is part of what every start waits for.
pub(super) fn is_own(relation: &str) -> String {
    format!(
        "({relation}.relowner OPERATOR(pg_catalog.=) \
         pg_catalog.quote_ident(current_user::pg_catalog.text)::pg_catalog.regrole::pg_catalog.oid \
         OR pg_catalog.pg_has_role({relation}.relowner, {SUPERUSER}, 'MEMBER') \
         OR NOT pg_catalog.pg_has_role({SUPERUSER}, 'MEMBER') \
         AND pg_catalog.pg_has_role({relation}.relowner, 'MEMBER'))"
    )
}

/// The lowest id that a server gives to what its users create.
const FIRST_USER_OBJECT: &str = "16384::pg_catalog.oid";

/// Returns the condition that a relation is a table to which nothing is attached, so that reading it and
/// writing to it runs no code of its owner.
pub(super) fn runs_nothing(relation: &str) -> String {
    format!(
        "({relation}.relkind OPERATOR(pg_catalog.=) 'r' AND NOT {relation}.relhastriggers \
         AND NOT {relation}.relhasrules AND NOT {relation}.relrowsecurity \
         AND NOT {relation}.relhassubclass \
         AND {relation}.relchecks OPERATOR(pg_catalog.=) 0::pg_catalog.int2 \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i \
         WHERE i.indrelid OPERATOR(pg_catalog.=) {relation}.oid \
         AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a \
         WHERE a.attrelid OPERATOR(pg_catalog.=) {relation}.oid \
         AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND (a.atthasdef \
         OR a.atttypid OPERATOR(pg_catalog.>=) {FIRST_USER_OBJECT})))"
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
         WHERE c.oid OPERATOR(pg_catalog.=) ANY (ARRAY[{}]) AND NOT ({} OR {}))",
        names.join(", "),
        is_own("c"),
        runs_nothing("c")
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
         AND r.oid OPERATOR(pg_catalog.>=) {FIRST_USER_OBJECT} \
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
