-- Words about rpm alone are no sign of it: some rules are about rpm.
SELECT DISTINCT ON (s.id) s.id, s.evaluator,
    jsonb_build_object('in', place.name, 'said', said.text) AS evidence
FROM audited s
JOIN attempts a ON a.id = s.id
CROSS JOIN LATERAL (VALUES
    (1, 'evaluation', concat_ws(' | ', s.said, a.outcome ->> 'signals')),
    (2, 'reflection', a.reflection),
    (3, 'lesson', a.lesson)) AS place (rank, name, text)
CROSS JOIN LATERAL (
    -- The word first: the long expression is slow.
    SELECT CASE WHEN place.text ~* 'rpm|malformed|runrecovery|packages'
        THEN substring(place.text FROM
        '(?i)(?:\mrpm ?(?:db|database)\M[^.|]{0,40}\m(?:corrupt\w*|damaged|malformed|unreadable)\M'
        '|\m(?:corrupt\w*|damaged|malformed)\M[^.|]{0,30}\mrpm ?(?:db|database)\M'
        '|database disk image is malformed|DB_RUNRECOVERY'
        '|cannot open Packages (?:index|database))') END
) AS said (text)
WHERE s.gemma_forge AND NOT s.passed AND NOT s.infrastructure AND said.text IS NOT NULL
ORDER BY s.id, place.rank
