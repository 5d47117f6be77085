SELECT s.id, s.evaluator,
    jsonb_build_object('passed', true, 'health', left(s.health, 200)) AS evidence
FROM audited s
WHERE s.gemma_forge AND s.passed AND NOT s.infrastructure
    AND ltrim(s.health, E' \t\r\n') !~ '^HEALTHY'
