SELECT s.id, s.evaluator, jsonb_build_object('value', s.value, 'confidence', s.confidence,
    'failure_mode', s.failure_mode, 'passed_in_the_end', e.passed) AS evidence
FROM audited s
LEFT JOIN LATERAL (
    SELECT e.data -> 'passed' AS passed
    FROM audited_events e
    WHERE e.run_id = s.run_id AND e.bare = s.bare AND e.type = 'post_deferred_evaluation'
    ORDER BY e.at DESC, e.data LIMIT 1
) AS e ON true
WHERE s.gemma_forge AND NOT s.infrastructure
    AND (s.value > 0 AND s.value < 1
        OR s.value IS NULL AND NOT s.passed AND s.failure_mode = 'needs_reboot')
