"""Decontamination: finds rows that contain text of evaluation items.

config.py      what is protected, and how much of it a row may hold
protected.py   protected texts as hashes of runs of words, and the search for them
suites.py      evaluation suites in files
rows.py        the filter

Only the settings are imported here: a recipe is composed without NumPy.
"""
