-- Characters that the store holds escaped count as one, as for the writer.
SELECT DISTINCT ON (s.id) s.id, s.worker_turn, s.evaluator, jsonb_build_object(
    'field', argument.key, 'length', size.characters,
    'ends', right(argument.value #>> '{}', 40)) AS evidence
FROM audited s
JOIN attempts a ON a.id = s.id
CROSS JOIN LATERAL json_each(CASE WHEN json_typeof(a.tool_call -> 'arguments') = 'object'
    THEN a.tool_call -> 'arguments' END) AS argument
CROSS JOIN LATERAL (
    -- Most are told by their bytes: a character has 1 to 12, as JSON.
    SELECT CASE WHEN octet_length(argument.value::text) BETWEEN 202 AND 2402
        THEN length(regexp_replace(argument.value #>> '{}', '␛[0-9a-f]{4}', 'x', 'g')) END
) AS size (characters)
WHERE s.gemma_forge
    AND json_typeof(argument.value) = 'string' AND size.characters = 200
ORDER BY s.id, argument.key
