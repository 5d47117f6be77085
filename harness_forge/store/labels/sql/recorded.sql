-- Tables for gemma-forge's rows alone: what was logged of them.

-- Events stand in a table, or, where a log was taken in, with the attempt.
CREATE TEMP TABLE audited_events ON COMMIT DROP AS
SELECT s.run_id, s.at, s.moment, s.bare, s.attempt_num::text AS attempt, event.type, data
FROM audited s
JOIN attempts a ON a.id = s.id
CROSS JOIN unnest('{remediated,tool_error,environment_unrecoverable,revert,
    post_deferred_evaluation}'::text[]) AS event (type)
CROSS JOIN LATERAL jsonb_path_query(a.outcome #> ARRAY['signals', event.type], '$[*]') AS data
WHERE s.gemma_forge AND s.moment LIKE 'line %%'
UNION ALL
SELECT
    e.run_id, extract(epoch FROM e.ts),
    to_char(e.ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    regexp_replace(coalesce(e.rule_id, e.data ->> 'rule_id'), '^xccdf_[^_]+_rule_', ''),
    e.data ->> 'attempt', e.event_type, e.data
FROM run_events e
JOIN runs r ON r.id = e.run_id AND r.purpose = 'collect'
WHERE r.evaluator = ANY (%(gemma_forge)s::text[])
    AND e.event_type IN ('remediated', 'tool_error', 'environment_unrecoverable', 'revert',
        'post_deferred_evaluation')
    AND NOT EXISTS (
        SELECT FROM audited s WHERE s.run_id = e.run_id AND s.moment LIKE 'line %%');

-- The iteration in which a run was done with an item, by the run's own summary.
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

-- When audit_rules_immutable passed, in each run where it did: the event, the
-- attempt that passed, or the end of the rule, as the database keeps failed
-- attempts only and dates them all by it.
CREATE TEMP TABLE audited_locks ON COMMIT DROP AS
SELECT locks.*, o.iteration
FROM (
    SELECT i.run_id, coalesce(min(e.at), min(s.at) FILTER (WHERE s.passed), max(s.at)) AS at,
        coalesce(min(e.moment), min(s.moment) FILTER (WHERE s.passed), max(s.moment)) AS moment
    FROM audited_items i
    LEFT JOIN audited s ON s.run_id = i.run_id AND s.item_id = i.item_id
    LEFT JOIN audited_events e
        ON e.run_id = i.run_id AND e.bare = i.bare AND e.type = 'remediated'
    WHERE i.gemma_forge AND i.bare = 'audit_rules_immutable'
    GROUP BY i.run_id, i.item_id
    HAVING bool_or(i.verdict = 'passed') OR bool_or(s.passed)
) AS locks
LEFT JOIN audited_iterations o ON o.run_id = locks.run_id AND o.bare = 'audit_rules_immutable';

-- Items of audit in those runs; `told` is their order to the lock by iteration.
CREATE TEMP TABLE audited_locked ON COMMIT DROP AS
SELECT
    i.run_id, i.item_id, i.evaluator, l.at, l.moment, l.iteration AS locked_iteration, o.iteration,
    CASE WHEN o.iteration > l.iteration THEN 'after' WHEN o.iteration < l.iteration THEN 'before'
        ELSE 'unknown' END AS told
FROM audited_locks l
JOIN audited_items i ON i.run_id = l.run_id
LEFT JOIN audited_iterations o ON o.run_id = i.run_id AND o.bare = i.bare
WHERE i.bare <> 'audit_rules_immutable'
    AND (i.category = 'audit' OR i.category IN ('', 'other') AND i.bare ~ '^auditd?_');

ANALYZE audited_events, audited_locked;
