-- Each request of a session has the one before in it, and the same tools and instructions. What
-- requests of a run repeat is kept once.

CREATE TABLE captured_parts (
    run_id text NOT NULL, -- of the captures that have it
    place  integer NOT NULL,
    digest bytea NOT NULL, -- SHA-256 of the part's text
    part   json NOT NULL,
    PRIMARY KEY (run_id, place),
    UNIQUE (run_id, digest)
);
COMMENT ON TABLE captured_parts IS 'a message, tool or instruction of captured requests of a run, kept once';

-- Key of the request to what it holds: a place, or the ranges of places of a list, upper ends
-- excluded. `request` has null there. Null: `request` is whole.
ALTER TABLE captures ADD COLUMN shared jsonb;

CREATE FUNCTION captured_places(shared jsonb) RETURNS SETOF integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT generate_series(lower(r.span), upper(r.span) - 1)
    FROM jsonb_each(shared) AS e (key, held)
    CROSS JOIN LATERAL (
        SELECT int4range((s.span ->> 0)::integer, (s.span ->> 1)::integer)
        FROM jsonb_array_elements(CASE jsonb_typeof(e.held) WHEN 'array' THEN e.held END) AS s (span)
        UNION ALL
        SELECT int4range(e.held::integer, e.held::integer + 1)
        WHERE jsonb_typeof(e.held) = 'number'
    ) AS r (span);
END;

CREATE FUNCTION captured_request(run text, request json, shared jsonb) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN shared IS NULL THEN request ELSE (
    SELECT ('{' || string_agg(to_json(e.key)::text || ':' || coalesce(
        CASE jsonb_typeof(shared -> e.key)
        WHEN 'number' THEN (
            SELECT p.part::text FROM captured_parts p
            WHERE p.run_id = run AND p.place = (shared -> e.key)::integer
        )
        WHEN 'array' THEN (
            SELECT '[' || string_agg(p.part::text, ',' ORDER BY s.at, p.place) || ']'
            FROM jsonb_array_elements(shared -> e.key) WITH ORDINALITY AS s (span, at)
            JOIN captured_parts p ON p.run_id = run AND p.place >= (s.span ->> 0)::integer
                AND p.place < (s.span ->> 1)::integer
        )
        END, e.value::text), ',' ORDER BY e.at) || '}')::json
    FROM json_each(request) WITH ORDINALITY AS e (key, value, at)
) END;
COMMENT ON FUNCTION captured_request IS
    'A capture''s whole request is captured_request(run_id, request, shared)';
