-- What a role could plant that may create objects in a schema of the search path: operators,
-- functions and types that hide those of the system, or fit better. Whoever calls one is trapped.
DO $plant$
DECLARE
    planted record;
    result text;
BEGIN
    -- What is planted must not trap its gardener.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);
    FOR planted IN
        SELECT p.proname AS name, pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments,
            p.prorettype::regtype AS result, p.proretset AS is_set, p.prokind AS kind
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind IN ('f', 'w')
    LOOP
        BEGIN
            EXECUTE format(
                'CREATE FUNCTION public.%I(%s) RETURNS %s %s LANGUAGE plpgsql AS %L',
                planted.name, planted.arguments, CASE WHEN planted.is_set THEN 'SETOF' END,
                planted.result,
                format('BEGIN RAISE EXCEPTION ''trapped in the function %s''; END', planted.name));
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
    FOR planted IN
        SELECT o.oprname AS name, o.oprleft::regtype AS l, o.oprright::regtype AS r,
            o.oprresult::regtype AS result
        FROM pg_catalog.pg_operator o WHERE o.oprnamespace = 'pg_catalog'::regnamespace
        UNION
        SELECT o.name, l.oid::regtype, r.oid::regtype, o.result::regtype
        FROM (VALUES ('=', 'bool'), ('<>', 'bool'), ('<', 'bool'), ('<=', 'bool'), ('>', 'bool'),
            ('>=', 'bool'), ('~', 'bool'), ('!~', 'bool'), ('~~', 'bool'), ('||', 'text'))
            AS o (name, result),
            pg_catalog.pg_type l, pg_catalog.pg_type r
        WHERE l.typname IN ('varchar', 'text', 'name', 'bpchar', 'char', 'oid', 'regclass', 'int2',
            'int4', 'int8', 'numeric', 'timestamp', 'timestamptz', 'unknown')
        AND r.typname IN ('varchar', 'text', 'name', 'bpchar', 'char', 'oid', 'regclass', 'int2',
            'int4', 'int8', 'numeric', 'timestamp', 'timestamptz', 'unknown')
        AND l.typnamespace = 'pg_catalog'::regnamespace
        AND r.typnamespace = 'pg_catalog'::regnamespace
    LOOP
        BEGIN
            result := format('trap_%s', md5(planted.name || planted.result));
            EXECUTE format(
                'CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', result,
                concat_ws(', ', nullif(planted.l::text, '-'), nullif(planted.r::text, '-')),
                planted.result,
                format('BEGIN RAISE EXCEPTION ''trapped in the operator %s''; END',
                    replace(planted.name, '%', '%%')));
            EXECUTE format(
                'CREATE OPERATOR public.%s (%s, FUNCTION = public.%I)', planted.name,
                concat_ws(', ', 'LEFTARG = ' || nullif(planted.l::text, '-'),
                    'RIGHTARG = ' || nullif(planted.r::text, '-')), result);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
    FOR planted IN
        SELECT t.typname AS name FROM pg_catalog.pg_type t
        WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typelem = 0
    LOOP
        BEGIN
            EXECUTE format('CREATE DOMAIN public.%I AS pg_catalog.bool CHECK (false)', planted.name);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
END
$plant$;
