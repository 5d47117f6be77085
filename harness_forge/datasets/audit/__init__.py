"""Audits a written dataset from its files alone, without store or recipe.

dataset.py   the folder: manifest, lines, ledger
views.py     what a line says, whatever its format
checks.py    what must hold, each with a name
audit.py     one pass over the files, and a line for each check
"""
