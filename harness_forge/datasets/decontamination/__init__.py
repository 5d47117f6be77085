"""Decontamination: finds rows that contain text of evaluation items.

runs.py        runs of words as salted hashes, and which of them identify a text
protected.py   the protected texts, and the search for them in rows
suites.py      evaluation suites in files
rows.py        the filter

Only the settings are imported here: a recipe is composed without NumPy.
"""
