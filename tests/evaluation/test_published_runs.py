"""Runs that others have published, compared by us and counted apart from us, with scipy's p."""

import json
import random
import sys
from pathlib import Path

import pytest
from scipy.stats import binomtest

from harness_forge.evaluation.statistics import mcnemar

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT / "tests" / "bench"))


def exact(lost, won):
    """Return scipy's p of so many unlike pairs."""
    return binomtest(won, lost + won, 0.5).pvalue if lost + won else 1.0


def test_our_mcnemar_is_scipys():
    draw = random.Random(4)
    for _ in range(200):
        lost, won = draw.randrange(80), draw.randrange(80)
        assert mcnemar(lost, won) == pytest.approx(exact(lost, won), rel=1e-9)


def trials():
    """Return by trial the task ids that passed, read straight from the file."""
    rows = json.loads((DATA / "tau-bench" / "gpt-4o-airline.json").read_text())
    return [
        {row["task_id"] for row in rows if row["trial"] == trial and row["reward"] == 1.0}
        for trial in range(4)
    ]


def strategy(name):
    """Return the tasks that a Reflexion run solved."""
    (file,) = (DATA / "reflexion").glob(f"{name}__*.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return {row.get("name") or row["task_id"] for row in rows if row["is_solved"]}


@pytest.mark.skipif(not DATA.is_dir(), reason="the published records are not here")
@pytest.mark.timeout(300)
def test_published_runs_are_compared_as_counted_apart_from_us(tmp_path):
    from compare_tables import compared

    passed = trials()
    pairs = [
        (passed[0], passed[1]),
        (passed[2], passed[3]),
        (strategy("simple_mbpp_py"), strategy("reflexion_mbpp_py")),
        (strategy("simple_humaneval_rs_hard50"), strategy("reflexion_humaneval_rs_hard50")),
    ]
    for (_, found), (first, second) in zip(compared(DATA, tmp_path), pairs, strict=True):
        told = found.measures["success"]
        assert (told.only_first, told.only_second) == (len(first - second), len(second - first))
        assert told.p_items == pytest.approx(
            exact(len(first - second), len(second - first)), rel=1e-9
        )
