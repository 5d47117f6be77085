-- A log's run is known by when it began.
SELECT s.id, s.evaluator, jsonb_build_object('run_began', began.day) AS evidence
FROM audited s
JOIN runs r ON r.id = s.run_id
CROSS JOIN LATERAL (
    SELECT coalesce(substring(r.id FROM '^(20\d{6})-\d{6}'),
        to_char(r.started_at AT TIME ZONE 'UTC', 'YYYYMMDD'))
) AS began (day)
WHERE s.gemma_forge AND NOT s.infrastructure AND began.day < '20260412'
