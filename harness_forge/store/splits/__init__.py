"""Assigns items to train, validation and holdout by group: once, for good.

assign.py          assigns a split to each group without one
recorded.py        groups recorded items and assigns their splits
near_identical.py  clusters items that ask nearly the same
stable_groups.py   keeps groups stable while items arrive
holdout_ledger.py  records each evaluation on a holdout, and its share of alpha
"""
