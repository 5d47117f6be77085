"""Assigns items to train, validation and holdout by group: once, for good.

assign.py          assigns a split to each group without one
recorded.py        groups recorded items and assigns their splits
near_identical.py  clusters items that ask nearly the same
stable_groups.py   keeps groups stable while items arrive
looks.py           what a look at a holdout is, and which looks share items
levels.py          what share of alpha a look has
holdout_ledger.py  the file of looks, chained, and what fills up a cut one
"""
