-- A retrieval that names its attempt has the attempt's flags already.
SELECT q.id, l.evaluator, jsonb_strip_nulls(jsonb_build_object('lock', 'audit_rules_immutable',
    'order', o.told, 'locked_at', l.moment, 'retrieved_at', q.moment,
    'locked_iteration', l.locked_iteration, 'iteration', l.iteration)) AS evidence
FROM audited_locked l
JOIN (
    SELECT *, extract(epoch FROM retrieved_at) AS at,
        to_char(retrieved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS moment
    FROM tip_retrievals
) AS q ON q.run_id = l.run_id AND q.rule_id = l.item_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN l.moment LIKE 'line %%' THEN l.told
        WHEN q.at > l.at THEN 'after' WHEN q.at < l.at THEN 'before' ELSE l.told END
) AS o (told)
WHERE q.attempt_id IS NULL AND q.outcome_value = 0 AND o.told <> 'before'
