-- Flagged on the worker's turn: what other agents said of the attempt is whole.
SELECT s.worker_turn AS id, s.evaluator, jsonb_build_object('field', 'approach',
    'length', size.characters, 'ends', right(a.approach, 40)) AS evidence
FROM audited s
JOIN attempts a ON a.id = s.id
CROSS JOIN LATERAL (SELECT length(regexp_replace(a.approach, '␛[0-9a-f]{4}', 'x', 'g')))
    AS size (characters)
WHERE s.gemma_forge AND s.worker_turn IS NOT NULL
    AND size.characters = CASE WHEN s.moment LIKE 'line %%' THEN 1000 ELSE 200 END
