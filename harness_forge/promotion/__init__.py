"""Joins what a promotion needs: the loop's files, the rule, the ledgers, the champion.

`forge promote`, `forge champion`, `forge rollback` and the stage share it.
Nothing here measures: it reads what replay, evaluation and proof have left.

files.py     which files a decision reads, and their evidence
placing.py   which skill and role it is about, and the version it gives
deciding.py  a decision, written once
history.py   who stands, and back to an earlier one
mirroring.py who stands, repeated in MLflow
timing.py    the time of a ledger line
"""
