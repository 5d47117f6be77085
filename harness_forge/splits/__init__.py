"""Train, validation and holdout by group: assigned once, kept for ever.

assign.py   a split for each group that has none
settle.py   groups that stay what they were as items arrive
near.py     clusters of items by what they ask
"""

from harness_forge.splits.assign import assign, parts
from harness_forge.splits.config import SplitConfig
from harness_forge.splits.near import joined
from harness_forge.splits.settle import settle

__all__ = ["SplitConfig", "assign", "joined", "parts", "settle"]
