-- The database keeps 200 characters of what the worker said, its log 1000.
-- Characters that the store holds escaped count as one, as for the writer.
SELECT s.id, s.worker_turn, s.evaluator, jsonb_build_object('field', 'approach',
    'length', size.characters, 'ends', right(a.approach, 40)) AS evidence
FROM audited s
JOIN attempts a ON a.id = s.id
CROSS JOIN LATERAL (SELECT length(regexp_replace(a.approach, '␛[0-9a-f]{4}', 'x', 'g')))
    AS size (characters)
WHERE s.gemma_forge
    AND size.characters = CASE WHEN s.moment LIKE 'line %%' THEN 1000 ELSE 200 END
