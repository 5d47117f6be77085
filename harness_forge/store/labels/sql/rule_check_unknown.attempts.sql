SELECT s.id, s.evaluator, jsonb_build_object('said', left(told.text, 200)) AS evidence
FROM audited s
CROSS JOIN LATERAL (
    SELECT coalesce(
        substring(s.rule_check FROM '.*\mUNKNOWN\M.*'),
        substring(s.said FROM '\m(?:RULE_CHECK|rule_check|rule)\M[^,;|]*\mUNKNOWN\M'))
) AS told (text)
WHERE s.gemma_forge AND NOT s.passed AND NOT s.infrastructure AND told.text IS NOT NULL
