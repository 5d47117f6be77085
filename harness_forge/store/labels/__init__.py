"""What is known of labels that must not be trusted: vocabularies, defects, contradictions.

The audit looks at the attempts of collect runs and writes what it finds to
`label_flags`: which row, why, and evidence that a person can check. Nothing
else in the store is changed: a label is flagged, never repaired.

vocabulary.py   words for what became of an item, mapped to one verdict
check.py        what a check is
checks.py       the table of all checks
sql/            one SELECT for each check and each kind of row it flags
ground.py       the tables that checks select from
audit.py        runs the checks and makes the flags match what they found
flags.py        which flags concern a row, with their evidence
"""
