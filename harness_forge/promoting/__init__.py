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

from harness_forge.promoting.deciding import Decision, decide
from harness_forge.promoting.files import Files
from harness_forge.promoting.history import Standing, chosen, entry, rollback, standing

__all__ = ["Decision", "Files", "Standing", "chosen", "decide", "entry", "rollback", "standing"]
