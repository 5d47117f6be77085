-- The tables that checks select from. Texts stay where they are: of prompts
-- and answers only hashes are taken along. `bare` is an item's id without the
-- prefix that SCAP gives rules.

CREATE TEMP TABLE audited_items ON COMMIT DROP AS
SELECT
    w.run_id, w.item_id, coalesce(w.title, '') AS title, w.digest,
    regexp_replace(w.item_id, '^xccdf_[^_]+_rule_', '') AS bare,
    lower(coalesce(nullif(w.category, ''), w.family, '')) AS category,
    w.outcome AS word, w.attempts AS counted,
    CASE WHEN w.outcome IS NULL THEN 'none' ELSE words.verdict END AS verdict,
    r.started_at, r.evaluator, r.evaluator = ANY (%(gemma_forge)s::text[]) AS gemma_forge
FROM work_items w
JOIN runs r ON r.id = w.run_id AND r.purpose = 'collect'
LEFT JOIN unnest(%(words)s::text[], %(verdicts)s::text[]) AS words (word, verdict)
    ON words.word = lower(btrim(w.outcome));

-- The answer is what was judged: the call, or the words where there was none.
CREATE TEMP TABLE audited ON COMMIT DROP AS
SELECT
    a.id, a.run_id, a.item_id, a.attempt_num, i.bare, i.title, i.category, i.digest,
    i.started_at, a.created_at AS at, evaluator.name AS evaluator,
    evaluator.name = ANY (%(gemma_forge)s::text[]) AS gemma_forge,
    a.eval_passed AS passed, a.infrastructure, a.failure_mode,
    a.outcome_value AS value, a.outcome_confidence AS confidence,
    hashtextextended(a.approach_prompt, 0) AS prompt,
    hashtextextended(coalesce(a.tool_call::text, a.response), 0) AS answer
FROM attempts a
JOIN audited_items i ON i.run_id = a.run_id AND i.item_id = a.item_id
CROSS JOIN LATERAL (SELECT coalesce(nullif(a.evaluator, ''), i.evaluator)) AS evaluator (name);

-- Where no prompt stands beside the attempt, its decisive turn holds the request.
UPDATE audited SET prompt = hashtextextended(t.messages::text, 0)
FROM turns t
WHERE audited.prompt IS NULL AND audited.answer IS NOT NULL
    AND t.attempt_id = audited.id AND t.decisive;

-- Logged events that say something of labels.
CREATE TEMP TABLE audited_events ON COMMIT DROP AS
SELECT
    e.run_id, e.ts, e.event_type, e.data, e.data ->> 'attempt' AS attempt,
    regexp_replace(coalesce(e.rule_id, e.data ->> 'rule_id'), '^xccdf_[^_]+_rule_', '') AS bare
FROM run_events e
JOIN runs r ON r.id = e.run_id AND r.purpose = 'collect'
WHERE r.evaluator = ANY (%(gemma_forge)s::text[])
    AND e.event_type IN ('remediated', 'tool_error', 'environment_unrecoverable', 'revert',
        'post_deferred_evaluation');

-- What the checks find.
CREATE TEMP TABLE found (
    target_table text NOT NULL,
    target_id    bigint NOT NULL,
    reason       text NOT NULL,
    kind         text NOT NULL,
    evidence     jsonb NOT NULL,
    evaluator    text NOT NULL,
    PRIMARY KEY (target_table, target_id, reason)
) ON COMMIT DROP;

-- Without it the planner takes each of them for a few hundred rows.
ANALYZE audited, audited_items, audited_events;
