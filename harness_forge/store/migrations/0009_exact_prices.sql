-- Of two patterns that fit a model, the one with more letters of its own gives the prices: by their
-- lengths alone, `m-*` went before the model's own name, `m-x`.

CREATE OR REPLACE FUNCTION usd_of(
    model text, prompt integer, cached integer, completion integer, reasoned integer,
    seconds double precision
) RETURNS double precision LANGUAGE sql STABLE
RETURN (
    SELECT
        CASE WHEN p.input IS NULL THEN 0 ELSE (
            CASE
                WHEN p.cached_input IS NULL AND coalesce(cached, 0) = 0 THEN prompt * p.input
                WHEN prompt IS NULL OR cached IS NULL THEN NULL -- greatest() passes over a null
                ELSE greatest(prompt - cached, 0) * p.input + cached * p.cached_input
            END
            + CASE
                WHEN p.reasoning IS NULL THEN completion * p.output
                WHEN completion IS NULL OR reasoned IS NULL THEN NULL
                ELSE greatest(completion - reasoned, 0) * p.output + reasoned * p.reasoning
            END
        ) / 1e6 END
        + CASE WHEN p.watts IS NULL THEN 0
            ELSE p.watts * nullif(seconds, 0) / 3.6e6 * p.usd_per_kwh END
    FROM prices p WHERE model LIKE p.matches
    ORDER BY length(replace(p.pattern, '*', '')) DESC, p.pattern LIMIT 1
);
