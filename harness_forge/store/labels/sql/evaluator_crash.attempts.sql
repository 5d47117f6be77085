SELECT s.id, s.evaluator, CASE WHEN e.error IS NOT NULL
    THEN jsonb_build_object('event', 'tool_error', 'error', left(e.error, 200))
    ELSE jsonb_build_object('said', left(told.text, 200)) END AS evidence
FROM audited s
LEFT JOIN LATERAL (
    SELECT coalesce(e.data ->> 'error', '') AS error
    FROM audited_events e
    WHERE e.run_id = s.run_id AND e.bare = s.bare AND e.attempt = s.attempt_num::text
        AND e.type = 'tool_error' AND e.data ->> 'phase' = 'evaluate'
    ORDER BY e.at, e.data LIMIT 1
) AS e ON true
CROSS JOIN LATERAL (
    -- The word first: the long expression is slow.
    SELECT CASE WHEN s.said ~* 'evaluat|traceback' THEN substring(s.said FROM
        '(?i)(?:\mevaluat(?:or|ion)\M[^,;|]{0,20}\m(?:exception|error|crash|crashed|raised)\M'
        '|Traceback \(most recent call last\))[^|]{0,100}') END
) AS told (text)
WHERE s.gemma_forge AND NOT s.passed AND NOT s.infrastructure
    AND (e.error IS NOT NULL OR told.text IS NOT NULL)
