-- What was said last of the environment before the attempt was judged.
SELECT s.id, s.evaluator, jsonb_build_object('event', e.type, 'item_id', e.bare,
    'attempt', e.attempt, 'at', e.moment, 'tried_at', s.moment) AS evidence
FROM audited s
CROSS JOIN LATERAL (
    SELECT *
    FROM audited_events e
    WHERE e.run_id = s.run_id AND e.at < s.at
        AND (e.type IN ('environment_unrecoverable', 'revert')
            OR e.type = 'tool_error' AND e.data ->> 'phase' = 'checkpoint_restore')
    -- Of one attempt: a restore that worked in the end mends an error before it.
    ORDER BY e.at DESC, e.type = 'environment_unrecoverable' DESC, e.type = 'revert' DESC, e.data
    LIMIT 1
) AS e
WHERE s.gemma_forge AND NOT s.passed AND NOT s.infrastructure
    AND (e.type <> 'revert' OR e.data ->> 'restore_ok' = 'false')
