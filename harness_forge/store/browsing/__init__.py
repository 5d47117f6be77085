"""Reads records a page at a time, for people who look through them.

attempts.py  attempts by run, role and outcome, newest first
runs.py      runs, newest first, with counts
kinds.py     kinds of items, with what the corpus and the base model pass of each
attempt.py   one attempt with its turns, and the attempts of the same item

Pages go by key, not by number: the next page begins below the last row of this one, so
that a page costs the same wherever it is. Each function takes a connection whose search
path is the skill's schema.
"""
