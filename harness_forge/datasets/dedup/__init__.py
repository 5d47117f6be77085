"""Finds exact and near duplicates; the first row is kept.

A row is signed where it is read, in any process and any order (`Signer`).
Whether it repeats an earlier one is decided in one place, in the order of the
rows (`Index`), which holds what it knows in files and not in memory.

config.py   what counts as the same
signer.py   a row's words as a short signature
table.py    a hash table in a file
index.py    the rows that were admitted

Signer and Index are imported from their modules: a recipe is composed without NumPy.
"""
