"""Audits a written dataset from its files alone, without store or recipe.

dataset.py    the folder: manifest, lines, hashes
ledger.py     the ledger, read once: what it accounts for
files.py      that files and counts match the manifest
views.py      what a line says, whatever its format
lines.py      one pass over the lines: schema, sources, splits, holdout
prompts.py    prompts that both splits ask
search.py     secrets and canaries
weighting.py  repeats and the evidence for them
digests.py    digests by which prompts, answers and turns are compared
audit.py      runs them all, and a line for each check
"""
