-- Tokens by kind, the user's prices, and what turns, attempts and runs cost by them. What is
-- not known stays null: it is never counted as zero.

ALTER TABLE turns ADD COLUMN cached_tokens integer, ADD COLUMN reasoning_tokens integer;
ALTER TABLE captures ADD COLUMN cached_tokens integer, ADD COLUMN reasoning_tokens integer;

COMMENT ON COLUMN turns.cached_tokens IS 'of prompt_tokens: read from a cache; null if nobody counted';
COMMENT ON COLUMN turns.reasoning_tokens IS 'of completion_tokens: thought, not said; null if nobody counted';

-- Written by `forge store prices`, whole each time.
CREATE TABLE prices (
    pattern      text PRIMARY KEY, -- of a model's name; * is any text
    matches      text NOT NULL,    -- the same as LIKE reads it
    input        double precision, -- USD per million tokens, as the next three
    cached_input double precision,
    output       double precision,
    reasoning    double precision,
    watts        double precision,
    usd_per_kwh  double precision
);

-- The longest pattern that fits a model gives its prices. Tokens of a kind without a price of
-- its own cost what the kind does that they are part of, reasoning; cached ones are then unknown.
CREATE FUNCTION usd_of(
    model text, prompt integer, cached integer, completion integer, reasoned integer,
    seconds double precision
) RETURNS double precision LANGUAGE sql STABLE
RETURN (
    SELECT
        CASE WHEN p.input IS NULL THEN 0 ELSE (
            CASE
                WHEN p.cached_input IS NULL AND coalesce(cached, 0) = 0 THEN prompt * p.input
                WHEN prompt IS NULL OR cached IS NULL THEN NULL -- greatest() passes over a null
                ELSE greatest(prompt - cached, 0) * p.input + cached * p.cached_input
            END
            + CASE
                WHEN p.reasoning IS NULL THEN completion * p.output
                WHEN completion IS NULL OR reasoned IS NULL THEN NULL
                ELSE greatest(completion - reasoned, 0) * p.output + reasoned * p.reasoning
            END
        ) / 1e6 END
        + CASE WHEN p.watts IS NULL THEN 0
            ELSE p.watts * nullif(seconds, 0) / 3.6e6 * p.usd_per_kwh END
    FROM prices p WHERE model LIKE p.matches
    ORDER BY length(p.pattern) DESC, p.pattern LIMIT 1
);

CREATE VIEW turn_costs AS
SELECT
    id AS turn_id, attempt_id, run_id, item_id, agent, model,
    prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, elapsed_s,
    usd_of(model, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, elapsed_s)
        AS usd
FROM turns;

COMMENT ON VIEW turn_costs IS 'Every turn, evaluation runs too, with what it cost by `prices`';
COMMENT ON COLUMN turn_costs.usd IS 'null if no price fits the model, or a count is missing that a price needs';

CREATE VIEW attempt_costs AS
SELECT
    a.id AS attempt_id, a.run_id, a.item_id, a.attempt_num, count(c.turn_id) AS turns,
    count(c.turn_id) - count(c.usd) AS turns_unknown,
    CASE WHEN count(c.turn_id) = count(c.usd) THEN sum(c.usd) END AS usd
FROM attempts a LEFT JOIN turn_costs c ON c.attempt_id = a.id
GROUP BY a.id;

COMMENT ON VIEW attempt_costs IS 'What all turns of an attempt cost together';
COMMENT ON COLUMN attempt_costs.turns_unknown IS 'turns of which the cost is not known';
COMMENT ON COLUMN attempt_costs.usd IS 'null if the cost of one turn is not known, or there is no turn';

CREATE VIEW run_costs AS
SELECT
    run_id, count(*) AS attempts, count(*) - count(usd) AS attempts_unknown,
    sum(usd) AS usd_known,
    CASE WHEN count(*) = count(usd) THEN sum(usd) END AS usd
FROM attempt_costs GROUP BY run_id;

COMMENT ON VIEW run_costs IS 'What the attempts of a run cost together';
COMMENT ON COLUMN run_costs.attempts_unknown IS 'attempts of which the cost is not known';
COMMENT ON COLUMN run_costs.usd_known IS 'of the other attempts: the run cost at least this';
COMMENT ON COLUMN run_costs.usd IS 'null if the cost of one attempt is not known';

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

COMMENT ON COLUMN turn_examples.cached_tokens IS 'of prompt_tokens: read from a cache; null if nobody counted';
COMMENT ON COLUMN turn_examples.reasoning_tokens IS 'of completion_tokens: thought, not said; null if nobody counted';
COMMENT ON COLUMN turn_examples.usd IS 'what the turn cost by the stored prices; null if that is not known';
