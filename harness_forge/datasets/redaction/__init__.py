"""Redaction: removes secrets, names and addresses from datasets, and leaves code intact.

config.py      which kinds, what stays
key.py         the key of the pseudonyms
pseudonyms.py  what stands in place of a value
rules/         what is looked for
gate.py        which rules are worth running on a text
names.py       what stands out once is replaced everywhere in its row
texts.py       values and JSON, walked through
redactor.py    puts it together
"""
