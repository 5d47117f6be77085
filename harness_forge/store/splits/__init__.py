"""Divides items into train, validation and holdout by group: assigned once, kept for ever.

assign.py          assigns a split to each group without one
recorded.py        groups and divides recorded items
near_identical.py  clusters items that ask nearly the same
stable_groups.py   keeps groups stable while items arrive
holdout_ledger.py  records each evaluation on a holdout, and its share of alpha
"""
