"""Finds labels that must not be trusted: vocabularies, known defects, contradictions.

The label audit reads the attempts of collect runs and writes its findings to
`label_flags`: the row, the reason, and evidence that a person can check. It
changes nothing else in the store: labels are flagged, never repaired.

vocabulary.py    words for the outcome of an item, mapped to one verdict
check.py         the shape of a check
checks.py        the table of all checks
sql/             one SELECT for each check and each kind of row that it flags
audit_tables.py  the tables that checks select from
skill_audit.py   audits one skill
label_audit.py   audits the skills of a config, clears and lists flags
flags.py         the flags of a row, with their evidence
"""
