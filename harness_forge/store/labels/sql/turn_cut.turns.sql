-- The log keeps 1000 characters of what an agent said, the database 500 of a
-- reflection. Characters that the store holds escaped count as one.
SELECT t.id, r.evaluator, jsonb_build_object('field', 'content', 'length', size.characters,
    'ends', right(t.content, 40)) AS evidence
FROM turns t
JOIN runs r ON r.id = t.run_id AND r.purpose = 'collect'
LEFT JOIN audited s ON s.id = t.attempt_id
CROSS JOIN LATERAL (SELECT length(regexp_replace(t.content, '␛[0-9a-f]{4}', 'x', 'g')))
    AS size (characters)
WHERE r.evaluator = ANY (%(gemma_forge)s::text[])
    AND (size.characters = 1000
        OR size.characters = 500 AND t.agent = 'reflector'
            AND coalesce(s.moment, '') NOT LIKE 'line %%')
