"""Redaction: removes secrets, names and addresses from datasets, and leaves code intact.

config.py      which kinds, what stays
key.py         the key of the pseudonyms
pseudonyms.py  the replacements of values
rules/         what is looked for
gate.py        which rules are worth running on a text
names.py       values that are found once are replaced in the whole row
recognised.py  secrets that are found once are replaced in every row
texts.py       values and JSON, walked through
redactor.py    puts it together
"""
