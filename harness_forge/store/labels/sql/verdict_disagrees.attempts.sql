SELECT s.id, s.evaluator, jsonb_build_object('passed', s.passed, 'value', s.value,
    'infrastructure', s.infrastructure) AS evidence
FROM audited s
WHERE s.passed AND (s.value <= 0 OR s.infrastructure)
    OR NOT s.passed AND NOT s.infrastructure AND s.value >= 1
