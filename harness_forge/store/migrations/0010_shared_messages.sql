-- A turn of a long conversation has all messages before it in its request. Kept once for the
-- attempt, 300 turns take a hundredth of the place.

CREATE TABLE shared_messages (
    attempt_id bigint NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    place      integer NOT NULL,
    run_id     text NOT NULL, -- the attempt's, for the watermark
    message    json NOT NULL,
    row_hash   bigint,
    PRIMARY KEY (attempt_id, place)
);
CREATE INDEX shared_messages_run_hash ON shared_messages (run_id) INCLUDE (row_hash);
CREATE TRIGGER row_hash BEFORE INSERT OR UPDATE ON shared_messages
    FOR EACH ROW EXECUTE FUNCTION set_row_hash();
COMMENT ON TABLE shared_messages IS 'a message that several turns of an attempt have in their requests';

-- Null: `messages` has the request. Else `messages` is null, and these are its places, in order.
ALTER TABLE turns ADD COLUMN shared int4range[];
ALTER TABLE turns ALTER COLUMN messages DROP NOT NULL;
ALTER TABLE turns ADD CHECK ((messages IS NULL) = (shared IS NOT NULL)) NOT VALID;

-- The text is what `messages` would be, byte by byte: prompts are compared by it.
CREATE FUNCTION request_of(attempt bigint, shared int4range[]) RETURNS json
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN (
    SELECT ('[' || coalesce(string_agg(m.message::text, ',' ORDER BY s.at, m.place), '') || ']')::json
    FROM unnest(shared) WITH ORDINALITY AS s (span, at)
    JOIN shared_messages m ON m.attempt_id = attempt
        AND m.place >= lower(s.span) AND m.place < upper(s.span)
);
COMMENT ON FUNCTION request_of IS
    'A turn''s whole request is coalesce(messages, request_of(attempt_id, shared))';

CREATE OR REPLACE VIEW attempt_examples AS
SELECT
    a.id AS attempt_id, a.run_id, a.item_id, a.attempt_num,
    r.policy, a.origin, a.variant, a.model, a.adapter,
    a.approach_prompt AS prompt, t.id AS turn_id,
    coalesce(t.messages, request_of(t.attempt_id, t.shared)) AS messages, t.tools, t.sampling, t.response, t.finish_reason, a.tool_call,
    a.eval_passed, a.outcome_value, a.outcome_confidence, a.failure_mode, a.outcome,
    a.infrastructure, a.evaluator, a.evaluator_version,
    a.approach, a.reflection, a.lesson,
    w.title, w.severity, w.family, w.group_key, w.digest AS item_digest, i.full_cycle,
    s.split,
    f.reasons IS NOT NULL AS flagged, coalesce(f.reasons, '{}') AS flag_reasons,
    a.prompt_tokens, a.completion_tokens, a.wall_time_s, a.created_at
FROM attempts a
JOIN runs r ON r.id = a.run_id AND r.purpose = 'collect'
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
LEFT JOIN turns t ON t.attempt_id = a.id AND t.decisive
LEFT JOIN items i ON i.item_id = a.item_id
LEFT JOIN splits s ON s.group_key = w.group_key
LEFT JOIN (
    SELECT attempt_id, array_agg(DISTINCT reason ORDER BY reason) AS reasons
    FROM (
        SELECT target_id AS attempt_id, reason FROM label_flags WHERE target_table = 'attempts'
        UNION ALL
        SELECT t.attempt_id, l.reason FROM label_flags l JOIN turns t ON t.id = l.target_id
        WHERE l.target_table = 'turns' AND t.decisive
    ) flags
    GROUP BY attempt_id
) f ON f.attempt_id = a.id;

CREATE OR REPLACE VIEW turn_examples AS
SELECT
    t.id AS turn_id, t.attempt_id, t.run_id, t.item_id, t.attempt_num,
    t.agent, t.iteration, t.decisive,
    r.policy, a.origin, a.variant, t.model, a.adapter,
    coalesce(t.messages, request_of(t.attempt_id, t.shared)) AS messages, t.tools, t.sampling, t.response,
    t.content, t.finish_reason, a.tool_call,
    a.eval_passed, a.outcome_value, a.outcome_confidence, a.failure_mode,
    a.infrastructure, a.evaluator, a.evaluator_version,
    w.title, w.severity, w.family, w.group_key, w.digest AS item_digest, i.full_cycle,
    s.split,
    f.reasons IS NOT NULL AS flagged, coalesce(f.reasons, '{}') AS flag_reasons,
    t.prompt_tokens, t.completion_tokens, t.elapsed_s, t.started_at,
    r.started_at AS run_started_at,
    CASE WHEN r.config ? 'host' THEN coalesce(r.config ->> 'prompt_context', 'none') END
        AS prompt_context,
    t.cached_tokens, t.reasoning_tokens,
    usd_of(t.model, t.prompt_tokens, t.cached_tokens, t.completion_tokens, t.reasoning_tokens,
        t.elapsed_s) AS usd
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
