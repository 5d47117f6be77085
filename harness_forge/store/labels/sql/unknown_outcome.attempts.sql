SELECT s.id, s.evaluator, jsonb_build_object('outcome', left(i.word, 100)) AS evidence
FROM audited s
JOIN audited_items i ON i.run_id = s.run_id AND i.item_id = s.item_id
WHERE i.verdict IS NULL AND NOT s.infrastructure
