"""The decision on a candidate: its evidence, the rule, the ledger, the champion.

`forge promote`, `forge champion`, `forge rollback` and the stage share it. It measures
nothing: it reads the files of replay, evaluation and proof.

files.py          the files that a decision reads, and their evidence
placement.py      the slot that an adapter is for, and its version there
decide.py         makes a decision and writes it once
history.py        current and past champions, and rollback
mlflow_mirror.py  copies the champions to MLflow
"""
