"""What takes a row out of a dataset although its outcome was right, one reason each.

A filter sees rows as candidates, in batches, and says of each why it goes;
None keeps it. Filters know no store and no recipe.
"""

from harness_forge.filters.balance import Balance, BalanceConfig, Category
from harness_forge.filters.building import build, judge, notes, tallies
from harness_forge.filters.candidate import Candidate, Filter
from harness_forge.filters.config import FiltersConfig
from harness_forge.filters.mixing import Drawn, draw

__all__ = [
    "Balance",
    "BalanceConfig",
    "Candidate",
    "Category",
    "Drawn",
    "Filter",
    "FiltersConfig",
    "build",
    "draw",
    "judge",
    "notes",
    "tallies",
]
