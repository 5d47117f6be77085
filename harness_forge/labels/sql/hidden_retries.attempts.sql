SELECT s.id, s.evaluator, jsonb_build_object('run_started_at', s.started_at) AS evidence
FROM audited s
WHERE s.gemma_forge AND NOT s.infrastructure
    AND s.started_at < timestamptz '2026-04-12 00:00:00+00'
