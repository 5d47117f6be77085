-- What order cannot be told is doubted, not guessed.
SELECT s.id, s.evaluator, jsonb_strip_nulls(jsonb_build_object('lock', 'audit_rules_immutable',
    'order', o.told, 'locked_at', l.moment, 'tried_at', s.moment,
    'locked_iteration', l.locked_iteration, 'iteration', l.iteration)) AS evidence
FROM audited_locked l
JOIN audited s ON s.run_id = l.run_id AND s.item_id = l.item_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN s.at > l.at THEN 'after' WHEN s.at < l.at THEN 'before' ELSE l.told END
) AS o (told)
WHERE s.gemma_forge AND NOT s.passed AND NOT s.infrastructure AND o.told <> 'before'
