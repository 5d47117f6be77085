"""Train, validation and holdout by group: assigned once, kept for ever."""

from harness_forge.splits.assign import assign, parts
from harness_forge.splits.config import SplitConfig

__all__ = ["SplitConfig", "assign", "parts"]
