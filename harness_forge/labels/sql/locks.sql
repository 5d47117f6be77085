-- When audit_rules_immutable passed, in each run where it did: the event, the
-- attempt that passed, or the end of the rule, as the database keeps failed
-- attempts only and dates them all by it. `iteration` is the run's own count.

CREATE TEMP TABLE audited_iterations ON COMMIT DROP AS
SELECT
    r.id AS run_id, min((rule ->> 'iteration')::numeric) AS iteration,
    regexp_replace(rule ->> 'rule_id', '^xccdf_[^_]+_rule_', '') AS bare
FROM runs r
CROSS JOIN LATERAL jsonb_path_query(r.summary, '$.keyvalue()
    ? (@.key == "remediated_rules" || @.key == "escalated_rules").value[*]
    ? (@.iteration.type() == "number")') AS rule
WHERE r.purpose = 'collect' AND r.evaluator = ANY (%(gemma_forge)s::text[])
    AND jsonb_typeof(r.summary) = 'object'
GROUP BY r.id, bare;

CREATE TEMP TABLE audited_locks ON COMMIT DROP AS
SELECT locks.run_id, locks.at, o.iteration
FROM (
    SELECT i.run_id, coalesce(
            (SELECT min(e.ts) FROM audited_events e WHERE e.run_id = i.run_id
                AND e.event_type = 'remediated' AND e.bare = 'audit_rules_immutable'),
            min(s.at) FILTER (WHERE s.passed),
            max(s.at)) AS at
    FROM audited_items i
    LEFT JOIN audited s ON s.run_id = i.run_id AND s.item_id = i.item_id
    WHERE i.gemma_forge AND i.bare = 'audit_rules_immutable'
    GROUP BY i.run_id, i.item_id
    HAVING bool_or(i.verdict = 'passed') OR bool_or(s.passed)
) AS locks
LEFT JOIN audited_iterations o ON o.run_id = locks.run_id AND o.bare = 'audit_rules_immutable';

-- Items of audit whose order to the lock matters. The order by time is not
-- here: it is the attempt's, or the retrieval's.
CREATE TEMP TABLE audited_locked ON COMMIT DROP AS
SELECT
    i.run_id, i.item_id, i.evaluator, l.at AS locked_at,
    l.iteration AS locked_iteration, o.iteration,
    CASE WHEN o.iteration > l.iteration THEN 'after' WHEN o.iteration < l.iteration THEN 'before'
        ELSE 'unknown' END AS told
FROM audited_locks l
JOIN audited_items i ON i.run_id = l.run_id
LEFT JOIN audited_iterations o ON o.run_id = i.run_id AND o.bare = i.bare
WHERE i.bare <> 'audit_rules_immutable'
    AND (i.category = 'audit' OR i.category = '' AND i.bare ~ '^auditd?_');

ANALYZE audited_iterations, audited_locks, audited_locked;
