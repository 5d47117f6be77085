SELECT s.id, s.evaluator, jsonb_build_object('outcome', t.word, 'attempts_counted', t.counted,
    'attempts_stored', t.stored, 'attempts_passed', 0) AS evidence
FROM (
    SELECT i.run_id, i.item_id, i.word, i.counted, count(*) AS stored
    FROM audited_items i
    JOIN audited s ON s.run_id = i.run_id AND s.item_id = i.item_id
    WHERE i.verdict = 'passed' AND NOT s.infrastructure
    GROUP BY i.run_id, i.item_id, i.word, i.counted
    HAVING NOT bool_or(s.passed)
) AS t
JOIN audited s ON s.run_id = t.run_id AND s.item_id = t.item_id AND NOT s.infrastructure
