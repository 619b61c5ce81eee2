//! The modes of constraints, which say when they are checked.

/// Returns the block of PL/pgSQL that puts every constraint that can be deferred into the mode that
/// it was declared with. What a revision has deferred is checked thereby, as at the end of a
/// transaction of its own.
///
/// No statement puts modes back: after `SET CONSTRAINTS ALL`, constraints have the mode that it sets,
/// even those that are created later in the transaction, until one is set by name.
pub(crate) const RESTORE_MODES: &str = "
DECLARE
	deferred pg_catalog.text;
	immediate pg_catalog.text;
BEGIN
	SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.conname), ', ')
		FILTER (WHERE c.condeferred),
		pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.conname), ', ')
		FILTER (WHERE NOT c.condeferred)
	INTO deferred, immediate
	FROM pg_catalog.pg_constraint AS c
	JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.connamespace
	WHERE c.condeferrable AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
	AND NOT pg_catalog.pg_is_other_temp_schema(n.oid);
	IF deferred IS NOT NULL THEN
		EXECUTE pg_catalog.concat('SET CONSTRAINTS ', deferred, ' DEFERRED');
	END IF;
	IF immediate IS NOT NULL THEN
		EXECUTE pg_catalog.concat('SET CONSTRAINTS ', immediate, ' IMMEDIATE');
	END IF;
END
";
