-- Advisories are judged by the package manager, whose verdict names no rule.
SELECT s.id, s.evaluator, jsonb_build_object('word', 'pass', 'passed', s.passed,
    'in', CASE WHEN strpos(lower(s.bare), 'pass') > 0 THEN 'item_id' ELSE 'title' END,
    'text', CASE WHEN strpos(lower(s.bare), 'pass') > 0 THEN s.bare ELSE s.title END) AS evidence
FROM audited s
WHERE s.gemma_forge AND NOT s.infrastructure AND s.bare !~ '^R[LH](SA|BA|EA)-'
    AND (strpos(lower(s.bare), 'pass') > 0 OR strpos(lower(s.title), 'pass') > 0)
