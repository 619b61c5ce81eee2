//! What a role can put in the place of the tables of a run.

/// What a role puts in the place of the run's own tables, where `evil(text)` would run as whoever
/// touches them.
pub const IN_PLACE: [&str; 9] = [
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY CHECK (evil(version_num)))",
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY, b bool DEFAULT evil('x'))",
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); \
     CREATE INDEX ON alembic_version (evil(version_num))",
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); \
     CREATE RULE r AS ON INSERT TO alembic_version DO ALSO SELECT evil('x')",
    "CREATE DOMAIN d AS varchar(32) CHECK (evil(VALUE)); \
     CREATE TABLE alembic_version (version_num d PRIMARY KEY)",
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); \
     CREATE TRIGGER t BEFORE INSERT ON alembic_version FOR EACH STATEMENT EXECUTE FUNCTION evil()",
    "CREATE VIEW alembic_version AS SELECT 'r1' AS version_num WHERE evil('x')",
    "CREATE VIEW alembic_version_progress AS SELECT 'r1' AS revision, 'upgrade' AS direction, \
     0 AS done, NULL AS begun, '' AS digest, now() AS since, 1 AS process WHERE evil('x')",
    "CREATE TABLE alembic_version_log (number int, revision text, message text, direction text, \
     action text, digest text, rows_after text, fingerprint text, logged_at timestamp, \
     took_us bigint, user_name text, host text, application text, tool_version text, \
     way_back_digest text, way_back text); \
     CREATE TRIGGER t BEFORE INSERT ON alembic_version_log FOR EACH STATEMENT \
     EXECUTE FUNCTION evil()",
];

/// Returns the statements with which a role plants one of these; `evil` fails if anybody else runs it.
#[must_use]
pub fn planted_by(role: &str, plant: &str) -> String {
    let body = |returned: &str| {
        format!(
            "BEGIN IF current_user <> '{role}' THEN RAISE 'evil is run'; END IF; \
             RETURN {returned}; END"
        )
    };
    format!(
        "SET ROLE {role};
         CREATE FUNCTION evil(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $${}$$;
         CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql AS $${}$$;
         {plant};
         RESET ROLE",
        body("true"),
        body("NULL")
    )
}
