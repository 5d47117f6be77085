-- A retrieval that names its attempt has the attempt's flags already.
SELECT q.id, i.evaluator, jsonb_build_object('word', 'pass', 'value', q.outcome_value,
    'in', CASE WHEN strpos(lower(i.bare), 'pass') > 0 THEN 'item_id' ELSE 'title' END,
    'text', CASE WHEN strpos(lower(i.bare), 'pass') > 0 THEN i.bare ELSE i.title END) AS evidence
FROM tip_retrievals q
JOIN audited_items i ON i.run_id = q.run_id AND i.item_id = q.rule_id
WHERE i.gemma_forge AND q.attempt_id IS NULL AND q.outcome_value IS NOT NULL
    AND i.bare !~ '^R[LH](SA|BA|EA)-'
    AND (strpos(lower(i.bare), 'pass') > 0 OR strpos(lower(i.title), 'pass') > 0)
