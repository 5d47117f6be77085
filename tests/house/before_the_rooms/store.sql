-- Two items, one run of gold and its attempts, one of which failed; as `forge run` wrote them.
INSERT INTO runs (id, skill, policy, purpose, status, config, evaluator, evaluator_version)
VALUES ('20260101-000000-aaaaaa', 'stig', 'gold', 'collect', 'complete', '{"host": "a"}', 'openscap', '1.3.7');
INSERT INTO items (item_id, title, severity, family, group_key, full_cycle, digest)
SELECT id, 'Lamp ' || id || ' must be lit', 'high', 'lamps', id, true, 'd'
FROM unnest('{lamp_a,lamp_b}'::text[]) AS id;
INSERT INTO splits (group_key, split, salt) SELECT item_id, 'train', 's' FROM items;
INSERT INTO work_items (run_id, item_id, title, family, group_key, severity, digest, outcome, attempts)
SELECT '20260101-000000-aaaaaa', item_id, title, family, group_key, severity, digest, 'completed', 1 FROM items;
INSERT INTO attempts (
    run_id, item_id, attempt_num, eval_passed, outcome_value, outcome_confidence, failure_mode,
    evaluator, evaluator_version, origin, approach_prompt, tool_call)
SELECT run_id, item_id, 1, item_id = 'lamp_a', (item_id = 'lamp_a')::int, 1,
    CASE WHEN item_id = 'lamp_b' THEN 'target_fails' END, 'openscap', '1.3.7', 'ours', 'Light ' || item_id,
    json_build_object('name', 'apply_fix', 'arguments', json_build_object('fix_script', 'light ' || item_id))
FROM work_items;
INSERT INTO turns (
    run_id, item_id, attempt_num, agent, attempt_id, decisive, messages, tools, response, model)
SELECT run_id, item_id, attempt_num, 'worker', id, true,
    json_build_array(json_build_object('role', 'user', 'content', approach_prompt)),
    '[{"type": "function", "function": {"name": "apply_fix", "parameters": {}}}]',
    json_build_object('role', 'assistant', 'content', null, 'tool_calls', json_build_array(
        json_build_object('id', 'c1', 'type', 'function', 'function', json_build_object(
            'name', 'apply_fix', 'arguments', tool_call -> 'arguments')))), 'gold'
FROM attempts;
