"""Joins what a promotion needs: the loop's files, the rule, the ledgers, the champion.

`forge promote`, `forge champion`, `forge rollback` and the stage share it.
Nothing here measures: it reads what replay, evaluation and proof have left.

files.py     which files a decision reads, and their evidence
deciding.py  a decision, written once
history.py   who stands, and back to the one before
"""

from harness_forge.promoting.deciding import Decision, decide
from harness_forge.promoting.files import Files
from harness_forge.promoting.history import Standing, rollback, standing

__all__ = ["Decision", "Files", "Standing", "decide", "rollback", "standing"]
