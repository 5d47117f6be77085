"""Train, validation and holdout by group: assigned once, kept for ever.

assign.py   a split for each group that has none
settle.py   groups that stay what they were as items arrive
near.py     clusters of items by what they ask
"""
