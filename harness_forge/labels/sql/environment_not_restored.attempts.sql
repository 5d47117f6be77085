-- What was said last of the environment before the attempt was judged.
SELECT s.id, s.evaluator, jsonb_build_object('event', e.event_type, 'item_id', e.bare,
    'attempt', e.attempt, 'at', e.ts, 'judged_at', s.at) AS evidence
FROM audited s
CROSS JOIN LATERAL (
    SELECT *
    FROM audited_events e
    WHERE e.run_id = s.run_id AND e.ts < s.at
        AND (e.event_type IN ('environment_unrecoverable', 'revert')
            OR e.event_type = 'tool_error' AND e.data ->> 'phase' = 'checkpoint_restore')
    ORDER BY e.ts DESC, e.event_type, e.data LIMIT 1
) AS e
WHERE s.gemma_forge AND NOT s.passed AND NOT s.infrastructure
    AND (e.event_type <> 'revert' OR e.data ->> 'restore_ok' = 'false')
