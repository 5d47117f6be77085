SELECT q.id, r.evaluator, jsonb_build_object('value', q.outcome_value,
    'confidence', q.outcome_confidence, 'passed_in_the_end', e.passed) AS evidence
FROM tip_retrievals q
JOIN runs r ON r.id = q.run_id AND r.purpose = 'collect'
LEFT JOIN LATERAL (
    SELECT e.data -> 'passed' AS passed
    FROM audited_events e
    WHERE e.run_id = q.run_id AND e.bare = q.rule_id AND e.type = 'post_deferred_evaluation'
    ORDER BY e.at DESC, e.data LIMIT 1
) AS e ON true
WHERE r.evaluator = ANY (%(gemma_forge)s::text[])
    AND q.outcome_value > 0 AND q.outcome_value < 1
