-- What every export asks of a turn's run: `turn_examples` of 0002 with two columns more, so that
-- no export selects from `runs` by itself.

CREATE OR REPLACE VIEW turn_examples AS
SELECT
    t.id AS turn_id, t.attempt_id, t.run_id, t.item_id, t.attempt_num,
    t.agent, t.iteration, t.decisive,
    r.policy, a.origin, a.variant, t.model, a.adapter,
    t.messages, t.tools, t.sampling, t.response, t.content, t.finish_reason, a.tool_call,
    a.eval_passed, a.outcome_value, a.outcome_confidence, a.failure_mode,
    a.infrastructure, a.evaluator, a.evaluator_version,
    w.title, w.severity, w.family, w.group_key, w.digest AS item_digest, i.full_cycle,
    s.split,
    f.reasons IS NOT NULL AS flagged, coalesce(f.reasons, '{}') AS flag_reasons,
    t.prompt_tokens, t.completion_tokens, t.elapsed_s, t.started_at,
    r.started_at AS run_started_at,
    CASE WHEN r.config ? 'host' THEN coalesce(r.config ->> 'prompt_context', 'none') END
        AS prompt_context
FROM turns t
JOIN attempts a ON a.id = t.attempt_id
JOIN runs r ON r.id = t.run_id AND r.purpose = 'collect'
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
LEFT JOIN items i ON i.item_id = a.item_id
LEFT JOIN splits s ON s.group_key = w.group_key
LEFT JOIN (
    SELECT turn_id, array_agg(DISTINCT reason ORDER BY reason) AS reasons
    FROM (
        SELECT target_id AS turn_id, reason FROM label_flags WHERE target_table = 'turns'
        UNION ALL
        SELECT t.id, l.reason FROM label_flags l JOIN turns t ON t.attempt_id = l.target_id
        WHERE l.target_table = 'attempts'
    ) flags
    GROUP BY turn_id
) f ON f.turn_id = t.id;

COMMENT ON COLUMN turn_examples.run_started_at IS 'when the turn''s run was started';
COMMENT ON COLUMN turn_examples.prompt_context IS
    'prompt.context of the turn''s run: none or description; null for runs of other harnesses';
