-- What exporters select from. Evaluation runs are not in them: an exporter
-- cannot take what it cannot see.

CREATE VIEW attempt_examples AS
SELECT
    a.id AS attempt_id, a.run_id, a.item_id, a.attempt_num,
    r.policy, a.origin, a.variant, a.model, a.adapter,
    a.approach_prompt AS prompt, t.id AS turn_id, t.messages, t.tools, t.sampling,
    t.response, t.finish_reason, a.tool_call,
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

COMMENT ON VIEW attempt_examples IS
    'One row per attempt of a collect run, with the worker turn that made its tool call';
COMMENT ON COLUMN attempt_examples.attempt_id IS 'attempts.id: names the row an example came from';
COMMENT ON COLUMN attempt_examples.run_id IS 'runs.id';
COMMENT ON COLUMN attempt_examples.item_id IS 'the work item, such as a rule id without prefix';
COMMENT ON COLUMN attempt_examples.attempt_num IS 'counts from 1 within run and item; 1 is the first try';
COMMENT ON COLUMN attempt_examples.policy IS 'who acted: gold, mutated or model:<name>';
COMMENT ON COLUMN attempt_examples.origin IS 'who wrote the answer: ours, content, mutated or model';
COMMENT ON COLUMN attempt_examples.variant IS 'which mutation or which sample; null where there is one only';
COMMENT ON COLUMN attempt_examples.model IS 'name of the model that answered; null for none';
COMMENT ON COLUMN attempt_examples.adapter IS 'adapter the model wore; null for none';
COMMENT ON COLUMN attempt_examples.prompt IS 'the prompt as one text';
COMMENT ON COLUMN attempt_examples.turn_id IS 'turns.id of the worker turn';
COMMENT ON COLUMN attempt_examples.messages IS 'the worker''s whole request, OpenAI form, json';
COMMENT ON COLUMN attempt_examples.tools IS 'tools offered, OpenAI form, json';
COMMENT ON COLUMN attempt_examples.sampling IS 'temperature and the like, jsonb';
COMMENT ON COLUMN attempt_examples.response IS 'the worker''s whole answer, one OpenAI message, json, never cut';
COMMENT ON COLUMN attempt_examples.finish_reason IS 'stop, tool_calls, length …; null where no model was asked';
COMMENT ON COLUMN attempt_examples.tool_call IS 'the parsed call {name, arguments}, json; null when none could be parsed';
COMMENT ON COLUMN attempt_examples.eval_passed IS 'target passes and the guard set is intact';
COMMENT ON COLUMN attempt_examples.outcome_value IS 'outcome, 0 to 1';
COMMENT ON COLUMN attempt_examples.outcome_confidence IS 'confidence in the outcome, 0 to 1';
COMMENT ON COLUMN attempt_examples.failure_mode IS 'short code of the failure; null when passed';
COMMENT ON COLUMN attempt_examples.outcome IS 'all that the evaluator measured, jsonb';
COMMENT ON COLUMN attempt_examples.infrastructure IS 'the evaluator, not the answer, was at fault: no verdict';
COMMENT ON COLUMN attempt_examples.evaluator IS 'who judged';
COMMENT ON COLUMN attempt_examples.evaluator_version IS 'its version';
COMMENT ON COLUMN attempt_examples.approach IS 'the attempt in a few words';
COMMENT ON COLUMN attempt_examples.reflection IS 'what the reflector wrote; null for none';
COMMENT ON COLUMN attempt_examples.lesson IS 'the reflection distilled; null for none';
COMMENT ON COLUMN attempt_examples.title IS 'title of the work item';
COMMENT ON COLUMN attempt_examples.severity IS 'severity of the work item';
COMMENT ON COLUMN attempt_examples.family IS 'family of the work item';
COMMENT ON COLUMN attempt_examples.group_key IS 'cluster of near-identical items: the unit of a split';
COMMENT ON COLUMN attempt_examples.item_digest IS 'hash of the check the attempt was judged by';
COMMENT ON COLUMN attempt_examples.full_cycle IS 'the item fails untouched and passes after the reference fix; null if not measured';
COMMENT ON COLUMN attempt_examples.split IS 'train, validation, holdout or quarantine; null while not assigned';
COMMENT ON COLUMN attempt_examples.flagged IS 'the label audit flagged the attempt or its worker turn';
COMMENT ON COLUMN attempt_examples.flag_reasons IS 'why, text[]; empty for none';
COMMENT ON COLUMN attempt_examples.prompt_tokens IS 'null where no model was asked';
COMMENT ON COLUMN attempt_examples.completion_tokens IS 'null where no model was asked';
COMMENT ON COLUMN attempt_examples.wall_time_s IS 'seconds the evaluator took';
COMMENT ON COLUMN attempt_examples.created_at IS 'when it was written';

CREATE VIEW turn_examples AS
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
    t.prompt_tokens, t.completion_tokens, t.elapsed_s, t.started_at
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

COMMENT ON VIEW turn_examples IS
    'One row per turn of an attempt of a collect run, with the attempt''s outcome';
