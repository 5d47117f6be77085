-- The database has no signals: its failure mode is a sentence of them.
SELECT s.id, s.evaluator, jsonb_build_object('said', left(said.text, 200)) AS evidence
FROM audited s
JOIN attempts a ON a.id = s.id
CROSS JOIN LATERAL (
    SELECT coalesce(
        substring(a.outcome #>> '{signals,rule_check}' FROM '.*\mUNKNOWN\M.*'),
        substring(concat_ws(' | ', a.outcome ->> 'summary', a.failure_mode)
            FROM '\m(?:RULE_CHECK|rule_check|rule)\M[^,;|]*\mUNKNOWN\M'))
) AS said (text)
WHERE s.gemma_forge AND NOT s.passed AND NOT s.infrastructure AND said.text IS NOT NULL
