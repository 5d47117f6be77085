"""Makes questions with answers that are quoted from a repository: each row cites what it rests on.

generate.py    one repository: rows made, re-read, capped, written; what changed since the last call
rows.py        a row, its citations, and the check that its answer is in them
repository.py  files and commits of a Git repository, read through `git`
table.py       the generators by name; each of the others is a file of its own
"""