COMMENT ON COLUMN turn_examples.turn_id IS 'turns.id: names the row an example came from';
COMMENT ON COLUMN turn_examples.attempt_id IS 'attempts.id';
COMMENT ON COLUMN turn_examples.run_id IS 'runs.id';
COMMENT ON COLUMN turn_examples.item_id IS 'the work item, such as a rule id without prefix';
COMMENT ON COLUMN turn_examples.attempt_num IS 'counts from 1 within run and item; 1 is the first try';
COMMENT ON COLUMN turn_examples.agent IS 'the role: worker, architect or reflector';
COMMENT ON COLUMN turn_examples.iteration IS 'place of the turn in its attempt, from 0';
COMMENT ON COLUMN turn_examples.decisive IS 'this worker turn gave the attempt its answer';
COMMENT ON COLUMN turn_examples.policy IS 'who acted: gold, mutated or model:<name>';
COMMENT ON COLUMN turn_examples.origin IS 'who wrote the attempt''s answer: ours, content, mutated or model';
COMMENT ON COLUMN turn_examples.variant IS 'which mutation or which sample; null where there is one only';
COMMENT ON COLUMN turn_examples.model IS 'name of the model that answered this turn';
COMMENT ON COLUMN turn_examples.adapter IS 'adapter the worker''s model wore; null for none';
COMMENT ON COLUMN turn_examples.messages IS 'the whole request, OpenAI form, json';
COMMENT ON COLUMN turn_examples.tools IS 'tools offered, OpenAI form, json';
COMMENT ON COLUMN turn_examples.sampling IS 'temperature and the like, jsonb';
COMMENT ON COLUMN turn_examples.response IS 'the whole answer, one OpenAI message, json, never cut';
COMMENT ON COLUMN turn_examples.content IS 'the text of the answer; null where it has none';
COMMENT ON COLUMN turn_examples.finish_reason IS 'stop, tool_calls, length …; null where no model was asked';
COMMENT ON COLUMN turn_examples.tool_call IS 'the attempt''s parsed call {name, arguments}, json';
COMMENT ON COLUMN turn_examples.eval_passed IS 'the attempt''s target passes and the guard set is intact';
COMMENT ON COLUMN turn_examples.outcome_value IS 'the attempt''s outcome, 0 to 1';
COMMENT ON COLUMN turn_examples.outcome_confidence IS 'confidence in the outcome, 0 to 1';
COMMENT ON COLUMN turn_examples.failure_mode IS 'short code of the attempt''s failure; null when passed';
COMMENT ON COLUMN turn_examples.infrastructure IS 'the evaluator, not the answer, was at fault: no verdict';
COMMENT ON COLUMN turn_examples.evaluator IS 'who judged';
COMMENT ON COLUMN turn_examples.evaluator_version IS 'its version';
COMMENT ON COLUMN turn_examples.title IS 'title of the work item';
COMMENT ON COLUMN turn_examples.severity IS 'severity of the work item';
COMMENT ON COLUMN turn_examples.family IS 'family of the work item';
COMMENT ON COLUMN turn_examples.group_key IS 'cluster of near-identical items: the unit of a split';
COMMENT ON COLUMN turn_examples.item_digest IS 'hash of the check the attempt was judged by';
COMMENT ON COLUMN turn_examples.full_cycle IS 'the item fails untouched and passes after the reference fix; null if not measured';
COMMENT ON COLUMN turn_examples.split IS 'train, validation, holdout or quarantine; null while not assigned';
COMMENT ON COLUMN turn_examples.flagged IS 'the label audit flagged the turn or its attempt';
COMMENT ON COLUMN turn_examples.flag_reasons IS 'why, text[]; empty for none';
COMMENT ON COLUMN turn_examples.prompt_tokens IS 'null where no model was asked';
COMMENT ON COLUMN turn_examples.completion_tokens IS 'null where no model was asked';
COMMENT ON COLUMN turn_examples.elapsed_s IS 'seconds the turn took';
COMMENT ON COLUMN turn_examples.started_at IS 'when the request was sent';

CREATE VIEW tip_examples AS
SELECT
    q.id AS retrieval_id, q.tip_id, q.attempt_id, q.run_id, a.item_id, a.attempt_num,
    q.rank, q.similarity_score, q.included, q.probability,
    p.text AS tip, p.tip_type, p.mechanism, p.trigger_conditions, p.application_context,
    p.source_attempt_id, p.source_run_id, p.source_rule_id AS source_item_id,
    p.outcome_at_source_value, p.outcome_at_source_confidence,
    ss.split AS source_split, p.retired_at,
    r.policy, a.origin, a.model, a.adapter, a.approach_prompt AS prompt,
    a.eval_passed, a.outcome_value, a.outcome_confidence, a.failure_mode,
    a.infrastructure, a.evaluator, a.evaluator_version,
    w.family, w.group_key, s.split,
    f.reasons IS NOT NULL AS flagged, coalesce(f.reasons, '{}') AS flag_reasons,
    q.retrieved_at
