-- A retrieval that names its attempt has the attempt's flags already.
SELECT q.id, l.evaluator, jsonb_strip_nulls(jsonb_build_object('lock', 'audit_rules_immutable',
    'order', o.told, 'locked_at', l.locked_at, 'retrieved_at', q.retrieved_at,
    'locked_iteration', l.locked_iteration, 'iteration', l.iteration)) AS evidence
FROM audited_locked l
JOIN tip_retrievals q ON q.run_id = l.run_id AND q.rule_id = l.item_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN q.retrieved_at > l.locked_at THEN 'after'
        WHEN q.retrieved_at < l.locked_at THEN 'before' ELSE l.told END
) AS o (told)
WHERE q.attempt_id IS NULL AND q.outcome_value = 0 AND o.told <> 'before'
