SELECT s.id, s.evaluator, jsonb_build_object('passed', true,
    'health', left(health.text, 200)) AS evidence
FROM audited s
JOIN attempts a ON a.id = s.id
CROSS JOIN LATERAL (SELECT a.outcome #>> '{signals,health}') AS health (text)
WHERE s.gemma_forge AND s.passed AND NOT s.infrastructure
    AND ltrim(health.text, E' \t\r\n') !~ '^HEALTHY'