FROM tip_retrievals q
JOIN tips p ON p.id = q.tip_id
JOIN attempts a ON a.id = q.attempt_id
JOIN runs r ON r.id = q.run_id AND r.purpose = 'collect'
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
LEFT JOIN splits s ON s.group_key = w.group_key
LEFT JOIN items si ON si.item_id = p.source_rule_id
LEFT JOIN splits ss ON ss.group_key = si.group_key
LEFT JOIN (
    SELECT retrieval_id, array_agg(DISTINCT reason ORDER BY reason) AS reasons
    FROM (
        SELECT target_id AS retrieval_id, reason FROM label_flags
        WHERE target_table = 'tip_retrievals'
        UNION ALL
        SELECT q.id, l.reason FROM label_flags l JOIN tip_retrievals q ON q.tip_id = l.target_id
        WHERE l.target_table = 'tips'
        UNION ALL
        SELECT q.id, l.reason FROM label_flags l JOIN tip_retrievals q ON q.attempt_id = l.target_id
        WHERE l.target_table = 'attempts'
    ) flags
    GROUP BY retrieval_id
) f ON f.retrieval_id = q.id;

COMMENT ON VIEW tip_examples IS
    'One row per tip considered for a prompt of a collect run, with what became of the attempt';
COMMENT ON COLUMN tip_examples.retrieval_id IS 'tip_retrievals.id: names the row an example came from';
COMMENT ON COLUMN tip_examples.tip_id IS 'tips.id';
COMMENT ON COLUMN tip_examples.attempt_id IS 'attempts.id';
COMMENT ON COLUMN tip_examples.run_id IS 'runs.id';
COMMENT ON COLUMN tip_examples.item_id IS 'the work item attempted';
COMMENT ON COLUMN tip_examples.attempt_num IS 'counts from 1 within run and item; 1 is the first try';
COMMENT ON COLUMN tip_examples.rank IS 'place in the retrieval, from 1';
COMMENT ON COLUMN tip_examples.similarity_score IS 'score of the retrieval';
COMMENT ON COLUMN tip_examples.included IS 'the tip was shown in the prompt; false: held back by the draw';
COMMENT ON COLUMN tip_examples.probability IS 'chance it had to be shown, 0 to 1';
COMMENT ON COLUMN tip_examples.tip IS 'the tip''s words';
COMMENT ON COLUMN tip_examples.tip_type IS 'strategy, recovery, optimization or warning';
COMMENT ON COLUMN tip_examples.mechanism IS 'why the tip should work; null for none';
COMMENT ON COLUMN tip_examples.trigger_conditions IS 'when it applies, text[]';
COMMENT ON COLUMN tip_examples.application_context IS 'where it applies, text[]';
COMMENT ON COLUMN tip_examples.source_attempt_id IS 'attempt the tip was drawn from';
COMMENT ON COLUMN tip_examples.source_run_id IS 'its run';
COMMENT ON COLUMN tip_examples.source_item_id IS 'its work item';
COMMENT ON COLUMN tip_examples.outcome_at_source_value IS 'outcome of that attempt, 0 to 1';
COMMENT ON COLUMN tip_examples.outcome_at_source_confidence IS 'confidence in it, 0 to 1';
COMMENT ON COLUMN tip_examples.source_split IS 'split of the item the tip was drawn from';
COMMENT ON COLUMN tip_examples.retired_at IS 'when the tip was taken out of use; null while in use';
COMMENT ON COLUMN tip_examples.policy IS 'who acted: gold, mutated or model:<name>';
COMMENT ON COLUMN tip_examples.origin IS 'who wrote the answer: ours, content, mutated or model';
COMMENT ON COLUMN tip_examples.model IS 'name of the model that answered; null for none';
COMMENT ON COLUMN tip_examples.adapter IS 'adapter the model wore; null for none';
COMMENT ON COLUMN tip_examples.prompt IS 'the prompt as one text';
COMMENT ON COLUMN tip_examples.eval_passed IS 'target passes and the guard set is intact';
COMMENT ON COLUMN tip_examples.outcome_value IS 'outcome of the attempt, 0 to 1';
COMMENT ON COLUMN tip_examples.outcome_confidence IS 'confidence in it, 0 to 1';
COMMENT ON COLUMN tip_examples.failure_mode IS 'short code of the failure; null when passed';
COMMENT ON COLUMN tip_examples.infrastructure IS 'the evaluator, not the answer, was at fault: no verdict';
COMMENT ON COLUMN tip_examples.evaluator IS 'who judged';
COMMENT ON COLUMN tip_examples.evaluator_version IS 'its version';
COMMENT ON COLUMN tip_examples.family IS 'family of the work item attempted';
COMMENT ON COLUMN tip_examples.group_key IS 'its cluster of near-identical items';
COMMENT ON COLUMN tip_examples.split IS 'its split; null while not assigned';
COMMENT ON COLUMN tip_examples.flagged IS 'the label audit flagged the retrieval, its tip or its attempt';
COMMENT ON COLUMN tip_examples.flag_reasons IS 'why, text[]; empty for none';
COMMENT ON COLUMN tip_examples.retrieved_at IS 'when the tip was retrieved';
