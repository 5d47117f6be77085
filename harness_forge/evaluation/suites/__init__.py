"""Suites of local files: bundles of ours, and the user's copies of public benchmarks.

A loader reads files and returns `Document`s, in the order of the files; it asks
nothing and runs nothing. The items do not depend on the split, so their part is
`fixed`.

bundle.py     items with a check each: those in `bundles/`, or in a folder of the user
bfcl.py       the Berkeley Function Calling Leaderboard's files
mmlu.py       MMLU as CSV or JSON lines
humaneval.py  HumanEval's JSON lines
reading.py    shared by the loaders: JSON lines, paths, limits
"""

from __future__ import annotations

from harness_forge.config.suite import SuiteConfig, SuiteKind
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.evaluation.suites import bfcl, bundle, humaneval, mmlu
from harness_forge.evaluation.suites.reading import chosen

LOADERS = {
    SuiteKind.bundle: bundle.load,
    SuiteKind.bfcl: bfcl.load,
    SuiteKind.mmlu: mmlu.load,
    SuiteKind.humaneval: humaneval.load,
}


def load(suite: SuiteConfig) -> list[Document]:
    """Return the items of a suite of local files.

    Raises:
        EvalError: files are missing, cannot be read, or have no item.
        ConfigError: a category that the suite names has no item.
    """
    return chosen(suite, LOADERS[suite.kind](suite))
